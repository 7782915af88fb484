"""A camera body: properties, shutter, viewfinder, battery and card, without any vendor's protocol.

A vendor's personality turns the wire's operations into calls of this body, and hears of what happens as its `Observer`.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from tetherlight.simulator.card import Card, CardFullError, StoredFile
from tetherlight.simulator.clock import Clock
from tetherlight.simulator.developing import Darkroom, Outlook
from tetherlight.simulator.happenings import Happenings
from tetherlight.simulator.live import LiveSwitch
from tetherlight.simulator.properties import Properties, Property
from tetherlight.simulator.shot import Identity, Shot
from tetherlight.simulator.viewfinder import Frame, Viewfinder

logger = logging.getLogger(__name__)

PREVIEW_SIZE = (1024, 680)


class Observer(Protocol):
    """What a personality hears of its body, on any thread."""

    def property_changed(self, code: int) -> None:
        """Hear that a property has a new value."""

    def busy(self, *, busy: bool) -> None:
        """Hear that an exposure has begun, or that all its files are there."""

    def file_added(self, file: StoredFile) -> None:
        """Hear of a new file on the card."""

    def file_held(self, file: StoredFile) -> None:
        """Hear of a new file that waits in memory for the computer."""

    def file_removed(self, file: StoredFile) -> None:
        """Hear that a file is gone from the card."""


class Body:
    """One camera body. Thread-safe; `close` ends its shutter thread."""

    def __init__(
        self,
        identity: Identity,
        properties: Mapping[int, Property],
        card: Card,
        outlook: Outlook,
        *,
        size: tuple[int, int],
        fps: float,
        read_shot: Callable[[Mapping[int, int | str]], Shot],
        file_prefix: str,
        clock_code: int | None = None,
    ) -> None:
        self.identity = identity
        self.card = card
        self.clock = Clock()
        self._properties = Properties(properties.values(), self.clock, clock_code, self._property_changed)
        self.size = size
        self.happenings = Happenings()
        self.viewfinder = Viewfinder(fps, self._render_preview)
        self.live = LiveSwitch(self.happenings)
        self._darkroom = Darkroom(outlook, identity, size, file_prefix)
        self._read_shot = read_shot
        self._lock = threading.RLock()
        self._observer: Observer | None = None
        self.focus_point: tuple[float, float] | None = None
        self._shutter: threading.Thread | None = None
        self._exposing = False
        self._shutter_open = False
        self._pressed = threading.Event()
        self._bulb_end = threading.Event()
        self._closed = threading.Event()

    def observe(self, observer: Observer) -> None:
        """Make a personality hear of what happens."""
        self._observer = observer

    def close(self) -> None:
        """End an exposure under way and its thread."""
        self._closed.set()
        self._bulb_end.set()
        shutter = self._shutter
        if shutter is not None and shutter is not threading.current_thread():
            shutter.join()

    @property
    def properties(self) -> Mapping[int, Property]:
        """Give all properties by their codes."""
        return self._properties.entries

    def value(self, code: int) -> int | str:
        """Give a property's value."""
        return self._properties.value(code)

    def values(self) -> dict[int, int | str]:
        """Give all values at one moment."""
        return self._properties.values()

    def set_value(self, code: int, value: int | str) -> None:
        """Set a property, which is announced when it changes; raise KeyError or ValueError."""
        self._properties.set(code, value)

    def _property_changed(self, code: int) -> None:
        self.happenings.add("property")
        if self._observer is not None:
            self._observer.property_changed(code)

    def find_property(self, name: str) -> Property:
        """Find a property by libgphoto2's name; raise KeyError."""
        return self._properties.find(name)

    def shot(self) -> Shot:
        """Give what the settings say about the next exposure."""
        return self._read_shot(self.values())

    @property
    def exposing(self) -> bool:
        """Tell whether an exposure, with its self-timer and its files, is under way."""
        return self._exposing

    @property
    def shutter_open(self) -> bool:
        """Tell whether the sensor is taken by a picture, so that there are no previews."""
        return self._shutter_open

    def shot_size(self, shot: Shot) -> int:
        """Estimate the bytes that one shot needs on the card."""
        width, height = self.size
        jpeg = int(width * height * shot.scale * shot.scale) // 2 if "jpeg" in shot.formats else 0
        return jpeg + (width * height * 2 + 400_000 if "raw" in shot.formats else 0)

    def shots_left(self) -> int:
        """Estimate how many shots the card still takes."""
        return self.card.free // self.shot_size(self.shot())

    def press(self, *, announce: bool = True, **overrides: Any) -> bool:
        """Press the shutter button; False when an exposure is under way. Raise CardFullError.

        Without `announce` the exposure happens but nothing is ever heard of it. `overrides` replace what the settings
        say of the shot: with `bulb` it lasts until `end_bulb`, `to_memory` tells where the files go.
        """
        shot = replace(self.shot(), **overrides)
        if not shot.to_memory and self.card.free < self.shot_size(shot):
            raise CardFullError
        with self._lock:
            if self._exposing or self._closed.is_set():
                return False
            self._exposing = True
            self._pressed.set()
            self._bulb_end.clear()
            name = f"{self.identity.name}-shutter"
            self._shutter = threading.Thread(target=self._release, args=(shot, announce), name=name, daemon=True)
            self._shutter.start()
        return True

    def let_go(self) -> None:
        """Let go of the shutter button: no further picture in continuous drive."""
        self._pressed.clear()

    def end_bulb(self) -> None:
        """Close the shutter of a bulb exposure."""
        self._bulb_end.set()

    def _release(self, shot: Shot, announce: bool) -> None:
        """Take one picture, or one after the other while the button is held in continuous drive."""
        observer = self._observer if announce else None
        try:
            if observer is not None:
                observer.busy(busy=True)
            if self._closed.wait(shot.delay_s):
                return
            self._shutter_open = True
            taken = 0
            while taken < shot.burst or (shot.continuous and self._pressed.is_set()):
                began = time.monotonic()
                self._take(shot, observer)
                taken += 1
                more = taken < shot.burst
                if self._closed.wait(max(began + shot.interval_s - time.monotonic(), 0) if more else 0):
                    break
        except CardFullError:
            logger.warning("%s: the card is full", self.identity.name)
        except Exception:
            logger.exception("%s: the exposure failed", self.identity.name)
        finally:
            self._shutter_open = False
            self._exposing = False
            if observer is not None:
                observer.busy(busy=False)
            self.happenings.add("idle")

    def _take(self, shot: Shot, observer: Observer | None) -> None:
        """Open the shutter for the exposure time, then store and announce the files."""
        opened = time.monotonic()
        when = self.clock.now()
        self.happenings.add("exposure")
        if shot.bulb:
            self._bulb_end.wait()
            shot = replace(shot, shutter_s=time.monotonic() - opened)
        pictures = self._darkroom.develop(shot, when)
        if self._closed.wait(max(opened + shot.shutter_s - time.monotonic(), 0)):
            return
        if observer is None:
            return
        for picture in pictures:
            if shot.to_memory:
                observer.file_held(self.card.hold(picture))
            else:
                observer.file_added(self.card.store(picture))
            self.happenings.add("file")
        self.happenings.add("capture")

    def preview(self, pause: Callable[[float], bool]) -> Frame | None:
        """Give the next preview, see Viewfinder.next_frame."""
        frame = self.viewfinder.next_frame(pause)
        if frame is not None:
            self.happenings.add("preview")
        return frame

    def _render_preview(self, moment: float) -> bytes:
        return self._darkroom.preview(self.shot(), moment, PREVIEW_SIZE)
