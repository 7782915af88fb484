"""The queue of objects over HTTP: a list as a file comes in, the work of a day goes out as CSV."""

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tetherlight.errors import InvalidPayload, ObjectListInvalid, TetherlightError
from tetherlight.objects.tables import csv_of
from tetherlight.protocol.objects import MOST_BYTES
from tetherlight.protocol.routes import OBJECT_LIST, OBJECT_REPORT
from tetherlight.server.replies import error_response
from tetherlight.server.state import server_state

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def object_routes() -> list[Route]:
    """Return the routes of the queue."""
    return [
        Route(OBJECT_LIST.path, take_list, methods=list(OBJECT_LIST.methods)),
        Route(OBJECT_REPORT.path, give_report, methods=list(OBJECT_REPORT.methods)),
    ]


async def take_list(request: Request) -> Response:
    """Add the objects of a list."""
    content = b""
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_BYTES:
                raise ObjectListInvalid(f"The list has more than {MOST_BYTES // 1000} kB.", hint="Import it in parts.")
        objects = server_state(request.scope).rig.objects
        told = await objects.import_list(content, dry_run=request.query_params.get("dry_run") == "1")
    except TetherlightError as error:
        return error_response(error)
    return Response(told.model_dump_json(), headers=HEADERS, media_type="application/json")


async def give_report(request: Request) -> Response:
    """Give the work of a day as CSV."""
    try:
        report = await server_state(request.scope).rig.objects.report(_day(request.query_params.get("day")))
    except TetherlightError as error:
        return error_response(error)
    name = f'attachment; filename="objects-{report.day.isoformat()}.csv"'
    # The mark tells older spreadsheets that it is UTF-8.
    return Response("\ufeff" + csv_of(report), headers=HEADERS | {"Content-Disposition": name}, media_type="text/csv")


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidPayload("The day of a report is written YYYY-MM-DD.") from None
