"""The control socket: JSON lines that change the light, the world around the cameras, and what goes wrong.

Each request is an object with `op`; it is answered in order by `{"ok": true, ...}` or `{"ok": false, "error": "..."}`.
"""

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tetherlight.simulator.camera import SimulatedCamera
from tetherlight.simulator.card import CardFullError
from tetherlight.simulator.faults import FAMILIES, KINDS, Fault
from tetherlight.simulator.stage import Stage

logger = logging.getLogger(__name__)

Fields = Mapping[str, Any]
Answer = dict[str, Any]

_LONGEST_LINE = 1 << 20
_LONGEST_WAIT_S = 600.0
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
    "idle",
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


class Refused(Exception):
    """A request cannot be done; the text says why."""


class Control:
    """Carries out requests on the cameras and their scene; no I/O of its own."""

    def __init__(self, stage: Stage, cameras: Sequence[SimulatedCamera]) -> None:
        self._stage = stage
        self._cameras = cameras
        self._operations: dict[str, Callable[[Fields], Answer | None]] = {
            "status": self._status,
            "define_lights": self._define_lights,
            "set_lights": self._set_lights,
            "light_fault": self._light_fault,
            "plug": self._plug,
            "unplug": lambda fields: self._camera(fields).responder.unplug(),
            "power": lambda fields: self._camera(fields).responder.power(on=_flag(fields, "on")),
            "press_shutter": self._press_shutter,
            "set_property": self._set_property,
            "battery": lambda fields: self._camera(fields).set_battery(int(_number(fields, "percent"))),
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
        return {"cameras": [_describe(camera) for camera in self._cameras], "lights": self._stage.lights()}

    def _define_lights(self, fields: Fields) -> None:
        self._stage.define_lights(dict(_read_light(name, entry) for name, entry in _table(fields, "lights").items()))

    def _set_lights(self, fields: Fields) -> Answer:
        states = _table(fields, "lights")
        if not all(isinstance(state, bool) for state in states.values()):
            raise Refused("The states of lights are true or false.")
        with _known_light():
            self._stage.set_lights(states)
        return {"lights": self._stage.lights()}

    def _light_fault(self, fields: Fields) -> None:
        if fields.get("kind") not in {"dead", None}:
            raise Refused("The kind of a light's fault is 'dead' or null.")
        with _known_light():
            self._stage.kill_light(str(fields.get("light")), fields.get("kind") == "dead")

    def _plug(self, fields: Fields) -> Answer:
        responder = self._camera(fields).responder
        responder.plug(move=_flag(fields, "move", default=False))
        return {"port": responder.address}

    def _press_shutter(self, fields: Fields) -> None:
        camera = self._camera(fields)
        try:
            if not camera.body.press():
                raise Refused(f"{camera.name} is still busy with an exposure.")
        except CardFullError:
            raise Refused(f"The card of {camera.name} is full.") from None
        camera.body.let_go()

    def _set_property(self, fields: Fields) -> None:
        body = self._camera(fields).body
        name, value = fields.get("name", fields.get("code")), fields.get("value")
        try:
            entry = body.properties[name] if isinstance(name, int) else body.find_property(str(name))
        except KeyError:
            raise Refused(f"There is no property {name!r}.") from None
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise Refused("The value is a text or a number.")
        try:
            body.set_value(entry.code, entry.read(value if isinstance(value, int) else str(value)))
        except ValueError:
            raise Refused(f"{entry.name} cannot be {value!r}; it can be {', '.join(entry.labels.values())}.") from None

    def _card(self, fields: Fields) -> None:
        self._camera(fields).set_card_free(int(_number(fields, "free_bytes")))

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
            count=None if count is None else int(_number(fields, "count")),
            after=int(_number(fields, "after", default=0)),
            seconds=None if seconds is None else _number(fields, "seconds"),
            code=int(_number(fields, "code", default=0x2002)),
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
        timeout = min(_number(fields, "timeout", default=10), _LONGEST_WAIT_S)
        camera = self._camera(fields)
        wanted = None if count is None else int(_number(fields, "count"))
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
            camera.body.viewfinder.set_fps(_positive(fields, "fps"))
        if fields.get("bandwidth_bytes_per_s") is not None:
            camera.responder.link.bytes_per_s = _positive(fields, "bandwidth_bytes_per_s")

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


class ControlServer:
    """Serves a Control on a Unix stream socket, a thread for each connection."""

    def __init__(self, control: Control, path: Path) -> None:
        self._control = control
        self._path = path
        self._lock = threading.Lock()
        self._streams: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._accepting = threading.Thread(target=self._accept, name="control", daemon=True)

    def start(self) -> None:
        """Begin to listen; only the owner may connect."""
        if self._path.is_socket():
            self._path.unlink()
        self._listener.bind(str(self._path))
        self._path.chmod(0o600)
        self._listener.listen(16)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening, end all connections and remove the socket."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        if self._accepting.ident is not None:
            self._accepting.join()
        self._listener.close()
        with self._lock:
            for stream in self._streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._streams.add(stream)
            # A connection may be waiting for an event for minutes: it is not waited for at the end.
            threading.Thread(target=self._serve, args=(stream,), name="control-client", daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            with stream.makefile("rb") as lines:
                while line := lines.readline(_LONGEST_LINE):
                    stream.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        except OSError:
            pass
        finally:
            with self._lock:
                self._streams.discard(stream)
            stream.close()

    def _answer(self, line: bytes) -> Answer:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": "The line is no JSON."}
        if not isinstance(fields, dict):
            return {"ok": False, "error": "The line is no JSON object."}
        try:
            return self._control.execute(fields)
        except Exception:
            logger.exception("control request failed: %s", fields.get("op"))
            return {"ok": False, "error": "The simulator failed; its log says why."}


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
        "connected": responder.client_connected,
        "exposing": body.exposing,
        "properties": {entry.name: entry.show(values[entry.code]) for entry in body.properties.values()},
        "faults": responder.faults.describe(),
        "card": {"capacity": body.card.capacity, "free_bytes": body.card.free, "files": body.card.names()},
        "captures": body.happenings.count("capture"),
        "previews": body.happenings.count("preview"),
        "focus_point": body.focus_point,
        "events": {event: body.happenings.count(event) for event in _EVENTS},
    }


def _read_light(name: str, entry: Any) -> tuple[str, Any]:
    """Read one light: a direction of three numbers that is not zero, and an intensity."""
    from tetherlight.simulator.scene import SceneLight  # noqa: PLC0415 - see Stage: slow to import

    try:
        x, y, z = (float(part) for part in entry["direction"])
        intensity = float(entry.get("intensity", 1.0))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused(f"Light {name!r} needs a direction of three numbers.") from None
    if not x * x + y * y + z * z > 0 or intensity < 0:
        raise Refused(f"Light {name!r} needs a direction other than zero and no negative intensity.")
    return name, SceneLight((x, y, z), intensity)


def _table(fields: Fields, key: str) -> dict[str, Any]:
    value = fields.get(key)
    if not isinstance(value, dict):
        raise Refused(f"{key} must be an object.")
    return value


def _number(fields: Fields, key: str, default: float | None = None) -> float:
    value = fields.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise Refused(f"{key} must be a number, 0 or more.")
    return value


def _positive(fields: Fields, key: str) -> float:
    value = _number(fields, key)
    if not value:
        raise Refused(f"{key} must be greater than 0.")
    return value


def _flag(fields: Fields, key: str, *, default: bool | None = None) -> bool:
    value = fields.get(key, default)
    if not isinstance(value, bool):
        raise Refused(f"{key} must be true or false.")
    return value
