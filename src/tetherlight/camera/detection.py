"""Which cameras are there: the client of the scanner process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tetherlight.settings import Settings


@dataclass(frozen=True)
class FoundCamera:
    """A camera that the scanner saw."""

    model: str
    port: str
    serial: str | None
    camera_id: str


def camera_ids(found: Sequence[tuple[str, str, str | None]]) -> list[FoundCamera]:
    """Give each camera of (model, port, serial) its id: model and serial where that is unique, else model and port."""
    raise NotImplementedError


async def find_cameras(settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
    """List the cameras on USB and the configured ones on the network; raise DetectionFailed."""
    raise NotImplementedError
