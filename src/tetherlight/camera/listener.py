"""Who hears what happens to a camera."""

from typing import Literal, Protocol, TypeVar

from tetherlight.models import ConfigEntry

C_contra = TypeVar("C_contra", contravariant=True)
Change = Literal["lost", "recovering", "ready", "status"]


class CameraListener(Protocol[C_contra]):
    """Wants to hear what happens to a camera of this class; called on the event loop, must not block."""

    def camera_changed(
        self, camera: C_contra, kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Tell that the camera was lost, is being recovered, is ready again, or that its status changed."""

    def config_changed(self, camera: C_contra, entries: list[ConfigEntry]) -> None:
        """Tell which config entries have new values or options."""

    def body_capture(self, camera: C_contra, camera_paths: tuple[str, ...]) -> None:
        """Tell that the button on the body took pictures, which lie on the camera at these paths."""


class Silence:
    """Listens to nothing."""

    def camera_changed(
        self, camera: object, kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        """Ignore it."""

    def config_changed(self, camera: object, entries: list[ConfigEntry]) -> None:
        """Ignore it."""

    def body_capture(self, camera: object, camera_paths: tuple[str, ...]) -> None:
        """Ignore it."""
