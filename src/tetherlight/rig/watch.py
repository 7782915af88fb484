"""What cameras do by themselves: come, go, fail, recover, and take pictures by the button on the body."""

import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from tetherlight.camera.camera import Camera, Change
from tetherlight.camera.hotplug import HotplugMonitor
from tetherlight.capture.single import Captures
from tetherlight.errors import DetectionFailed, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.protocol.events import (
    CAMERA_LOST,
    CAMERA_READY,
    CAMERA_RECOVERING,
    CAMERA_WARNING,
    CONFIG_CHANGED,
    CameraChange,
    CameraWarning,
    ConfigChange,
)
from tetherlight.protocol.models import ConfigEntry
from tetherlight.publisher import Publisher
from tetherlight.rig.cameras import Cameras

logger = logging.getLogger(__name__)


class CameraWatch:
    """Hears what happens to the rig's cameras and tells it to whom it concerns."""

    def __init__(
        self,
        cameras: Cameras,
        lights: Lights,
        publisher: Publisher,
        *,
        captures: Captures | None,
        background: Callable[[Coroutine[Any, Any, None]], None],
        monitor: HotplugMonitor | None = None,
    ) -> None:
        self._cameras = cameras
        self._lights = lights
        self._publisher = publisher
        self._captures = captures
        self._background = background
        self._monitor = monitor or HotplugMonitor()
        self._checking: set[str] = set()
        self._warned: set[tuple[str, Literal["battery_low", "card_low"]]] = set()

    async def run(self) -> None:
        """Look for cameras whenever something is plugged in or out, until cancelled."""
        async with contextlib.aclosing(self._monitor.changes()) as changes:
            async for _ in changes:
                for camera in self._cameras.open:
                    camera.look_now()
                    self._check_soon(camera)
                await self._lights.look()
                try:
                    if await self._cameras.scan():
                        self._cameras.announce()
                except DetectionFailed as error:
                    logger.warning("%s", error.message)

    def _check_soon(self, camera: Camera) -> None:
        """Ask a camera on USB whether it is there, in its turn; who is being asked already is not asked twice."""
        if camera.port.startswith("usb:") and camera.camera_id not in self._checking:
            self._checking.add(camera.camera_id)
            self._background(self._check(camera))

    async def _check(self, camera: Camera) -> None:
        try:
            await camera.check()
        except TetherlightError as error:
            logger.debug("%s: %s", camera.camera_id, error.message)
        finally:
            self._checking.discard(camera.camera_id)

    def camera_changed(
        self, camera: Camera, kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Tell every connection that a camera is lost, being recovered or ready."""
        events = {"lost": CAMERA_LOST, "recovering": CAMERA_RECOVERING, "ready": CAMERA_READY}
        if kind in events:
            change = CameraChange(
                camera_id=camera.camera_id,
                model=camera.model,
                port=camera.port,
                cause=cause,
                next=next_step,
                attempt=attempt,
            )
            self._publisher.publish(events[kind], change)
        if kind == "ready":
            self._cameras.moved(camera)
            self._cameras.wake_liveview(camera.camera_id)
        self._cameras.announce()
        self._warn(camera)

    def config_changed(self, camera: Camera, entries: list[ConfigEntry]) -> None:
        """Tell the config topic which entries changed."""
        self._publisher.publish(CONFIG_CHANGED, ConfigChange(camera_id=camera.camera_id, entries=entries))
        self._warn(camera)

    def body_capture(self, camera: Camera, camera_paths: tuple[str, ...]) -> None:
        """Download what the button on the body took, where that is wanted."""
        if self._captures is not None:
            self._background(self._fetch(self._captures, camera, camera_paths))

    @staticmethod
    async def _fetch(captures: Captures, camera: Camera, camera_paths: tuple[str, ...]) -> None:
        try:
            await captures.fetch(camera, camera_paths)
        except TetherlightError as error:
            logger.warning("A picture taken on %s could not be downloaded: %s", camera.camera_id, error.message)

    def _warn(self, camera: Camera) -> None:
        warnings = dict(camera.warnings())
        for kind, message in warnings.items():
            if (camera.camera_id, kind) not in self._warned:
                warning = CameraWarning(camera_id=camera.camera_id, kind=kind, message=message)
                self._publisher.publish(CAMERA_WARNING, warning)
        mine = {known for known in self._warned if known[0] == camera.camera_id}
        self._warned -= mine
        self._warned |= {(camera.camera_id, kind) for kind in warnings}
