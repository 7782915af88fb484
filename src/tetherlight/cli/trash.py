"""What `set trash` and `images trash` have in common: what can be restored, and emptying that."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.options import connected, options_of
from tetherlight.cli.output import bytes_text, say, show

if TYPE_CHECKING:
    from tetherlight.protocol.trash import TrashItem, TrashKind

EmptyOption = Annotated[
    bool, typer.Option("--empty", help="Remove for good what lies there; it cannot be brought back then.")
]


def show_trash(context: typer.Context, kind: "TrashKind", *, empty: bool) -> None:
    """List what can be restored, or remove it for good."""
    with connected(context) as rig:
        if empty:
            removed = rig.empty_trash(kind)
            say(context, removed, f"{removed.message} {bytes_text(removed.size)} are free.")
            return
        found = rig.trash(kind)
    rows = [
        (_restored_by(one), one.image_count, bytes_text(one.size), _when(one.deleted_at), _when(one.stays_until))
        for one in found
    ]
    title = "SET" if kind == "set" else "IMAGE"
    columns = (title, "IMAGES", "SIZE", "DELETED", "STAYS UNTIL")
    show(context, found, columns, rows, empty="Nothing can be restored: the trash is empty.")
    if found and not options_of(context).json:
        command = "set" if kind == "set" else "images"
        typer.echo(f"`tetherlight {command} restore {_restored_by(found[0])}` brings the first one back.")


def _restored_by(one: "TrashItem") -> str:
    """Return what `restore` takes."""
    return one.name if one.image_path is None else one.image_path.rpartition("/")[2]


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
