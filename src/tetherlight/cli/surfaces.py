"""`tetherlight set reconstruct`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli import completion
from tetherlight.cli.lazy import Later
from tetherlight.cli.options import connected, options_of
from tetherlight.cli.output import THERE, say
from tetherlight.cli.reconstruct import METHODS, figures_sentence

if TYPE_CHECKING:
    from tetherlight import Client
    from tetherlight.cli import computing
    from tetherlight.protocol.results import Reconstructed
else:
    computing = Later("tetherlight.cli.computing")


def reconstruct_set(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The set's name.", autocompletion=completion.sets)],
    method: Annotated[str, typer.Option(metavar="auto|…", help=METHODS)] = "auto",
    response: Annotated[str, typer.Option(metavar="auto|srgb|linear", help="How values are coded.")] = "auto",
    near: Annotated[
        bool, typer.Option("--near", help="Take the lights' positions instead of their directions.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Take the RAW files instead of the JPEGs.")] = False,
    flat: Annotated[
        str | None,
        typer.Option(
            metavar="SET", help="A set of a matte white plane under the same lights.", autocompletion=completion.sets
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="LIGHT", help="Leave a light out; may be repeated.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="A small and quick version.")] = False,
) -> None:
    """Let the server compute normals, albedo and height of a set; they come into the set's folder.

    Ctrl-C leaves the job running at the server and tells how to cancel it.
    """
    wanted: dict[str, Any] = {
        "method": method,
        "response": response,
        "near": near,
        "preview": preview,
        "flat_set_name": flat,
        "exclude": exclude or [],
    }
    wanted |= {"files": "raw" if raw else "jpeg"}

    async def ask(client: "Client") -> "Reconstructed":
        return await client.reconstruct_set(name, **wanted)

    with connected(context) as rig:
        made = computing.at_server(rig, name, ask, quiet=options_of(context).json)
        address = rig.address.http
    say(context, made, _sentences(made, address))


def _sentences(made: "Reconstructed", address: str) -> str:
    result = made.result
    lines = [
        f"The surface is in {made.set_name}/{result.folder} {THERE}: {len(result.files)} files.",
        f"Report: {address}/sets/{made.set_name}/{result.folder}/report.html",
        f"Manifest: {address}/sets/{made.set_name}/manifest.json",
        figures_sentence(result),
    ]
    return "\n".join([*lines, *(f"Warning: {one.sentence}" for one in result.findings)])
