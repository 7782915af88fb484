"""A body without a maker's extension on the wire: PTP's standard operations and events, and no live view."""

from collections.abc import Mapping, Sequence
from functools import partial

from tetherlight.simulator import generic_tables, ptp
from tetherlight.simulator.card import StoredFile
from tetherlight.simulator.described import DescribedCamera
from tetherlight.simulator.device import Body
from tetherlight.simulator.ptp import Code, Event, Op, Operation, Reply
from tetherlight.simulator.standard import Handler

# PTP has no codes for these, and libgphoto2 takes the general one for a picture that comes all the same.
_REFUSALS = dict.fromkeys(("no_focus", "no_lens", "mirror_up", "battery_empty"), Code.ACCESS_DENIED)


class GenericCamera(DescribedCamera):
    """The personality of a body of any other maker: what happens is told on the event connection."""

    refusals = _REFUSALS

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        self._handlers[Op.INITIATE_CAPTURE] = self._initiate_capture
        # libgphoto2 then fetches files whole, as from most such bodies.
        del self._handlers[Op.GET_PARTIAL_OBJECT]

    def device_info(self) -> ptp.DeviceInfo:
        """Say what the camera is and can do."""
        identity = self.body.identity
        return ptp.DeviceInfo(
            vendor=0,
            manufacturer=identity.manufacturer,
            model=identity.model,
            version=identity.version,
            serial=identity.serial,
            operations=sorted(self._handlers),
            events=sorted(Event),
            properties=list(self.body.properties),
            formats=(ptp.Format.JPEG, ptp.Format.DNG),
        )

    def family(self, operation: Operation) -> str:
        """Name the kind of operation."""
        return "capture" if operation.code == Op.INITIATE_CAPTURE else super().family(operation)

    def property_changed(self, code: int) -> None:
        """Announce a property that has changed."""
        self.emit(Event.PROPERTY_CHANGED, code)

    def busy(self, *, busy: bool) -> None:
        """Announce the end of an exposure; its beginning is not told."""
        if not busy:
            self.emit(Event.CAPTURE_COMPLETE, 0)

    def file_added(self, file: StoredFile) -> None:
        """Announce a file on the card."""
        self.emit(Event.OBJECT_ADDED, file.handle)

    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Say nothing: these bodies have no memory for the computer."""

    def file_removed(self, file: StoredFile) -> None:
        """Announce that a file is gone."""
        self.emit(Event.OBJECT_REMOVED, file.handle)

    def format_setting(self, name: str) -> tuple[int, int] | None:
        """Give the property and value for JPEG, RAW or RAW+JPEG."""
        quality = generic_tables.FORMAT_SHORTCUTS.get(name)
        return None if quality is None else (generic_tables.QUALITY, quality)

    def battery_setting(self, percent: int) -> tuple[int, int]:
        """Give the property and value for a charge."""
        return generic_tables.BATTERY, min(percent, 100)

    def card_changed(self) -> None:
        """Do nothing: the room is asked for with the storage's dataset."""

    def _faulty(self, fault: str | None) -> Mapping[int, Handler]:
        if fault == "no_object":
            return {Op.INITIATE_CAPTURE: partial(self._initiate_capture, announce=False)}
        if fault == "ran_full":
            return {Op.INITIATE_CAPTURE: self._run_full}
        return {}

    def _run_full(self, _operation: Operation) -> Reply:
        """Begin an exposure for which the card has no room in the end."""
        self.emit(Event.STORE_FULL, ptp.STORAGE_ID)
        return Reply()

    def _initiate_capture(self, _operation: Operation, *, announce: bool = True) -> Reply:
        """Begin an exposure; its files and its end are told by events."""
        if not self.body.press(announce=announce):
            return Reply(Code.DEVICE_BUSY)
        return Reply()
