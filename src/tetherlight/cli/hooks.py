"""`tetherlight hooks`: what the rig file of this machine wants to happen by itself."""

from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.output import say, show
from tetherlight.errors import HookFailed, InvalidName

if TYPE_CHECKING:
    import asyncio

    from tetherlight import settings as configuration
    from tetherlight.bridges.hooks import trial
    from tetherlight.rigfile import rigfile
    from tetherlight.rigfile.hooks import HookTable
else:
    asyncio = Later("asyncio")
    configuration = Later("tetherlight.settings")
    rigfile = Later("tetherlight.rigfile.rigfile")
    trial = Later("tetherlight.bridges.hooks.trial")

app = typer.Typer(
    help="Show and try what a rig does by itself when something happens.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_hooks(context: typer.Context) -> None:
    """Show the hooks of the rig file on this machine."""
    found = _here().hooks
    told = [{"name": name, "on": list(hook.on), "kind": _kind(hook)} for name, hook in found.items()]
    rows = [(name, _kind(hook), ", ".join(hook.on)) for name, hook in found.items()]
    show(context, told, ("NAME", "KIND", "ON"), rows, empty="The rig file has no hooks.")


@app.command("test")
def try_hook(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The hook, as the rig file calls it.")],
    event: Annotated[
        str | None, typer.Option(help="What shall have happened; the first of the hook by default.")
    ] = None,
) -> None:
    """Tell a hook of something that has not happened, once, and show how that went; no server is needed."""
    rig_file = _here()
    table = rig_file.hooks.get(name)
    if table is None:
        raise InvalidName(f"The rig file {rig_file.path} has no hook '{name[:80]}'.", hint="`tetherlight hooks list`")
    wanted = next((one for one in table.on if event in {None, one}), None)
    if wanted is None:
        raise typer.BadParameter(f"Hook '{name}' hears of {', '.join(table.on)}.")
    try:
        told = asyncio.run(trial.tell_once(table, wanted, rig_file.bridges.name))
    except HookFailed as error:
        raise HookFailed(f"Hook '{name}' failed: {error.message}", hint=error.hint) from None
    say(context, {"name": name, "event": wanted, "told": True, "message": told}, f"Hook '{name}' was told. {told}")


def _kind(hook: "HookTable") -> str:
    return "command" if hook.command is not None else "url"


def _here() -> "rigfile.RigFile":
    return rigfile.RigFile.load(configuration.load_settings().rig_file)
