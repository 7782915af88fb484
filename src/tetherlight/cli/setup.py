"""`tetherlight setup`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.errors import SetupFailed

if TYPE_CHECKING:
    from tetherlight import setup as steps
else:
    steps = Later("tetherlight.setup")


def setup(
    user: Annotated[
        str | None, typer.Option(help="Who runs the server; by default who calls sudo.", show_default=False)
    ] = None,
    service: Annotated[bool, typer.Option("--service", help="Run it as a service too, as a user of its own.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was done here.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Prepare this machine: groups, udev rules and, if wished, a service; each step is told, and can be taken back.

    What is there already is left alone, so it can be called again. Needs root but for --dry-run.
    """
    if sys.platform != "linux":
        raise SetupFailed("Only Linux machines need, and know, these steps.")
    if os.geteuid() != 0 and not dry_run:
        raise SetupFailed("Only root may do this.", hint=f"sudo {_program()} setup")
    machine = steps.Machine()
    if undo:
        steps.take_back(machine, typer.echo, dry=dry_run)
        return
    who = user or os.environ.get("SUDO_USER")
    wanted = steps.planned(who if who != "root" else None, _program() if service else None)
    steps.set_up(machine, wanted, typer.echo, dry=dry_run)


def _program() -> Path:
    """Return the program that was called, by its whole path."""
    beside = Path(sys.executable).parent / "tetherlight"
    return beside if beside.is_file() else Path(sys.argv[0]).resolve()
