"""`tetherlight set export`."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.lazy import Later
from tetherlight.cli.options import INTERRUPTED, connected, note, options_of
from tetherlight.cli.output import say
from tetherlight.errors import InvalidPayload

if TYPE_CHECKING:
    import asyncio
    import os

    from tetherlight.cli import progress
    from tetherlight.files import durable
    from tetherlight.process import run as process
    from tetherlight.reconstruct import job, keeping
    from tetherlight.store import archive
else:
    asyncio = Later("asyncio")
    os = Later("os")
    progress = Later("tetherlight.cli.progress")
    durable = Later("tetherlight.files.durable")
    process = Later("tetherlight.process.run")
    job = Later("tetherlight.reconstruct.job")
    keeping = Later("tetherlight.reconstruct.keeping")
    archive = Later("tetherlight.store.archive")

ZIP = "zip"


class Form(StrEnum):
    """What a set can be exported to."""

    TEXTURES = "textures"
    LP = "lp"
    RELIGHTLAB = "relightlab"
    MESHROOM = "meshroom"
    LINO = "lino"
    COLMAP = "colmap"
    IIIF = "iiif"
    BAGIT = "bagit"
    ZIP = "zip"


def export_set(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="SET", help="A folder, or a set at the server.", autocompletion=completion.sets)
    ],
    to: Annotated[Form, typer.Option("--to", help="The tool, or the form.")],
    into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What shall be made, which is not there yet; else SET-FORM here."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the folder of iiif is going to be served.")
    ] = None,
) -> None:
    """Make a set into what another tool opens.

    Images are copied as they are, and only read. What is made is there at the end and all at once, and nothing that is
    there already is touched. A folder needs no server.
    """
    source = Path(name)
    place = (Path(f"{source.name}-{to.value}") if into is None else into).absolute()
    if to is Form.ZIP and place.suffix != f".{ZIP}":
        place = place.with_name(f"{place.name}.{ZIP}")
    if os.path.lexists(place):
        raise InvalidPayload(f"'{place}' is there already.", hint="Name another one with --into.")
    try:
        if source.is_dir():
            _made(source.resolve(), to, place, base_url, quiet=options_of(context).json)
        else:
            with _brought(context, name, place) as here:
                _made(here, to, place, base_url, quiet=options_of(context).json)
    except KeyboardInterrupt:
        note("Interrupted; nothing was made.")
        raise typer.Exit(INTERRUPTED) from None
    say(context, {"place": str(place), "to": to.value}, f"{place} is there.")


@contextmanager
def _brought(context: typer.Context, name: str, place: Path) -> Iterator[Path]:
    """Bring a set from the server into a hidden folder beside a place, for as long as it is needed."""
    with connected(context) as rig, keeping.making(place.with_name(f"{place.name}-set")) as folder:
        rig.download(name, folder)
        yield folder / name


def _made(source: Path, to: Form, place: Path, base_url: str | None, *, quiet: bool) -> None:
    if to is Form.ZIP:
        with durable.store_errors(f"'{place.name}' could not be written"), durable.placed(place) as descriptor:
            for piece in archive.zip_of_sets([source]):
                durable.write_whole(descriptor, piece)
        return
    options = {"to": to.value, "base_url": base_url, "copies": True}
    with progress.counting_share(quiet=quiet) as move, keeping.making(place) as folder:
        work = job.work_of(job.EXPORT, source, folder, options)
        asyncio.run(
            process.run(
                work.function,
                work.arguments,
                deadline=work.deadline_s,
                memory=work.memory,
                on_progress=lambda one: move(one.share, one.activity),
            )
        )
        with durable.store_errors(f"'{place.name}' could not be put into its place"):
            durable.sync_folder(folder)
            durable.rename_new(folder, place)
            durable.sync_folder(place.parent)
