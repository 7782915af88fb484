"""`tetherlight config get|set|list`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.options import choose_camera, connected
from tetherlight.cli.output import say, show
from tetherlight.cli.words import CameraOption

if TYPE_CHECKING:
    from tetherlight.protocol.models import ConfigEntry, ConfigValue

app = typer.Typer(help="Read and change the settings of a camera.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="A name, alias or path.", autocompletion=completion.config_names)]
SHOWN_OPTIONS = 60
ON = {"1", "on", "yes", "true"}
OFF = {"0", "off", "no", "false"}


@app.command("list")
def list_entries(
    context: typer.Context,
    contains: Annotated[str, typer.Argument(help="Only names, labels and paths with this in them.")] = "",
    camera: CameraOption = None,
) -> None:
    """List the config entries with their values and options."""
    with connected(context) as rig:
        entries = rig.list_config(camera_id=choose_camera(rig, camera))
    wanted = contains.casefold()
    found = [one for one in entries if wanted in f"{one.alias or ''} {one.label} {one.path}".casefold()]
    rows = [(one.alias or one.name, one.value, one.type.value, one.readonly, _options(one)) for one in found]
    empty = f"No config entry has '{contains}' in its name." if contains else "The camera has no config entries."
    show(context, found, ("NAME", "VALUE", "TYPE", "READONLY", "OPTIONS"), rows, empty=empty)


@app.command("get")
def get_entry(context: typer.Context, name: Name, camera: CameraOption = None) -> None:
    """Print the value of a config entry, and nothing else."""
    with connected(context) as rig:
        entry = rig.get_config(name, camera_id=choose_camera(rig, camera))
    say(context, entry, "" if entry.value is None else str(entry.value))


@app.command("set", context_settings={"ignore_unknown_options": True})
def set_entry(
    context: typer.Context,
    name: Name,
    value: Annotated[str, typer.Argument(help="One of the options, a number, a text, or on and off.")],
    camera: CameraOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Have the camera asked also where the entry is called read-only.")
    ] = False,
) -> None:
    """Set a config entry and print what the camera made of it."""
    with connected(context) as rig:
        camera_id = choose_camera(rig, camera)
        typed = _typed(rig.get_config(name, camera_id=camera_id), value)
        entry = rig.set_config(name, typed, force=force, camera_id=camera_id)
    say(context, entry, f"{entry.label} is {entry.value}.")


def _typed(entry: "ConfigEntry", text: str) -> "ConfigValue":
    """Turn a word of the command line into a value of the entry's type; the server refuses what is left."""
    word = text.strip().casefold()
    if entry.type.value == "toggle" and word in ON | OFF:
        return word in ON
    if entry.type.value in {"range", "date"}:
        try:
            return int(word) if entry.type.value == "date" else float(word)
        except ValueError:
            return text
    return text


def _options(entry: "ConfigEntry") -> str:
    if entry.min is not None:
        return f"{entry.min:g} to {entry.max:g} by {entry.step:g}" if entry.step else f"{entry.min:g} to {entry.max:g}"
    text = ", ".join(entry.options)
    return (
        text if len(text) <= SHOWN_OPTIONS else f"{text[:SHOWN_OPTIONS].rpartition(',')[0]}, … ({len(entry.options)})"
    )
