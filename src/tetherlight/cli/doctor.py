"""`tetherlight doctor`."""

import typer

from tetherlight.cli.options import FAILED, options_of

SIGNS = {"ok": "ok", "info": "info", "warning": "WARNING", "error": "ERROR"}


def doctor(context: typer.Context) -> None:
    """Look for what is wrong with cameras, lights and this machine; the exit code is 1 where something is."""
    import asyncio  # noqa: PLC0415 - all of this takes longer to load than --help should take

    from tetherlight.doctor.diagnose import diagnose  # noqa: PLC0415
    from tetherlight.rigfile.rigfile import RigFile  # noqa: PLC0415
    from tetherlight.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    findings = asyncio.run(diagnose(settings, RigFile.load(settings.rig_file)))
    if options_of(context).json:
        from tetherlight.cli.output import show_json  # noqa: PLC0415

        show_json(findings)
    else:
        from tetherlight.cli.output import print_table  # noqa: PLC0415

        rows = [
            (SIGNS[one.level], one.check, f"{one.message} {one.remedy}" if one.remedy else one.message)
            for one in findings
        ]
        print_table(("", "CHECK", "FINDING"), rows)
    if any(one.level == "error" for one in findings):
        raise typer.Exit(FAILED)
