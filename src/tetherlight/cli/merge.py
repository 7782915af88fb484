"""`tetherlight merge`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.making import made_of
from tetherlight.cli.options import options_of
from tetherlight.cli.output import say

if TYPE_CHECKING:
    from tetherlight.reconstruct import job, keeping
else:
    job = Later("tetherlight.reconstruct.job")
    keeping = Later("tetherlight.reconstruct.keeping")


def merge(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="An image set with a focus, repeat, exposure or ISO axis.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="Take the RAW files of a set instead of its JPEGs.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where it goes; else FOLDER/merged.")
    ] = None,
) -> None:
    """Merge what an image set has of each light into one image; no server is needed.

    Focus stacks become sharp by one map for every light, repeated images less noisy, exposures and ISOs one of more
    light. `reconstruct` and `relight` do the same by themselves, and take what is merged.
    """
    source = folder.resolve()
    place, record = made_of(
        source,
        keeping.FOLDERS["merged"],
        out,
        lambda made: job.work_of(job.MERGE, source, made, {"raw": raw}),
        quiet=options_of(context).json,
    )
    result = {"folder": str(place)} | record.model_dump(mode="json", exclude={"folder"})
    warned = [f"Warning: {one}" for one in record.warnings]
    say(context, result, "\n".join([f"The merged images are in {place}{_map(place)}.", *warned]))


def _map(place: Path) -> str:
    return "; focus.png is the map" if (place / "focus.png").is_file() else ""
