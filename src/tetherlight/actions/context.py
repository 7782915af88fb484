"""What a handler gets, and how it is paired with its action."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from tetherlight.errors import ServerStopping
from tetherlight.liveview.liveview import Liveview
from tetherlight.protocol.action import Action, Payload, Right
from tetherlight.protocol.cameras import Encoding
from tetherlight.protocol.messages import Encoded, Request
from tetherlight.protocol.names import Topic
from tetherlight.protocol.roles import Role, right_missing, role_of
from tetherlight.rig.rig import Rig

P = TypeVar("P", bound=Payload)
R = TypeVar("R", bound=BaseModel)


class Stream(Protocol):
    """A live view that runs for a caller."""

    number: int
    """What its frames carry."""
    liveview: Liveview


class Caller(Protocol):
    """Who asks: a client of the server, or another program in its process."""

    id: str
    """What nobody else has: whose jobs and live views are whose."""
    name: str
    """Its name in the log."""
    rights: frozenset[Right]
    """What it may ask for; an action whose right is not here is refused."""
    role: Role | None
    """What its token says that it is; None where it needed none."""
    topics: frozenset[Topic]
    """What it hears of; an action may change them."""

    async def start_liveview(
        self,
        camera_id: str | None,
        find: Callable[[str | None], Awaitable[Liveview]],
        encoding: Encoding | Literal["raw"] = "base64",
        max_fps: float | None = None,
        *,
        paced: bool = False,
        max_width: int | None = None,
        adaptive: bool = False,
    ) -> Stream:
        """Begin to take the frames of a camera that `find` gives; raise LiveviewStopped where that was stopped."""

    def stop_liveview(self, camera_id: str | None = None) -> None:
        """Take no more frames of a camera, or of any."""

    def ready(self, camera_id: str | None, seq: int | None) -> None:
        """Let the next frame of the paced live views come; raise InvalidPayload where there is nothing to confirm."""


def require(caller: Caller, right: Right, what: str) -> None:
    """Raise RightMissing where a caller has not the right that something needs; `what` begins the sentence."""
    if right in caller.rights:
        return
    role = role_of(caller.rights)
    raise right_missing(what, right, caller.name if role is None else f"the role '{role}'")


@dataclass(frozen=True, slots=True)
class Context:
    """The rig, who asks, and the request as it came."""

    rig: Rig
    caller: Caller
    request: Request

    def may_begin(self, *, apply: bool) -> None:
        """Raise RightMissing where a job would write to the rig file for a caller who may not, or ServerStopping."""
        if apply:
            require(self.caller, "settings", f"{self.request.action.upper()} with 'apply'")
        if self.rig.stopping:
            raise ServerStopping


Handler = Callable[[Context, P], Awaitable[R | Encoded[R]]]
Pair = tuple[Action[Any, Any], Handler[Any, Any]]


def bind(action: Action[P, R], handler: Handler[P, R]) -> Pair:
    """Pair an action with a handler of exactly its payload and result."""
    return action, handler
