"""`tetherlight calibrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import options_of
from tetherlight.cli.output import print_table, show_json
from tetherlight.errors import InvalidPayload

if TYPE_CHECKING:
    from tetherlight.cli import computing
    from tetherlight.files import durable, lp
    from tetherlight.reconstruct import calibration_work as work
else:
    computing = Later("tetherlight.cli.computing")
    durable = Later("tetherlight.files.durable")
    lp = Later("tetherlight.files.lp")
    work = Later("tetherlight.reconstruct.calibration_work")

DEFAULT = "lights.lp"
CIRCLE = "X,Y,R"


def calibrate(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An image set, or a folder of images.")],
    sphere: Annotated[
        list[str] | None,
        typer.Option(metavar=CIRCLE, help="A mirror sphere: centre and radius in pixels. May stand several times."),
    ] = None,
    matte: Annotated[
        str | None, typer.Option(metavar=CIRCLE, help="A matte sphere, which tells how strong the lights are.")
    ] = None,
    flat: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Images of a matte plane under the same lights, likewise.")
    ] = None,
    dome: Annotated[
        Path | None,
        typer.Option(metavar="FILE.lp", help="Known places of a dome's lamps, which are turned as the sphere tells."),
    ] = None,
    near: Annotated[
        bool, typer.Option("--near", help="Write positions instead of directions, in image widths; two spheres.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.lp", help=f"The light file; else FOLDER/{DEFAULT}.")
    ] = None,
) -> None:
    """Tell where the lights of a folder of images are, from mirror spheres in them; no server is needed.

    Spheres are found by themselves where none is named. Pixels are counted from the upper left: the centre of the first
    is 0,0, x to the right, y down. Each image shows one light.
    """
    given = work.work_of(
        folder.resolve(),
        [_circle(one, "--sphere") for one in sphere or []],
        None if matte is None else _circle(matte, "--matte"),
        flat=None if flat is None else flat.resolve(),
        dome=None if dome is None else dome.resolve(),
    )
    with computing.interruptible("Interrupted; nothing was written."):
        told = computing.in_child(
            work.FUNCTION, given, deadline=work.DEADLINE_S, memory=work.MEMORY, quiet=options_of(context).json
        )
    place = (folder / DEFAULT if out is None else out).absolute()
    _write(place, told, near=near)
    if options_of(context).json:
        show_json({"file": str(place)} | told)
    else:
        _show(told)
        typer.echo(f"The light file is {place}.")


def _circle(text: str, option: str) -> tuple[float, float, float]:
    """Read a circle; raise InvalidPayload."""
    try:
        x, y, r = (float(word) for word in text.split(","))
    except ValueError:
        x, y, r = 0.0, 0.0, 0.0
    if not 0 < r < 1e6 or not (abs(x) < 1e6 and abs(y) < 1e6):
        raise InvalidPayload(
            f"{option}: '{text[:60]}' is no circle.",
            hint=f"A circle is {CIRCLE}, in pixels, such as {option} 1204,880,310.",
        )
    return x, y, r


def _write(place: Path, told: dict[str, Any], *, near: bool) -> None:
    key = "position" if near else "direction"
    lines = [(one["filename"], one[key]) for one in told["lights"] if one[key] is not None]
    if not lines:
        raise InvalidPayload(
            f"No light has a {key} that could be written.",
            hint="Positions need two spheres that are far from each other." if near else None,
        )
    with durable.store_errors(f"{place} could not be written"):
        durable.write_atomically(place, lp.lp_text(lines).encode())


def _show(told: dict[str, Any]) -> None:
    """Print the lights as a table, then the spheres and what is to be looked at."""
    strong = any(one["intensity"] is not None for one in told["lights"])
    columns = ["image", "x", "y", "z", "error", *(["strength"] if strong else [])]
    print_table(columns, [_row(one)[: len(columns)] for one in told["lights"]])
    for one in told["spheres"]:
        sure = "as given" if one["given"] else f"confidence {one['confidence']:.2f}"
        typer.echo(f"Sphere at {one['x']:.1f},{one['y']:.1f} with a radius of {one['r']:.1f} pixels, {sure}.")
    for warning in told["warnings"]:
        typer.echo(f"Warning: {warning}")


def _row(one: dict[str, Any]) -> list[str]:
    vector = one["direction"]
    words = ["-"] * 3 if vector is None else [f"{part:.4f}" for part in vector]
    error = "-" if one["error_deg"] is None or vector is None else f"{one['error_deg']:.2f}°"
    strength = "-" if one["intensity"] is None else f"{one['intensity']:.3f}"
    return [one["filename"], *words, error, strength]
