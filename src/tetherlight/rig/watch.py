"""What cameras do by themselves: come, go, fail, recover, and take pictures by the button on the body."""

import contextlib
import logging
from typing import TYPE_CHECKING, Literal

from tetherlight.camera.camera import Camera, Change
from tetherlight.camera.hotplug import HotplugMonitor
from tetherlight.errors import DetectionFailed, TetherlightError
from tetherlight.models import ConfigEntry
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

if TYPE_CHECKING:
    from tetherlight.rig.rig import Rig

logger = logging.getLogger(__name__)


class CameraWatch:
    """Hears what happens to the rig's cameras and tells it to whom it concerns."""

    def __init__(self, rig: "Rig", monitor: HotplugMonitor | None = None) -> None:
        self._rig = rig
        self._monitor = monitor or HotplugMonitor()
        self._checking: set[str] = set()
        self._warned: set[tuple[str, Literal["battery_low", "card_low"]]] = set()

    async def run(self) -> None:
        """Look for cameras whenever something is plugged in or out, until cancelled."""
        async with contextlib.aclosing(self._monitor.changes()) as changes:
            async for _ in changes:
                for camera in self._rig.cameras:
                    camera.look_now()
                    self._check_soon(camera)
                await self._rig.lights.look()
                try:
                    if await self._rig.scan():
                        self._rig.announce_cameras()
                except DetectionFailed as error:
                    logger.warning("%s", error.message)

    def _check_soon(self, camera: Camera) -> None:
        """Ask a camera on USB whether it is there, in its turn; who is being asked already is not asked twice."""
        if camera.port.startswith("usb:") and camera.camera_id not in self._checking:
            self._checking.add(camera.camera_id)
            self._rig.background(self._check(camera))

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
            self._rig.publisher.publish(events[kind], change)
        if kind == "ready":
            self._rig.moved(camera)
            self._rig.wake_liveview(camera.camera_id)
        self._rig.announce_cameras()
        self._warn(camera)

    def config_changed(self, camera: Camera, entries: list[ConfigEntry]) -> None:
        """Tell the config topic which entries changed."""
        self._rig.publisher.publish(CONFIG_CHANGED, ConfigChange(camera_id=camera.camera_id, entries=entries))
        self._warn(camera)

    def body_capture(self, camera: Camera, camera_paths: tuple[str, ...]) -> None:
        """Download what the button on the body took, where that is wanted."""
        if self._rig.settings.download_body_captures:
            self._rig.background(self._fetch(camera, camera_paths))

    async def _fetch(self, camera: Camera, camera_paths: tuple[str, ...]) -> None:
        try:
            await self._rig.captures.fetch(camera, camera_paths)
        except TetherlightError as error:
            logger.warning("A picture taken on %s could not be downloaded: %s", camera.camera_id, error.message)

    def _warn(self, camera: Camera) -> None:
        warnings = dict(camera.warnings())
        for kind, message in warnings.items():
            if (camera.camera_id, kind) not in self._warned:
                warning = CameraWarning(camera_id=camera.camera_id, kind=kind, message=message)
                self._rig.publisher.publish(CAMERA_WARNING, warning)
        mine = {known for known in self._warned if known[0] == camera.camera_id}
        self._warned -= mine
        self._warned |= {(camera.camera_id, kind) for kind in warnings}
