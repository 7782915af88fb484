"""`tetherlight integrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import options_of
from tetherlight.cli.output import say

if TYPE_CHECKING:
    from tetherlight.cli import computing
    from tetherlight.reconstruct import integrate as work
else:
    computing = Later("tetherlight.cli.computing")
    work = Later("tetherlight.reconstruct.integrate")


def integrate(
    context: typer.Context,
    normals: Annotated[
        Path, typer.Argument(metavar="NORMALS", help="A normal map, PNG or TIFF of 8 or 16 bits: x right, y up.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="HEIGHT.tiff", help="The file to write, of 32-bit floats.")],
    mask: Annotated[
        Path | None, typer.Option("--mask", metavar="FILE", help="An image that is white where the surface is.")
    ] = None,
    camera: Annotated[
        Path | None,
        typer.Option(
            "--camera",
            metavar="K.txt",
            help="The camera's 3 x 3 matrix in pixels: the result is the depth along its axis, up to one factor.",
        ),
    ] = None,
) -> None:
    """Find the height of a surface from its normal map; no server is needed.

    Outside the mask the height is NaN. Without a mask, pixels that hold no normal are outside.
    """
    given = {
        "normals": str(normals.absolute()),
        "out": str(out.absolute()),
        "mask": None if mask is None else str(mask.absolute()),
        "camera": None if camera is None else str(camera.absolute()),
    }
    with computing.interruptible("Interrupted; nothing was written."):
        told = computing.in_child(
            work.FUNCTION, given, deadline=work.DEADLINE_S, memory=work.MEMORY, quiet=options_of(context).json
        )
    say(context, told, _sentences(told))


def _sentences(told: dict[str, Any]) -> str:
    size = f"{told['width']} x {told['height']} pixels"
    span = f"from {told['low']:.4g} to {told['high']:.4g}"
    kind = f"heights {span} pixels" if told["unit"] == "pixels" else f"depths {span}, up to one factor"
    return f"{told['file']}: {size}, {kind}.\nMethod: {told['method']}. {told['why']}"
