"""What the endpoints of one server share while it runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import Scope

from tetherlight.bridges.bridges import Bridges
from tetherlight.server.access.proxies import Proxies
from tetherlight.server.access.security import Guard
from tetherlight.server.clients import Clients
from tetherlight.settings import Settings

if TYPE_CHECKING:
    from tetherlight.rig.rig import Rig


@dataclass(frozen=True)
class ServerState:
    """The settings, the rig, the clients, the guard, the trusted proxies and the bridges of one server."""

    settings: Settings
    rig: "Rig"
    clients: Clients
    guard: Guard
    proxies: Proxies
    bridges: Bridges


def server_state(scope: Scope) -> ServerState:
    """Return the state of the server that a request came to."""
    state: ServerState = scope["app"].state.server
    return state
