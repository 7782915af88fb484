"""Actions on the queue of objects: what is to be captured, one after the other, and what was done of it in a day."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from tetherlight import errors
from tetherlight.protocol.action import Action, CameraPayload, Payload
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.models import Model
from tetherlight.protocol.names import Feature

MOST_OBJECTS = 5000
MOST_TEXT = 60_000
"""Characters of a list in a request; a longer one goes as a file over HTTP."""
MOST_BYTES = 1_000_000
"""Of such a file."""
MOST_FAULTS = 100
"""Lines of a list that are told one by one."""
MOST_NUMBER = MOST_NAME = 200

ObjectNumber = Annotated[str, StringConstraints(min_length=1, max_length=MOST_NUMBER)]
ObjectName = Annotated[str, Field(max_length=MOST_NAME)]
ObjectState = Literal["waiting", "done", "skipped"]
Left = Literal["done", "skipped"]


def readable(text: str) -> str:
    """Return a text that can be seen and has no space at an end; raise ValueError for another one."""
    if not text.isprintable():
        raise ValueError("it has a character that cannot be seen")
    if text != text.strip():
        raise ValueError("it has a space at an end")
    return text


class QueuedObject(Payload):
    """An object of the queue."""

    catalogue_number: ObjectNumber = Field(description="What it is listed under; no two objects have the same.")
    name: ObjectName | None = Field(default=None, description="What people call it.")
    state: ObjectState = "waiting"

    @field_validator("catalogue_number", "name")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        return value if value is None else readable(value)


class ObjectStanding(Model):
    """Where the queue stands."""

    current: QueuedObject | None = Field(description="The object before the camera; sets get its catalogue number.")
    following: QueuedObject | None = Field(description="Which one NEXT_OBJECT makes the current one.")
    waiting: int = Field(description="Objects that are neither done nor skipped, the current one among them.")
    done: int
    skipped: int


class ObjectList(ObjectStanding):
    """Where the queue stands, and every object in its order."""

    objects: list[QueuedObject]


class ObjectsChange(ObjectStanding):
    """Where the queue stands now, and what has changed of it."""

    changed: list[QueuedObject] = Field(description="Objects that have another state than before, at most 100.")
    listed: bool = Field(description="Whether objects came, went or moved: LIST_OBJECTS tells the list as it is now.")


class ImportObjects(Payload):
    """A list of objects as text."""

    text: str = Field(
        max_length=MOST_TEXT,
        description="CSV with or without a header, or one object in a line; the separator is found. A longer list "
        "goes over HTTP (POST /objects/list).",
    )
    dry_run: bool = Field(default=False, description="Tell what would be, and change nothing.")


class ObjectFault(Model):
    """A line of a list that is no new object."""

    line: int = Field(description="Counted from 1.")
    text: str = Field(description="How it begins.")
    message: str


class ImportedObjects(ObjectStanding):
    """What a list gave."""

    message: str
    added: list[QueuedObject] = Field(description="New objects in their order, at most 100.")
    added_count: int
    faults: list[ObjectFault] = Field(description="Lines that gave no new object, at most 100.")
    fault_count: int


class SelectObject(Payload):
    """The object that is before the camera now."""

    catalogue_number: ObjectNumber | None = Field(default=None, description="None of them where it is missing.")
    name: ObjectName | None = None
    add: bool = Field(default=False, description="Where it is not in the queue, add it behind the current one.")


class NextObject(Payload):
    """What becomes of the current object."""

    state: Left = "done"
    catalogue_number: ObjectNumber | None = Field(
        default=None, description="The object that is left; where another one is current by now, nothing happens."
    )


class SetObjectState(Payload):
    """Objects that are done, skipped, or waiting again."""

    catalogue_numbers: list[ObjectNumber] = Field(min_length=1, max_length=MOST_OBJECTS)
    state: ObjectState


class MoveObject(Payload):
    """An object, and where in the queue it is to stand."""

    catalogue_number: ObjectNumber
    before: ObjectNumber | None = Field(default=None, description="At the end where it is missing.")


class DeleteObjects(Payload):
    """Objects that are to leave the queue; what was captured of them stays."""

    catalogue_numbers: list[ObjectNumber] | None = Field(
        default=None, max_length=MOST_OBJECTS, description="All of them where it is missing."
    )
    state: ObjectState | None = Field(default=None, description="Only those of this state.")


class DeletedObjects(ObjectStanding):
    """What left the queue."""

    message: str
    removed: int


class FoundCode(Model):
    """A barcode or QR code that a camera sees."""

    text: str
    format: str = Field(description="Such as QRCode or Code128.")
    known: bool = Field(description="Whether an object of the queue has this catalogue number.")
    corners: list[tuple[float, float]] = Field(
        description="Its four corners in the picture: x from the left, y from the top, both from 0 to 1."
    )


class FoundCodes(Model):
    """What was read in one picture of the live view."""

    camera_id: str
    codes: list[FoundCode] = Field(description="The largest one first; the same text comes once.")


class ReportObjects(Payload):
    """The day whose work is wanted."""

    # JSON has no date: it comes as text.
    day: Annotated[date, Field(strict=False)] | None = Field(
        default=None, description="YYYY-MM-DD in the server's local time; today where it is missing."
    )


class ObjectWork(Model):
    """What was done at one object in a day."""

    catalogue_number: str
    name: str | None
    state: ObjectState = Field(description="As the day left it.")
    sets: int
    frames: int = Field(description="Pictures, retakes not counted.")
    retakes: int = Field(description="Frames of sets that were taken again.")
    minutes: float = Field(description="While it was the current one, and while its sets ran.")
    began_at: datetime
    ended_at: datetime


class ObjectReport(Model):
    """The work of one day, in the order in which it was begun."""

    day: date
    objects: list[ObjectWork]
    frames: int
    retakes: int
    minutes: float
    incomplete: bool = Field(default=False, description="Whether a part of the day's record could not be read or kept.")


OBJECTS = Feature("objects", "A queue of objects on the server, and what was done of it in a day.")
SCAN = Feature("scan_codes", "Barcodes and QR codes read from the live view.")
VASE = {"catalogue_number": "1923.41", "name": "Vase", "state": "waiting"}
BOWL = {"catalogue_number": "1923.42", "name": "Bowl", "state": "waiting"}
AT_FIRST = {"current": VASE, "following": BOWL, "waiting": 2, "done": 0, "skipped": 0}
LATER = {"current": BOWL, "following": None, "waiting": 1, "done": 1, "skipped": 0}

LIST_OBJECTS = Action(
    "LIST_OBJECTS", NoPayload, ObjectList,
    right="read",
    summary="List the objects of the queue in their order.",
    repeatable=True,
    errors=(errors.StoreError,),
    example_result=AT_FIRST | {"objects": [VASE, BOWL]},
    feature=OBJECTS,
)  # fmt: skip
IMPORT_OBJECTS = Action(
    "IMPORT_OBJECTS", ImportObjects, ImportedObjects,
    right="control",
    summary="Add the objects of a list at the end of the queue; lines that give none are told.",
    errors=(errors.ObjectListInvalid, errors.StoreError, errors.DiskFull),
    example={"text": "number;name\n1923.41;Vase\n1923.42;Bowl\n"},
    example_result=AT_FIRST | {
        "current": None, "following": VASE,
        "message": "2 objects added.", "added": [VASE, BOWL], "added_count": 2, "faults": [], "fault_count": 0,
    },
    feature=OBJECTS,
)  # fmt: skip
SELECT_OBJECT = Action(
    "SELECT_OBJECT", SelectObject, ObjectStanding,
    right="control",
    summary="Make an object the current one, or none; what state it had does not matter, it is waiting again.",
    errors=(errors.ObjectNotFound, errors.StoreError, errors.DiskFull),
    example={"catalogue_number": "1923.41"},
    example_result=AT_FIRST,
    feature=OBJECTS,
)  # fmt: skip
NEXT_OBJECT = Action(
    "NEXT_OBJECT", NextObject, ObjectStanding,
    right="control",
    summary="Leave the current object as done or skipped, and make the next one that waits the current one.",
    errors=(errors.ObjectConflict, errors.StoreError, errors.DiskFull),
    example={"catalogue_number": "1923.41"},
    example_result=LATER,
    feature=OBJECTS,
)  # fmt: skip
SET_OBJECT_STATE = Action(
    "SET_OBJECT_STATE", SetObjectState, ObjectStanding,
    right="control",
    summary="Say of objects that they are done, skipped or waiting; a current one that is not waiting is left.",
    errors=(errors.ObjectNotFound, errors.StoreError, errors.DiskFull),
    example={"catalogue_numbers": ["1923.41"], "state": "waiting"},
    example_result=AT_FIRST,
    feature=OBJECTS,
)  # fmt: skip
MOVE_OBJECT = Action(
    "MOVE_OBJECT", MoveObject, ObjectStanding,
    right="control",
    summary="Move an object in the queue.",
    errors=(errors.ObjectNotFound, errors.StoreError, errors.DiskFull),
    example={"catalogue_number": "1923.42", "before": "1923.41"},
    example_result=AT_FIRST | {"following": BOWL},
    feature=OBJECTS,
)  # fmt: skip
DELETE_OBJECTS = Action(
    "DELETE_OBJECTS", DeleteObjects, DeletedObjects,
    right="delete",
    summary="Take objects out of the queue; what was captured of them stays.",
    errors=(errors.ObjectNotFound, errors.StoreError, errors.DiskFull),
    example={"state": "done"},
    example_result=LATER | {"done": 0, "message": "1 object removed.", "removed": 1},
    feature=OBJECTS,
)  # fmt: skip
SCAN_CODE = Action(
    "SCAN_CODE", CameraPayload, FoundCodes,
    right="control",
    summary="Read the barcodes and QR codes that the live view of a camera shows now; nothing else changes.",
    errors=(errors.NotInstalled, errors.NoCameraSelected, errors.CameraNotOpen, errors.CameraBusy,
            errors.PreviewUnsupported, errors.PreviewFailed),
    timeout_s=60.0,
    example_result={"camera_id": "canon-eos-rebel-t6-062071001234", "codes": [
        {"text": "1923.41", "format": "QRCode", "known": True,
         "corners": [[0.4, 0.4], [0.6, 0.4], [0.6, 0.7], [0.4, 0.7]]}]},
    feature=SCAN,
)  # fmt: skip
REPORT_OBJECTS = Action(
    "REPORT_OBJECTS", ReportObjects, ObjectReport,
    right="read",
    summary="Tell what was done in a day: objects with their frames, retakes and minutes.",
    repeatable=True,
    errors=(errors.StoreError,),
    example={"day": "2026-03-02"},
    example_result={
        "day": "2026-03-02", "frames": 9, "retakes": 1, "minutes": 4.5,
        "objects": [{"catalogue_number": "1923.41", "name": "Vase", "state": "done", "sets": 1, "frames": 9,
                     "retakes": 1, "minutes": 4.5, "began_at": "2026-03-02T09:00:00Z",
                     "ended_at": "2026-03-02T09:04:30Z"}]},
    feature=OBJECTS,
)  # fmt: skip
