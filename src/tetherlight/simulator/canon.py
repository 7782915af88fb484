"""A Canon EOS body on the wire: its private operations, as libgphoto2 uses them.

Where numbers come without a name here they are arguments of one operation only, explained beside it.
"""

import struct
import threading
from collections.abc import Mapping, Sequence
from functools import partial

from tetherlight.simulator import canon_events, canon_tables, ptp
from tetherlight.simulator.canon_tables import (
    CAPTURE_TARGET,
    FOCUS_MANUAL,
    FOCUS_MODE,
    IMAGE_FORMAT,
    OUTPUT,
)
from tetherlight.simulator.card import StoredFile
from tetherlight.simulator.device import Body
from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Code, Kind, Operation, PtpError, Reply
from tetherlight.simulator.standard import Handler, StandardCamera

_VENDOR = 0x0000000B
_GET_STORAGE_IDS = 0x9101
_GET_STORAGE_INFO = 0x9102
_GET_DEVICE_INFO_EX = 0x9108
_GET_OBJECT_INFO_EX = 0x9109
_SET_PROPERTY = 0x9110
_SET_REMOTE_MODE = 0x9114
_SET_EVENT_MODE = 0x9115
_GET_EVENT = 0x9116
_TRANSFER_COMPLETE = 0x9117
_SPACE_ON_COMPUTER = 0x911A
_LOCK, _UNLOCK, _KEEP_ON = 0x911B, 0x911C, 0x911D
_BULB_START, _BULB_END = 0x9125, 0x9126
_REQUEST_PROPERTY = 0x9127
_RELEASE_ON, _RELEASE_OFF = 0x9128, 0x9129
_REQUEST_OLC = 0x913D
_VIEWFINDER_ON, _VIEWFINDER_OFF, _GET_VIEWFINDER = 0x9151, 0x9152, 0x9153
_AUTOFOCUS, _DRIVE_LENS, _AUTOFOCUS_CANCEL = 0x9154, 0x9155, 0x9160
_ZOOM, _ZOOM_POSITION = 0x9158, 0x9159

_HALF_PRESS, _FULL_PRESS = 1, 2
_VIEWFINDER_NOT_READY = 0xA102
_JPEG_BLOB = 1
_OTHER_BLOBS = ((4, 12), (5, 12), (6, 20), (12, 16), (13, 8), (14, 8), (16, 40), (10, 4), (7, 8), (3, 24))
_FOCUS_STEPS = {1: -20, 2: -150, 3: -1000, 0x8001: 20, 0x8002: 150, 0x8003: 1000}
"""Places of the lens for small, middle and large steps: see `Lens`."""
_SHOTS_TO_COMPUTER = 9999
_ACCEPTED = (_SET_REMOTE_MODE, _SPACE_ON_COMPUTER, _LOCK, _UNLOCK, _KEEP_ON, _REQUEST_OLC, _ZOOM)

_FAMILIES = {
    _GET_VIEWFINDER: "preview",
    _SET_PROPERTY: "set_config",
    _REQUEST_PROPERTY: "get_config",
    _GET_EVENT: "get_event",
    _GET_STORAGE_INFO: "storage_info",
    _GET_OBJECT_INFO_EX: "list",
    _BULB_START: "capture",
    _RELEASE_ON: "focus",
    _AUTOFOCUS: "focus",
    _DRIVE_LENS: "drive",
}
# The last one is what these bodies say when the lens is off or its contacts are dirty.
_REFUSALS = {"battery_empty": 0xA101, "mirror_up": 0xA005, "no_lens": 0xA006}


class CanonCamera(StandardCamera):
    """The personality of an EOS body: one private event queue, which the client polls."""

    refusals = _REFUSALS

    def __init__(self, body: Body) -> None:
        self._queue: list[bytes] = []
        self._queue_lock = threading.Lock()
        self._events_on = False
        self.focusing = False
        super().__init__(body)
        self._handlers |= dict.fromkeys(_ACCEPTED, self._accept)
        self._handlers |= {
            _GET_STORAGE_IDS: self._get_storage_ids,
            _GET_STORAGE_INFO: self._get_storage_info,
            _GET_DEVICE_INFO_EX: self._get_device_info_ex,
            _GET_OBJECT_INFO_EX: self._get_object_info_ex,
            _SET_PROPERTY: self._set_property,
            _SET_EVENT_MODE: self._set_event_mode,
            _GET_EVENT: self._get_event,
            _TRANSFER_COMPLETE: self._transfer_complete,
            _REQUEST_PROPERTY: self._request_property,
            _RELEASE_ON: self._release_on,
            _RELEASE_OFF: self._release_off,
            _BULB_START: self._bulb_start,
            _BULB_END: self._bulb_end,
            _GET_VIEWFINDER: self._get_viewfinder,
            _VIEWFINDER_ON: partial(self._switch_viewfinder, on=True),
            _VIEWFINDER_OFF: partial(self._switch_viewfinder, on=False),
            _AUTOFOCUS: self._autofocus,
            _AUTOFOCUS_CANCEL: self._cancel_autofocus,
            _ZOOM_POSITION: self._move_frame,
            _DRIVE_LENS: self._drive_lens,
        }
        self._count_shots()

    def device_info(self) -> ptp.DeviceInfo:
        """Say what the camera is and can do."""
        identity = self.body.identity
        return ptp.DeviceInfo(
            vendor=_VENDOR,
            manufacturer="Canon Inc.",
            model=identity.model,
            version=identity.version,
            serial=identity.serial,
            operations=sorted(self._handlers),
            events=(),
            properties=(),
            formats=(ptp.Format.JPEG, ptp.Format.CANON_RAW),
        )

    def family(self, operation: Operation) -> str:
        """Name the kind of operation; pressing the button fully is a capture, half is focusing."""
        if operation.code == _RELEASE_ON and operation.param(0) & _FULL_PRESS:
            return "capture"
        return _FAMILIES.get(operation.code) or super().family(operation)

    def connected(self) -> None:
        """Get ready for a new client, which has to switch events on first."""
        super().connected()
        self._stop_events()

    def disconnected(self) -> None:
        """Forget the client; the live view goes on where it did not say that it leaves."""
        left = not self._session_open
        super().disconnected()
        self._stop_events()
        if left:
            self.body.set_value(OUTPUT, 0)

    def property_changed(self, code: int) -> None:
        """Announce a value, and with it what hangs on it."""
        if code in {CAPTURE_TARGET, IMAGE_FORMAT}:
            self._count_shots()
        if code == OUTPUT:
            output = int(self.body.value(OUTPUT))
            self.body.live.turn(on=bool(output))
            self.body.preview_size = canon_tables.preview_size(output)
        self._announce(canon_events.value_changed(self.body.properties[code], self.body.value(code)))

    def busy(self, *, busy: bool) -> None:
        """Announce the camera's status; the counters have changed when it becomes idle."""
        if not busy:
            self._count_shots()
            self.body.set_value(canon_tables.SHUTTER_COUNT, int(self.body.value(canon_tables.SHUTTER_COUNT)) + 1)
        self._announce(canon_events.status(busy=busy))

    def file_added(self, file: StoredFile) -> None:
        """Announce a file on the card."""
        self._announce(canon_events.object_added(file))

    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Ask the computer to fetch files."""
        self._announce(*map(canon_events.transfer_requested, files))

    def file_removed(self, file: StoredFile) -> None:
        """Announce that a file is gone."""
        self._announce(canon_events.object_removed(file))

    def format_setting(self, name: str) -> tuple[int, int] | None:
        """Give the property and value for JPEG, RAW or RAW+JPEG."""
        key = canon_tables.FORMAT_SHORTCUTS.get(name)
        return None if key is None else (IMAGE_FORMAT, key)

    def battery_setting(self, percent: int) -> tuple[int, int]:
        """Give the property and value for a charge."""
        return canon_tables.BATTERY, canon_tables.battery_level(percent)

    def card_changed(self) -> None:
        """Count the shots left again."""
        self._count_shots()

    def _announce(self, *records: bytes) -> None:
        with self._queue_lock:
            if self._events_on:
                self._queue.extend(records)

    def _stop_events(self) -> None:
        with self._queue_lock:
            self._events_on = False
            self._queue.clear()

    def _count_shots(self) -> None:
        to_computer = self.body.value(CAPTURE_TARGET) == canon_tables.TARGET_HOST
        self.body.set_value(canon_tables.SHOTS_LEFT, _SHOTS_TO_COMPUTER if to_computer else self.body.shots_left())

    def _accept(self, _operation: Operation) -> Reply:
        return Reply()

    def _set_event_mode(self, operation: Operation) -> Reply:
        """Switch events on, which makes the camera tell everything: first all values, then all lists of choices."""
        if not operation.param(0):
            self._stop_events()
            return Reply()
        values = self.body.values()
        entries = self.body.properties.values()
        state = [canon_events.value_changed(entry, values[entry.code]) for entry in entries]
        lists = [canon_events.choices(entry) for entry in entries if entry.labels and entry.listed]
        with self._queue_lock:
            self._events_on = True
            self._queue = state + lists
        return Reply()

    def _get_event(self, _operation: Operation) -> Reply:
        with self._queue_lock:
            records, self._queue = self._queue, []
        return Reply(data=b"".join(records) + canon_events.TERMINATOR)

    def _request_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation.param(0))
        self._announce(canon_events.value_changed(entry, self.body.value(entry.code)))
        return Reply()

    def _entry(self, code: int) -> Property:
        entry = self.body.properties.get(code)
        if entry is None:
            raise PtpError(Code.PROPERTY_NOT_SUPPORTED)
        return entry

    def _set_property(self, operation: Operation) -> Reply:
        """Set a property from `u32 size, u32 code, value`."""
        if len(operation.data) < 12:
            return Reply(Code.INVALID_VALUE)
        size, code = struct.unpack_from("<II", operation.data)
        entry = self._entry(code)
        if not entry.writable:
            return Reply(Code.ACCESS_DENIED)
        try:
            self.body.request_value(code, _unpack(entry, operation.data[8:size]))
        except ValueError:
            return Reply(Code.INVALID_VALUE)
        return Reply()

    def _get_device_info_ex(self, _operation: Operation) -> Reply:
        events = ptp.array32([0xC181, 0xC182, 0xC186, 0xC189, 0xC18A, 0xC18B, 0xC1A5])
        body = events + ptp.array32(list(self.body.properties)) + ptp.array32([])
        return Reply(data=ptp.u32(len(body) + 4) + body)

    def _get_object_info_ex(self, operation: Operation) -> Reply:
        self._check_storage(operation.param(0))
        files = self.body.card.children(operation.param(1))
        return Reply(data=ptp.u32(len(files)) + b"".join(_list_entry(file) for file in files))

    def _delete_object(self, operation: Operation) -> Reply:
        file = self.body.card.get(operation.param(0))
        reply = super()._delete_object(operation)
        self.file_removed(file)
        self._count_shots()
        return reply

    def _transfer_complete(self, operation: Operation) -> Reply:
        file = self.body.card.get(operation.param(0))
        if file.content is not None:
            self.body.card.delete(file.handle)
        return Reply()

    def _faulty(self, fault: str | None) -> Mapping[int, Handler]:
        silent = partial(self._release_on, announce=False)
        parts: dict[str | None, Mapping[int, Handler]] = {
            "no_object": {_RELEASE_ON: silent, _BULB_START: partial(self._bulb_start, announce=False)},
            # Blobs of a type that libgphoto2 skips, by their length: it never gets beyond this one.
            "zero_blob": {_GET_VIEWFINDER: lambda _: Reply(data=ptp.u32(0, _OTHER_BLOBS[0][0]))},
            # Of a picture libgphoto2 copies the length less eight, which is then huge.
            "crash_blob": {_GET_VIEWFINDER: lambda _: Reply(data=ptp.u32(0, _JPEG_BLOB))},
            "empty_preview": {_GET_VIEWFINDER: lambda _: Reply(data=_blobs(()))},
            "no_focus": dict.fromkeys((_RELEASE_ON, _AUTOFOCUS), self._miss_focus),
            "focus_halts": {_DRIVE_LENS: partial(self._drive_lens, halts=True)},
        }
        return parts.get(fault, {})

    def _miss_focus(self, _operation: Operation) -> Reply:
        """Accept the button, half pressed, and tell that the lens finds no focus."""
        self._announce(canon_events.focus(canon_events.UNFOCUSED))
        return Reply()

    def _release_on(self, operation: Operation, *, announce: bool = True) -> Reply:
        """Press the button, 1 half and 2 fully; the second argument 1 means without autofocus."""
        press, without_focus = operation.param(0), operation.param(1)
        if press & _HALF_PRESS and not without_focus and self.body.value(FOCUS_MODE) != FOCUS_MANUAL:
            self._announce(canon_events.focus(canon_events.FOCUSED))
        if press & _FULL_PRESS:
            bulb = self.body.value(canon_tables.SHUTTER_SPEED) == canon_tables.BULB
            return self._press(announce=announce, bulb=bulb)
        return Reply()

    def _release_off(self, operation: Operation) -> Reply:
        if operation.param(0) & _FULL_PRESS:
            self.body.let_go()
            self.body.end_bulb()
        return Reply()

    def _bulb_start(self, _operation: Operation, *, announce: bool = True) -> Reply:
        if self.body.value(canon_tables.SHUTTER_SPEED) != canon_tables.BULB:
            return Reply(Code.GENERAL_ERROR)
        return self._press(announce=announce, bulb=True)

    def _bulb_end(self, _operation: Operation) -> Reply:
        self.body.end_bulb()
        return Reply()

    def _press(self, *, announce: bool, bulb: bool) -> Reply:
        return Reply() if self.body.press(announce=announce, bulb=bulb) else Reply(Code.DEVICE_BUSY)

    def _switch_viewfinder(self, _operation: Operation, *, on: bool) -> Reply:
        """End the live view, or begin it again; where its picture goes stays as it is."""
        self.body.live.turn(on=on)
        return Reply()

    def _autofocus(self, _operation: Operation) -> Reply:
        self.focusing = True
        self.body.autofocus()
        self._announce(canon_events.focus(canon_events.FOCUSED))
        return Reply()

    def _cancel_autofocus(self, _operation: Operation) -> Reply:
        self.focusing = False
        return Reply()

    def _move_frame(self, operation: Operation) -> Reply:
        """Move the focus frame, told by its upper left in pixels of the sensor; where it cannot be nothing happens."""
        corner = operation.param(0), operation.param(1)
        bounds = [(whole, whole // canon_tables.FRAME) for whole in canon_tables.SENSOR]
        inside = all(0 < at <= whole - frame for at, (whole, frame) in zip(corner, bounds, strict=True))
        if inside and int(self.body.value(OUTPUT)) & canon_tables.OUTPUT_ELSEWHERE:
            x, y = ((at + frame / 2) / whole for at, (whole, frame) in zip(corner, bounds, strict=True))
            self.body.focus_point = (x, y)
        return Reply()

    def _drive_lens(self, operation: Operation, *, halts: bool = False) -> Reply:
        """Turn the focus ring: 1 to 3 nearer, 0x8001 to 0x8003 farther, in growing steps.

        The answer comes while the motor runs, and tells nothing of the lens's ends.
        """
        step = _FOCUS_STEPS.get(operation.param(0))
        if step is None:
            return Reply(Code.INVALID_VALUE)
        self.body.drive_lens(step, halts=halts)
        return Reply(Code.GENERAL_ERROR) if halts else Reply()

    def _get_viewfinder(self, _operation: Operation) -> Reply:
        """Give the next frame; not ready until the output goes to the computer, busy while the shutter is open."""
        if not int(self.body.value(OUTPUT)) & canon_tables.OUTPUT_ELSEWHERE or not self.body.live.on:
            return Reply(_VIEWFINDER_NOT_READY)
        if self.body.shutter_open:
            return Reply(Code.DEVICE_BUSY)
        frame = self.body.preview(self._interrupted.wait)
        if frame is None:
            return Reply(Code.DEVICE_BUSY)
        return Reply(data=_blobs(((_JPEG_BLOB, frame.jpeg),)))


def _blobs(first: tuple[tuple[int, bytes], ...]) -> bytes:
    """Pack viewfinder data: `u32 length, u32 type, content`, in the company of the types that bodies send."""
    blobs = (*first, *((kind, bytes(size)) for kind, size in _OTHER_BLOBS))
    packed = (ptp.u32(len(content) + 8, kind) + content for kind, content in blobs)
    return b"".join((*packed, ptp.u32(8, 0)))


def _unpack(entry: Property, data: bytes) -> int | str:
    """Read a value that a client has packed; raise ValueError."""
    if entry.code == IMAGE_FORMAT:
        return canon_events.read_image_format(data)
    if entry.kind is Kind.TEXT:
        return data.split(b"\0", 1)[0].decode("ascii", errors="replace")
    width = {Kind.UINT8: Kind.UINT8, Kind.UINT16: Kind.UINT16}.get(entry.kind, Kind.UINT32)
    return ptp.read_number(width, data)


def _list_entry(file: StoredFile) -> bytes:
    """Pack one file of the quick listing: 56 bytes."""
    head = struct.pack("<IIIHHIB3xI8x", 56, file.handle, ptp.STORAGE_ID, file.format, 0, 0, 0x20, file.size)
    name = file.name.encode("ascii")[:15].ljust(16, b"\0")
    return head + name + ptp.u32(int(file.when.timestamp()))
