"""What a handler gets, and how it is paired with its action."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.messages import Encoded, Request
from tetherlight.rig import Rig
from tetherlight.server.connection import Connection

P = TypeVar("P", bound=Payload)
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Context:
    """The rig, the connection that asks, and its request as it came."""

    rig: Rig
    connection: Connection
    request: Request


Handler = Callable[[Context, P], Awaitable[R | Encoded[R]]]
Pair = tuple[Action[Any, Any], Handler[Any, Any]]


def bind(action: Action[P, R], handler: Handler[P, R]) -> Pair:
    """Pair an action with a handler of exactly its payload and result."""
    return action, handler
