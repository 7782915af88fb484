"""A live view that was asked for and has not begun: already there for whoever stops it."""

import asyncio
from types import TracebackType
from typing import Self

from tetherlight.liveview.liveview import stopped
from tetherlight.server.ws.stream import Stream


class Starting:
    """Ends the block in which a live view begins, with LiveviewStopped, when it is stopped meanwhile.

    `camera_id` is what the request names; None, the selected camera, is filled in when it is known which one that is.
    """

    def __init__(self, camera_id: str | None) -> None:
        self._camera_id = camera_id
        self._stopped: set[str | None] = set()
        """The cameras whose live views were stopped since, None for all."""
        self._window = asyncio.timeout(None)
        self._begins = False

    @property
    def stopped(self) -> bool:
        """Whether it was this live view that was stopped."""
        return None in self._stopped or (self._camera_id is not None and self._camera_id in self._stopped)

    async def watch(self, stream: Stream) -> None:
        """Let a stream watch its live view, within the block; raise LiveviewStopped where it was stopped meanwhile."""
        self._camera_id = stream.liveview.camera_id
        if not self.stopped:
            await stream.liveview.watch(stream)
        if self.stopped:
            stream.liveview.unwatch(stream)
            raise stopped()

    def stop(self, camera_id: str | None = None) -> None:
        """Stop it if it is the live view of this camera, None meaning any."""
        before = self.stopped
        self._stopped.add(camera_id)
        if self.stopped and not before and self._begins:
            self._window.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._window.__aenter__()
        self._begins = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, as what was stopped if it was."""
        self._begins = False
        try:
            await self._window.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise stopped() from None
