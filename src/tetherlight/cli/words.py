"""Words of the command line that several commands share."""

from typing import Annotated

import typer

from tetherlight.cli import completion

CAMERA_HELP = (
    "Camera by camera_id, model or port; opened if need be. Default: the selected one, else the first that "
    "`tetherlight cameras` lists."
)
CameraOption = Annotated[str | None, typer.Option("--camera", help=CAMERA_HELP, autocompletion=completion.cameras)]
