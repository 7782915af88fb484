"""The commands, and how an error of ours becomes a sentence and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server answers, 130 interrupted.
"""

import sys
from typing import Annotated

import typer

from tetherlight.cli import (
    cameras,
    config,
    doctor,
    focus,
    images,
    jobs,
    lights,
    liveview,
    log,
    naming,
    serve,
    sets,
    simulate,
)
from tetherlight.cli.options import Commands, Options, tell_error
from tetherlight.errors import TetherlightError

app = typer.Typer(
    cls=Commands,
    help="Cameras, lights and photometric sets over a WebSocket.",
    epilog="--server, --token and --json may stand anywhere. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.command)
app.command(
    "simulate",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(simulate.command)
app.command("info")(cameras.info)
app.command("cameras")(cameras.cameras)
app.command("select")(cameras.select)
app.command("deselect")(cameras.deselect)
app.add_typer(config.app, name="config")
app.command("capture")(cameras.capture)
app.command("liveview")(liveview.liveview)
app.command("focus")(focus.focus)
app.add_typer(lights.app, name="lights")
app.add_typer(sets.app, name="set")
app.add_typer(images.app, name="images")
app.add_typer(jobs.app, name="jobs")
app.add_typer(naming.app, name="naming")
app.command("events")(cameras.events)
app.command("log")(log.log)
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - takes longer to load than --help should take

        typer.echo(version("tetherlight"))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar="TETHERLIGHT_SERVER", metavar="URL", help="The server to talk to.")
    ] = "http://127.0.0.1:8000",
    token: Annotated[
        str | None, typer.Option(envvar="API_TOKEN", metavar="TOKEN", help="The server's token.", show_envvar=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results and errors as JSON.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Cameras, lights and photometric sets over a WebSocket."""
    context.obj = Options(server, token, as_json)


def main() -> None:
    """Run a command; an error of ours is one sentence on standard error."""
    try:
        app()
    except TetherlightError as error:
        sys.exit(tell_error(error, as_json="--json" in sys.argv))
