"""`tetherlight discover`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.output import show

if TYPE_CHECKING:
    import asyncio

    from tetherlight import neighbours
else:
    asyncio = Later("asyncio")
    neighbours = Later("tetherlight.neighbours")


def discover(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long to wait for answers.")] = 3.0,
    interface: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Ask from this address of this machine; may be repeated."),
    ] = None,
) -> None:
    """Look for rigs on the network; no server is named for it.

    Those are found whose rig file has [bridges.mdns].
    """
    found = asyncio.run(neighbours.look(seconds, tuple(interface or ())))
    rows = [
        (one.name, url, one.id, one.version) if url == one.url else ("", url, "", "")
        for one in found
        for url in one.urls or [one.url]
    ]
    empty = "No rig has answered. One is found where its rig file has [bridges.mdns], and its network lets mDNS pass."
    show(context, found, ("NAME", "URL", "ID", "VERSION"), rows, empty=empty)
