"""The commands, and how an error of ours becomes a sentence and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server answers, 4 it refuses the token, 130 interrupted.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from tetherlight.cli.lazy import Later, LazyGroup, Place
from tetherlight.cli.options import DEFAULT_SERVER, TOKENS, Options, hoisted, tell_error
from tetherlight.errors import NotInstalled, TetherlightError

if TYPE_CHECKING:
    from importlib import metadata
else:
    metadata = Later("importlib.metadata")

FREE_WORDS = {
    "add_help_option": False,
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
}
"""For a command that reads its own words, --help among them."""
PLACES = {
    "serve": Place("serve:command", "Run the server until it is interrupted."),
    "simulate": Place(
        "simulate:command",
        "Run simulated cameras in front of a lit scene; --help lists the options.",
        FREE_WORDS,
    ),
    "info": Place("cameras:info", "Tell what the server is and how its rig stands."),
    "discover": Place("discover:discover", "Look for rigs on the network; no server is named for it."),
    "cameras": Place("cameras:cameras", "List the cameras that are there."),
    "select": Place("cameras:select", "Open a camera and make it the one that is meant where none is named."),
    "deselect": Place("cameras:deselect", "Close a camera and free its USB device."),
    "capture": Place(
        "cameras:capture",
        "Take a picture, or a series.",
    ),
    "liveview": Place("liveview:liveview", "Watch the live view until Ctrl-C and show how many frames a second come."),
    "focus": Place("focus:focus", "Let the camera focus by itself, once, or move the lens by a step."),
    "events": Place("cameras:events", "Show how the rig stands, and then what happens, until Ctrl-C."),
    "log": Place("log:log", "Show the newest lines of the server's log, oldest first."),
    "doctor": Place(
        "doctor:doctor",
        "Look for what is wrong with cameras, lights and their machine; the exit code is 1 where something is.",
    ),
    "setup": Place(
        "setup:setup",
        "Prepare this machine: groups, udev rules and, if wished, a service; each step is told, and can be taken back.",
    ),
    "config": Place("config:app", "Read and change the settings of a camera."),
    "lights": Place("lights:app", "Switch the lights of the rig."),
    "set": Place("sets:app", "Capture photometric sets and get them."),
    "recipe": Place("recipes:app", "Keep what a kind of object is captured with, and capture by it."),
    "objects": Place("objects:app", "Work through a list of objects, one after the other."),
    "calibrate": Place(
        "calibrate:calibrate",
        "Tell where the lights of a folder of images are, from mirror spheres in them; no server is needed.",
    ),
    "reconstruct": Place(
        "reconstruct:reconstruct", "Compute normals, albedo and height of a folder of images; no server is needed."
    ),
    "merge": Place("merge:merge", "Merge what an image set has of each light into one image; no server is needed."),
    "relight": Place(
        "relight:relight", "Make a picture that can be lit anew of a folder of images; no server is needed."
    ),
    "integrate": Place("integrate:integrate", "Find the height of a surface from its normal map; no server is needed."),
    "images": Place("images:app", "Look after single captures, and get them."),
    "jobs": Place("jobs:app", "Follow and steer long work at the server."),
    "naming": Place("naming:app", "Show and change how captures and sets are named."),
    "hooks": Place("hooks:app", "Show and try what a rig does by itself when something happens."),
    "backup": Place(
        "backup:back_up",
        "Write rig file, recipes, objects and the rest of STATE_DIR into one file; no server is needed.",
    ),
    "restore": Place(
        "backup:restore", "Put the files of a backup in place and keep those that were there; nothing is deleted."
    ),
    "token": Place("token:app", "Make, show and revoke the tokens of a server on this machine."),
}
"""Each command as --help lists it; a test holds the sentences against the commands."""


class Commands(LazyGroup):
    """All commands; the common options may also stand behind a command's name."""

    places: ClassVar = PLACES

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the common options first, wherever they stand; the context is of Click, which Typer keeps to itself."""
        return super().parse_args(ctx, hoisted(args))


app = typer.Typer(
    cls=Commands,
    help="Cameras, lights and photometric sets over a WebSocket.",
    epilog=(
        "--server, --token and --json may stand anywhere. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server, 4 token refused."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("tetherlight"))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    server: Annotated[
        str,
        typer.Option(
            envvar="TETHERLIGHT_SERVER",
            metavar="URL",
            help="The server to talk to: an address, or a name or IP alone, which means port 8000.",
        ),
    ] = DEFAULT_SERVER,
    token: Annotated[
        str | None, typer.Option(envvar=list(TOKENS), metavar="TOKEN", help="The server's token.", show_envvar=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results and errors as JSON.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Cameras, lights and photometric sets over a WebSocket."""
    chosen = context.get_parameter_source("server")
    context.obj = Options(server, token, as_json, chosen=chosen is not None and chosen.name != "DEFAULT")


def main() -> None:
    """Run a command; an error of ours is one sentence on standard error."""
    try:
        app()
    except TetherlightError as error:
        sys.exit(tell_error(error, as_json="--json" in sys.argv))
    except ModuleNotFoundError as error:
        if (missing := NotInstalled.of(error)) is None:
            raise
        sys.exit(tell_error(missing, as_json="--json" in sys.argv))
