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
