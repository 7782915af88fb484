"""A board with lamps on a serial line, and the words that it understands; see deploy/arduino.

Every line ends with `*` and two hex digits, the exclusive or of its bytes, so that a disturbed line lights nothing. The
board answers each with `ok` and the sum of its channels, by which we see that it began anew, or with `err` and why. It
switches everything off when it has heard nothing for some time.
"""

import asyncio
import contextlib
import errno
import logging
import os
from collections import deque
from collections.abc import Callable
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

from tetherlight.lights.extras import need

logger = logging.getLogger(__name__)

HELLO, KEEP, DARK = "?", "k", "0"
NAME, VERSION = "tetherlight-lamps", 1
HELLO_S = 6.0
"""Seconds in which a board must have answered after its port was opened: many begin anew then."""
NO_ANSWER = "Its board does not answer: is it the right port, and are both at the same speed?"
HELLO_EVERY_S = 0.4
ANSWER_S = 1.0
SEEK_S = 1.0
LONGEST_LINE = 1024


class BoardFailed(Exception):
    """A board did not do what it was asked; says why, as a sentence without the port's name."""


def framed(line: str) -> bytes:
    """Return a line as it is sent."""
    return f"{line}*{reduce(xor, line.encode(), 0):02x}\n".encode()


def unframed(line: bytes) -> str | None:
    """Return what a received line says; None where it was disturbed."""
    text, star, check = line.strip().rpartition(b"*")
    try:
        right = bool(star) and int(check, 16) == reduce(xor, text, 0)
        return text.decode("ascii") if right else None
    except ValueError:
        return None


def holder_of(port: str) -> str | None:
    """Say which other program has a device open, by name and process; None where that cannot be seen."""
    wanted = str(Path(port).resolve())
    for place in Path("/proc").glob("[0-9]*"):
        if int(place.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) == wanted for link in (place / "fd").iterdir()):
                return f"{(place / 'comm').read_text().strip()} (process {place.name})"
    return None


class Board:
    """One board: opened, greeted, kept awake, and looked for when it is lost."""

    def __init__(self, port: str, baud: int, changed: Callable[["Board"], None]) -> None:
        self.port = port
        self.channels = bytearray()
        self.watchdog_s = 0.0
        self.problem: str | None = "Its board has not answered yet."
        self._baud = baud
        self._changed = changed
        self._serial: Any = None
        self._rest = b""
        self._greeting = False
        self._answers: deque[asyncio.Future[str]] = deque()
        self._using = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Open the port and greet the board, all off; go on looking for it where that fails."""
        async with self._using:
            with contextlib.suppress(BoardFailed):
                await self._open()
        if self._keeper is None:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="board of lamps")

    async def put(self, values: dict[int, int]) -> None:
        """Set channels, counted from 1, with one line; raise BoardFailed where they stayed as they were."""
        async with self._using:
            if self.problem is not None:
                raise BoardFailed(self.problem)
            wanted = bytearray(self.channels)
            for channel, value in values.items():
                if channel > len(wanted):
                    raise BoardFailed(f"Its board has {len(wanted)} channels.")
                wanted[channel - 1] = value
            first, last = min(values), max(values)
            before, self.channels = self.channels, wanted
            try:
                await self._said(f"s {first} {wanted[first - 1 : last].hex()}")
            except BoardFailed:
                self.channels = before
                raise

    def dark_now(self) -> bool:
        """Send the word for all off without waiting for an answer; say whether the port took it."""
        self.channels = bytearray(len(self.channels))
        if self._serial is None:
            return False
        try:
            os.write(self._serial.fileno(), framed(DARK))
        except OSError:
            return False
        return True

    async def end(self) -> None:
        """Let go of the port."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        self._close("Its board was given back.")

    async def _open(self) -> None:
        serial = need("serial", "serial", "serial")
        self._close("Its board is being looked for.")
        try:
            self._serial = await asyncio.to_thread(
                serial.Serial, self.port, self._baud, timeout=0, write_timeout=0, exclusive=True
            )
        except (OSError, ValueError) as error:
            raise self._failed(_why_not(self.port, error)) from None
        self._rest = b""
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable)
        told = (await self._greeted()).split()
        if len(told) != 4 or told[0] != NAME or not told[1].isdigit():
            raise self._failed("Something else than a board with our sketch answers on its port.")
        if int(told[1]) != VERSION:
            raise self._failed(f"Its board speaks version {told[1]}, and this server version {VERSION}.")
        self.channels, self.watchdog_s = bytearray(int(told[2])), int(told[3]) / 1000
        self.problem = None
        await self._said(DARK)

    async def _greeted(self) -> str:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + HELLO_S
        self._greeting = True
        try:
            while loop.time() < give_up:
                with contextlib.suppress(TimeoutError):
                    return await self._ask(HELLO, HELLO_EVERY_S)
        finally:
            self._greeting = False
        raise self._failed(NO_ANSWER)

    async def _said(self, line: str) -> None:
        """Say something and see that the board stands as we think; raise BoardFailed."""
        try:
            answer = await self._ask(line, ANSWER_S)
        except TimeoutError:
            raise self._failed("Its board does not answer any more.") from None
        word, _, rest = answer.partition(" ")
        if word != "ok":
            raise BoardFailed(f"Its board refuses: {rest or word}.")
        if rest != str(sum(self.channels)):
            # It began anew, or went dark because it had heard nothing for too long.
            self.channels = bytearray(len(self.channels))
            raise self._failed("Its board began anew, and all its lamps are off.")

    async def _ask(self, line: str, seconds: float) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        try:
            os.write(self._serial.fileno(), framed(line))
            async with asyncio.timeout(seconds):
                return await answer
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise self._failed(f"Its board is gone: {error.strerror}.") from None
        finally:
            with contextlib.suppress(ValueError):
                self._answers.remove(answer)

    def _readable(self) -> None:
        try:
            new = os.read(self._serial.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError:
            new = b""
        if not new:
            self._failed("Its board is gone.")
            return
        *lines, self._rest = (self._rest + new)[-LONGEST_LINE:].split(b"\n")
        for line in lines:
            text = unframed(line)
            if text is not None and text.startswith(NAME) and not self._greeting:
                continue  # a late answer to an earlier greeting
            if text is not None and self._answers and not self._answers[0].done():
                self._answers.popleft().set_result(text)

    async def _keep(self) -> None:
        """Keep the board from going dark by itself, and look for one that is lost."""
        while True:
            await asyncio.sleep(min(self.watchdog_s / 3, SEEK_S) if self.watchdog_s and not self.problem else SEEK_S)
            lost = self.problem
            with contextlib.suppress(BoardFailed):
                async with self._using:
                    if self.problem is None:
                        await self._said(KEEP)
                    else:
                        await self._open()
            if self.problem is None and lost is not None:
                logger.info("A board of lamps is there.")
                self._changed(self)

    def _failed(self, problem: str) -> BoardFailed:
        known = self.problem
        self._close(problem)
        if known is None:
            logger.warning("A board of lamps is lost: %s", problem)
            self._changed(self)
        return BoardFailed(problem)

    def _close(self, problem: str) -> None:
        self.problem = problem
        port, self._serial = self._serial, None
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            with contextlib.suppress(OSError):
                port.close()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(BoardFailed(problem))
        self._answers.clear()


def _why_not(port: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    match number:
        case errno.ENOENT:
            return "Its board is not plugged in."
        case errno.EACCES:
            return "The server may not open its port: its user must be in the group 'dialout'."
        case errno.EAGAIN | errno.EBUSY:
            return f"Its port is held by {holder_of(port) or 'another program'}."
        case _:
            return f"Its port cannot be opened: {os.strerror(number) if number else 'it is no serial port'}."
