"""`tetherlight doctor`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import FAILED, connected, options_of
from tetherlight.cli.output import print_table, show_json
from tetherlight.errors import ServerUnreachable

if TYPE_CHECKING:
    import asyncio
    import platform

    import tetherlight.doctor as examination
    from tetherlight import settings
    from tetherlight.bridges import checks
    from tetherlight.protocol.server import Finding
    from tetherlight.rigfile import rigfile
else:
    asyncio = Later("asyncio")
    platform = Later("platform")
    checks = Later("tetherlight.bridges.checks")
    examination = Later("tetherlight.doctor")
    rigfile = Later("tetherlight.rigfile.rigfile")
    settings = Later("tetherlight.settings")

SIGNS = {"ok": "ok", "info": "info", "warning": "WARNING", "error": "ERROR"}


def doctor(
    context: typer.Context,
    local: Annotated[bool, typer.Option("--local", help="This machine, whatever server is meant.")] = False,
) -> None:
    """Look for what is wrong with cameras, lights and their machine; the exit code is 1 where something is.

    Where a server is named, by --server or TETHERLIGHT_SERVER, it looks at its own machine; else this one is meant.
    """
    findings, machine = _here() if local or not options_of(context).chosen else _there(context)
    if options_of(context).json:
        show_json(findings)
    else:
        typer.echo(f"{machine}:")
        rows = [
            (SIGNS[one.level], one.check, f"{one.message} {one.remedy}" if one.remedy else one.message)
            for one in findings
        ]
        print_table(("", "CHECK", "FINDING"), rows)
    if any(one.level == "error" for one in findings):
        raise typer.Exit(FAILED)


def _here() -> "tuple[list[Finding], str]":
    """Look at this machine; return what was found, and what the machine is called."""
    return asyncio.run(_examine()), f"This machine, {platform.node() or 'without a name'}"


async def _examine() -> "list[Finding]":
    """Look for what is wrong beside a server; its bridges lie above the doctor's room."""
    found = await examination.examine()
    given = settings.load_settings()
    return [*found, *await checks.check_bridges(given, rigfile.RigFile.load(given.rig_file))]


def _there(context: typer.Context) -> "tuple[list[Finding], str]":
    """Let the server look at its machine."""
    try:
        with connected(context) as rig:
            return rig.diagnose(), f"The machine of the server at {rig.address.http}"
    except ServerUnreachable as error:
        raise ServerUnreachable(error.message, hint="`tetherlight doctor --local` looks at this machine.") from error
