"""A Nikon body on the wire: standard properties, and the private operations that libgphoto2 uses."""

import struct
import threading
from collections.abc import Mapping, Sequence
from functools import partial

from tetherlight.simulator import nikon_tables, ptp
from tetherlight.simulator.card import StoredFile
from tetherlight.simulator.described import DescribedCamera
from tetherlight.simulator.device import Body
from tetherlight.simulator.nikon_tables import ISO, ISO_EX, LARGEST_ISO, LIVE_VIEW, RECORDING_MEDIA
from tetherlight.simulator.ptp import Code, Op, Operation, Reply
from tetherlight.simulator.standard import Handler

_VENDOR = 0x0000000A
_AF_DRIVE = 0x90C1
_CHANGE_MODE = 0x90C2
_GET_EVENT = 0x90C7
_DEVICE_READY = 0x90C8
_GET_VENDOR_PROPERTIES = 0x90CA
_START_LIVE_VIEW, _END_LIVE_VIEW, _GET_LIVE_VIEW = 0x9201, 0x9202, 0x9203
_DRIVE_LENS, _CHANGE_AF_AREA, _AF_DRIVE_CANCEL = 0x9204, 0x9205, 0x9206
_CAPTURE, _TERMINATE_CAPTURE = 0x9207, 0x920C

_OBJECT_ADDED, _CAPTURE_COMPLETE, _PROPERTY_CHANGED = 0x4002, 0x400D, 0x4006
_OBJECT_IN_MEMORY, _CAPTURE_IN_MEMORY_COMPLETE = 0xC101, 0xC102
_NOT_IN_LIVE_VIEW = 0xA00B
_HEADER_SIZE = 384
_VENDOR_PROPERTIES = 0xD000

_FAMILIES = {
    _GET_LIVE_VIEW: "preview",
    _CAPTURE: "capture",
    Op.INITIATE_CAPTURE: "capture",
    _GET_EVENT: "get_event",
    _AF_DRIVE: "focus",
    _DRIVE_LENS: "drive",
    _CHANGE_AF_AREA: "focus",
}
# Out of focus; mirror up; without a lens the body cannot adjust its aperture; no exhausted battery has a code.
_REFUSALS = {"no_focus": 0xA002, "mirror_up": 0xA009, "no_lens": 0xA00A}
_LENS_AT_LIMIT = 0xA00C
_NEARER, _FARTHER = 1, 2
_MOST_STEPS = 32767


class NikonCamera(DescribedCamera):
    """The personality of a Nikon body: the client asks for events and for readiness."""

    refusals = _REFUSALS

    def __init__(self, body: Body) -> None:
        self._events: list[tuple[int, int]] = []
        self._lock = threading.Lock()
        self._took_to_memory = False
        self._outcome: int = Code.OK
        super().__init__(body)
        self._handlers |= dict.fromkeys((_CHANGE_MODE, _AF_DRIVE_CANCEL), self._accept)
        self._handlers |= {
            Op.INITIATE_CAPTURE: self._initiate_capture,
            _GET_EVENT: self._get_event,
            _DEVICE_READY: self._device_ready,
            _GET_VENDOR_PROPERTIES: self._get_vendor_properties,
            _START_LIVE_VIEW: self._start_live_view,
            _END_LIVE_VIEW: self._end_live_view,
            _GET_LIVE_VIEW: self._get_live_view,
            _DRIVE_LENS: self._drive_lens,
            _AF_DRIVE: self._autofocus,
            _CHANGE_AF_AREA: self._change_af_area,
            _CAPTURE: self._capture,
            _TERMINATE_CAPTURE: self._terminate_capture,
        }

    def device_info(self) -> ptp.DeviceInfo:
        """Say what the camera is and can do."""
        identity = self.body.identity
        return ptp.DeviceInfo(
            vendor=_VENDOR,
            manufacturer="Nikon Corporation",
            model=identity.model,
            version=identity.version,
            serial=identity.serial,
            operations=sorted(self._handlers),
            events=(_OBJECT_ADDED, _CAPTURE_COMPLETE, _PROPERTY_CHANGED),
            properties=[code for code in self.body.properties if code < _VENDOR_PROPERTIES],
            formats=(ptp.Format.JPEG, ptp.Format.NIKON_RAW),
        )

    def family(self, operation: Operation) -> str:
        """Name the kind of operation."""
        return _FAMILIES.get(operation.code) or super().family(operation)

    def connected(self) -> None:
        """Get ready for a new client."""
        super().connected()
        with self._lock:
            self._events.clear()

    def disconnected(self) -> None:
        """Forget the client: the mirror comes down and pictures go to the card again."""
        super().disconnected()
        self.body.set_value(LIVE_VIEW, 0)
        self.body.set_value(RECORDING_MEDIA, 0)

    def property_changed(self, code: int) -> None:
        """Announce a property that has changed."""
        if code == LIVE_VIEW:
            self.body.live.turn(on=bool(self.body.value(LIVE_VIEW)))
        self._announce(_PROPERTY_CHANGED, code)
        if ISO_EX in self.body.properties and code in {ISO, ISO_EX}:
            value = int(self.body.value(code))
            if value <= LARGEST_ISO:
                self.body.set_value(ISO if code == ISO_EX else ISO_EX, value)

    def busy(self, *, busy: bool) -> None:
        """Announce the end of an exposure; its beginning shows in 0x90C8."""
        if busy:
            self._took_to_memory = False
        else:
            self._announce(_CAPTURE_IN_MEMORY_COMPLETE if self._took_to_memory else _CAPTURE_COMPLETE, 0)

    def file_added(self, file: StoredFile) -> None:
        """Announce a file on the card."""
        self._announce(_OBJECT_ADDED, file.handle)

    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Announce files in memory."""
        self._took_to_memory = True
        for file in files:
            self._announce(_OBJECT_IN_MEMORY, file.handle)

    def file_removed(self, file: StoredFile) -> None:
        """Say nothing: these bodies do not announce it."""

    def format_setting(self, name: str) -> tuple[int, int] | None:
        """Give the property and value for JPEG, RAW or RAW+JPEG."""
        quality = nikon_tables.FORMAT_SHORTCUTS.get(name)
        return None if quality is None else (nikon_tables.QUALITY, quality)

    def battery_setting(self, percent: int) -> tuple[int, int]:
        """Give the property and value for a charge."""
        return nikon_tables.BATTERY, min(percent, 100)

    def card_changed(self) -> None:
        """Do nothing: the room is asked for with the storage's dataset."""

    def _announce(self, code: int, parameter: int) -> None:
        with self._lock:
            if self._session_open:
                self._events.append((code, parameter))

    def _accept(self, _operation: Operation) -> Reply:
        return Reply()

    def _get_event(self, _operation: Operation) -> Reply:
        with self._lock:
            events, self._events = self._events, []
        return Reply(data=ptp.u16(len(events)) + b"".join(struct.pack("<HI", *event) for event in events))

    def _device_ready(self, _operation: Operation) -> Reply:
        """Tell whether the body is busy, and then, once, how a drive of the lens ended."""
        if self.body.exposing or self.body.lens.moving:
            return Reply(Code.DEVICE_BUSY)
        outcome, self._outcome = self._outcome, Code.OK
        return Reply(outcome)

    def _get_vendor_properties(self, _operation: Operation) -> Reply:
        return Reply(data=ptp.array16([code for code in self.body.properties if code >= _VENDOR_PROPERTIES]))

    def _faulty(self, fault: str | None) -> Mapping[int, Handler]:
        if fault == "no_object":
            return {
                _CAPTURE: partial(self._capture, announce=False),
                Op.INITIATE_CAPTURE: partial(self._initiate_capture, announce=False),
            }
        if fault == "empty_preview":
            return {_GET_LIVE_VIEW: lambda _: Reply(data=bytes(_HEADER_SIZE))}
        if fault in {"zero_blob", "crash_blob"}:
            return {_GET_LIVE_VIEW: lambda _: Reply(data=b"")}
        if fault == "focus_limit":
            return {_DRIVE_LENS: self._run_into_limit}
        if fault == "focus_halts":
            return {_DRIVE_LENS: partial(self._drive_lens, halts=True)}
        return {}

    def _run_into_limit(self, _operation: Operation) -> Reply:
        """Begin to turn the focus ring; that it ended before time is told with the readiness."""
        self._outcome = _LENS_AT_LIMIT
        return Reply()

    def _initiate_capture(self, _operation: Operation, *, announce: bool = True) -> Reply:
        return self._press(to_memory=self.body.value(RECORDING_MEDIA) == nikon_tables.MEDIA_MEMORY, announce=announce)

    def _capture(self, operation: Operation, *, announce: bool = True) -> Reply:
        """Take a picture; the second argument is 0 for the card and 1 for memory."""
        return self._press(to_memory=bool(operation.param(1) & 1), announce=announce)

    def _press(self, *, to_memory: bool, announce: bool) -> Reply:
        bulb = self.body.value(nikon_tables.SHUTTER_SPEED) == nikon_tables.BULB
        if not self.body.press(announce=announce, bulb=bulb, to_memory=to_memory):
            return Reply(Code.DEVICE_BUSY)
        self.body.let_go()
        self.body.set_value(LIVE_VIEW, 0)
        return Reply()

    def _terminate_capture(self, _operation: Operation) -> Reply:
        self.body.end_bulb()
        return Reply()

    def _drive_lens(self, operation: Operation, *, halts: bool = False) -> Reply:
        """Turn the focus ring while the live view runs: direction 1 nearer or 2 farther, and how far.

        The answer comes while the motor runs; that it ended before time is told with the readiness.
        """
        if not self.body.value(LIVE_VIEW):
            return Reply(_NOT_IN_LIVE_VIEW)
        direction, steps = operation.param(0), operation.param(1)
        if direction not in {_NEARER, _FARTHER} or not 0 < steps <= _MOST_STEPS:
            return Reply(Code.INVALID_PARAMETER)
        whole = self.body.drive_lens(-steps if direction == _NEARER else steps, halts=halts)
        self._outcome = Code.GENERAL_ERROR if halts else Code.OK if whole else _LENS_AT_LIMIT
        return Reply()

    def _autofocus(self, _operation: Operation) -> Reply:
        self.body.autofocus()
        return Reply()

    def _change_af_area(self, operation: Operation) -> Reply:
        """Move the focus frame's middle, in pixels of the largest picture, while the live view runs."""
        if not self.body.value(LIVE_VIEW):
            return Reply(_NOT_IN_LIVE_VIEW)
        (x, y), (width, height) = (operation.param(0), operation.param(1)), self.body.size
        if x >= width or y >= height:
            return Reply(Code.INVALID_PARAMETER)
        self.body.focus_point = (x / width, y / height)
        return Reply()

    def _start_live_view(self, _operation: Operation) -> Reply:
        if self.body.exposing:
            return Reply(Code.DEVICE_BUSY)
        self.body.set_value(LIVE_VIEW, 1)
        return Reply()

    def _end_live_view(self, _operation: Operation) -> Reply:
        self.body.set_value(LIVE_VIEW, 0)
        return Reply()

    def _get_live_view(self, _operation: Operation) -> Reply:
        """Give the next frame behind a header, in which no JPEG may seem to begin."""
        if not self.body.value(LIVE_VIEW):
            return Reply(_NOT_IN_LIVE_VIEW)
        frame = self.body.preview(self._interrupted.wait)
        return Reply(Code.DEVICE_BUSY) if frame is None else Reply(data=bytes(_HEADER_SIZE) + frame.jpeg)
