"""A caller in the server's own process: the door for bridges to other networks."""

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload

from pydantic import BaseModel

from tetherlight.actions.dispatch import perform
from tetherlight.errors import InvalidPayload, ServerStopping, TetherlightError
from tetherlight.liveview.liveview import Frame, Liveview, Pace, stopped
from tetherlight.protocol.action import Action, Payload, Right
from tetherlight.protocol.cameras import Encoding
from tetherlight.protocol.messages import Encoded, Request
from tetherlight.protocol.names import Topic
from tetherlight.protocol.roles import Role
from tetherlight.publisher import Publication
from tetherlight.rig.rig import Rig

logger = logging.getLogger(__name__)

P = TypeVar("P", bound=Payload)
R = TypeVar("R", bound=BaseModel)

_numbers = itertools.count(1)


class InProcess:
    """Asks the rig as a client does, with a name and the rights that it is given: none by default.

    `hear` gets every event that concerns the caller, if it may read: those of the topics of its SUBSCRIBE, those of
    what it asked for, and those for everybody. `see` gets the frames of its live views. Both are called on the event
    loop and must not block. Leave it as a context manager: its live views end, and requests under way are cancelled.
    """

    def __init__(
        self,
        rig: Rig,
        name: str,
        rights: Iterable[Right] = (),
        *,
        hear: Callable[[Publication], None] | None = None,
        see: Callable[[Frame], None] | None = None,
    ) -> None:
        self.id = f"{name}-{next(_numbers)}"
        self.name = name
        self.rights: frozenset[Right] = frozenset(rights)
        self.role: Role | None = None
        self.topics: frozenset[Topic] = frozenset()
        self._rig = rig
        self._hear = hear
        self._see = see
        self._views: dict[str, _View] = {}
        self._stops: Counter[str | None] = Counter()
        self._calls: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        """Begin to hear."""
        self._rig.publisher.listen(self._publication)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hear and ask no more."""
        self._closed = True
        self._rig.publisher.forget(self._publication)
        self.stop_liveview()
        calls = tuple(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    @overload
    async def call(self, action: Action[P, R], payload: Mapping[str, Any] | None = None) -> R: ...

    @overload
    async def call(self, action: str, payload: Mapping[str, Any] | None = None) -> BaseModel: ...

    async def call(self, action: Action[Any, Any] | str, payload: Mapping[str, Any] | None = None) -> BaseModel:
        """Ask for an action and return its result, of the type that the table gives; raise one of our errors.

        Who is cancelled while it waits leaves the work to finish, for a camera half selected helps nobody.
        """
        if self._closed:
            raise ServerStopping(f"{self.name} has been closed.")
        name = action if isinstance(action, str) else action.name
        work = perform(self._rig, self, Request(name, dict(payload or {})), _typed)
        call = asyncio.get_running_loop().create_task(work, name=f"{name} of {self.name}")
        self._calls.add(call)
        call.add_done_callback(self._called)
        return await asyncio.shield(call)

    def _called(self, call: asyncio.Task[Any]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # it is in the log; where its caller is gone, nobody else looks at it

    def _publication(self, publication: Publication) -> None:
        if self._hear is None or "read" not in self.rights or not publication.concerns(self.id, self.topics):
            return
        try:
            self._hear(publication)
        except Exception:
            logger.exception("%s failed to hear %s", self.name, publication.event.name)

    async def start_liveview(
        self,
        camera_id: str | None,
        find: Callable[[str | None], Awaitable[Liveview]],
        encoding: Encoding | Literal["raw"] = "base64",  # noqa: ARG002 - a frame is given as it is
        max_fps: float | None = None,
        *,
        paced: bool = False,
        max_width: int | None = None,
        adaptive: bool = False,
    ) -> "_View":
        """Watch a camera, at the pace of now where it is watched already; raise InvalidPayload where nobody sees it."""
        if self._see is None or paced:
            raise InvalidPayload(f"{self.name} takes no {'paced ' if paced else ''}live view.")
        if max_width is not None or adaptive:
            raise InvalidPayload(f"{self.name} takes the frames of a live view as they are.")
        before = self._stops.copy()
        liveview = await find(camera_id)
        if any(self._stops[one] != before[one] for one in (None, camera_id, liveview.camera_id)):
            raise stopped()
        self._end(liveview.camera_id)
        view = self._views[liveview.camera_id] = _View(self, liveview, self._see, max_fps)
        try:
            await liveview.watch(view)
        except BaseException:
            self.forget(view)
            raise
        return view

    def stop_liveview(self, camera_id: str | None = None) -> None:
        """Take no more frames of a camera, or of any; those live views that are about to begin end as well."""
        self._stops[camera_id] += 1
        for one in tuple(self._views) if camera_id is None else (camera_id,):
            self._end(one)

    def _end(self, camera_id: str) -> None:
        view = self._views.pop(camera_id, None)
        if view is not None:
            view.liveview.unwatch(view)

    def forget(self, view: "_View") -> None:
        """Take note that a live view has ended."""
        camera_id = view.liveview.camera_id
        if self._views.get(camera_id) is view:
            del self._views[camera_id]

    def ready(self, camera_id: str | None, seq: int | None) -> None:  # noqa: ARG002 - there is never anything to confirm
        """Refuse: the live views of this caller are not paced."""
        raise InvalidPayload(f"{self.name} has no paced live view.")


class _View:
    """A live view of a caller."""

    def __init__(
        self, caller: InProcess, liveview: Liveview, see: Callable[[Frame], None], max_fps: float | None
    ) -> None:
        self.number = 1
        self.liveview = liveview
        self._caller = caller
        self._see = see
        self._pace = Pace(max_fps)

    def frame(self, frame: Frame) -> None:
        """Show a frame, if the pace allows it."""
        if self._pace.admits(asyncio.get_running_loop().time()):
            try:
                self._see(frame)
            except Exception:
                logger.exception("%s failed to see a frame of %s", self._caller.name, frame.camera_id)

    def ended(self, error: TetherlightError, *, resumes: bool) -> None:
        """Forget a live view that does not come back."""
        logger.info("The live view of %s for %s ended: %s", self.liveview.camera_id, self._caller.name, error.message)
        if not resumes:
            self._caller.forget(self)


async def _typed(action: Action[Any, Any], result: Any) -> Any:
    """Return a result as its model, also where it was made as JSON."""
    return action.result.model_validate_json(result.json) if isinstance(result, Encoded) else result
