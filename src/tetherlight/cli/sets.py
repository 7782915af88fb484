"""`tetherlight set capture|retake|reconstruct|list|show|annotate|rename|delete|restore|trash|download`."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli import axes, completion, export, recipes, surfaces, trash
from tetherlight.cli.lazy import Later
from tetherlight.cli.levels import LevelsOption
from tetherlight.cli.options import FAILED, INTERRUPTED, choose_camera, connected, note, options_of
from tetherlight.cli.output import HERE, THERE, bytes_text, say, show, show_json
from tetherlight.cli.words import (
    AmbientOption,
    CameraOption,
    LightsArgument,
    MeteringOption,
    OnFailure,
    OnFailureOption,
    RetakesOption,
    TriggerOption,
)

if TYPE_CHECKING:
    from tetherlight import SyncClient
    from tetherlight.cli import progress
    from tetherlight.protocol.models import ImageSet
    from tetherlight.protocol.sets import SetDetails
else:
    progress = Later("tetherlight.cli.progress")

app = typer.Typer(help="Capture photometric sets and get them.", no_args_is_help=True, rich_markup_mode=None)

SetName = Annotated[str, typer.Argument(help="The set's name.", autocompletion=completion.sets)]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Bring the set to this folder.")]


PAGE = 200
"""Sets that are asked for at a time."""


class SetFiles(StrEnum):
    """Which files of a set are wanted."""

    ALL = "all"
    JPEG = "jpeg"
    RAW = "raw"


FilesOption = Annotated[
    SetFiles, typer.Option(help="Everything, or the images of one kind with manifest and light directions.")
]


class Order(StrEnum):
    """The orders of a list of sets."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    SIZE = "size"
    RATING = "rating"


@app.command("capture")
def capture_set(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    lights: LightsArgument = None,
    camera: CameraOption = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Capture by this recipe, or the only one that begins so; it says lights, axes and checks.",
            autocompletion=completion.recipes,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="How the set's name begins.")] = None,
    ambient: AmbientOption = False,
    on_failure: OnFailureOption = OnFailure.FAIL,
    retakes: RetakesOption = 1,
    metering: MeteringOption = None,
    trigger: TriggerOption = None,
    notes: Annotated[str | None, typer.Option(help="Kept with the set.")] = None,
    catalogue_number: Annotated[str | None, typer.Option(help="What the object is listed under.")] = None,
    scale: Annotated[
        float | None, typer.Option(metavar="MM", min=0, help="Millimetres of the object per image pixel.")
    ] = None,
    focus: axes.FocusOption = None,
    exposure: axes.ExposureOption = None,
    axis: axes.AxisOption = None,
    level: LevelsOption = None,
    output: Output = None,
) -> None:
    """Take one image per light, at each focus and exposure where they are given.

    Ctrl-C leaves the set running at the server and tells how to cancel it.
    """
    plan: dict[str, Any] = {"prefix": name, "notes": notes, "catalogue_number": catalogue_number}
    plan |= {"scale_mm_per_pixel": scale}
    manner = {"on_failure": on_failure.value, "retakes": retakes, "metering": metering.value if metering else None}
    manner |= {"trigger": trigger.value if trigger else None}
    grid = axes.Grid(focus, exposure, axis, ambient=ambient, levels=level)
    if recipe is not None:
        recipes.refuse_beside(context)
    quiet = options_of(context).json
    with connected(context) as rig:
        known = recipes.found(rig, recipe) if recipe is not None else None
        plan["camera_id"] = choose_camera(rig, camera)
        if known is not None:
            result = progress.follow_recipe(rig, known, plan, quiet=quiet)
        else:
            sequence = list(lights or rig.lights().states)
            result = progress.follow_set(rig, grid.with_lights(sequence) | plan | manner, quiet=quiet)
        here = _download(rig, result.set_folder.rpartition("/")[2], output) if output is not None else []
    if options_of(context).json:
        show_json(result.model_dump(mode="json") | {"downloaded": [str(path) for path in here]})
        return
    for warning in result.warnings:
        note(f"Warning: {warning}")
    typer.echo(f"{result.image_count} images in {result.set_folder} {THERE}")
    if here and output is not None:
        typer.echo(f"{len(here)} files in {output / result.set_folder.rpartition('/')[2]} {HERE}")


@app.command("retake")
def retake_frames(
    context: typer.Context,
    name: SetName,
    light: Annotated[
        list[str] | None,
        typer.Option(
            help="Every frame under this light; may be given several times.", autocompletion=completion.lights
        ),
    ] = None,
    step: Annotated[list[int] | None, typer.Option(help="The frame of this step, by its number.")] = None,
) -> None:
    """Take frames of a set again: those of some lights or steps, or all that have an error.

    Each takes the place of the one before, with the values that the set had. Ctrl-C leaves the job running.
    """
    with connected(context) as rig:
        found = rig.retake(name, light or None, steps=step or None)
        try:
            for now in rig.follow_job(found.job_id):
                found = now
                if options_of(context).json:
                    show_json(found, indent=None)
        except KeyboardInterrupt:
            note(f"Job {found.job_id} goes on at the server.")
            raise typer.Exit(INTERRUPTED) from None
    if not options_of(context).json:
        for one in found.steps:
            if one.warning:
                note(f"Warning: {one.light or one.value or one.index}: {one.warning}")
        typer.echo(f"Set {name} is {found.state.value}{': ' + found.error if found.error else '.'}")
    if found.state.value != "completed":
        raise typer.Exit(FAILED)


app.command("reconstruct")(surfaces.reconstruct_set)


@app.command("list")
def list_sets(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most; all where it is not said.")] = None,
    search: Annotated[str | None, typer.Option(help="Words that stand in name, camera or catalogue number.")] = None,
    order: Annotated[Order, typer.Option(help="What comes first.")] = Order.NEWEST,
) -> None:
    """List the image sets, newest first."""
    with connected(context) as rig:
        found = _some(rig, limit, search, order) if limit or search or order is not Order.NEWEST else rig.sets()
    rows = [
        (
            one.name,
            one.status.value if one.status else None,
            one.image_count,
            bytes_text(one.size),
            _when(one.created_at),
            one.rating,
            one.catalogue_number,
        )
        for one in found
    ]
    columns = ("SET", "STATUS", "IMAGES", "SIZE", "CREATED", "RATING", "CATALOGUE")
    show(context, found, columns, rows, empty="There is no image set yet.")


@app.command("show")
def show_set(context: typer.Context, name: SetName) -> None:
    """List the images of a set and what people noted about it."""
    with connected(context) as rig:
        found = rig.show_set(name)
    rows = [
        (one.filename, bytes_text(one.size), one.mimetype, (one.sha256 or "-")[:12], one.rating) for one in found.images
    ]
    show(context, found, ("IMAGE", "SIZE", "TYPE", "SHA256", "RATING"), rows, empty="The set holds no image.")
    if not options_of(context).json:
        for line in _noted(found):
            typer.echo(line)


@app.command("annotate")
def annotate_set(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    name: SetName,
    rating: Annotated[int | None, typer.Option(min=0, max=5, help="0 removes the rating.")] = None,
    notes: Annotated[str | None, typer.Option(help="The empty text removes them.")] = None,
    catalogue_number: Annotated[str | None, typer.Option(help="The empty text removes it.")] = None,
    scale: Annotated[
        float | None, typer.Option(metavar="MM", min=0, help="Millimetres of the object per image pixel; 0 removes it.")
    ] = None,
) -> None:
    """Keep rating, notes, catalogue number and scale with a set; only what is given changes."""
    if all(given is None for given in (rating, notes, catalogue_number, scale)):
        raise typer.BadParameter("Say what to keep: --rating N, --notes TEXT, --catalogue-number TEXT or --scale MM.")
    with connected(context) as rig:
        message = rig.annotate_set(
            name, rating=rating, notes=notes, catalogue_number=catalogue_number, scale_mm_per_pixel=scale
        )
    say(context, {"message": message}, message)


app.command("export")(export.export_set)


@app.command("rename")
def rename_set(
    context: typer.Context, name: SetName, new_name: Annotated[str, typer.Argument(help="The name it shall have.")]
) -> None:
    """Give a set another name."""
    with connected(context) as rig:
        message = rig.rename_set(name, new_name)
    say(context, {"message": message}, message)


@app.command("delete")
def delete_set(context: typer.Context, name: SetName) -> None:
    """Move a set to the trash."""
    with connected(context) as rig:
        message = rig.delete_set(name)
    say(context, {"message": message}, f"{message} `tetherlight set restore {name}` brings it back.")


@app.command("restore")
def restore_set(context: typer.Context, name: SetName) -> None:
    """Bring a set back from the trash."""
    with connected(context) as rig:
        message = rig.restore_set(name)
    say(context, {"message": message}, message)


@app.command("trash")
def list_deleted_sets(context: typer.Context, empty: trash.EmptyOption = False) -> None:
    """List the deleted sets that can be restored."""
    trash.show_trash(context, "set", empty=empty)


@app.command("download")
def download_set(
    context: typer.Context, name: SetName, output: Output = None, files: FilesOption = SetFiles.ALL
) -> None:
    """Bring a whole set to this computer; run again, it goes on where it broke off."""
    with connected(context) as rig:
        paths = _download(rig, name, output or Path(), files, quiet=options_of(context).json)
    where = (output or Path()) / name
    say(context, [str(path) for path in paths], f"{len(paths)} files in {where} {HERE}" if paths else "No files.")
    if not paths:
        raise typer.Exit(FAILED)


def _some(rig: "SyncClient", limit: int | None, search: str | None, order: Order) -> "list[ImageSet]":
    """Return the sets that match, up to a limit, a page at a time."""
    found: list[ImageSet] = []
    cursor = None
    while limit is None or len(found) < limit:
        wanted = PAGE if limit is None else min(PAGE, limit - len(found))
        page = rig.sets_page(wanted, cursor=cursor, search=search, order=order.value)
        found += page.sets
        cursor = page.cursor
        if cursor is None:
            break
    return found


def _download(
    rig: "SyncClient", name: str, folder: Path, files: SetFiles = SetFiles.ALL, *, quiet: bool = True
) -> list[Path]:
    total = sum(file.size for file in rig.set_files(name, files.value))
    try:
        with progress.counting_bytes(total, quiet=quiet) as told:
            return rig.download(name, folder, files=files.value, progress=told)
    except KeyboardInterrupt:
        note("Interrupted; the same command goes on where it stopped.")
        raise typer.Exit(INTERRUPTED) from None


def _noted(found: "SetDetails") -> Iterator[str]:
    """Give a line for each thing that people noted about a set."""
    fields = {
        "rating": "Rating", "catalogue_number": "Catalogue number", "scale_mm_per_pixel": "Millimetres per pixel",
        "notes": "Notes",
    }  # fmt: skip
    for field, title in fields.items():
        if value := getattr(found.manifest, field, None):
            yield f"{title}: {value}"
    for one in found.stale:
        yield f"Out of date: {one.folder}. {one.message}"


def _when(moment: object) -> str | None:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if isinstance(moment, datetime) else None
