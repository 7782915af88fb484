"""`tetherlight token`: the tokens that a server on this machine knows."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import note
from tetherlight.cli.output import say, show

if TYPE_CHECKING:
    from tetherlight import settings as configuration
    from tetherlight import tokens as files
else:
    configuration = Later("tetherlight.settings")
    files = Later("tetherlight.tokens")

app = typer.Typer(
    help="Make, show and revoke the tokens of a server on this machine.", no_args_is_help=True, rich_markup_mode=None
)
Role = Literal["viewer", "operator", "owner", "metrics"]
"""Those of `protocol.roles`, which takes long to load; a test holds them against each other."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the token is called: who or what has it.")]


@app.command("add")
def add_token(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What it opens.")] = "operator",
) -> None:
    """Make a token and print it, once: the server keeps no more of it than tells it from others."""
    settings, tokens = _here()
    first = not tokens.all() and settings.api_token is None
    secret = tokens.add(name, role)
    say(context, {"name": name, "role": role, "token": secret}, secret)
    if first:
        note("A server that let everybody in until now asks for a token from now on, here and on its pages.")


@app.command("list")
def list_tokens(context: typer.Context) -> None:
    """Show who has a token, and what it opens."""
    found = _here()[1].all()
    told = [{"name": one.name, "role": one.role, "made_at": one.made_at.isoformat()} for one in found]
    rows = [(one.name, one.role, f"{one.made_at:%Y-%m-%d %H:%M} UTC") for one in found]
    show(context, told, ("NAME", "ROLE", "MADE"), rows, empty="There is no token beside API_TOKEN.")


@app.command("revoke")
def revoke_token(context: typer.Context, name: Name) -> None:
    """Let a token open nothing any more; who is connected by it is sent out within a second or two."""
    settings, tokens = _here()
    gone = tokens.revoke(name)
    say(context, {"name": gone.name, "role": gone.role}, f"The token '{gone.name}' opens nothing any more.")
    if not tokens.all() and settings.api_token is None:
        note("That was the last one: a server without API_TOKEN lets everybody in who reaches it.")


def _here() -> "tuple[configuration.Settings, files.Tokens]":
    settings = configuration.load_settings()
    return settings, files.Tokens.beside(settings.state_dir)
