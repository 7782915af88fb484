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
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An image set with a focus axis.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where it goes; else FOLDER/merged.")
    ] = None,
) -> None:
    """Merge the focus stacks of an image set into one sharp image of each light; no server is needed.

    One map of where each pixel is sharpest serves every light. `reconstruct` and `relight` take the merged images then.
    """
    source = folder.resolve()
    place, record = made_of(
        source,
        keeping.FOLDERS["merged"],
        out,
        lambda made: job.work_of(job.MERGE, source, made, {}),
        quiet=options_of(context).json,
    )
    result = {"folder": str(place)} | record.model_dump(mode="json", exclude={"folder"})
    warned = [f"Warning: {one}" for one in record.warnings]
    say(context, result, "\n".join([f"The merged images are in {place}; focus.png is the map.", *warned]))
