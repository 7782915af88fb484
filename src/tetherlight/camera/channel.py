"""The server's end of the wire to one worker process."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic_core import from_json

from tetherlight.camera import wire
from tetherlight.camera.calls import Call
from tetherlight.errors import CameraCrashed, CameraError, CameraTimeout, TetherlightError, error_class

T = TypeVar("T")
logger = logging.getLogger(__name__)
ROOM = 1 << 18
"""Bytes read at once: most previews arrive whole in one."""


class Answers(asyncio.BufferedProtocol):
    """Puts the worker's answers together; one is expected at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray(ROOM)
        self._filled = 0
        self._needed = wire.LENGTH.size
        self._header: dict[str, Any] | None = None
        self._body_at = 0
        self._waiting: asyncio.Future[tuple[dict[str, Any], bytes]] | None = None
        self.closed = asyncio.Event()

    def expect(self) -> asyncio.Future[tuple[dict[str, Any], bytes]]:
        """Return a future for the next answer; it fails with CameraCrashed when the worker ends first."""
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
        self._filled, self._needed, self._header, self._body_at = 0, wire.LENGTH.size, None, 0
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((header, body))

    def eof_received(self) -> bool:
        """Let the transport close: the worker has ended."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Fail the answer that will not come."""
        self.closed.set()
        self._fail()

    def _fail(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(
                CameraCrashed(
                    "The camera's worker process ended unexpectedly.", hint="It is started again by itself; try again."
                )
            )


class Channel:
    """One worker process and the calls to it; the caller sees to it that there is one call at a time."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        transport: asyncio.WriteTransport,
        answers: Answers,
        log: asyncio.Task[None],
    ) -> None:
        self._process = process
        self._transport = transport
        self._answers = answers
        self._log = log

    @classmethod
    async def spawn(cls, name: str, environment: Mapping[str, str]) -> "Channel":
        """Start a worker; it dies with the thread that runs this loop, which must be the main thread."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-P", "-m", "tetherlight.camera.worker", str(theirs.fileno()), str(os.getpid()),
                    env=dict(environment), pass_fds=[theirs.fileno()],
                    stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                )  # fmt: skip
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        transport, answers = await loop.create_unix_connection(Answers, sock=ours)
        log = loop.create_task(_fold_log(name, process), name=f"log of {name}")
        return cls(process, transport, answers, log)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether calls can be made."""
        return not self._answers.closed.is_set() and self._process.returncode is None

    async def request(self, call: Call[T]) -> T:
        """Make a call and wait for its answer, at most for the call's deadline.

        A missed deadline kills the worker and raises CameraTimeout. Must not be cancelled: whoever gives up waiting
        leaves the answer to the next caller, so the camera runs it in a task that nobody else can cancel.
        """
        answer = self._answers.expect()
        if not answer.done():
            self._transport.write(wire.encode({"call": call.name, "arguments": call.arguments}))
        late = asyncio.get_running_loop().call_later(call.deadline, _give_up, answer)
        try:
            header, body = await answer
        except TimeoutError:
            await self.kill()
            raise CameraTimeout(
                f"The camera did not answer within {call.deadline:g} s.",
                hint="Its worker process is started again by itself.",
                details={"call": call.name, "deadline_s": call.deadline},
            ) from None
        finally:
            late.cancel()
        if "error" in header:
            raise _error(header["error"])
        return call.read(header["result"], body)

    async def kill(self) -> None:
        """End the worker at once and reap it; killing twice changes nothing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._end()

    async def close(self, deadline: float) -> None:
        """Let the worker leave the camera and end by itself, or kill it after `deadline` seconds."""
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


def _error(failure: Mapping[str, Any]) -> TetherlightError:
    found = error_class(str(failure["code"]))
    error = found if found is not TetherlightError else CameraError
    return error(str(failure["message"]), hint=failure.get("hint"), details=failure.get("details"))


async def _fold_log(name: str, process: asyncio.subprocess.Process) -> None:
    """Write what the worker prints into the server's log until it ends."""
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    before = ""
    while line := await _line(process.stdout):
        text = line.decode(errors="replace").rstrip()
        if text == before:
            continue  # libgphoto2 complains each time that a lost camera is looked for
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
