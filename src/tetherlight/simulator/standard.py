"""The operations that every camera answers alike: session, storage, files. Vendors add theirs in a subclass."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from tetherlight.simulator import ptp
from tetherlight.simulator.card import CardFullError, StoredFile
from tetherlight.simulator.device import Body
from tetherlight.simulator.ptp import Code, Op, Operation, PtpError, Reply

Handler = Callable[[Operation], Reply]
Emit = Callable[[int, int], None]

_FAMILIES: Mapping[int, str] = {
    Op.OPEN_SESSION: "open_session",
    Op.CLOSE_SESSION: "exit",
    Op.GET_STORAGE_INFO: "storage_info",
    Op.GET_OBJECT_HANDLES: "list",
    Op.GET_OBJECT_INFO: "object_info",
    Op.GET_OBJECT: "get_object",
    Op.GET_PARTIAL_OBJECT: "get_object",
    Op.GET_THUMB: "get_object",
    Op.DELETE_OBJECT: "delete",
    Op.GET_PROPERTY_DESCRIPTION: "get_config",
    Op.GET_PROPERTY_VALUE: "get_config",
    Op.SET_PROPERTY_VALUE: "set_config",
}
_REFUSALS: Mapping[str, int] = {
    "busy": Code.DEVICE_BUSY,
    "session_busy": Code.DEVICE_BUSY,
    "session_open": Code.SESSION_ALREADY_OPEN,
    "session_lost": Code.SESSION_NOT_OPEN,
    "store_full": Code.STORE_FULL,
    "ran_full": Code.STORE_FULL,
    "card_locked": Code.STORE_READ_ONLY,
    "no_card": Code.STORE_NOT_AVAILABLE,
    **dict.fromkeys(
        ("no_focus", "focus_limit", "focus_halts", "no_lens", "mirror_up", "battery_empty"), Code.GENERAL_ERROR
    ),
}
NO_SESSION_NEEDED = {Op.GET_DEVICE_INFO, Op.OPEN_SESSION}


def _heard_by_nobody(_code: int, _parameter: int) -> None:
    pass


class StandardCamera(ABC):
    """A camera body behind PTP operations. One session at a time; observes its body.

    `tells_readonly` is whether its protocol can say of a property that it cannot be set; `refusals` are the response
    codes by which this maker tells some troubles, see faults.
    """

    tells_readonly = False
    refusals: Mapping[str, int] = {}

    def __init__(self, body: Body) -> None:
        self.body = body
        self.emit: Emit = _heard_by_nobody
        """Send a standard event with one parameter to the client, where it listens; from any thread."""
        self._interrupted = threading.Event()
        self._session_open = False
        self._handlers: dict[int, Handler] = {
            Op.GET_DEVICE_INFO: self._get_device_info,
            Op.OPEN_SESSION: self._open_session,
            Op.CLOSE_SESSION: self._close_session,
            Op.GET_STORAGE_IDS: self._get_storage_ids,
            Op.GET_STORAGE_INFO: self._get_storage_info,
            Op.GET_NUM_OBJECTS: self._get_num_objects,
            Op.GET_OBJECT_HANDLES: self._get_object_handles,
            Op.GET_OBJECT_INFO: self._get_object_info,
            Op.GET_OBJECT: self._get_object,
            Op.GET_THUMB: self._get_thumb,
            Op.DELETE_OBJECT: self._delete_object,
            Op.GET_PARTIAL_OBJECT: self._get_partial_object,
        }
        body.observe(self)

    @abstractmethod
    def device_info(self) -> ptp.DeviceInfo:
        """Say what the camera is and can do."""

    @abstractmethod
    def property_changed(self, code: int) -> None:
        """Announce a property's new value to the client."""

    @abstractmethod
    def busy(self, *, busy: bool) -> None:
        """Announce the beginning or end of an exposure."""

    @abstractmethod
    def file_added(self, file: StoredFile) -> None:
        """Announce a file on the card."""

    @abstractmethod
    def files_held(self, files: Sequence[StoredFile]) -> None:
        """Announce files in memory."""

    @abstractmethod
    def file_removed(self, file: StoredFile) -> None:
        """Announce that a file is gone."""

    @abstractmethod
    def format_setting(self, name: str) -> tuple[int, int] | None:
        """Give the property and value for JPEG, RAW or RAW+JPEG; None for another word."""

    @abstractmethod
    def battery_setting(self, percent: int) -> tuple[int, int]:
        """Give the property and value for a charge."""

    @abstractmethod
    def card_changed(self) -> None:
        """Count again how much room there is."""

    def family(self, operation: Operation) -> str:
        """Name the kind of operation, for faults."""
        return _FAMILIES.get(operation.code, "other")

    def connected(self) -> None:
        """Get ready for a new client; what came into memory after the last one had gone is lost."""
        self.body.card.drop_held()
        self._interrupted.clear()
        self._session_open = False
        self.body.happenings.add("connect")

    def disconnected(self) -> None:
        """Forget the client: waiting operations end, and what it did not fetch from memory is lost.

        A shutter that is held open stays so where the client did not say that it leaves.
        """
        self._interrupted.set()
        self.body.let_go()
        if not self._session_open:
            self.body.end_bulb()
        self._session_open = False
        self.body.card.drop_held()
        self.body.happenings.add("disconnect")

    def interrupt(self) -> None:
        """End waiting operations, from any thread."""
        self._interrupted.set()

    def handle(self, operation: Operation, fault: str | None = None) -> Reply:
        """Answer an operation; `fault` is a kind that happens inside the camera (see faults)."""
        if not self._session_open and operation.code not in NO_SESSION_NEEDED:
            return Reply(Code.SESSION_NOT_OPEN)
        handler = self._faulty(fault).get(operation.code) or self._handlers.get(operation.code)
        if handler is None:
            return Reply(Code.OPERATION_NOT_SUPPORTED)
        try:
            return handler(operation)
        except PtpError as error:
            return Reply(error.code)
        except CardFullError:
            return Reply(Code.STORE_FULL)

    def refusal(self, trouble: str) -> int | None:
        """Give the response code for a trouble; None where the fault itself names one."""
        return self.refusals.get(trouble) or _REFUSALS.get(trouble)

    def has_part(self, fault: str) -> bool:
        """Tell whether a fault happens inside the camera, in `handle`."""
        return bool(self._faulty(fault))

    def _faulty(self, fault: str | None) -> Mapping[int, Handler]:  # noqa: ARG002 - for vendors
        """Give the handlers that replace the usual ones under a fault."""
        return {}

    def _get_device_info(self, _operation: Operation) -> Reply:
        return Reply(data=self.device_info().pack())

    def _open_session(self, _operation: Operation) -> Reply:
        if self._session_open:
            return Reply(Code.SESSION_ALREADY_OPEN)
        self._session_open = True
        return Reply()

    def _close_session(self, _operation: Operation) -> Reply:
        self._session_open = False
        return Reply()

    def _get_storage_ids(self, _operation: Operation) -> Reply:
        return Reply(data=ptp.array32([ptp.STORAGE_ID]))

    def _get_storage_info(self, operation: Operation) -> Reply:
        self._check_storage(operation.param(0))
        card = self.body.card
        return Reply(data=ptp.storage_info(card.capacity, card.free, self.body.shots_left(), "SD"))

    def _get_num_objects(self, operation: Operation) -> Reply:
        return Reply(params=(len(self._children(operation)),))

    def _get_object_handles(self, operation: Operation) -> Reply:
        return Reply(data=ptp.array32([file.handle for file in self._children(operation)]))

    def _children(self, operation: Operation) -> list[StoredFile]:
        self._check_storage(operation.param(0))
        wanted = operation.param(1)
        files = self.body.card.children(operation.param(2))
        return [file for file in files if wanted in {0, file.format}]

    def _check_storage(self, storage: int) -> None:
        if storage not in {ptp.STORAGE_ID, ptp.ALL_STORES}:
            raise PtpError(Code.INVALID_STORAGE)

    def _get_object_info(self, operation: Operation) -> Reply:
        return Reply(data=self.body.card.get(operation.param(0)).info().pack())

    def _get_object(self, operation: Operation) -> Reply:
        self.body.happenings.add("download")
        return Reply(data=self.body.card.get(operation.param(0)).read())

    def _get_partial_object(self, operation: Operation) -> Reply:
        handle, offset, size = (operation.param(index) for index in range(3))
        file = self.body.card.get(handle)
        part = file.read(offset, size)
        if offset + len(part) >= file.size:
            self.body.happenings.add("download")
        return Reply(data=part, params=(len(part),))

    def _get_thumb(self, operation: Operation) -> Reply:
        thumb = self.body.card.get(operation.param(0)).thumb
        return Reply(data=thumb) if thumb else Reply(Code.NO_THUMBNAIL)

    def _delete_object(self, operation: Operation) -> Reply:
        self.body.card.delete(operation.param(0))
        self.body.happenings.add("delete")
        return Reply()
