"""`tetherlight log`."""

from enum import StrEnum
from typing import Annotated

import typer

from tetherlight.cli.options import connected, options_of
from tetherlight.cli.output import show_json


class Level(StrEnum):
    """The levels of a log line, the least important first."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def log(
    context: typer.Context,
    level: Annotated[Level, typer.Option(case_sensitive=False, help="The least important level.")] = Level.INFO,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest lines.")] = 200,
) -> None:
    """Show the newest lines of the server's log, oldest first."""
    with connected(context) as rig:
        lines = rig.log(limit, level.value)
    if options_of(context).json:
        show_json(lines)
        return
    for line in lines:
        when = line.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{when} {line.level:<7} {line.logger}: {line.message}")
    if not lines:
        typer.echo("The log has no such lines.")
