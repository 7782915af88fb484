"""A camera body: properties, shutter, viewfinder, battery and card, without any vendor's protocol.

A vendor's personality turns the wire's operations into calls of this body, and hears of what happens as its `Observer`.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import dng, images
from tetherlight.simulator.card import Card, CardFullError, Picture, StoredFile
from tetherlight.simulator.ptp import Kind
from tetherlight.simulator.viewfinder import Frame, Viewfinder

logger = logging.getLogger(__name__)

PREVIEW_SIZE = (1024, 680)
_PREVIEW_QUALITY = 80
_PREVIEW_PATIENCE_S = 1.0
"""How long an answer waits for a picture that is not rendered yet: libgphoto2 gives up after 2.5 s without any."""


@dataclass(frozen=True)
class Property:
    """One property of a camera: `name` is libgphoto2's, `labels` its texts for the allowed numbers.

    `texts` are the allowed values of a text property, `span` the smallest and largest of a number without labels.
    """

    code: int
    name: str
    kind: Kind
    default: int | str
    labels: Mapping[int, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    span: tuple[int, int] | None = None
    writable: bool = True
    listed: bool = True

    def show(self, value: int | str) -> int | str:
        """Give a value as people read it."""
        return self.labels.get(value, value) if isinstance(value, int) else value

    def read(self, shown: int | str) -> int | str:
        """Turn what people write into a value; raise ValueError when it is none of the choices."""
        if self.kind is Kind.TEXT:
            self.check(str(shown))
            return str(shown)
        for value, label in self.labels.items():
            if label == str(shown):
                return value
        number = int(shown)
        self.check(number)
        return number

    def check(self, value: int | str) -> None:
        """Raise ValueError for a value that is none of the choices."""
        allowed: Collection[int | str] = self.texts if self.kind is Kind.TEXT else self.labels
        if allowed and value not in allowed:
            raise ValueError(value)


@dataclass(frozen=True)
class Identity:
    """Who a camera is; `name` is the simulator's own word for it."""

    name: str
    manufacturer: str
    model: str
    serial: str
    version: str


@dataclass(frozen=True)
class Shot:
    """Everything that the settings say about the next exposure. `delay_s` is the self-timer."""

    shutter_s: float
    aperture: float
    iso: int
    formats: tuple[str, ...]
    raw_format: int
    raw_suffix: str
    scale: float
    quality: int
    white_balance: str
    delay_s: float
    continuous: bool
    to_memory: bool
    manual: bool
    bias: float
    lens: str
    artist: str
    copyright: str
    bulb: bool = False


class Outlook(Protocol):
    """What a camera sees. Sizes are (width, height), pictures (H, W, 3)."""

    def ready(self, size: tuple[int, int], seconds: float) -> bool:
        """Tell whether a live picture would be there at once, and work on it for some seconds if not."""

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the still picture of a shot in sRGB."""

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """Give the linear sensor values of a shot, `dng.WHITE_LEVEL` when full."""

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the live picture at a time in seconds, exposed as the shot would be."""


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


class Happenings:
    """Counts of what happened to a camera, which can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: dict[str, int] = {}

    def add(self, event: str) -> None:
        """Count one more."""
        with self._changed:
            self._counts[event] = self._counts.get(event, 0) + 1
            self._changed.notify_all()

    def count(self, event: str) -> int:
        """Give how often it happened."""
        with self._changed:
            return self._counts.get(event, 0)

    def wait(self, event: str, count: int | None, timeout: float) -> int:
        """Wait until it happened `count` times in all (None: once more) and give the count; raise TimeoutError."""
        with self._changed:
            wanted = self._counts.get(event, 0) + 1 if count is None else count
            if not self._changed.wait_for(lambda: self._counts.get(event, 0) >= wanted, timeout):
                raise TimeoutError
            return self._counts.get(event, 0)


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
    ) -> None:
        self.identity = identity
        self.properties = properties
        self.card = card
        self.size = size
        self.happenings = Happenings()
        self.viewfinder = Viewfinder(fps, self._render_preview)
        self._outlook = outlook
        self._read_shot = read_shot
        self._file_prefix = file_prefix
        self._lock = threading.RLock()
        self._values = {code: entry.default for code, entry in properties.items()}
        self._observer: Observer | None = None
        self.focus_point: tuple[float, float] | None = None
        self._number = 0
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
        shutter = self._shutter
        if shutter is not None and shutter is not threading.current_thread():
            shutter.join()

    def value(self, code: int) -> int | str:
        """Give a property's value."""
        with self._lock:
            return self._values[code]

    def values(self) -> dict[int, int | str]:
        """Give all values at one moment."""
        with self._lock:
            return dict(self._values)

    def set_value(self, code: int, value: int | str) -> None:
        """Set a property, which is announced when it changes; raise KeyError or ValueError."""
        self.properties[code].check(value)
        with self._lock:
            if self._values[code] == value:
                return
            self._values[code] = value
        self.happenings.add("property")
        if self._observer is not None:
            self._observer.property_changed(code)

    def find_property(self, name: str) -> Property:
        """Find a property by libgphoto2's name; raise KeyError."""
        for entry in self.properties.values():
            if entry.name == name:
                return entry
        raise KeyError(name)

    def shot(self) -> Shot:
        """Give what the settings say about the next exposure."""
        return self._read_shot(self.values())

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

    def press(self, *, announce: bool = True, bulb: bool = False, to_memory: bool | None = None) -> bool:
        """Press the shutter button; False when an exposure is under way. Raise CardFullError.

        Without `announce` the exposure happens but nothing is ever heard of it. With `bulb` it lasts until `end_bulb`.
        `to_memory` overrides where the settings send the files.
        """
        shot = replace(self.shot(), bulb=bulb)
        if to_memory is not None:
            shot = replace(shot, to_memory=to_memory)
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
            while True:
                self._take(shot, observer)
                if not (shot.continuous and self._pressed.is_set()) or self._closed.is_set():
                    break
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

    def _take(self, shot: Shot, observer: Observer | None) -> None:
        """Open the shutter for the exposure time, then store and announce the files."""
        opened = time.monotonic()
        when = datetime.now().astimezone()
        self._shutter_closes = math.inf if shot.bulb else opened + shot.shutter_s
        self.happenings.add("exposure")
        if shot.bulb:
            self._bulb_end.wait()
            self._shutter_closes = 0.0
            shot = replace(shot, shutter_s=time.monotonic() - opened)
        pictures = self._develop(shot, when)
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

    def _develop(self, shot: Shot, when: datetime) -> list[Picture]:
        """Render and encode the files of one shot, the raw file first as bodies do."""
        width, height = (round(side * shot.scale) for side in self.size)
        pixels = images.balance(self._outlook.capture(shot, (width, height)), shot.white_balance)
        thumb = images.thumbnail(pixels)
        self._number += 1
        name = f"{self._file_prefix}{self._number:04d}"
        pictures: list[Picture] = []
        if "raw" in shot.formats:
            content = dng.raw_file(
                self._outlook.linear(shot, self.size),
                self._tags(shot, when, self.size),
                images.encode(pixels, 85, "420"),
            )
            pictures.append(Picture(name + shot.raw_suffix, shot.raw_format, content, thumb, when, *self.size))
        if "jpeg" in shot.formats:
            content = images.jpeg_file(pixels, self._tags(shot, when, (width, height)), thumb, shot.quality)
            pictures.append(Picture(name + ".JPG", 0x3801, content, thumb, when, width, height))
        return pictures

    def _tags(self, shot: Shot, when: datetime, size: tuple[int, int]) -> images.Tags:
        return images.Tags(
            make=self.identity.manufacturer,
            model=self.identity.model,
            serial=self.identity.serial,
            lens=shot.lens,
            artist=shot.artist,
            copyright=shot.copyright,
            when=when,
            shutter_s=shot.shutter_s,
            aperture=shot.aperture,
            iso=shot.iso,
            bias=shot.bias,
            manual_exposure=shot.manual,
            white_balance=shot.white_balance,
            width=size[0],
            height=size[1],
        )

    def preview(self, pause: Callable[[float], bool]) -> Frame | None:
        """Give the next preview, see Viewfinder.next_frame; None also while the scene is not rendered that far."""
        if not self._outlook.ready(PREVIEW_SIZE, _PREVIEW_PATIENCE_S):
            return None
        frame = self.viewfinder.next_frame(pause)
        if frame is not None:
            self.happenings.add("preview")
        return frame

    def _render_preview(self, moment: float) -> bytes:
        shot = self.shot()
        pixels = self._outlook.preview(shot, moment, PREVIEW_SIZE)
        return images.encode(images.balance(pixels, shot.white_balance), _PREVIEW_QUALITY, "420")
