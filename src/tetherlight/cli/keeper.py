"""The simulator that `serve --simulate` runs beside itself, and runs again when it crashes."""

import contextlib
import json
import logging
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tetherlight.errors import StartFailed
from tetherlight.process.environment import child_environment

logger = logging.getLogger(__name__)

START_SECONDS = 300.0
"""The first time ever the scene is rendered, which takes a small and busy machine minutes."""
STOP_SECONDS = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Between a crash and the next start; each one doubles it that follows within `STEADY_S`."""
STEADY_S = 60.0
HOST = "127.0.0.1"
PORTS_PER_CAMERA = 2


@dataclass(frozen=True)
class RunningSimulator:
    """Where a simulator that was started can be found, also after a crash."""

    control: Path
    addresses: tuple[str, ...]


@contextlib.contextmanager
def running_simulator(options: Mapping[str, str | None]) -> Iterator[RunningSimulator]:
    """Run a simulator for a while, and again when it crashes; it also ends by itself when this process does.

    An option that takes no value has None.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tetherlight-simulator-")))
        ports = _reserve(PORTS_PER_CAMERA * int(options.get("--cameras") or 1), stack)
        fixed = {"--ports": ",".join(map(str, ports)), "--control": str(folder / "control.sock")}
        keeper = Keeper([part for pair in ({**options, **fixed}).items() for part in pair if part is not None], folder)
        stack.callback(keeper.close)
        yield keeper.start()


class Keeper:
    """Owns the simulator's process, and a thread that starts it again."""

    def __init__(self, options: Sequence[str], folder: Path) -> None:
        self._command = (sys.executable, "-m", "tetherlight.simulator", "--exit-with-stdin", *options)
        # Its own temporary files, too, are gone after a crash.
        self._environment = child_environment({"TMPDIR": str(folder)})
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> RunningSimulator:
        """Start the simulator and wait until its cameras can be reached; raise StartFailed."""
        found = self._start()
        self._thread = threading.Thread(target=self._keep, name="simulator-keeper", daemon=True)
        self._thread.start()
        return found

    def close(self) -> None:
        """End the simulator and the thread."""
        with self._lock:
            self._closing.set()
            process = self._process
        if process is not None:
            _end(process)
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> RunningSimulator:
        with self._lock:
            if self._closing.is_set():
                raise StartFailed("The simulator is not started any more.")
            # In a session of its own it outlives Ctrl-C until the server has switched the lights off.
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
            )
            process = self._process
        try:
            return _announcement(cast("IO[bytes]", process.stdout))
        except BaseException:
            _end(process)
            raise

    def _keep(self) -> None:
        """Wait for the simulator's end and start it again, with growing pauses when it does not last."""
        pause = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            cause = self._outlive()
            pause = FIRST_PAUSE_S if time.monotonic() - began > STEADY_S else pause
            if self._closing.is_set():
                return
            logger.warning("The simulator has ended (%s); it is started again in %g s.", cause, pause)
            if self._closing.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_S)
            try:
                self._start()
            except (StartFailed, OSError, ValueError) as error:
                if self._closing.is_set():
                    return
                logger.error("The simulator could not be started again: %s", error)  # noqa: TRY400 - no fault of ours
            else:
                logger.info("The simulator is back.")

    def _outlive(self) -> str:
        """Wait until the process has ended, take it down, and say why it did."""
        process = cast("subprocess.Popen[bytes]", self._process)
        code = process.wait()
        _close_pipes(process)
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _reserve(count: int, stack: contextlib.ExitStack) -> list[int]:
    """Choose free ports and keep them from others, also while no simulator listens there."""
    numbers = []
    for _ in range(count):
        # A second socket may be bound to a port, and may listen, as long as this one does not.
        reserved = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((HOST, 0))
        numbers.append(int(reserved.getsockname()[1]))
    return numbers


def _announcement(stdout: IO[bytes]) -> RunningSimulator:
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        if not selector.select(START_SECONDS):
            raise StartFailed(f"The simulator did not start within {START_SECONDS:.0f} s.")
    line = stdout.readline()
    if not line:
        raise StartFailed("The simulator ended before it was ready; the lines above say why.")
    found = json.loads(line)
    addresses = tuple(address for camera in found["cameras"] for address in camera["addresses"])
    return RunningSimulator(Path(found["control"]), addresses)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that ends with its stdin; force it if it does not."""
    if process.stdin is not None:
        process.stdin.close()
    for how in (process.terminate, process.kill):
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            how()
    process.wait()
    _close_pipes(process)


def _close_pipes(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
