"""Actions on the trash: what lies there and can be brought back, and emptying it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.cameras import Message
from tetherlight.protocol.models import Model
from tetherlight.protocol.names import Feature
from tetherlight.protocol.set_lists import SET_EXAMPLE

TrashKind = Literal["set", "capture"]
MOST = 10_000
"""Things that one answer tells."""


class TrashContent(Payload):
    """Which part of the trash is meant; all of it where nothing is said."""

    kind: TrashKind | None = Field(default=None, description="Only image sets, or only single captures.")


class ListTrash(TrashContent):
    """Which part of the trash is wanted, and how much of it."""

    limit: int = Field(default=1000, ge=1, le=MOST, description="At most so many, those that were deleted last.")


class TrashItem(Model):
    """Something that was deleted and can be brought back."""

    kind: TrashKind
    name: str = Field(description="The name of the set, or the stem of the capture's files.")
    deleted_at: datetime
    stays_until: datetime = Field(
        description="It goes for good some time after that, and earlier only where room is needed and it is a day old."
    )
    size: int = Field(description="Bytes.")
    image_count: int
    image_path: str | None = Field(default=None, description="Of a capture: what RESTORE_IMAGE takes.")


class TrashList(Model):
    """What lies in the trash, what was deleted last first."""

    items: list[TrashItem]
    total: int = Field(description="How many there are, also beyond the limit.")
    size: int = Field(description="Bytes of those that are told.")


class TrashEmptied(Message):
    """What went for good."""

    count: int = Field(description="Sets and captures.")
    size: int = Field(description="Bytes.")


class TrashRemoved(Model):
    """Something in the trash that went for good and cannot be brought back."""

    kind: TrashKind
    name: str
    deleted_at: datetime
    why: Literal["age", "room", "asked"] = Field(
        description="TRASH_DAYS are over; the disk had no room and it was a day old; or the trash was emptied."
    )


TRASH_LIST = Feature("trash_list", "What lies in the trash, and emptying it.")

LIST_TRASH = Action(
    "LIST_TRASH", ListTrash, TrashList,
    right="read",
    summary="List what was deleted and can be brought back, what was deleted last first.",
    repeatable=True,
    errors=(errors.StoreError,),
    example={"kind": "set"},
    example_result={"items": [{
        "kind": "set", "name": SET_EXAMPLE, "deleted_at": "2023-10-27T16:00:00Z",
        "stays_until": "2023-11-03T16:00:00Z", "size": 15728640, "image_count": 3}], "total": 1, "size": 15728640},
    feature=TRASH_LIST,
)  # fmt: skip
EMPTY_TRASH = Action(
    "EMPTY_TRASH", TrashContent, TrashEmptied,
    right="delete",
    summary="Remove for good all that lies in the trash now; each thing is told by `trash_removed`.",
    errors=(errors.StoreError,),
    timeout_s=None,
    example_result={"message": "1 set and 2 captures were removed for good.", "count": 3, "size": 26214400},
    feature=TRASH_LIST,
)  # fmt: skip
