"""Programs of ours as child processes: `python -m MODULE`, or where a test session allows it the same without the wait.

A new interpreter needs most of a second until it has loaded a server, and a session starts hundreds of programs. After
`start_faster` they are copies of a process that has loaded everything (see fork_server.py). They are started anew
wherever `as_users_do` holds, and where the environment is one that only a new interpreter heeds.
"""

import asyncio
import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from support.fork_server import BEGUN, ROOM, Order
from support.patience import stretched

PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
PR_SET_CHILD_SUBREAPER = 36
STRICT = {"PYTHONWARNINGS": "error", "PYTHONUNBUFFERED": "1"}
"""How a copied interpreter runs, whatever its environment says."""
HEEDED_ONCE = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_")
"""Beginnings of the variables that are heeded only when a process begins."""
LOAD_S = 60.0
END_S = 120.0
MOST_WRITTEN = 1 << 24
STOP_S = 60.0
TESTS = Path(__file__).parents[1]


class Program:
    """A child process and our ends of its pipes."""

    def __init__(
        self, process: "subprocess.Popen[bytes] | Copy", stdin: IO[bytes] | None, stdout: IO[bytes] | None
    ) -> None:
        self._process = process
        self.pid = process.pid
        self.stdin = stdin
        self.stdout = stdout

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end and return the exit code."""
        loop = asyncio.get_running_loop()
        while (code := self.returncode) is None:
            ended = asyncio.Event()
            with _watching(self.pid) as handle:
                loop.add_reader(handle, ended.set)
                try:
                    await ended.wait()
                finally:
                    loop.remove_reader(handle)
        return code

    def wait_for(self, seconds: float) -> int:
        """Block until its end and return the exit code; raise TimeoutError when it does not end in time."""
        if self.returncode is None:
            with _watching(self.pid) as handle:
                select.select([handle], [], [], seconds)
        code = self.returncode
        if code is None:
            raise TimeoutError(f"process {self.pid} did not end")
        return code


class Copy:
    """A copy of the fork server, with as much of subprocess.Popen as a Program needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code


class ForkServer:
    """Begins programs as children of this process, each within some milliseconds."""

    def __init__(self) -> None:
        self._environment = os.environ | STRICT
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The process that is copied, as soon as there is one."""
        return None if self._process is None else self._process.pid

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Tell whether a new interpreter in this environment would be like the copied one, or more lenient."""
        own = self._environment.items()
        return all(pair in own for pair in environment.items() if pair[0].startswith(HEEDED_ONCE))

    def copy(self, order: Order, streams: Sequence[int]) -> int:
        """Begin a program with these three descriptors and return its process id."""
        with self._lock:
            orders = self._orders or self._load()
            try:
                return _exchange(orders, order, streams)
            except BaseException:
                # An answer that comes after all would be taken for that to the next order.
                self.close()
                raise

    def _load(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "support.fork_server"]
            self._process = subprocess.Popen(command, cwd=TESTS, env=self._environment, stdin=theirs.fileno())
        ours.settimeout(stretched(LOAD_S))
        self._orders = ours
        return ours

    def close(self) -> None:
        """End it; programs that it began go on, and the next one begins it anew."""
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(stretched(STOP_S))
            self._process = None


def _exchange(orders: socket.socket, order: Order, streams: Sequence[int]) -> int:
    with _taking_orphans_in():
        socket.send_fds(orders, [order.encode()], streams)
        said = orders.recv(ROOM)
        assert said.isdigit(), f"the fork server failed: {said!r}"
        # The program is ours as soon as the process has ended that began it.
        assert orders.recv(ROOM) == BEGUN
    return int(said)


_fork_server: ForkServer | None = None
_anew = False


def start_faster() -> ForkServer:
    """Copy programs from now on; whoever closes the fork server ends that."""
    global _fork_server  # noqa: PLW0603 - one for all tests of a process
    _fork_server = ForkServer()
    return _fork_server


@contextlib.contextmanager
def as_users_do() -> Iterator[None]:
    """Start programs anew meanwhile, each with an interpreter of its own."""
    global _anew  # noqa: PLW0603
    before, _anew = _anew, True
    try:
        yield
    finally:
        _anew = before


def start(
    module: str,
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: IO[bytes] | int | None = None,
    stdout: IO[bytes] | int | None = None,
    stderr: IO[bytes] | int | None = None,
) -> Program:
    """Start `python -m module` with the arguments; its streams are chosen as for subprocess.Popen."""
    surroundings = dict(os.environ if environment is None else environment)
    with contextlib.ExitStack() as afterwards, contextlib.ExitStack() as otherwise:
        streams = _Streams(afterwards, otherwise)
        theirs = [streams.open(number, chosen) for number, chosen in enumerate((stdin, stdout, stderr))]
        process: subprocess.Popen[bytes] | Copy
        if _fork_server is None or _anew or not _fork_server.fits(surroundings):
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], cwd=folder, env=surroundings,
                stdin=theirs[0], stdout=theirs[1], stderr=theirs[2],
            )  # fmt: skip
        else:
            order = Order(module, list(arguments), surroundings, str(folder or Path.cwd()), _mask())
            process = Copy(_fork_server.copy(order, theirs))
        otherwise.pop_all()
    return Program(process, streams.ours.get(0), streams.ours.get(1))


async def finished(
    module: str, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run `python -m module` to its end; return its exit code and what it wrote to stdout and stderr."""
    with _in_memory("stdout") as out, _in_memory("stderr") as err:
        program = start(
            module, *arguments, folder=folder, environment=environment, stdin=DEVNULL, stdout=out, stderr=err
        )
        try:
            code = await asyncio.wait_for(program.wait(), stretched(END_S))
        finally:
            program.kill()
            await program.wait()
        said, complaints = (os.pread(one.fileno(), MOST_WRITTEN, 0).decode() for one in (out, err))
        return code, said, complaints


def _in_memory(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "wb")


class _Streams:
    """The standard streams of a new process; `afterwards` closes its ends here, `otherwise` ours as well."""

    def __init__(self, afterwards: contextlib.ExitStack, otherwise: contextlib.ExitStack) -> None:
        self._afterwards = afterwards
        self._otherwise = otherwise
        self.ours: dict[int, IO[bytes]] = {}

    def open(self, number: int, chosen: IO[bytes] | int | None) -> int:
        """Return the descriptor that the process shall have under this number; None stands for our own."""
        if chosen is None:
            return number
        if chosen == DEVNULL:
            theirs = os.open(os.devnull, os.O_RDWR)
        elif chosen == PIPE:
            theirs, ours = os.pipe() if number == 0 else reversed(os.pipe())
            self.ours[number] = self._otherwise.enter_context(os.fdopen(ours, "wb" if number == 0 else "rb"))
        else:
            return chosen if isinstance(chosen, int) else chosen.fileno()
        self._afterwards.callback(os.close, theirs)
        return theirs


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _watching(pid: int) -> Iterator[int]:
    """Open what becomes readable when a child ends."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _taking_orphans_in() -> Iterator[None]:
    """Become the parent of every descendant that loses its own meanwhile."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
