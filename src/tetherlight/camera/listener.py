"""Who hears what happens to a camera."""

from typing import TYPE_CHECKING, Literal, Protocol

from tetherlight.models import ConfigEntry

if TYPE_CHECKING:
    from tetherlight.camera.camera import Camera

Change = Literal["lost", "recovering", "ready", "status"]


class CameraListener(Protocol):
    """Wants to hear what happens to a camera; called on the event loop, must not block."""

    def camera_changed(
        self, camera: "Camera", kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Tell that the camera was lost, is being recovered, is ready again, or that its status changed."""

    def config_changed(self, camera: "Camera", entries: list[ConfigEntry]) -> None:
        """Tell which config entries have new values or options."""

    def body_capture(self, camera: "Camera", camera_paths: tuple[str, ...]) -> None:
        """Tell that the button on the body took pictures, which lie on the camera at these paths."""


class Silence:
    """Listens to nothing."""

    def camera_changed(
        self, camera: "Camera", kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Ignore it."""

    def config_changed(self, camera: "Camera", entries: list[ConfigEntry]) -> None:
        """Ignore it."""

    def body_capture(self, camera: "Camera", camera_paths: tuple[str, ...]) -> None:
        """Ignore it."""
