"""The control socket: JSON lines that change the light, the world around the cameras, and what goes wrong.

Each request is an object with `op`; it is answered in order by `{"ok": true, ...}` or `{"ok": false, "error": "..."}`.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from tetherlight.simulator.camera import SimulatedCamera
from tetherlight.simulator.card import CardFullError
from tetherlight.simulator.developing import ORIENTATIONS
from tetherlight.simulator.device import Body
from tetherlight.simulator.faults import FAMILIES, KINDS, Fault
from tetherlight.simulator.label import Label
from tetherlight.simulator.lamp import Lamp
from tetherlight.simulator.lens import LAST_PLACE, Lens, sharp_height
from tetherlight.simulator.lines import Lines
from tetherlight.simulator.properties import Property
from tetherlight.simulator.quirks import EFFECTS, MEMORY_NAMES, PropertyFault
from tetherlight.simulator.request import Answer, Fields, Refused, flag, number, positive, table
from tetherlight.simulator.stage import Stage

_LONGEST_WAIT_S = 600.0
_LAMP = ("gamma", "delay_s", "rise_s", "flicker", "flicker_hz")
_EVENTS = (
    "autofocus",
    "capture",
    "connect",
    "delete",
    "disconnect",
    "download",
    "exposure",
    "fault",
    "file",
    "focus",
    "focus_still",
    "idle",
    "live_off",
    "live_on",
    "preview",
    "property",
)


@contextlib.contextmanager
def _known_light() -> Iterator[None]:
    """Turn the scene's KeyError into a refusal."""
    try:
        yield
    except KeyError as error:
        raise Refused(f"There is no light {error.args[0]!r}.") from None


class Control:
    """Carries out requests on the cameras and their scene; no I/O of its own."""

    def __init__(self, stage: Stage, cameras: Sequence[SimulatedCamera]) -> None:
        self._stage = stage
        self._cameras = cameras
        self._lines = Lines(cameras)
        self._operations: dict[str, Callable[[Fields], Answer | None]] = {
            "status": self._status,
            "define_lights": self._define_lights,
            "set_lights": self._set_lights,
            "light_fault": self._light_fault,
            "lamp": self._lamp,
            "room_light": lambda fields: self._stage.set_room(number(fields, "brightness")),
            "move": self._move,
            "label": self._lay_label,
            "plug": self._plug,
            "unplug": lambda fields: self._camera(fields).responder.unplug(),
            "power": lambda fields: self._camera(fields).responder.power(on=flag(fields, "on")),
            "take_camera": lambda fields: self._camera(fields).responder.take(),
            "give_back_camera": lambda fields: self._camera(fields).responder.give_back(),
            "press_shutter": self._press_shutter,
            "line": self._lines.press,
            "sync": self._lines.sync,
            "exposures": lambda fields: {"exposures": self._camera(fields).body.releases.describe()},
            "set_property": self._set_property,
            "property_fault": self._property_fault,
            "quirks": self._quirks,
            "lens": self._lens,
            "clock": self._clock,
            "battery": lambda fields: self._camera(fields).set_battery(int(number(fields, "percent"))),
            "card": self._card,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "wait": self._wait,
            "set_format": self._set_format,
            "set_speed": self._set_speed,
            "export_truth": self._export_truth,
            "frame_index": self._frame_index,
        }

    def execute(self, fields: Fields) -> Answer:
        """Carry out one request and give its whole answer."""
        name = fields.get("op")
        operation = self._operations.get(str(name))
        if operation is None:
            return {"ok": False, "error": f"There is no operation {name!r}; there are {', '.join(self._operations)}."}
        try:
            return {"ok": True, **(operation(fields) or {})}
        except Refused as error:
            return {"ok": False, "error": str(error)}

    def _camera(self, fields: Fields) -> SimulatedCamera:
        """Find the camera that is meant; with one camera it need not be named."""
        name = fields.get("camera")
        if name is None and len(self._cameras) == 1:
            return self._cameras[0]
        for camera in self._cameras:
            if camera.name == name:
                return camera
        raise Refused(f"There is no camera {name!r}; there are {', '.join(camera.name for camera in self._cameras)}.")

    def _status(self, _fields: Fields) -> Answer:
        return {
            "cameras": [_describe(camera) for camera in self._cameras],
            "lights": self._stage.lights(),
            "levels": self._stage.levels(),
        }

    def _define_lights(self, fields: Fields) -> None:
        self._stage.define_lights(dict(_read_light(name, entry) for name, entry in table(fields, "lights").items()))

    def _set_lights(self, fields: Fields) -> Answer:
        levels = table(fields, "lights")
        if not all(isinstance(level, bool | int | float) and 0 <= level <= 1 for level in levels.values()):
            raise Refused("The states of lights are true or false, or levels from 0 to 1.")
        with _known_light():
            self._stage.set_lights(levels)
        return {"lights": self._stage.lights(), "levels": self._stage.levels()}

    def _light_fault(self, fields: Fields) -> None:
        if fields.get("kind") not in {"dead", None}:
            raise Refused("The kind of a light's fault is 'dead' or null.")
        times = None if fields.get("count") is None else int(positive(fields, "count"))
        with _known_light():
            self._stage.kill_light(str(fields.get("light")), fields.get("kind") == "dead", times)

    def _lamp(self, fields: Fields) -> None:
        """Give a light a lamp that does not simply follow its level; without any other field one that does."""
        given = {name: number(fields, name) for name in _LAMP if fields.get(name) is not None}
        if given.get("gamma", 1) <= 0 or given.get("flicker", 0) > 1:
            raise Refused("gamma must be above 0, and flicker from 0 to 1.")
        with _known_light():
            self._stage.set_lamp(str(fields.get("light")), Lamp(**given) if given else None)

    def _move(self, fields: Fields) -> None:
        """Knock at the table: pictures show everything so many pixels away from where it was at first."""
        right, down = fields.get("right", 0), fields.get("down", 0)
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in (right, down)):
            raise Refused("right and down must be whole numbers of pixels.")
        self._stage.scene(self._cameras.index(self._camera(fields))).move(right, down)

    def _lay_label(self, fields: Fields) -> None:
        """Lay a label in front of a camera, or take it away."""
        file = fields.get("file")
        try:
            label = None if file is None else Label(Path(str(file)))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise Refused(f"The file of the label cannot be read: {error}.") from None
        self._stage.scene(self._cameras.index(self._camera(fields))).lay(label)

    def _plug(self, fields: Fields) -> Answer:
        responder = self._camera(fields).responder
        responder.plug(move=flag(fields, "move", default=False))
        return {"port": responder.address}

    def _press_shutter(self, fields: Fields) -> None:
        """Press the button, or hold it for `count` exposures that begin `interval` seconds apart."""
        camera = self._camera(fields)
        burst: dict[str, Any] = {}
        if fields.get("count") is not None:
            burst = {"burst": int(positive(fields, "count")), "interval_s": number(fields, "interval", default=0)}
        try:
            if not camera.body.press(**burst):
                raise Refused(f"{camera.name} is still busy with an exposure.")
        except CardFullError:
            raise Refused(f"The card of {camera.name} is full.") from None
        camera.body.let_go()

    def _set_property(self, fields: Fields) -> None:
        body = self._camera(fields).body
        entry, value = _find_property(body, fields), fields.get("value")
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise Refused("The value is a text or a number.")
        try:
            body.set_value(entry.code, entry.read(value if isinstance(value, int) else str(value)))
        except ValueError:
            raise Refused(f"{entry.name} cannot be {value!r}; it can be {', '.join(entry.labels.values())}.") from None

    def _property_fault(self, fields: Fields) -> None:
        camera = self._camera(fields)
        entry, effect = _find_property(camera.body, fields), fields.get("effect")
        if effect is None:
            camera.mend_property(entry.code)
            return
        if effect not in EFFECTS:
            raise Refused(f"The effect is {', '.join(EFFECTS)} or null.")
        count = fields.get("count")
        fault = PropertyFault(
            effect,
            seconds=number(fields, "seconds", default=2),
            announced=flag(fields, "announced", default=False),
            count=None if count is None else int(number(fields, "count")),
        )
        if not camera.fault_property(entry.code, fault):
            raise Refused(f"The protocol of {camera.name} cannot say that a property is read-only.")

    def _quirks(self, fields: Fields) -> None:
        """Change what is named, and leave the rest."""
        quirks = self._camera(fields).body.quirks
        turned = fields.get("turned", quirks.turned)
        if turned not in tuple(ORIENTATIONS):
            raise Refused(f"turned must be one of {', '.join(map(str, ORIENTATIONS))}.")
        names = fields.get("memory_names", quirks.memory_names)
        if names not in MEMORY_NAMES:
            raise Refused(f"memory_names must be one of {', '.join(MEMORY_NAMES)}.")
        quirks.second_file_s = number(fields, "second_file_s", default=quirks.second_file_s)
        quirks.raw_only = flag(fields, "raw_only", default=quirks.raw_only)
        quirks.turned, quirks.memory_names = int(turned), names
        quirks.line_drops = int(number(fields, "line_drops", default=quirks.line_drops))
        quirks.line_doubles = int(number(fields, "line_doubles", default=quirks.line_doubles))
        quirks.line_lag_s = number(fields, "line_lag_s", default=quirks.line_lag_s)
        if fields.get("burst_fps") is not None:
            quirks.burst_fps = positive(fields, "burst_fps")
        for name in ("sync_misses_at", "files_lost_at", "hurries_at"):
            setattr(quirks, name, int(number(fields, name, default=getattr(quirks, name))))

    def _lens(self, fields: Fields) -> Answer:
        """Put the lens somewhere, let it blur or not, or only tell where it is."""
        lens = self._camera(fields).body.lens
        place = fields.get("place")
        if place is not None:
            if not isinstance(place, int | float) or isinstance(place, bool) or not 0 <= place <= LAST_PLACE:
                raise Refused(f"place must be a number from 0 to {LAST_PLACE}.")
            lens.put(place)
        lens.depth_of_field = flag(fields, "depth_of_field", default=lens.depth_of_field)
        return _describe_lens(lens)

    def _clock(self, fields: Fields) -> Answer:
        """Set a camera's clock to a time, local where it has no zone, or off by so many seconds."""
        body = self._camera(fields).body
        offset, when = fields.get("offset_s"), fields.get("time")
        try:
            if isinstance(when, str):
                body.clock.set(datetime.fromisoformat(when))
            elif isinstance(offset, int | float):
                body.clock.offset = timedelta(seconds=offset)
            else:
                raise Refused("time must be an ISO 8601 text, or offset_s a number.")
            told = body.clock.now().isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            raise Refused("time must be an ISO 8601 text, offset_s a number, and neither too far away.") from None
        body.clock_changed()
        return {"time": told}

    def _card(self, fields: Fields) -> None:
        self._camera(fields).set_card_free(int(number(fields, "free_bytes")))

    def _fault(self, fields: Fields) -> None:
        kind, when = fields.get("kind"), fields.get("when") or "*"
        if kind not in KINDS:
            raise Refused(f"There is no fault {kind!r}; there are {', '.join(KINDS)}.")
        if when not in FAMILIES:
            raise Refused(f"There is no operation {when!r} to fail; there are {', '.join(FAMILIES)}.")
        count, seconds = fields.get("count"), fields.get("seconds")
        fault = Fault(
            str(kind),
            str(when),
            count=None if count is None else int(number(fields, "count")),
            after=int(number(fields, "after", default=0)),
            seconds=None if seconds is None else number(fields, "seconds"),
            code=int(number(fields, "code", default=0x2002)),
        )
        if fault.count == 0:
            return
        self._camera(fields).responder.faults.add(fault)

    def _clear_faults(self, fields: Fields) -> None:
        cameras = self._cameras if fields.get("camera") is None else [self._camera(fields)]
        for camera in cameras:
            camera.responder.faults.clear()

    def _wait(self, fields: Fields) -> Answer:
        """Wait until something has happened `count` times since the start; without a count, until it happens next."""
        event, count = str(fields.get("event")), fields.get("count")
        if event not in _EVENTS:
            raise Refused(f"There is no event {event!r}; there are {', '.join(_EVENTS)}.")
        timeout = min(number(fields, "timeout", default=10), _LONGEST_WAIT_S)
        camera = self._camera(fields)
        wanted = None if count is None else int(number(fields, "count"))
        try:
            return {"count": camera.body.happenings.wait(event, wanted, timeout)}
        except TimeoutError:
            seen = camera.body.happenings.count(event)
            raise Refused(f"{camera.name} had {seen} of event {event!r} after {timeout:g} s.") from None

    def _set_format(self, fields: Fields) -> None:
        camera = self._camera(fields)
        if not camera.set_format(str(fields.get("format"))):
            raise Refused("The format is JPEG, RAW or RAW+JPEG.")

    def _set_speed(self, fields: Fields) -> None:
        camera = self._camera(fields)
        if fields.get("fps") is not None:
            camera.body.viewfinder.set_fps(positive(fields, "fps"))
        if fields.get("bandwidth_bytes_per_s") is not None:
            camera.responder.link.bytes_per_s = positive(fields, "bandwidth_bytes_per_s")

    def _export_truth(self, fields: Fields) -> None:
        folder = Path(str(fields.get("path")))
        index = 0 if fields.get("camera") is None else self._cameras.index(self._camera(fields))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stage.export_truth(folder, index)
        except OSError as error:
            raise Refused(f"Cannot write to {folder}: {error.strerror}.") from None

    def _frame_index(self, fields: Fields) -> Answer:
        viewfinder = self._camera(fields).body.viewfinder
        return {"index": viewfinder.index, "served": viewfinder.served, "fps": viewfinder.fps}


def _find_property(body: Body, fields: Fields) -> Property:
    """Find the property that is meant, by libgphoto2's name or by its code."""
    name = fields.get("name", fields.get("code"))
    try:
        return body.properties[name] if isinstance(name, int) else body.find_property(str(name))
    except KeyError:
        raise Refused(f"There is no property {name!r}.") from None


def _describe(camera: SimulatedCamera) -> Answer:
    body, responder = camera.body, camera.responder
    values = body.values()
    return {
        "name": camera.name,
        "model": body.identity.model,
        "serial": body.identity.serial,
        "port": responder.address,
        "addresses": responder.addresses,
        "plugged": responder.plugged,
        "powered": responder.powered,
        "taken": responder.taken,
        "connected": responder.client_connected,
        "exposing": body.exposing,
        "properties": {entry.name: entry.show(values[entry.code]) for entry in body.properties.values()},
        "faults": responder.faults.describe(),
        "quirks": _describe_quirks(body),
        "clock": body.clock.now().isoformat(timespec="seconds"),
        "card": {"capacity": body.card.capacity, "free_bytes": body.card.free, "files": body.card.names()},
        "captures": body.happenings.count("capture"),
        "previews": body.happenings.count("preview"),
        "focus_point": body.focus_point,
        "lens": _describe_lens(body.lens),
        "liveview": {"on": body.live.on, "seconds": body.live.seconds},
        "events": {event: body.happenings.count(event) for event in _EVENTS},
    }


def _describe_lens(lens: Lens) -> Answer:
    place = lens.place
    return {
        "place": place,
        "last_place": LAST_PLACE,
        "end": lens.end,
        "moving": not lens.still,
        "sharp_height": sharp_height(place),
        "depth_of_field": lens.depth_of_field,
    }


def _describe_quirks(body: Body) -> Answer:
    faults = {body.properties[code].name: fault.effect for code, fault in body.quirks.property_faults.items()}
    return {**asdict(body.quirks), "property_faults": faults}


def _read_light(name: str, entry: Any) -> tuple[str, Any]:
    """Read one light: a direction of three numbers that is not zero, and an intensity."""
    from tetherlight.simulator.scene import SceneLight  # noqa: PLC0415 - see Stage: slow to import

    try:
        x, y, z = (float(part) for part in entry["direction"])
        intensity = float(entry.get("intensity", 1.0))
        signals = tuple((float(level), float(signal)) for level, signal in entry.get("signals", ()))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused(f"Light {name!r} needs a direction of three numbers.") from None
    if not x * x + y * y + z * z > 0 or intensity < 0:
        raise Refused(f"Light {name!r} needs a direction other than zero and no negative intensity.")
    return name, SceneLight((x, y, z), intensity, signals)
