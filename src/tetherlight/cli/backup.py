"""`tetherlight backup` and `tetherlight restore`: a rig in one file, on the server's machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import note, options_of
from tetherlight.cli.output import print_table, say, show_json

if TYPE_CHECKING:
    from tetherlight import backup as files
    from tetherlight import settings as configuration
else:
    files = Later("tetherlight.backup")
    configuration = Later("tetherlight.settings")

SecretsOption = Annotated[
    bool,
    typer.Option("--with-secrets", help="Also tokens, the key of logins, passwords and hooks of the rig file."),
]


def back_up(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The zip that is written.")],
    secrets: SecretsOption = False,
) -> None:
    """Write rig file, recipes, objects and the rest of STATE_DIR into one file; no server is needed."""
    names = files.back_up(configuration.load_settings(), file, secrets=secrets)
    say(context, {"file": str(file), "holds": names, "secrets": secrets}, f"{len(names)} files in {file}.")
    if not secrets:
        note("Tokens, passwords and hooks are not in it: --with-secrets adds them.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tetherlight backup` wrote.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
) -> None:
    """Put the files of a backup in place and keep those that were there; nothing is deleted."""
    settings = configuration.load_settings()
    found = files.examine(settings, file)
    before = None if dry_run else files.restore(settings, found)
    told = {str(path): change for path, change in found.changes.items()}
    if options_of(context).json:
        show_json({"changes": told, "missing": list(found.missing), "kept": before and str(before)})
    else:
        rows = [(change, path) for path, change in told.items() if change != "same"]
        if rows:
            print_table(("WOULD BE" if dry_run else "IS", "FILE"), rows)
        same = len(told) - len(rows)
        typer.echo(f"{len(rows)} files differ, {same} are the same." if rows else "Everything is as in the backup.")
    if found.missing:
        note(f"Not in the backup, and not here: {', '.join(found.missing)}. Add it to the rig file.")
    if before is not None:
        note(f"What was there is in {before}; `tetherlight restore` brings it back. Start the server again.")
