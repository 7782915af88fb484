"""Takes one picture: release, then listen until every file of the exposure is announced.

libgphoto2's own capture() is avoided: where a camera takes the picture but never announces it, that call returns
after 70 to 280 seconds, and it knows of one file only.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tetherlight.camera import calls
from tetherlight.camera.bulb import Bulb
from tetherlight.camera.calls import Deadlines, Request
from tetherlight.camera.config import ConfigCache
from tetherlight.camera.roll import QUIET, Roll
from tetherlight.camera.worker.widgets import number
from tetherlight.errors import CameraBusy, CameraError, CaptureFailed, CardFull

LISTEN = 0.5
"""Seconds of one wait for events; the worker answers earlier when something happens."""
LISTEN_HELD = 0.1
"""The same while a release is held, when the end of that is not announced."""
BUSY_PAUSE = 0.05
UNTOLD = 2.0
"""Seconds in which a body that a line has released, and that does not say that it is done, may have taken another."""
NOT_SUPPORTED = -6
LONGEST_EXPOSURE, LONGEST_TIMER = 900.0, 60.0
"""Seconds beyond which no body has a choice: a larger number is misread, and must not make anybody wait."""
SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*s", re.IGNORECASE)


def files_per_exposure(cache: ConfigCache) -> int:
    """Return how many files one exposure gives by the image format that is set: 2 for RAW+JPEG."""
    text = (cache.text("imageformat") or "").casefold()
    return 2 if "+" in text and any(word in text for word in ("raw", "nef")) else 1


def exposure_seconds(cache: ConfigCache) -> float:
    """Return the time from release to the end of the exposure: twice the shutter time, and the self-timer."""
    shutter = number(cache.text("shutterspeed") or "") or 0.0
    drive = cache.text("drivemode", "capturemode") or ""
    timer = 0.0
    if re.search(r"timer|\bsec", drive, re.IGNORECASE):
        stated = SECONDS.search(drive) or SECONDS.search(cache.text("selftimerdelay") or "")
        timer = float(stated[1]) if stated else 10.0
    return 2 * min(max(shutter, 0.0), LONGEST_EXPOSURE) + min(timer, LONGEST_TIMER)


@dataclass(frozen=True)
class Taken:
    """Where the pictures of one release lie on the camera."""

    released_at: float
    """Unix seconds."""
    paths: tuple[str, ...]


class Start(Protocol):
    """Begins an exposure at a moment that is not the camera's own, such as one that it shares with other cameras."""

    @property
    def patience(self) -> float | None:
        """Seconds after the exposure in which its picture must be announced; None where we release the camera."""

    async def begin(self, release: Callable[[], Awaitable[float]]) -> float:
        """Begin the exposure, by `release` or in another way, and return when that was in Unix seconds."""


class Shutter:
    """Releases a camera's shutter and collects what comes of it."""

    def __init__(
        self,
        request: Request,
        cache: ConfigCache,
        deadlines: Deadlines,
        changed: Callable[[Sequence[str]], None],
        foreign: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Tell `changed` which entries have changed; set files aside that are `foreign` to an exposure made here."""
        self._request = request
        self._changed = changed
        self._cache = cache
        self._deadlines = deadlines
        self._can_trigger = True
        self._foreign = foreign
        self._aside: list[str] = []
        self.pressed = False
        """Whether the camera was told to take a picture since that was last forgotten."""
        self.restless_until = -float("inf")
        """Until when, on the monotonic clock, a body that a line has released may still announce further pictures."""
        self._beyond: list[tuple[str, ...]] = []

    async def release(self, start: Start | None = None) -> Taken:
        """Take one picture; raise CaptureFailed, CardFull, CameraBusy or what the connection raises.

        Nothing is ever taken twice: only a refusal by a busy camera, which took nothing, is tried again. With `start`
        that begins the exposure when everything here is ready for it.
        """
        self._require_room()
        patience = self._deadlines.capture + exposure_seconds(self._cache)
        roll = self.roll()
        if start is None:
            released_at = await self._release(roll, patience)
        else:
            released_at = await start.begin(partial(self._release, roll, patience))
        if start is None or start.patience is None:
            return await self._collected(roll, released_at, patience)
        return await self._fired(roll, released_at, start.patience)

    async def _fired(self, roll: Roll, released_at: float, patience: float) -> Taken:
        """Collect what a line has released; what the body took beyond one exposure is set aside."""
        self.pressed = True
        try:
            await self._collected(roll, released_at, patience + exposure_seconds(self._cache))
        finally:
            self.settles(complete=roll.complete_at is not None)
        first, *others = roll.exposures()
        self._beyond += others
        return Taken(released_at, first)

    def settles(self, *, complete: bool) -> None:
        """Take note that a body which a line has released has done something, and whether it says that it is done."""
        quiet = QUIET if complete else UNTOLD
        self.restless_until = time.monotonic() + quiet + exposure_seconds(self._cache)

    def beyond(self) -> list[tuple[str, ...]]:
        """Give the exposures, once, that a body took beyond the one for which its line was pressed."""
        beyond, self._beyond = self._beyond, []
        return beyond

    async def hold_open(self, bulb: Bulb, seconds: float) -> Taken:
        """Take one picture by holding the shutter open for so long; raise as `release` does."""
        self._require_room()
        roll = self.roll()
        self.pressed = True
        released_at = await bulb.expose(seconds, partial(self._hear, roll))
        # Against noise many bodies take a second picture as long as the first, with their shutter closed.
        return await self._collected(roll, released_at, self._deadlines.capture + seconds)

    async def held(self, hold: Callable[[float], Awaitable[int]], patience: float) -> list[tuple[str, ...]]:
        """Collect what a body takes while `hold` keeps its release pressed, and return the files of each exposure.

        `hold` is given the shutter time, and returns how many exposures there were. Those that are not announced
        `patience` seconds after that are missing from the answer.
        """
        self._require_room()
        exposure_s = exposure_seconds(self._cache) / 2
        roll = self.roll()
        self.pressed = True
        holding = asyncio.ensure_future(hold(exposure_s))
        try:
            while not holding.done():
                self._hear(roll, await self._request(calls.events(LISTEN_HELD, self._deadlines.events)))
            made = await holding
            give_up = time.monotonic() + (patience if made else UNTOLD) + exposure_s
            while len(roll.exposures()) < made or not roll.finished():
                if (left := give_up - time.monotonic()) <= 0:
                    break
                self._hear(roll, await self._request(calls.events(min(LISTEN, left), self._deadlines.events)))
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            self.settles(complete=roll.complete_at is not None)
        self._aside += [path for path in roll.set_aside if path not in self._aside]
        return roll.exposures()

    def roll(self) -> Roll:
        """Return an empty roll for an exposure with the present settings."""
        return Roll(files_per_exposure(self._cache), foreign=self._foreign)

    def set_aside(self) -> list[str]:
        """Give the files, once, that were announced meanwhile and are no exposure's made here."""
        aside, self._aside = self._aside, []
        return aside

    def _require_room(self) -> None:
        if self._cache.status().shots_left == 0 and self._to_card():
            raise CardFull("The camera's card is full.", hint="Change or empty the card.")

    async def _collected(self, roll: Roll, released_at: float, patience: float) -> Taken:
        await self.collect(roll, patience)
        if not roll.paths:
            raise CaptureFailed(
                f"The camera announced no picture within {patience:g} s.",
                hint="Look at the camera: lens cap, focus, card, or a message on its display.",
            )
        return Taken(released_at, tuple(roll.paths))

    def _to_card(self) -> bool:
        return "card" in (self._cache.text("capturetarget") or "card").casefold()

    async def _release(self, roll: Roll, patience: float) -> float:
        give_up = time.monotonic() + self._deadlines.busy
        while True:
            try:
                return await self._press(roll, patience)
            except CameraBusy:
                self.pressed = False
                if time.monotonic() >= give_up:
                    raise
            await asyncio.sleep(BUSY_PAUSE)

    async def _press(self, roll: Roll, patience: float) -> float:
        self.pressed = True
        # What a driver says of itself is no help: on the network all cameras share one, which knows of no trigger.
        if self._can_trigger:
            try:
                return float(await self._request(calls.trigger(patience)))
            except CameraError as error:
                if (error.details or {}).get("gphoto_code") != NOT_SUPPORTED:
                    raise
                self._can_trigger = False
        released_at, path = await self._request(calls.capture(patience))
        roll.add(calls.Happened((), (path,), complete=True))
        return float(released_at)

    async def collect(self, roll: Roll, patience: float) -> None:
        """Listen until the exposure is whole or `patience` seconds are over."""
        give_up = time.monotonic() + patience
        while not roll.finished() and (left := give_up - time.monotonic()) > 0:
            self._hear(roll, await self._request(calls.events(min(LISTEN, left), self._deadlines.events)))
        self._aside += [path for path in roll.set_aside if path not in self._aside]

    def _hear(self, roll: Roll, happened: calls.Happened) -> None:
        roll.add(happened)
        self._changed(happened.changed)
