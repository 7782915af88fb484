"""Words of the command line that several commands share."""

from enum import StrEnum
from typing import Annotated

import typer

from tetherlight.cli import completion

CAMERA_HELP = (
    "Camera by camera_id, model or port; opened if need be. Default: the selected one, else the first that "
    "`tetherlight cameras` lists."
)
CameraOption = Annotated[str | None, typer.Option("--camera", help=CAMERA_HELP, autocompletion=completion.cameras)]


class OnFailure(StrEnum):
    """What a failed step does to the set."""

    FAIL = "fail"
    PAUSE = "pause"


class Metering(StrEnum):
    """For what test shots find the exposure time."""

    SET = "set"
    LIGHT = "light"


class SetTrigger(StrEnum):
    """What releases the cameras of a set."""

    LINE = "line"
    BURST = "burst"
    SOFTWARE = "software"


LightsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Lights in their order; all of the rig where none is named.", autocompletion=completion.lights),
]
AmbientOption = Annotated[bool, typer.Option("--ambient", help="Also take a frame with every light off.")]
OnFailureOption = Annotated[OnFailure, typer.Option(help="Whether a failed step ends or pauses the set.")]
RetakesOption = Annotated[
    int, typer.Option(min=0, max=5, help="How often a frame without its light is taken again by itself.")
]
MeteringOption = Annotated[
    Metering | None, typer.Option(help="Find the exposure time with test shots: one for all lights, or for each.")
]
TriggerOption = Annotated[
    SetTrigger | None,
    typer.Option(
        help="What releases the camera: its line, its line held for a burst by the sync line, or its connection."
    ),
]
