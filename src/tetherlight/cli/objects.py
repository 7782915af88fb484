"""`tetherlight objects list|import|next|skip|done|select|again|move|delete|scan|report`."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.lazy import Later
from tetherlight.cli.options import FAILED, choose_camera, connected, note, options_of
from tetherlight.cli.output import say, show
from tetherlight.cli.words import CameraOption
from tetherlight.errors import StoreError

if TYPE_CHECKING:
    from tetherlight.objects import tables
    from tetherlight.protocol import objects as table
    from tetherlight.protocol.objects import ObjectStanding, QueuedObject
else:
    tables = Later("tetherlight.objects.tables")
    table = Later("tetherlight.protocol.objects")

app = typer.Typer(
    help="Work through a list of objects, one after the other.", no_args_is_help=True, rich_markup_mode=None
)
STREAM = "-"
SHOWN_FAULTS = 20
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Its catalogue number.", autocompletion=completion.objects)
]
Numbers = Annotated[
    list[str] | None,
    typer.Argument(metavar="NUMBER...", help="Catalogue numbers.", autocompletion=completion.objects),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be, and change nothing.")]


class State(StrEnum):
    """What an object of the queue is."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"


@app.command("list")
def list_objects(
    context: typer.Context, state: Annotated[State | None, typer.Option(help="Only those of this state.")] = None
) -> None:
    """List the objects in their order."""
    with connected(context) as rig:
        listed = rig.objects()
    current = listed.current and listed.current.catalogue_number
    rows = [
        (one.catalogue_number, one.name, "current" if one.catalogue_number == current else one.state)
        for one in listed.objects
        if state is None or one.state == state
    ]
    show(context, listed, ("NUMBER", "TITLE", "STATE"), rows, empty="There is no such object in the queue.")
    if not options_of(context).json:
        note(_standing(listed))


@app.command("import")
def import_objects(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or one number in a line; - reads what is piped.")],
    dry_run: DryRunOption = False,
) -> None:
    """Add the objects of a list; lines that give none are told, and the exit code is 1 then."""
    content = _content(file)
    with connected(context) as rig:
        told = rig.import_objects(content, dry_run=dry_run)
    say(context, told, told.message)
    for fault in told.faults[:SHOWN_FAULTS]:
        note(f"Line {fault.line}: {fault.message}")
    if told.fault_count > SHOWN_FAULTS:
        note(f"And {told.fault_count - SHOWN_FAULTS} more lines gave no object.")
    if told.fault_count:
        raise typer.Exit(FAILED)


@app.command("next")
def next_object(context: typer.Context) -> None:
    """Leave the current object as done, and go on to the next one that waits; begin where there is no current one."""
    with connected(context) as rig:
        standing = rig.next_object("done")
    _tell(context, standing)


@app.command("skip")
def skip(context: typer.Context, numbers: Numbers = None) -> None:
    """Skip the current object and go on to the next one; or skip those that are named."""
    with connected(context) as rig:
        standing = rig.set_object_state(numbers, "skipped") if numbers else rig.next_object("skipped")
    _tell(context, standing)


@app.command("done")
def done(context: typer.Context, numbers: Numbers = None) -> None:
    """Say of objects that they are done: of the current one, after which none is, or of those that are named."""
    with connected(context) as rig:
        current = rig.objects().current
        if not numbers and current is None:
            raise typer.BadParameter("There is no current object; name the one that is done.")
        standing = rig.set_object_state(numbers or [str(current and current.catalogue_number)], "done")
    _tell(context, standing)


@app.command("select")
def select(
    context: typer.Context,
    number: Annotated[
        str | None,
        typer.Argument(metavar="NUMBER", help="None of them where it is missing.", autocompletion=completion.objects),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What it is called, where it is added.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Add it where the queue does not have it.")] = False,
) -> None:
    """Make an object the current one."""
    with connected(context) as rig:
        standing = rig.select_object(number, name=name, add=add)
    _tell(context, standing)


@app.command("again")
def again(context: typer.Context, numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...")]) -> None:
    """Let objects wait again that were done or skipped."""
    with connected(context) as rig:
        standing = rig.set_object_state(numbers, "waiting")
    _tell(context, standing)


@app.command("move")
def move(
    context: typer.Context,
    number: Number,
    before: Annotated[str | None, typer.Option(metavar="NUMBER", help="At the end where it is missing.")] = None,
) -> None:
    """Move an object before another one, or to the end."""
    with connected(context) as rig:
        standing = rig.move_object(number, before=before)
    _tell(context, standing)


@app.command("delete")
def delete(
    context: typer.Context,
    numbers: Numbers = None,
    state: Annotated[State | None, typer.Option(help="Only those of this state.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every object, or every one of --state.")] = False,
) -> None:
    """Take objects out of the queue; what was captured of them stays."""
    if not numbers and not everything and state is None:
        raise typer.BadParameter("Name objects, or say --state or --all.")
    with connected(context) as rig:
        told = rig.delete_objects(numbers or None, state=None if state is None else state.value)
    say(context, told, told.message)


@app.command("scan")
def scan(
    context: typer.Context,
    camera: CameraOption = None,
    use: Annotated[bool, typer.Option("--select", help="Make the object of the code the current one.")] = False,
    add: Annotated[bool, typer.Option("--add", help="With --select: also one that the queue does not have.")] = False,
) -> None:
    """Read the barcodes and QR codes that the live view shows now; the exit code is 1 where there is none."""
    with connected(context) as rig:
        found = rig.scan_code(camera_id=choose_camera(rig, camera))
        if not found.codes:
            note("No code was found. Hold it flat, sharp, lit and large before the camera.")
            raise typer.Exit(FAILED)
        if use:
            if len(found.codes) > 1:
                note(f"The largest of {len(found.codes)} codes is taken.")
            _tell(context, rig.select_object(found.codes[0].text, add=add))
            return
    rows = [(one.text, one.format, "in the queue" if one.known else "-") for one in found.codes]
    show(context, found, ("TEXT", "KIND", "KNOWN"), rows, empty="No code was found.")


@app.command("report")
def report(
    context: typer.Context,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today in the server's time where it is missing.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
) -> None:
    """Tell what was done in a day: objects with their sets, frames, retakes and minutes."""
    with connected(context) as rig:
        found = rig.object_report(None if day is None else day.date())
    if as_csv:
        sys.stdout.write(tables.csv_of(found))
        return
    rows = [
        (one.catalogue_number, one.name, one.state, one.sets, one.frames, one.retakes, f"{one.minutes:.1f}")
        for one in found.objects
    ]
    columns = ("NUMBER", "TITLE", "STATE", "SETS", "FRAMES", "RETAKES", "MINUTES")
    show(context, found, columns, rows, empty=f"Nothing was noted on {found.day}.")
    if rows and not options_of(context).json:
        note(f"{len(rows)} objects, {found.frames} frames, {found.retakes} retakes, {found.minutes:.1f} minutes.")


def _tell(context: typer.Context, standing: "ObjectStanding") -> None:
    say(context, standing, _standing(standing))


def _standing(standing: "ObjectStanding") -> str:
    now = "No object is the current one" if standing.current is None else f"Now: {_called(standing.current)}"
    then = "" if standing.following is None else f" Next: {_called(standing.following)}."
    return f"{now}.{then} {standing.waiting} waiting, {standing.done} done, {standing.skipped} skipped."


def _called(one: "QueuedObject") -> str:
    return one.catalogue_number if one.name is None else f"{one.catalogue_number} ({one.name})"


def _content(file: Path) -> bytes:
    try:
        with sys.stdin.buffer if str(file) == STREAM else file.open("rb") as opened:
            return opened.read(table.MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(f"'{file}' cannot be read: {error.strerror or error}.") from None
