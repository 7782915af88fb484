"""A camera as the rest of the server sees it: asynchronous, queued, and back by itself after a fault."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol

from tetherlight.camera.detection import FoundCamera
from tetherlight.camera.exposure import Exposure, Preview, SavedFile
from tetherlight.models import CameraState, CameraStatus, ConfigEntry, ConfigValue
from tetherlight.settings import Settings

__all__ = ["Camera", "CameraListener", "Exposure", "FoundCamera", "Preview", "SavedFile"]

Change = Literal["lost", "recovering", "ready", "status"]


class CameraListener(Protocol):
    """Who wants to hear what happens to a camera; called on the event loop, must not block."""

    def camera_changed(
        self, camera: "Camera", kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Tell that the camera was lost, is being recovered, is ready again, or that its status changed."""

    def config_changed(self, camera: "Camera", entries: list[ConfigEntry]) -> None:
        """Tell which config entries have new values or options."""

    def body_capture(self, camera: "Camera", camera_paths: tuple[str, ...]) -> None:
        """Tell that the button on the body took pictures, which lie on the camera at these paths."""


class Camera:
    """One open camera: calls queue first come, first served."""

    camera_id: str
    model: str
    port: str
    serial: str | None
    state: CameraState
    owner: str | None
    """The job that owns the camera."""

    @classmethod
    async def open(cls, found: FoundCamera, settings: Settings, listener: CameraListener | None = None) -> "Camera":
        """Start a worker process, open the camera in it and read its config."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the camera and end its worker; closing twice changes nothing."""
        raise NotImplementedError

    def status(self) -> CameraStatus:
        """Return what is known about the camera now, without asking it."""
        raise NotImplementedError

    def look_now(self) -> None:
        """Look for a lost camera at once: something changed on the bus."""
        raise NotImplementedError

    async def get_config(self, name: str | None = None) -> list[ConfigEntry]:
        """Return all entries of the cache, or the one of that name, alias or path; raise ConfigNotFound."""
        raise NotImplementedError

    async def set_config(self, name: str, value: ConfigValue, *, owner: str | None = None) -> ConfigEntry:
        """Set one entry and return it as the camera reads it back."""
        raise NotImplementedError

    async def capture(
        self, folder: Path, stem: str, *, download: bool = True, owner: str | None = None, replace: bool = False
    ) -> Exposure:
        """Take one picture; its files become folder/stem.ext, durable, never overwriting unless `replace`."""
        raise NotImplementedError

    async def download(
        self, camera_paths: Collection[str], folder: Path, stem: str, *, owner: str | None = None
    ) -> tuple[SavedFile, ...]:
        """Save files that lie on the camera as folder/stem.ext."""
        raise NotImplementedError

    async def preview(self) -> Preview:
        """Return the camera's next preview; waits while a job owns the camera."""
        raise NotImplementedError

    def reserve(self, owner: str) -> AbstractAsyncContextManager[None]:
        """Give the camera to a job: until the block ends others are refused and previews wait."""
        raise NotImplementedError

    async def free(self) -> None:
        """Wait until no job owns the camera."""
        raise NotImplementedError

    def warnings(self) -> Sequence[tuple[Literal["battery_low", "card_low"], str]]:
        """Return what will stop a set soon, each with a sentence, from the config cache."""
        raise NotImplementedError
