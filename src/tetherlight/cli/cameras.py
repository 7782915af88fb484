"""`tetherlight info`, `cameras`, `select`, `deselect`, `capture` and `events`."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from tetherlight.cli import axes, completion
from tetherlight.cli.lazy import Later
from tetherlight.cli.options import choose_camera, connected, matching, options_of
from tetherlight.cli.output import HERE, THERE, bytes_text, plain, say, show, show_json
from tetherlight.cli.words import CAMERA_HELP, CameraOption
from tetherlight.protocol.names import Topic

if TYPE_CHECKING:
    from tetherlight.cli import progress, together
    from tetherlight.client.events import RigEvent
    from tetherlight.protocol import models
else:
    models = Later("tetherlight.protocol.models")
    progress = Later("tetherlight.cli.progress")
    together = Later("tetherlight.cli.together")


def info(context: typer.Context) -> None:
    """Tell what the server is and how its rig stands."""
    with connected(context) as rig:
        found = rig.server
    cameras = [f"{camera.camera_id} ({_standing(camera)})" for camera in found.cameras]
    rows = [
        ("server", f"tetherlight {found.version}, protocol {found.protocol}"),
        ("cameras", ", ".join(cameras) or "none open"),
        ("selected", found.selected),
        ("lights", f"{len(found.lights.lights)}, driven by {found.lights.driver}"),
        ("jobs", ", ".join(f"{job.job_id} ({job.state.value})" for job in found.jobs) or "none"),
        ("captures", f"{found.storage.path}, {bytes_text(found.storage.free_bytes)} free {THERE}"),
        ("simulated", found.simulated),
    ]
    show(context, found, ("", ""), rows, empty="")


def cameras(context: typer.Context) -> None:
    """List the cameras that are there."""
    with connected(context) as rig:
        found = rig.cameras()
        standing = {one.camera_id: _standing(one) for one in rig.server.cameras}
    rows = [
        (one.camera_id, one.model, one.port, standing.get(one.camera_id, one.state.value), one.selected)
        for one in found
    ]
    empty = "No camera was found. `tetherlight doctor` looks for the reason."
    show(context, found, ("CAMERA_ID", "MODEL", "PORT", "STATE", "SELECTED"), rows, empty=empty)


def _standing(camera: "models.CameraStatus") -> str:
    """Say what an open camera does, and whether its body's live view is on."""
    if camera.state is not models.CameraState.READY or camera.viewfinder is models.ViewfinderState.UNSUPPORTED:
        return camera.state.value
    return f"{camera.state.value}, live view {'on' if camera.viewfinder is models.ViewfinderState.ON else 'in standby'}"


def select(
    context: typer.Context,
    camera: Annotated[str | None, typer.Argument(help=CAMERA_HELP, autocompletion=completion.cameras)] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Only open it; the selected camera stays selected.")] = False,
    port: Annotated[
        str | None, typer.Option(metavar="PORT", help="Where a lost camera is now that cannot be recognised by itself.")
    ] = None,
) -> None:
    """Open a camera and make it the one that is meant where none is named."""
    with connected(context) as rig:
        camera_id = matching(rig.cameras(), camera).camera_id if camera else None
        found = rig.select(camera_id=camera_id, port=port, select=not beside)
    say(context, found, f"{found.model} at {found.port} is {'open' if beside else 'selected'}: {found.camera_id}.")


def deselect(context: typer.Context, camera: CameraOption = None) -> None:
    """Close a camera and free its USB device."""
    with connected(context) as rig:
        camera_id = matching(rig.server.cameras, camera).camera_id if camera else rig.server.selected
        rig.deselect(camera_id)
    say(context, {"camera_id": camera_id}, f"Camera {camera_id} is closed." if camera_id else "No camera was selected.")


def capture(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    camera: CameraOption = None,
    download: Annotated[
        bool, typer.Option("--download/--no-download", help="Bring the files to the server, or leave them on the card.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Bring the files to this folder as well.")
    ] = None,
    count: Annotated[
        int,
        typer.Option("--count", "-n", min=1, max=999, help="So many pictures, or brackets, as a job of the server."),
    ] = 1,
    interval: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="From the start of one to the start of the next.")
    ] = 0.0,
    bracket: Annotated[
        str | None,
        typer.Option(metavar="NAME=VALUE,...", help="A setting and the values that it has in turn, one picture each."),
    ] = None,
    bulb: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Hold the shutter open for so long, up to an hour."),
    ] = None,
    focus: axes.FocusOption = None,
    exposure: axes.ExposureOption = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="One picture with every camera, opened where it is not, all in one moment.")
    ] = False,
    trigger: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT", help="With --all: line or software; without it lines, if the rig file has them for all."
        ),
    ] = None,
) -> None:
    """Take a picture, or a series. Ctrl-C leaves a series running at the server and tells how to cancel it."""
    if output is not None and not download:
        raise typer.BadParameter("--output needs the files, which --no-download leaves on the camera's card.")
    if everyone:
        if count > 1 or any((camera, interval, bracket, bulb, focus, exposure)):
            raise typer.BadParameter("--all takes one picture with each camera, as the cameras are set.")
        together.capture_all(context, output, trigger=trigger, download=download)
        return
    if trigger is not None:
        raise typer.BadParameter("--trigger goes with --all.")
    if count > 1 or any(one is not None for one in (bracket, focus, exposure)):
        if bulb is not None:
            raise typer.BadParameter("--bulb goes with one picture.")
        if not download:
            raise typer.BadParameter("The files of a series come to the server; --no-download goes with one picture.")
        plan: dict[str, Any] = {"focus": axes.focus_places(focus), "exposure": axes.exposures(exposure)}
        plan |= {"count": count, "interval_s": interval, "bracket": _bracket(bracket) if bracket else None}
        _capture_series(context, camera, plan, output)
        return
    if interval:
        raise typer.BadParameter("--interval needs a --count of pictures.")
    _capture_one(context, camera, output, download=download, exposure_s=bulb)


def _capture_one(
    context: typer.Context, camera: str | None, output: Path | None, *, download: bool, exposure_s: float | None
) -> None:
    with connected(context) as rig:
        shot = rig.capture(download=download, exposure_s=exposure_s, camera_id=choose_camera(rig, camera))
        here = rig.download(shot, output) if output is not None else []
    if options_of(context).json:
        show(context, shot.model_dump(mode="json") | {"downloaded": [str(path) for path in here]}, (), (), empty="")
        return
    for path, file in itertools.zip_longest(here, shot.files):
        typer.echo(f"{path or file.path}  {bytes_text(file.size)}  {HERE if path else THERE}")
    if not shot.files:
        typer.echo(f"The picture is on the camera's card: {shot.camera_path}")


def _bracket(text: str) -> tuple[str, list[str]]:
    name, _, values = text.partition("=")
    found = [value.strip() for value in values.split(",") if value.strip()]
    if not name.strip() or len(found) < 2:
        raise typer.BadParameter("--bracket is a setting and two or more values: shutterspeed=1/250,1/60,1/15.")
    return name.strip(), found


def _capture_series(context: typer.Context, camera: str | None, plan: dict[str, Any], output: Path | None) -> None:
    as_json = options_of(context).json
    exposures = plan["count"] * (len(plan["bracket"][1]) if plan["bracket"] else 1)
    exposures *= (plan["focus"][0] if plan["focus"] else 1) * len(plan["exposure"] or (0,))
    with connected(context) as rig:
        plan |= {"camera_id": choose_camera(rig, camera)}
        result = progress.follow_series(rig, plan, exposures, quiet=as_json)
        here = rig.download(result, output) if output is not None else []
    if as_json:
        show_json(result.model_dump(mode="json") | {"downloaded": [str(path) for path in here]})
        return
    for path, file in itertools.zip_longest(here, result.files):
        typer.echo(f"{path or file.path}  {bytes_text(file.size)}  {HERE if path else THERE}")


def events(
    context: typer.Context,
    topics: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(get_args(Topic))}; all where none is named.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
) -> None:
    """Show how the rig stands, and then what happens, until Ctrl-C."""
    as_json = options_of(context).json
    with connected(context) as rig:
        try:
            for event in itertools.islice(rig.events(*(topics or ())), count):
                if as_json:
                    show_json(
                        {"event": event.name, "topic": event.topic, "seq": event.seq, "data": event.data}, indent=None
                    )
                else:
                    typer.echo(_line(event))
        except KeyboardInterrupt:
            return


def _line(event: "RigEvent") -> str:
    data = plain(event.data)
    if isinstance(data, list):
        text = f"{len(data)} entries"
    elif isinstance(data, dict):
        parts = (f"{name}={value}" for name, value in data.items() if isinstance(value, str | int | float))
        text = " ".join(parts) or ", ".join(data)
    else:
        text = str(data)
    return f"{event.topic or '-':8} {event.name:18} {text}"
