"""`tetherlight capture --all`: one picture with every camera."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from tetherlight.cli.options import connected, options_of
from tetherlight.cli.output import HERE, THERE, bytes_text, show_json
from tetherlight.errors import CaptureIncomplete
from tetherlight.protocol.together import CaptureAllResult, Frame, Trigger

if TYPE_CHECKING:
    from tetherlight.client.sync import Client


def capture_all(context: typer.Context, output: Path | None, *, trigger: str | None, download: bool) -> None:
    """Open every camera that is there, take a picture with all and show the frames; where one is missing, say why."""
    if trigger not in {None, "line", "software"}:
        raise typer.BadParameter("--trigger is line or software.")
    with connected(context) as rig:
        for camera in rig.cameras():
            if not camera.open:
                rig.select(camera_id=camera.camera_id, select=False)
        try:
            result = rig.capture_all(trigger=cast("Trigger | None", trigger), download=download)
        except CaptureIncomplete as error:
            if isinstance(error.data, CaptureAllResult):
                _show(context, rig, error.data, output)
            raise
        _show(context, rig, result, output)


def _show(context: typer.Context, rig: "Client", result: CaptureAllResult, output: Path | None) -> None:
    here = iter(rig.download(result, output) if output is not None else ())
    paths = {file.url: next(here, None) for file in result.files}
    if options_of(context).json:
        downloaded = [str(path) for path in paths.values() if path is not None]
        show_json(result.model_dump(mode="json") | {"downloaded": downloaded})
        return
    typer.echo(f"{result.exposure_id}  by {result.trigger}, {result.skew_ms:g} ms from the first release to the last")
    for frame in result.frames:
        for file in frame.files:
            path = paths[file.url]
            place = HERE if path else THERE
            typer.echo(f"{frame.camera_id}  {path or file.path}  {bytes_text(file.size)}  {place}")
        if not frame.files:
            typer.echo(f"{frame.camera_id}  {_without_files(frame)}")


def _without_files(frame: Frame) -> str:
    return frame.error or f"on the camera's card: {frame.camera_path}"
