"""A board of lamps on a pseudo-terminal: what the sketch of deploy/arduino does, with its watchdog."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable

from support.patience import stretched
from tetherlight.lights.board import framed, unframed


class SerialPeer:
    """Listens at the far end of `port`."""

    def __init__(self, channels: int = 6, watchdog_ms: int = 2000) -> None:
        self.values = bytearray(channels)
        self.watchdog_ms = watchdog_ms
        self.hello = f"tetherlight-lamps 1 {channels} {watchdog_ms}"
        self.lines: list[str] = []
        self.silent = False
        self.late = 0
        """How many lines it hears before it answers all of them."""
        self.went_dark = 0
        self._kept: list[str] = []
        self._news = asyncio.Event()
        self._rest = b""
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        self.port = os.ttyname(self._near)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._far, self._readable)
        self._timer: asyncio.TimerHandle | None = None

    def _readable(self) -> None:
        *lines, self._rest = (self._rest + os.read(self._far, 4096)).split(b"\n")
        for line in lines:
            text = unframed(line)
            if self.silent:
                continue
            self._kept.append("err check" if text is None else self._obeyed(text))
        if self.late > len(self._kept):
            return
        self.late = 0
        for answer in self._kept:
            os.write(self._far, framed(answer))
        self._kept.clear()
        self._news.set()

    def _obeyed(self, text: str) -> str:
        self.lines.append(text)
        if self._timer:
            self._timer.cancel()
        if self.watchdog_ms:
            self._timer = self._loop.call_later(self.watchdog_ms / 1000, self._dark)
        if text == "?":
            return self.hello
        if text == "0":
            self.values = bytearray(len(self.values))
        elif text != "k":
            _, first, digits = text.split()
            values = bytes.fromhex(digits)
            if int(first) - 1 + len(values) > len(self.values):
                return "err no such channels"
            self.values[int(first) - 1 : int(first) - 1 + len(values)] = values
        return f"ok {sum(self.values)}"

    def _dark(self) -> None:
        self.values = bytearray(len(self.values))
        self.went_dark += 1
        self._news.set()

    def reset(self) -> None:
        """Begin anew, as after a loss of power."""
        self.values = bytearray(len(self.values))

    async def until(self, matches: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(stretched(30)):
            while not matches():
                self._news.clear()
                await self._news.wait()

    def unplug(self) -> None:
        """Take the port away."""
        if self._timer:
            self._timer.cancel()
        if self._far >= 0:
            self._loop.remove_reader(self._far)
            for descriptor in (self._far, self._near):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            self._far = self._near = -1
