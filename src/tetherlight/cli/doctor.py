"""`tetherlight doctor`."""

from typing import TYPE_CHECKING

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import FAILED, options_of
from tetherlight.cli.output import print_table, show_json

if TYPE_CHECKING:
    import asyncio

    import tetherlight.doctor as examination
else:
    asyncio = Later("asyncio")
    examination = Later("tetherlight.doctor")

SIGNS = {"ok": "ok", "info": "info", "warning": "WARNING", "error": "ERROR"}


def doctor(context: typer.Context) -> None:
    """Look for what is wrong with cameras, lights and this machine; the exit code is 1 where something is."""
    findings = asyncio.run(examination.examine())
    if options_of(context).json:
        show_json(findings)
    else:
        rows = [
            (SIGNS[one.level], one.check, f"{one.message} {one.remedy}" if one.remedy else one.message)
            for one in findings
        ]
        print_table(("", "CHECK", "FINDING"), rows)
    if any(one.level == "error" for one in findings):
        raise typer.Exit(FAILED)
