"""A Sony body on the wire, in the mode in which a computer controls it: pictures go through its memory only.

One picture at a time lies behind a handle of its own; a property counts how many wait there.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from tetherlight.simulator import ptp, sony_tables
from tetherlight.simulator.card import StoredFile
from tetherlight.simulator.described import DescribedCamera
from tetherlight.simulator.device import Body
from tetherlight.simulator.ptp import Code, Op, Operation, PtpError, Reply
from tetherlight.simulator.sony_tables import FOCUS_FOUND, FOCUS_STEPS, IN_MEMORY, MANUAL_FOCUS
from tetherlight.simulator.standard import Handler

_VENDOR = 0x00000011
_CONNECT, _GET_EXTENDED_INFO, _SET_PROPERTY, _CONTROL, _GET_ALL_PROPERTIES = 0x9201, 0x9202, 0x9205, 0x9207, 0x9209
_PROTOCOL = 300
_HALF_PRESS, _FULL_PRESS = 0xD2C1, 0xD2C2
_CONTROLS = {_HALF_PRESS: "focus", _FULL_PRESS: "capture", MANUAL_FOCUS: "drive"}
_DOWN = 2
_OBJECT_ADDED, _PROPERTY_CHANGED = 0xC201, 0xC203
_PICTURE, _PREVIEW = 0xFFFFC001, 0xFFFFC002
_WAITING = 0x8000
_PREVIEW_OFFSET = 8
_REFUSALS = dict.fromkeys(("no_focus", "no_lens", "mirror_up", "battery_empty"), Code.ACCESS_DENIED)
_UNSUPPORTED = (Op.DELETE_OBJECT, Op.GET_PARTIAL_OBJECT, Op.SET_PROPERTY_VALUE, Op.GET_PROPERTY_DESCRIPTION)


class SonyCamera(DescribedCamera):
    """The personality of a Sony body: all properties in one answer, and pictures that are fetched from memory."""

    refusals = _REFUSALS

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        self._pictures: list[StoredFile] = []
        for code in _UNSUPPORTED:
            del self._handlers[code]
        self._handlers |= {
            _CONNECT: lambda _: Reply(data=bytes(8)),
            _GET_EXTENDED_INFO: self._get_extended_info,
            _SET_PROPERTY: self._set_property,
            _CONTROL: self._control,
            _GET_ALL_PROPERTIES: self._get_all_properties,
        }

    def device_info(self) -> ptp.DeviceInfo:
        """Say what the camera is and can do."""
        identity = self.body.identity
        return ptp.DeviceInfo(
            vendor=_VENDOR,
            manufacturer=identity.manufacturer,
            model=identity.model,
            version=identity.version,
            serial=identity.serial,
            operations=sorted(self._handlers),
            events=(_OBJECT_ADDED, _PROPERTY_CHANGED),
            properties=(),
            formats=(ptp.Format.JPEG, ptp.Format.SONY_RAW),
        )

    def family(self, operation: Operation) -> str:
        """Name the kind of operation; the live view is an object with a handle of its own."""
        if operation.code == _CONTROL and operation.param(0) in _CONTROLS:
            return _CONTROLS[operation.param(0)]
        if operation.code in {Op.GET_OBJECT, Op.GET_OBJECT_INFO} and operation.param(0) == _PREVIEW:
            return "preview" if operation.code == Op.GET_OBJECT else "other"
        own = {_SET_PROPERTY: "set_config", _GET_ALL_PROPERTIES: "get_config"}
        return own.get(operation.code) or super().family(operation)

    def connected(self) -> None:
        """Get ready for a new client, for whom nothing waits."""
        super().connected()
        self._pictures.clear()
        self._count_pictures()

    def property_changed(self, code: int) -> None:
        """Announce a property that has changed."""
        self.emit(_PROPERTY_CHANGED, code)

    def busy(self, *, busy: bool) -> None:
        """Say nothing: the number of pictures in memory tells that an exposure is done."""

    def file_added(self, file: StoredFile) -> None:
        """Say nothing: what is on the card is not shown to the computer."""

    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Put pictures behind those that wait for the computer, and announce them."""
        self._pictures.extend(files)
        self._count_pictures()
        for _ in files:
            self.emit(_OBJECT_ADDED, _PICTURE)

    def file_removed(self, file: StoredFile) -> None:
        """Say nothing."""

    def format_setting(self, name: str) -> tuple[int, int] | None:
        """Give the property and value for JPEG, RAW or RAW+JPEG."""
        quality = sony_tables.FORMAT_SHORTCUTS.get(name)
        return None if quality is None else (sony_tables.QUALITY, quality)

    def battery_setting(self, percent: int) -> tuple[int, int]:
        """Give the property and value for a charge."""
        return sony_tables.BATTERY, min(percent, 100)

    def card_changed(self) -> None:
        """Do nothing: the card is not used."""

    def _faulty(self, fault: str | None) -> Mapping[int, Handler]:
        if fault == "no_object":
            return {_CONTROL: partial(self._control, announce=False)}
        if fault == "no_focus":
            return {_CONTROL: partial(self._control, focuses=False)}
        if fault == "focus_halts":
            return {_CONTROL: partial(self._drive_lens, halts=True)}
        if fault == "empty_preview":
            return {Op.GET_OBJECT: lambda _: Reply(data=bytes(_PREVIEW_OFFSET))}
        return {}

    def _count_pictures(self) -> None:
        self.body.set_value(IN_MEMORY, _WAITING + len(self._pictures) if self._pictures else 0)

    def _get_extended_info(self, _operation: Operation) -> Reply:
        # Buttons are not told apart: libgphoto2 2.5.34 crashes when it lists such entries again after its cache is old.
        return Reply(data=ptp.u16(_PROTOCOL) + ptp.array16(list(self.body.properties)) + ptp.array16([]))

    def _get_all_properties(self, _operation: Operation) -> Reply:
        """Describe all properties, with one byte more than PTP has: 1 where the setting can be used now, else 2."""
        described = []
        for code in self.body.properties:
            data = self._describe_property(Operation(Op.GET_PROPERTY_DESCRIPTION, 0, (code,))).data or b""
            head, writable, rest = data[:4], data[4], data[5:]
            described.append(head + bytes((writable, 1 if writable else 2)) + rest)
        return Reply(data=struct.pack("<II", len(described), 0) + b"".join(described))

    def _drive_lens(self, operation: Operation, *, halts: bool = False) -> Reply:
        """Turn the focus ring by a step from -7, much nearer, to 7; the answer tells nothing of the lens's ends."""
        step = ptp.read_number(ptp.Kind.INT16, operation.data)
        if not 0 < abs(step) <= len(FOCUS_STEPS):
            return Reply(Code.INVALID_VALUE)
        self.body.drive_lens(FOCUS_STEPS[abs(step) - 1] * (1 if step > 0 else -1), halts=halts)
        return Reply(Code.GENERAL_ERROR) if halts else Reply()

    def _control(self, operation: Operation, *, announce: bool = True, focuses: bool = True) -> Reply:
        """Press or release the button, halfway or fully, or drive the lens.

        Without focus the button does nothing when it is pressed fully.
        """
        if operation.param(0) == MANUAL_FOCUS:
            return self._drive_lens(operation)
        pressed = ptp.read_number(ptp.Kind.UINT16, operation.data) == _DOWN
        if operation.param(0) == _HALF_PRESS:
            found = sony_tables.FOCUS_LOCKED if focuses else sony_tables.FOCUS_FAILED
            self.body.set_value(FOCUS_FOUND, found if pressed else sony_tables.FOCUS_UNLOCKED)
            if pressed:
                self.body.happenings.add("autofocus")
        elif operation.param(0) == _FULL_PRESS and pressed:
            if self.body.value(FOCUS_FOUND) == sony_tables.FOCUS_FAILED:
                return Reply()
            if not self.body.press(announce=announce):
                return Reply(Code.DEVICE_BUSY)
        return Reply()

    def _picture(self) -> StoredFile:
        if not self._pictures:
            raise PtpError(Code.INVALID_HANDLE)
        return self._pictures[0]

    def _get_object_info(self, operation: Operation) -> Reply:
        if operation.param(0) == _PREVIEW:
            return Reply(data=ptp.ObjectInfo(0, ptp.Format.JPEG, 0, 0, "", self.body.clock.now()).pack())
        if operation.param(0) != _PICTURE:
            return super()._get_object_info(operation)
        info = self._picture().info()
        return Reply(data=replace(info, name=_name(self.body.quirks.memory_names, info.name)).pack())

    def _get_object(self, operation: Operation) -> Reply:
        if operation.param(0) == _PREVIEW:
            frame = self.body.preview(self._interrupted.wait)
            if frame is None:
                return Reply(Code.ACCESS_DENIED)
            return Reply(data=ptp.u32(_PREVIEW_OFFSET, len(frame.jpeg)) + frame.jpeg)
        if operation.param(0) != _PICTURE:
            return super()._get_object(operation)
        picture = self._picture()
        data = picture.read()
        self._pictures.remove(picture)
        self.body.card.delete(picture.handle)
        self._count_pictures()
        self.body.happenings.add("download")
        return Reply(data=data)


def _name(naming: str, own: str) -> str:
    """Give a picture's name in memory; libgphoto2 counts those that have none."""
    if naming == "counted":
        return ""
    return own if naming == "own" else f"DSC00000{own[own.rindex('.') :]}"
