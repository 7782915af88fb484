"""The worker process of one camera, started again whenever it is needed and not there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tetherlight.camera import calls
from tetherlight.camera.calls import Deadlines, Opened
from tetherlight.camera.environment import start_failure, worker_environment
from tetherlight.errors import CameraBusy, CameraCrashed, CameraError, CameraTimeout, TetherlightError
from tetherlight.measures import CALL_SECONDS, RESTARTS
from tetherlight.process.call import Call
from tetherlight.process.channel import Channel, Program
from tetherlight.settings import Settings

T = TypeVar("T")
Request = Callable[[Call[T]], Awaitable[T]]


def _crashed() -> CameraCrashed:
    return CameraCrashed(
        "The camera's worker process ended unexpectedly.", hint="It is started again by itself; try again."
    )


def _late(call: Call[Any]) -> CameraTimeout:
    return CameraTimeout(
        f"The camera did not answer within {call.deadline:g} s.",
        hint="Its worker process is started again by itself.",
        details={"call": call.name, "deadline_s": call.deadline},
    )


WORKER = Program("tetherlight.camera.worker", crashed=_crashed, late=_late, failed=CameraError)


class Link:
    """Calls to one camera, whichever worker process serves it now; the caller makes one call at a time."""

    def __init__(self, name: str, settings: Settings, deadlines: Deadlines) -> None:
        self.name = name
        self._settings = settings
        self._deadlines = deadlines
        self._channel: Channel | None = None
        self._served = False
        """Whether there was a worker before."""
        self._failure: str | None = None
        """The code of what the last worker ended with."""

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""
        return self._channel is not None and self._channel.alive

    @property
    def pid(self) -> int | None:
        """The worker's process id."""
        return self._channel.pid if self._channel is not None else None

    async def request(self, call: Call[T]) -> T:
        """Make a call; raise what the camera raises, CameraTimeout or CameraCrashed."""
        if self._channel is None:
            raise CameraCrashed("The camera's worker process is not running.")
        began = time.perf_counter()
        try:
            return await self._channel.request(call)
        except (CameraCrashed, CameraTimeout) as error:
            self._failure = error.code
            raise
        finally:
            CALL_SECONDS.add(call.name, time.perf_counter() - began)

    async def open(self, model: str, port: str) -> Opened:
        """Open the camera at a port, starting a worker where there is none."""
        if not self.alive:
            await self.kill()
            self._channel = await self._spawn()
            if self._served:
                RESTARTS.add(self._failure or "closed")
            self._served, self._failure = True, None
        try:
            return await self.request(calls.open_camera(model, port, self._deadlines.open))
        except CameraBusy:
            # libgphoto2 leaks two descriptors when a camera refuses the session.
            await self.kill()
            raise

    async def _spawn(self) -> Channel:
        try:
            environment = await asyncio.to_thread(worker_environment, self._settings, self.name)
            return await Channel.spawn(WORKER, self.name, environment)
        except OSError as error:
            what = "The camera's worker process"
            sentence, hint = await asyncio.to_thread(start_failure, what, error, self._settings)
            raise CameraCrashed(sentence, hint=hint) from error

    async def close(self, leave: Call[None]) -> None:
        """Leave the camera by this call and end the worker; closing twice changes nothing."""
        channel, self._channel = self._channel, None
        if channel is None:
            return
        if channel.alive:
            try:
                await channel.request(leave)
            except TetherlightError:
                await channel.kill()
        await channel.close(self._deadlines.close / 2)

    async def kill(self) -> None:
        """End the worker at once, whatever it does."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.kill()
