"""Who hears what happens to a camera."""

from typing import Generic, Literal, Protocol, TypeVar

from tetherlight.protocol.models import ConfigEntry

C = TypeVar("C")
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


class Teller(Generic[C]):
    """Tells whoever listens what happens to one camera."""

    def __init__(self, camera: C, listener: CameraListener[C] | None) -> None:
        self._camera = camera
        self._listener = listener

    def changed(self, kind: Change, cause: str | None = None, next_step: str | None = None, attempt: int = 0) -> None:
        """Tell of a fault, of a step to mend it, that it is mended, or of a new status."""
        if self._listener is not None:
            self._listener.camera_changed(self._camera, kind, cause, next_step, attempt)

    def config(self, entries: list[ConfigEntry]) -> None:
        """Tell which config entries have new values or options."""
        if self._listener is not None:
            self._listener.config_changed(self._camera, entries)

    def body_capture(self, camera_paths: tuple[str, ...]) -> None:
        """Tell that the button on the body took pictures, which lie on the camera at these paths."""
        if self._listener is not None:
            self._listener.body_capture(self._camera, camera_paths)
