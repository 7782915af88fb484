"""`tetherlight simulate`."""

from typing import TYPE_CHECKING, Literal

import typer

from tetherlight.cli.lazy import Later

if TYPE_CHECKING:
    from tetherlight.simulator import program
else:
    program = Later("tetherlight.simulator.program")

Vendor = Literal["canon", "nikon", "sony", "generic", "both"]
Serial = Literal["unique", "none", "zero", "doubled"]


def command(context: typer.Context) -> None:
    """Run simulated cameras in front of a lit scene; --help lists the options."""
    raise typer.Exit(program.main(context.args))
