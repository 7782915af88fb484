"""`tetherlight naming` and `tetherlight naming set`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.options import connected, options_of
from tetherlight.cli.output import print_table, show_json

if TYPE_CHECKING:
    from tetherlight.protocol.captures import Naming

app = typer.Typer(help="Show and change how captures and sets are named.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def show_naming(context: typer.Context) -> None:
    """Show and change how captures and sets are named."""
    if context.invoked_subcommand is None:
        with connected(context) as rig:
            naming = rig.naming()
        _show(context, naming)


@app.command("set")
def set_naming(
    context: typer.Context,
    capture: Annotated[str | None, typer.Option(metavar="T", help="Template of a capture, without extension.")] = None,
    sets: Annotated[
        str | None, typer.Option("--set", metavar="T", help="Template of a set; it holds {prefix}.")
    ] = None,
    try_only: Annotated[bool, typer.Option("--try", help="Show what the templates give and keep nothing.")] = False,
) -> None:
    """Name captures and sets by these templates from now on; the rig file keeps them."""
    if capture is None and sets is None:
        raise typer.BadParameter("Name a template: --capture T, --set T, or both.")
    with connected(context) as rig:
        ask = rig.naming if try_only else rig.set_naming
        naming = ask(captures=capture, sets=sets)
    _show(context, naming)


def _show(context: typer.Context, naming: "Naming") -> None:
    if options_of(context).json:
        show_json(naming)
        return
    kinds = (("capture", naming.capture, naming.capture_example), ("set", naming.set, naming.set_example))
    print_table(("NAME OF A", "TEMPLATE", "GIVES NOW"), kinds)
    typer.echo("")
    words = [
        (f"{{{word.name}}}", word.example, word.meaning + (" (sets only)" if word.used_in == ["set"] else ""))
        for word in naming.placeholders
    ]
    print_table(("PLACEHOLDER", "EXAMPLE", "MEANING"), words)
