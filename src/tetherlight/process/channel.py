"""Our end of the wire to one child process."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_core import from_json

from tetherlight.errors import TetherlightError, error_class
from tetherlight.process import wire
from tetherlight.process.call import Call, nothing

T = TypeVar("T")
logger = logging.getLogger(__name__)
ROOM = 1 << 18
"""Bytes read at once: most previews arrive whole in one."""


@dataclass(frozen=True)
class Program:
    """What runs in a child, and what is said where it fails."""

    module: str
    """Started with the descriptor of its end of the wire and our process id as arguments."""
    crashed: Callable[[], Exception]
    """The error of a call that the child's end has cut short."""
    late: Callable[[Call[Any]], TetherlightError]
    """The error of a call that missed its deadline."""
    failed: type[TetherlightError]
    """The class of errors whose code nobody knows."""
    leads: bool = False
    """Whether the child leads a group of processes, which end with it."""


class Answers(asyncio.BufferedProtocol):
    """Puts the child's answers together; one is expected at a time."""

    def __init__(self, crashed: Callable[[], Exception]) -> None:
        self._crashed = crashed
        self._buffer = bytearray(ROOM)
        self._filled = 0
        self._needed = wire.LENGTH.size
        self._header: dict[str, Any] | None = None
        self._body_at = 0
        self._waiting: asyncio.Future[tuple[dict[str, Any], bytes]] | None = None
        self._told: Callable[[Any], None] = nothing
        self.closed = asyncio.Event()

    def expect(self, told: Callable[[Any], None]) -> asyncio.Future[tuple[dict[str, Any], bytes]]:
        """Return a future for the next answer; it fails where the child ends first. `told` hears what comes before."""
        self._told = told
        self._waiting = asyncio.get_running_loop().create_future()
        if self.closed.is_set():
            self._fail()
        return self._waiting

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Return where the next bytes shall go."""
        if len(self._buffer) < self._needed:
            self._buffer.extend(bytes(self._needed - len(self._buffer)))
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take note of new bytes and hand over the answer when it is whole."""
        self._filled += nbytes
        while self._filled >= self._needed:
            if self._body_at == 0:
                self._body_at = wire.LENGTH.size + int(wire.LENGTH.unpack_from(self._buffer)[0])
                self._needed = self._body_at
            elif self._header is None:
                header: dict[str, Any] = from_json(self._buffer[wire.LENGTH.size : self._body_at])
                self._header = header
                self._needed += int(header["size"])
            else:
                self._deliver(self._header)

    def _deliver(self, header: dict[str, Any]) -> None:
        with memoryview(self._buffer) as view:
            body = bytes(view[self._body_at : self._needed])
            # Where this process was busy several messages lie there already.
            rest = self._filled - self._needed
            view[:rest] = bytes(view[self._needed : self._filled])
        self._filled, self._needed, self._header, self._body_at = rest, wire.LENGTH.size, None, 0
        if "told" in header:
            self._told(header["told"])
        elif self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((header, body))

    def eof_received(self) -> bool:
        """Let the transport close: the child has ended."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Fail the answer that will not come."""
        self.closed.set()
        self._fail()

    def _fail(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(self._crashed())


class Channel:
    """One child process and the calls to it; the caller sees to it that there is one call at a time."""

    def __init__(
        self,
        program: Program,
        process: asyncio.subprocess.Process,
        transport: asyncio.WriteTransport,
        answers: Answers,
        log: asyncio.Task[None],
    ) -> None:
        self._program = program
        self._process = process
        self._transport = transport
        self._answers = answers
        self._log = log

    @classmethod
    async def spawn(cls, program: Program, name: str, environment: Mapping[str, str]) -> "Channel":
        """Start a child that the log calls `name`.

        It dies with the thread that runs this loop, which must be the main thread.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-P", "-m", program.module, str(theirs.fileno()), str(os.getpid()),
                    env=dict(environment), pass_fds=[theirs.fileno()],
                    stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                )  # fmt: skip
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        transport, answers = await loop.create_unix_connection(lambda: Answers(program.crashed), sock=ours)
        log = loop.create_task(_fold_log(name, process), name=f"log of {name}")
        return cls(program, process, transport, answers, log)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether calls can be made."""
        return not self._answers.closed.is_set() and self._process.returncode is None

    async def request(self, call: Call[T]) -> T:
        """Make a call and wait for its answer, at most for the call's deadline.

        A missed deadline kills the child and raises the error that its program names. Must not be cancelled: whoever
        gives up waiting leaves the answer to the next caller, so it runs in a task that nobody else can cancel.
        """
        answer = self._answers.expect(call.told)
        if not answer.done():
            self._transport.write(wire.encode({"call": call.name, "arguments": call.arguments}))
        late = asyncio.get_running_loop().call_later(call.deadline, _give_up, answer)
        try:
            header, body = await answer
        except TimeoutError:
            await self.kill()
            raise self._program.late(call) from None
        finally:
            late.cancel()
        if "error" in header:
            raise _error(header["error"], self._program.failed)
        return call.read(header["result"], body)

    def strike(self) -> None:
        """End the child at once, without waiting for it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if self._program.leads:
            # Also when it has ended: no other process gets its number while one of its group is left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """End the child at once and reap it; killing twice changes nothing."""
        self.strike()
        await self._end()

    async def ended(self, seconds: float) -> int | None:
        """Wait so long for the child's end and return its exit code, minus the signal's number; None where it runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()
        return self._process.returncode

    async def close(self, deadline: float) -> None:
        """Let the child end by itself, or kill it after `deadline` seconds."""
        self._transport.close()
        try:
            async with asyncio.timeout(deadline):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        else:
            await self._end()

    async def _end(self) -> None:
        self._transport.close()
        await self._process.wait()
        await self._log
        await self._answers.closed.wait()


def _give_up(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _error(failure: Mapping[str, Any], unknown: type[TetherlightError]) -> TetherlightError:
    found = error_class(str(failure["code"]))
    error = found if found is not TetherlightError else unknown
    return error(str(failure["message"]), hint=failure.get("hint"), details=failure.get("details"))


async def _fold_log(name: str, process: asyncio.subprocess.Process) -> None:
    """Write what the child prints into the server's log until it ends."""
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    before = ""
    while line := await _line(process.stdout):
        # Lines that lie there already are read without a pause; whoever prints many must not hold up everybody else.
        await asyncio.sleep(0)
        text = line.decode(errors="replace").rstrip()
        if text == before:
            continue  # a library may complain each time about the same thing
        before = text
        level, _, rest = text.partition(" ")
        number = logging.getLevelNamesMapping().get(level)
        if number is None:
            logger.warning("%s: %s", name, text)
        else:
            logger.log(number, "%s: %s", name, rest)


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)"
