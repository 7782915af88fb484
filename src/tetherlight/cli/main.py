"""The commands, and how an error of ours becomes a sentence and an exit code."""

import sys
from importlib.metadata import version

import typer

from tetherlight.cli import serve, simulate
from tetherlight.errors import TetherlightError

app = typer.Typer(
    help="Cameras, lights and photometric sets over a WebSocket.",
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


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("tetherlight"))
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Cameras, lights and photometric sets over a WebSocket."""


def main() -> None:
    """Run a command; an error of ours is one sentence on standard error and exit code 1."""
    try:
        app()
    except TetherlightError as error:
        typer.echo(f"tetherlight: {error.message}", err=True)
        if error.hint is not None:
            typer.echo(error.hint, err=True)
        sys.exit(1)
