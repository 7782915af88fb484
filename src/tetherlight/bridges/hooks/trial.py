"""A hook is tried: told of something that has not happened."""

import socket

from tetherlight.bridges.hooks.events import Happened
from tetherlight.bridges.hooks.hook import way_of
from tetherlight.bridges.hooks.telling import NotNow, NotTold
from tetherlight.errors import HookFailed
from tetherlight.rigfile.hooks import HookEvent, HookTable


async def tell_once(table: HookTable, event: HookEvent, station: str | None) -> str:
    """Tell it once and return how that went, in a sentence; raise HookFailed."""
    happened = Happened(event, f"This is a test of '{event}'.", None, station or socket.gethostname(), test=True)
    try:
        return await way_of(table).tell(happened)
    except NotTold as error:
        hint = "The server would try again." if isinstance(error, NotNow) else None
        raise HookFailed(f"{error}.", hint=hint) from None
