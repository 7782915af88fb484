"""`tetherlight images list|annotate|delete|restore|trash|download`: single captures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion, trash
from tetherlight.cli.lazy import Later
from tetherlight.cli.options import FAILED, INTERRUPTED, connected, note, options_of
from tetherlight.cli.output import HERE, bytes_text, say, show, show_json
from tetherlight.errors import ImageNotFound

if TYPE_CHECKING:
    from tetherlight import SyncClient
    from tetherlight.cli import progress
    from tetherlight.protocol.models import ImageFile
else:
    progress = Later("tetherlight.cli.progress")

app = typer.Typer(help="Look after single captures, and get them.", no_args_is_help=True, rich_markup_mode=None)

MOST = 1000
"""Captures that one answer of the server can list."""

IMAGE_HELP = "The image's file name, or its path as `tetherlight images list` gives it."
ImageName = Annotated[str, typer.Argument(metavar="IMAGE", help=IMAGE_HELP, autocompletion=completion.images)]
ImageNames = Annotated[list[str], typer.Argument(metavar="IMAGE...", help=IMAGE_HELP, autocompletion=completion.images)]


@app.command("list")
def list_images(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many of the newest.")] = 100,
) -> None:
    """List the single captures, newest first."""
    with connected(context) as rig:
        found = rig.captures(limit)
    rows = [(one.filename, bytes_text(one.size), one.mimetype, one.rating, _short(one.notes)) for one in found]
    show(context, found, ("IMAGE", "SIZE", "TYPE", "RATING", "NOTES"), rows, empty="There is no single capture yet.")


@app.command("annotate")
def annotate_image(
    context: typer.Context,
    image: ImageName,
    rating: Annotated[
        int | None, typer.Option(min=-1, max=5, help="From -1 (reject) to 5; 0 removes the rating.")
    ] = None,
    notes: Annotated[str | None, typer.Option(help="The empty text removes them.")] = None,
) -> None:
    """Keep a rating and notes with a capture; of an image of a set, its rating."""
    if rating is None and notes is None:
        raise typer.BadParameter("Say what to keep: --rating N, --notes TEXT, or both.")
    with connected(context) as rig:
        found = rig.annotate_image(image, rating=rating, notes=notes)
    parts = [f"rating {found.rating}" if found.rating else "no rating"]
    parts += [f"notes: {found.notes}"] if found.notes else []
    say(context, found, f"{found.filename}: {', '.join(parts)}")


@app.command("delete")
def delete_images(context: typer.Context, images: ImageNames) -> None:
    """Move captures to the trash, each with all its files."""
    deleted: list[str] = []
    try:
        with connected(context) as rig:
            for image in images:
                names = rig.delete_image(image)
                deleted += names
                if not options_of(context).json:
                    typer.echo(f"{' and '.join(names)} deleted. `tetherlight images restore {names[0]}` undoes it.")
    finally:
        # Where one of several could not be deleted, the others are gone nevertheless.
        if options_of(context).json:
            show_json({"deleted": deleted})


@app.command("restore")
def restore_images(context: typer.Context, images: ImageNames) -> None:
    """Bring captures back from the trash."""
    restored: list[ImageFile] = []
    try:
        with connected(context) as rig:
            for image in images:
                restored.append(rig.restore_image(image))
                if not options_of(context).json:
                    typer.echo(f"{restored[-1].filename} is back.")
    finally:
        if options_of(context).json:
            show_json(restored)


@app.command("trash")
def list_deleted_images(context: typer.Context, empty: trash.EmptyOption = False) -> None:
    """List the deleted captures that can be restored."""
    trash.show_trash(context, "capture", empty=empty)


@app.command("download")
def download_images(
    context: typer.Context,
    images: ImageNames,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to.")] = Path(),
) -> None:
    """Bring captures to this computer; run again, it goes on where it broke off."""
    with connected(context) as rig:
        wanted = [_find(rig, image) for image in images]
        quiet = options_of(context).json
        try:
            with progress.counting_bytes(sum(one.size for one in wanted), quiet=quiet) as told:
                paths = [path for one in wanted for path in rig.download(one, output, progress=told)]
        except KeyboardInterrupt:
            note("Interrupted; the same command goes on where it stopped.")
            raise typer.Exit(INTERRUPTED) from None
    if paths and not quiet:
        note(f"{len(paths)} files {HERE}:")
    say(context, [str(path) for path in paths], "\n".join(map(str, paths)))
    if not paths:
        raise typer.Exit(FAILED)


def _find(rig: "SyncClient", image: str) -> "ImageFile":
    """Return the capture of this file name or path; raise ImageNotFound."""
    for one in rig.captures(MOST):
        if image in {one.filename, one.path}:
            return one
    hint = f"`tetherlight images list` lists them; here the newest {MOST} are known."
    raise ImageNotFound(f"No capture '{image[:200]}' was found.", hint=hint)


def _short(notes: str | None) -> str | None:
    """Return the first line of notes, for a table."""
    if not notes:
        return None
    first = notes.splitlines()[0] if notes.splitlines() else ""
    return first if len(first) <= 40 and first == notes.strip() else f"{first[:39]}…"
