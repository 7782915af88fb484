"""Handlers of the actions on the queue of objects."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.action import CameraPayload
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.objects import (
    DELETE_OBJECTS,
    IMPORT_OBJECTS,
    LIST_OBJECTS,
    MOVE_OBJECT,
    NEXT_OBJECT,
    REPORT_OBJECTS,
    SCAN_CODE,
    SELECT_OBJECT,
    SET_OBJECT_STATE,
    DeletedObjects,
    DeleteObjects,
    FoundCodes,
    ImportedObjects,
    ImportObjects,
    MoveObject,
    NextObject,
    ObjectList,
    ObjectReport,
    ObjectStanding,
    ReportObjects,
    SelectObject,
    SetObjectState,
)


async def list_objects(context: Context, _: NoPayload) -> ObjectList:
    """List the queue."""
    return await context.rig.objects.list()


async def import_objects(context: Context, payload: ImportObjects) -> ImportedObjects:
    """Add the objects of a list."""
    return await context.rig.objects.import_list(payload.text, dry_run=payload.dry_run)


async def select_object(context: Context, payload: SelectObject) -> ObjectStanding:
    """Make an object the current one."""
    return await context.rig.objects.select(payload)


async def next_object(context: Context, payload: NextObject) -> ObjectStanding:
    """Go on to the next object."""
    return await context.rig.objects.go_on(payload)


async def set_object_state(context: Context, payload: SetObjectState) -> ObjectStanding:
    """Give objects another state."""
    return await context.rig.objects.set_state(payload)


async def move_object(context: Context, payload: MoveObject) -> ObjectStanding:
    """Move an object."""
    return await context.rig.objects.move(payload)


async def delete_objects(context: Context, payload: DeleteObjects) -> DeletedObjects:
    """Take objects out of the queue."""
    return await context.rig.objects.remove(payload)


async def scan_code(context: Context, payload: CameraPayload) -> FoundCodes:
    """Read the codes that a camera sees."""
    return await context.rig.objects.scan(payload.camera_id)


async def report_objects(context: Context, payload: ReportObjects) -> ObjectReport:
    """Tell what was done in a day."""
    return await context.rig.objects.report(payload.day)


PAIRS: tuple[Pair, ...] = (
    bind(LIST_OBJECTS, list_objects),
    bind(IMPORT_OBJECTS, import_objects),
    bind(SELECT_OBJECT, select_object),
    bind(NEXT_OBJECT, next_object),
    bind(SET_OBJECT_STATE, set_object_state),
    bind(MOVE_OBJECT, move_object),
    bind(DELETE_OBJECTS, delete_objects),
    bind(SCAN_CODE, scan_code),
    bind(REPORT_OBJECTS, report_objects),
)
