"""`tetherlight simulate`."""

from typing import Literal

import typer

Vendor = Literal["canon", "nikon", "sony", "generic", "both"]
Serial = Literal["unique", "none", "zero", "doubled"]


def command(context: typer.Context) -> None:
    """Run simulated cameras in front of a lit scene; --help lists the options."""
    from tetherlight.simulator.program import main  # noqa: PLC0415 - the scene's libraries take long to load

    raise typer.Exit(main(context.args))
