"""What the client asks about the queue of objects."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from tetherlight.client.images import ImageRequests
from tetherlight.protocol import objects as object_table
from tetherlight.protocol.routes import OBJECT_LIST


class ObjectRequests(ImageRequests):
    """The client's methods on objects."""

    async def objects(self) -> object_table.ObjectList:
        """Return the queue: every object, and which one is the current one."""
        return await self._ask(object_table.LIST_OBJECTS)

    async def import_objects(self, content: str | bytes, *, dry_run: bool = False) -> object_table.ImportedObjects:
        """Add the objects of a list, CSV or one in a line; return them, and the lines that gave none.

        Bytes are those of a file as a spreadsheet writes it. Raise ObjectListInvalid for what is no list.
        """
        given = content.encode() if isinstance(content, str) else content
        reply = await self._http().send(f"{OBJECT_LIST.url()}{'?dry_run=1' if dry_run else ''}", given)
        return object_table.ImportedObjects.model_validate_json(reply)

    async def select_object(
        self, catalogue_number: str | None, *, name: str | None = None, add: bool = False
    ) -> object_table.ObjectStanding:
        """Make an object the current one, None for none; raise ObjectNotFound unless it shall be added."""
        return await self._ask(object_table.SELECT_OBJECT, catalogue_number=catalogue_number, name=name, add=add)

    async def next_object(
        self, state: object_table.Left = "done", *, catalogue_number: str | None = None
    ) -> object_table.ObjectStanding:
        """Leave the current object and go on to the next one that waits.

        Raise ObjectConflict where the current one is not the one of `catalogue_number`.
        """
        return await self._ask(object_table.NEXT_OBJECT, state=state, catalogue_number=catalogue_number)

    async def set_object_state(
        self, catalogue_numbers: Sequence[str], state: object_table.ObjectState
    ) -> object_table.ObjectStanding:
        """Say of objects that they are done, skipped or waiting."""
        return await self._ask(object_table.SET_OBJECT_STATE, catalogue_numbers=list(catalogue_numbers), state=state)

    async def move_object(self, catalogue_number: str, *, before: str | None = None) -> object_table.ObjectStanding:
        """Move an object before another one, or to the end."""
        return await self._ask(object_table.MOVE_OBJECT, catalogue_number=catalogue_number, before=before)

    async def delete_objects(
        self,
        catalogue_numbers: Sequence[str] | None = None,
        *,
        state: Literal["waiting", "done", "skipped"] | None = None,
    ) -> object_table.DeletedObjects:
        """Take objects out of the queue, all where none is named; what was captured of them stays."""
        numbers = None if catalogue_numbers is None else list(catalogue_numbers)
        return await self._ask(object_table.DELETE_OBJECTS, catalogue_numbers=numbers, state=state)

    async def scan_code(self, *, camera_id: str | None = None) -> object_table.FoundCodes:
        """Read the barcodes and QR codes that the live view shows now; raise NotInstalled without the extra."""
        return await self._ask(object_table.SCAN_CODE, camera_id=camera_id)

    async def object_report(self, day: date | None = None) -> object_table.ObjectReport:
        """Return what was done in a day, today where none is named."""
        return await self._ask(object_table.REPORT_OBJECTS, day=None if day is None else day.isoformat())
