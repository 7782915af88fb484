"""`tetherlight relight`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.making import made_of, merge_first
from tetherlight.cli.options import options_of
from tetherlight.cli.output import say

if TYPE_CHECKING:
    from tetherlight.protocol.manifest import ResultRecord
    from tetherlight.reconstruct import job, keeping
else:
    job = Later("tetherlight.reconstruct.job")
    keeping = Later("tetherlight.reconstruct.keeping")


class Basis(StrEnum):
    """In which form a picture can be lit anew."""

    AUTO = "auto"
    PTM = "ptm"
    LPTM = "lptm"
    HSH = "hsh"
    RBF = "rbf"


def relight(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An image set, or images with a light file (.lp).")],
    basis: Annotated[Basis, typer.Option(help="auto takes what predicts left-out lights best.")] = Basis.AUTO,
    planes: Annotated[int, typer.Option(help="Planes of rbf: 3, 6, 9 and so on up to 27.")] = 9,
    lights: Annotated[
        Path | None, typer.Option("--lights", metavar="FILE.lp", help="The light file; else what the folder tells.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Take the RAW files of a set instead of its JPEGs.")] = False,
    ptm: Annotated[bool, typer.Option("--ptm", help="Also write relight.ptm, which older viewers read.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where it goes; else FOLDER/results/relight.")
    ] = None,
) -> None:
    """Make a picture that can be lit anew of a folder of images; no server is needed.

    OpenLIME and RelightLab read what it writes, and index.html in it shows it by a double click. The folder it writes
    is replaced as a whole, when everything is there.
    """
    source = folder.resolve()
    chosen = {
        "basis": basis.value, "planes": planes, "raw": raw, "ptm": ptm,
        "lights": None if lights is None else str(lights.absolute()),
    }  # fmt: skip
    if lights is None:
        merge_first(source, raw=raw, quiet=options_of(context).json)
    place, record = made_of(
        source,
        keeping.FOLDERS["relight"],
        out,
        lambda made: job.work_of(job.RELIGHT, source, made, chosen),
        quiet=options_of(context).json,
    )
    result = {"folder": str(place)} | record.model_dump(mode="json", exclude={"folder"})
    say(context, result, _sentences(place, record))


def _sentences(place: Path, record: "ResultRecord") -> str:
    lines = [f"The picture is in {place}; index.html shows it.", f"{record.why}"]
    return "\n".join([*lines, *(f"Warning: {warning}" for warning in record.warnings)])
