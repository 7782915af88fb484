"""A camera body: properties, shutter, viewfinder, battery and card, without any vendor's protocol.

A vendor's personality turns the wire's operations into calls of this body, and hears of what happens as its `Observer`.
"""

import logging
import math
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from tetherlight.simulator.card import Card, CardFullError, Picture, StoredFile
from tetherlight.simulator.clock import Clock
from tetherlight.simulator.developing import Darkroom, Outlook
from tetherlight.simulator.happenings import Happenings
from tetherlight.simulator.lens import Lens, sharp_place
from tetherlight.simulator.live import LiveSwitch
from tetherlight.simulator.properties import Properties, Property
from tetherlight.simulator.quirks import Quirks
from tetherlight.simulator.releases import Release, Releases
from tetherlight.simulator.schedule import Schedule
from tetherlight.simulator.shot import Identity, Shot
from tetherlight.simulator.sync import SyncContact
from tetherlight.simulator.viewfinder import Frame, Viewfinder

logger = logging.getLogger(__name__)

PREVIEW_SIZE = (1024, 680)
_PREVIEW_PATIENCE_S = 1.0
"""How long an answer waits for a picture that is not rendered yet: libgphoto2 gives up after 2.5 s without any."""


class Observer(Protocol):
    """What a personality hears of its body, on any thread."""

    def property_changed(self, code: int) -> None:
        """Hear that a property has a new value."""

    def busy(self, *, busy: bool) -> None:
        """Hear that an exposure has begun, or that all its files are there."""

    def file_added(self, file: StoredFile) -> None:
        """Hear of a new file on the card."""

    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Hear of new files that wait in memory for the computer."""

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
        depth_of_field: bool = False,
    ) -> None:
        self.identity = identity
        self.card = card
        self.clock = Clock()
        self._clock_code = clock_code
        self.quirks = Quirks()
        self._requests: dict[int, object] = {}
        self.schedule = Schedule(f"{identity.name}-later")
        self._properties = Properties(properties.values(), self.clock, clock_code, self._property_changed)
        self.size = size
        self.preview_size = PREVIEW_SIZE
        self.happenings = Happenings()
        self.releases = Releases()
        self.sync = SyncContact()
        self.viewfinder = Viewfinder(fps, self._render_preview)
        self.live = LiveSwitch(self.happenings)
        still = partial(self.happenings.add, "focus_still")
        self.lens = Lens(self.schedule.after, still, depth_of_field=depth_of_field)
        self._darkroom = Darkroom(outlook, identity, size, file_prefix)
        self._read_shot = read_shot
        self._lock = threading.RLock()
        self._observer: Observer | None = None
        self.focus_point: tuple[float, float] | None = None
        self._shutter: threading.Thread | None = None
        self._exposing = False
        self._shutter_closes = 0.0
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
        self.schedule.close()
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
        self._requests.pop(code, None)
        self._properties.set(code, value)

    def request_value(self, code: int, value: int | str) -> None:
        """Set a property as a computer asks for it, which may do less than it should: see PropertyFault.

        Raise KeyError or ValueError.
        """
        entry = self.properties[code]
        entry.check(value)
        fault = self.quirks.property_faults.get(code)
        if fault is None or fault.effect == "readonly":
            self.set_value(code, value)
        elif fault.effect == "never":
            if fault.announced:
                self._property_changed(code)
        else:
            steps = entry.between(self.value(code), value) if fault.effect == "steps" else [value]
            request = self._requests[code] = object()
            for number, step in enumerate(steps, 1):
                self.schedule.after(fault.seconds * number / len(steps), partial(self._come_to, code, step, request))

    def _come_to(self, code: int, value: int | str, request: object) -> None:
        """Set a property late, unless it was set or asked for again meanwhile."""
        if self._requests.get(code) is request:
            self._properties.set(code, value)

    def clock_changed(self) -> None:
        """Announce the time, where it is a property."""
        if self._clock_code is not None:
            self._property_changed(self._clock_code)

    def _property_changed(self, code: int) -> None:
        self.happenings.add("property")
        if self._observer is not None:
            self._observer.property_changed(code)

    def find_property(self, name: str) -> Property:
        """Find a property by libgphoto2's name; raise KeyError."""
        return self._properties.find(name)

    def shot(self) -> Shot:
        """Give what settings and lens say about the next exposure."""
        return replace(self._read_shot(self.values()), focus=self.lens.focus)

    def drive_lens(self, steps: int, *, halts: bool = False) -> bool:
        """Begin to turn the focus ring, nearer where negative; False where the lens ends before that.

        With `halts` it stops half way.
        """
        self.happenings.add("focus")
        return self.lens.drive(steps, part=0.5 if halts else 1.0)

    def autofocus(self) -> None:
        """Focus on what is seen at the focus point, the middle where none was set."""
        self.happenings.add("autofocus")
        if self.lens.depth_of_field:
            point = self.focus_point or (0.5, 0.5)
            height = self._darkroom.height_at(point, self.preview_size, self.quirks.turned)
            self.lens.drive(round(sharp_place(height) - self.lens.place))

    @property
    def exposing(self) -> bool:
        """Tell whether an exposure, with its self-timer and its files, is under way."""
        return self._exposing

    @property
    def shutter_open(self) -> bool:
        """Tell whether the sensor is taken by a picture, so that there are no previews; developing it takes longer."""
        return time.monotonic() < self._shutter_closes

    def shot_size(self, shot: Shot) -> int:
        """Estimate the bytes that one shot needs on the card."""
        width, height = self.size
        jpeg = int(width * height * shot.scale * shot.scale) // 2 if "jpeg" in shot.formats else 0
        return jpeg + (width * height * 2 + 400_000 if "raw" in shot.formats else 0)

    def shots_left(self) -> int:
        """Estimate how many shots the card still takes."""
        return self.card.free // self.shot_size(self.shot())

    def press(self, *, announce: bool = True, by: Release | None = None, **overrides: Any) -> bool:
        """Press the shutter button; False when an exposure is under way. Raise CardFullError.

        Without `announce` the exposure happens but nothing is ever heard of it. `by` says when it begins, where a line
        and not the button released it. `overrides` replace what the settings say of the shot: with `bulb` it lasts
        until `end_bulb`, `to_memory` tells where the files go.
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
            self._shutter = threading.Thread(target=self._release, args=(shot, announce, by), name=name, daemon=True)
            self._shutter.start()
        return True

    def fire(self, line: int, moment: float, *, held: bool = False) -> float | None:
        """Release by the event of this number on a line; return when the shutter opens, None where it stays closed.

        Both are times on the monotonic clock. A line that is `held` is let go by `let_go`.
        """
        if self.quirks.line_drops:
            self.quirks.line_drops -= 1
            return None
        release = Release(line, moment + self.quirks.line_lag_s, held)
        twice = self.quirks.line_doubles > 0 and not held
        interval_s = 1 / self.quirks.burst_fps if held else 0.0
        try:
            taken = self.press(by=release, burst=2 if twice else 1, interval_s=interval_s)
        except CardFullError:
            return None
        if not held:
            self.let_go()
        if taken and twice:
            self.quirks.line_doubles -= 1
        return release.opened_s if taken else None

    def let_go(self) -> None:
        """Let go of the shutter button: no further picture in continuous drive."""
        self._pressed.clear()

    def end_bulb(self) -> None:
        """Close the shutter of a bulb exposure."""
        self._bulb_end.set()

    def _release(self, shot: Shot, announce: bool, by: Release | None) -> None:
        """Take one picture, or one after the other while the button is held in continuous drive."""
        observer = self._observer if announce else None
        try:
            if observer is not None:
                observer.busy(busy=True)
            lag = 0 if by is None else by.opened_s - time.monotonic()
            if self._closed.wait(max(lag, 0) + shot.delay_s):
                return
            held = by.line if by is not None and by.held else None
            taken, more = 0, True
            while more:
                began = time.monotonic()
                self._take(shot, observer, by or Release(held, began, held is not None))
                by = None
                taken += 1
                more = taken < shot.burst or (shot.continuous and self._pressed.is_set())
                pause = 0.0 if self.quirks.strikes("hurries_at") else began + shot.interval_s - time.monotonic()
                if self._closed.wait(max(pause, 0) if more else 0):
                    break
                more = taken < shot.burst or (shot.continuous and self._pressed.is_set())
        except CardFullError:
            logger.warning("%s: the card is full", self.identity.name)
        except Exception:
            logger.exception("%s: the exposure failed", self.identity.name)
        finally:
            self._shutter_closes = 0.0
            self._exposing = False
            if observer is not None:
                observer.busy(busy=False)
            self.happenings.add("idle")

    def _take(self, shot: Shot, observer: Observer | None, release: Release) -> None:
        """Open the shutter for the exposure time, then store and announce the files."""
        opened = release.opened_s
        self.releases.add(release)
        when = self.clock.now()
        shot = replace(shot, focus=self.lens.focus)
        self._shutter_closes = math.inf if shot.bulb else opened + shot.shutter_s
        contact = None if self.quirks.strikes("sync_misses_at") else self._close_contact(opened, shot)
        self.happenings.add("exposure")
        if shot.bulb:
            self._bulb_end.wait()
            self._shutter_closes = 0.0
            if contact is not None:
                self.sync.open(contact)
            shot = replace(shot, shutter_s=time.monotonic() - opened)
        pictures = self._darkroom.develop(shot, when, self.quirks.turned)
        release.files = {picture.name: zlib.crc32(picture.content) for picture in pictures}
        if self._closed.wait(max(opened + shot.shutter_s - time.monotonic(), 0)):
            return
        if observer is None or self.quirks.strikes("files_lost_at"):
            return
        late = self.quirks.second_file_s
        if late and len(pictures) > 1:
            self.schedule.after(late, partial(self._keep, pictures[1:], shot, observer))
            pictures = pictures[:1]
        self._keep(pictures, shot, observer)
        self.happenings.add("capture")

    def _close_contact(self, opened: float, shot: Shot) -> int:
        """Close the contact for a flash, and open it with the end of the exposure, however long it is developed."""
        edge = self.sync.close()
        if not shot.bulb:
            left = opened + shot.shutter_s - time.monotonic()
            self.schedule.after(max(left, 0), partial(self.sync.open, edge))
        return edge

    def _keep(self, pictures: Sequence[Picture], shot: Shot, observer: Observer) -> None:
        """Put files where they belong and announce them."""
        if shot.to_memory:
            observer.files_held([self.card.hold(picture) for picture in pictures])
        else:
            for picture in pictures:
                observer.file_added(self.card.store(picture))
        for _ in pictures:
            self.happenings.add("file")

    def preview(self, pause: Callable[[float], bool]) -> Frame | None:
        """Give the next preview, see Viewfinder.next_frame; None also while the scene is not rendered that far."""
        if not self._darkroom.ready(self.preview_size, self.quirks.turned, _PREVIEW_PATIENCE_S):
            return None
        frame = self.viewfinder.next_frame(pause)
        if frame is not None:
            self.happenings.add("preview")
        return frame

    def _render_preview(self, moment: float) -> bytes:
        return self._darkroom.preview(self.shot(), moment, self.preview_size, self.quirks.turned)
