"""`tetherlight reconstruct`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.making import merge_first
from tetherlight.cli.options import options_of
from tetherlight.cli.output import say
from tetherlight.errors import SetNotFound

if TYPE_CHECKING:
    from tetherlight.cli import computing
    from tetherlight.files import workshops
    from tetherlight.protocol import manifest as manifests
    from tetherlight.protocol.manifest import ResultRecord
    from tetherlight.reconstruct import job, keeping
    from tetherlight.reconstruct import options as choices
else:
    computing = Later("tetherlight.cli.computing")
    workshops = Later("tetherlight.files.workshops")
    manifests = Later("tetherlight.protocol.manifest")
    job = Later("tetherlight.reconstruct.job")
    keeping = Later("tetherlight.reconstruct.keeping")
    choices = Later("tetherlight.reconstruct.options")

METHODS = "auto, least-squares, lit-huber, l1, lit-l1, lit-cauchy, windows, lit-cauchy-curve or windows-curve."


def reconstruct(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An image set, or images with a light file (.lp).")],
    lights: Annotated[
        Path | None, typer.Option("--lights", metavar="FILE.lp", help="The light file; else what the folder tells.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", metavar="FILE", help="An image that is white where the object is.")
    ] = None,
    response: Annotated[
        str, typer.Option(metavar="auto|srgb|linear|FILE", help="How values are coded, or a measured curve.")
    ] = "auto",
    method: Annotated[str, typer.Option(metavar="auto|…", help=METHODS)] = "auto",
    near: Annotated[
        bool, typer.Option("--near", help="The lights are positions, in image widths from the image's centre.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Take the RAW files of a set instead of its JPEGs.")] = False,
    flat: Annotated[
        Path | None,
        typer.Option("--flat", metavar="FOLDER", help="Images of a matte white plane under the same lights."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="LIGHT", help="Leave a light or an image out; may be repeated."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="A small and quick version.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where it goes; else FOLDER/results.")
    ] = None,
) -> None:
    """Compute normals, albedo and height of a folder of images; no server is needed.

    A focus stack under each light, repeated images and several ISOs are merged first, into FOLDER/merged. The folder it
    writes is replaced as a whole, when everything is there.
    """
    chosen = choices.Options.of(
        {
            "lights": None if lights is None else str(lights.absolute()),
            "mask": None if mask is None else str(mask.absolute()),
            "response": response if response in choices.RESPONSES else str(Path(response).absolute()),
            "method": method,
            "near": near,
            "raw": raw,
            "flat": None if flat is None else str(flat.absolute()),
            "exclude": exclude or [],
            "preview": preview,
        }
    )
    quiet = options_of(context).json
    if lights is None and not preview:
        merge_first(folder.resolve(), raw=raw, response=chosen.response, quiet=quiet)
    place, record = _computed(folder.resolve(), chosen, out, quiet=quiet)
    result = {"folder": str(place)} | record.model_dump(mode="json", exclude={"folder"})
    say(context, result, _sentences(place, record))


def _computed(folder: Path, chosen: "choices.Options", out: Path | None, *, quiet: bool) -> "tuple[Path, ResultRecord]":
    """Compute a surface and put it into its place; return that, and what is told of it."""
    if not folder.is_dir():
        # Before a folder for the results is made beside it.
        raise SetNotFound(f"There is no folder '{folder}'.")
    own = folder / keeping.FOLDERS["preview" if chosen.preview else "surface"]
    place = own if out is None else out.absolute()
    with computing.interruptible("Interrupted; nothing was changed."), keeping.making(place) as made:
        work = job.work(folder, made, chosen)
        told = computing.in_child(
            work.function, work.arguments, deadline=work.deadline_s, memory=work.memory, quiet=quiet
        )
        if place == own and (folder / manifests.MANIFEST).is_file():
            return place, keeping.keep_in_set(made, folder, told)
        record = keeping.record_of(made, place.name, told)
        keeping.put_in_place(made, place)
        return place, record


def _sentences(place: Path, record: "ResultRecord") -> str:
    lines = [f"The surface is in {place}; report.html shows it.", figures_sentence(record)]
    return "\n".join([*lines, *(f"Warning: {one.sentence}" for one in record.findings)])


def figures_sentence(record: "ResultRecord") -> str:
    """Say how a surface was found and how good it is."""
    figures: dict[str, Any] = dict(record.figures)
    return (
        f"{record.why}\n"
        f"Predicted error of the normals: {figures['predicted_error_median_deg']:.2f} degrees in the median; "
        f"{figures['valid_share']:.1%} of the object is solved, with {figures['lights']:.0f} lights."
    )
