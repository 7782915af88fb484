"""`tetherlight focus`."""

from typing import Annotated

import typer

from tetherlight.cli.options import choose_camera, connected
from tetherlight.cli.output import say
from tetherlight.cli.words import CameraOption

Point = tuple[float, float]


def focus(
    context: typer.Context,
    camera: CameraOption = None,
    point: Annotated[
        str | None,
        typer.Option(metavar="X,Y", help="Where: shares of the live view's width and height, from its upper left."),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(min=-3, max=3, help="Move the lens instead, while a live view runs: negative is nearer."),
    ] = None,
) -> None:
    """Let the camera focus by itself, once, or move the lens by a step."""
    where = _point(point) if point is not None else None
    if where is not None and step is not None:
        raise typer.BadParameter("--point is where the camera focuses by itself; --step moves the lens. Choose one.")
    with connected(context) as rig:
        camera_id = choose_camera(rig, camera)
        if step is not None:
            rig.drive_focus(step, camera_id=camera_id)
        else:
            rig.autofocus(where, camera_id=camera_id)
    say(context, {"camera_id": camera_id}, "Focus moved." if step is not None else "Autofocus done.")


def _point(text: str) -> Point:
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        across = down = -1.0
    if not (0 <= across <= 1 and 0 <= down <= 1):
        raise typer.BadParameter("--point is two numbers from 0 to 1: 0.5,0.5 is the middle.")
    return across, down
