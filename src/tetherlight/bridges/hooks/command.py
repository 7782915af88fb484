"""A program that hears of an event by its standard input."""

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence

from tetherlight.bridges.hooks.events import Happened
from tetherlight.bridges.hooks.telling import NotNow, NotTold

TRY_LATER = 75
"""The exit code by which a program says so (EX_TEMPFAIL of sysexits.h)."""
TOLD_BYTES = 500
"""So much of the end of what a program says to its standard error is told."""
GRACE_S = 1.0
"""Seconds between the request to end and the end."""
OURS = frozenset({"API_TOKEN", "TETHERLIGHT_TOKEN", "MQTT_PASSWORD"})
"""Secrets of the environment that are none of a program's business."""


class Command:
    """Runs a program, with the event on its standard input, in a process group of its own that has a deadline."""

    def __init__(self, argv: Sequence[str], timeout_s: float) -> None:
        self._argv = tuple(argv)
        self._timeout_s = timeout_s

    def fault(self) -> str | None:
        """Say so where there is no such program."""
        return None if shutil.which(self._argv[0]) else "its program is not there, or may not be run"

    async def tell(self, happened: Happened) -> str:
        """Run the program to its end; raise NotTold where that is no good one."""
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=environment, start_new_session=True
            )
        except OSError as error:
            raise NotTold(f"its program could not be started: {error.strerror}") from None
        ended = False
        said = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                listening = asyncio.create_task(_listen(process, said))
                try:
                    await _feed(process, happened.body() + b"\n")
                    code = await process.wait()
                    ended = True
                finally:
                    # Who was left behind by the program may hold its output open for ever.
                    await asyncio.wait({listening}, timeout=0.1 if ended else 0)
                    listening.cancel()
        except TimeoutError:
            raise NotTold(f"its program was ended after {self._timeout_s:g} s") from None
        finally:
            if not ended:
                await _end(process)
            process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - pipes that somebody else holds open
        return _judged(code, said)


def _judged(code: int, said: bytearray) -> str:
    if code == 0:
        return "Its program ended well."
    words = " ".join(said.decode("utf-8", "replace").split())
    ending = f"signal {-code}" if code < 0 else f"exit code {code}"
    sentence = f"its program ended with {ending}{f': {words}' if words else ''}"
    raise (NotNow if code == TRY_LATER else NotTold)(sentence)


async def _feed(process: Process, body: bytes) -> None:
    if process.stdin is None:
        return
    # A program may end, or close its input, without having read it.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(body)
        await process.stdin.drain()
    process.stdin.close()


async def _listen(process: Process, said: bytearray) -> None:
    while process.stderr is not None and (chunk := await process.stderr.read(65536)):
        said += chunk
        del said[:-TOLD_BYTES]


async def _end(process: Process) -> None:
    """End a program and all that it has started: first asked, then not."""
    _signal(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        _signal(process.pid, signal.SIGKILL)
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
