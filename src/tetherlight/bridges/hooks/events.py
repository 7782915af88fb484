"""From what the rig publishes to what hooks are told: an event is told when something becomes so, once."""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from tetherlight.protocol.events import (
    CAMERA_LOST,
    CAPTURES_CHANGED,
    JOB_CHANGED,
    STORAGE_CHANGED,
    CameraChange,
    CapturesChange,
    Event,
)
from tetherlight.protocol.models import Job, JobState, Storage
from tetherlight.protocol.names import Topic
from tetherlight.publisher import Publication
from tetherlight.rigfile.hooks import HookEvent

TOPICS: frozenset[Topic] = frozenset({"camera", "job", "sets", "storage"})
REMEMBERED = 100
"""Jobs whose last state is known."""

TITLES: dict[HookEvent, str] = {
    "image_captured": "Image captured",
    "set_finished": "Set finished",
    "job_paused": "Job paused",
    "job_failed": "Job failed",
    "camera_lost": "Camera lost",
    "disk_low": "Disk nearly full",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened, as hooks are told."""

    event: HookEvent
    message: str
    """One sentence for people."""
    data: Any
    """What the wire tells of it."""
    station: str = ""
    test: bool = False
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: f"msg_{secrets.token_hex(12)}")
    """The same for every try to tell it."""

    def body(self) -> bytes:
        """Return it as JSON."""
        told = {
            "event": self.event,
            "id": self.id,
            "time": self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "station": self.station,
            "title": TITLES[self.event],
            "message": self.message,
            "data": self.data.model_dump(mode="json") if isinstance(self.data, BaseModel) else self.data,
            **({"test": True} if self.test else {}),
        }
        return json.dumps(told, ensure_ascii=False).encode()


class Observer:
    """Looks at every publication and says what it means for hooks."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._states: dict[str, JobState] = {}
        self._low = False
        self._readers: dict[Event[Any], Callable[[Any], Iterator[Happened]]] = {
            CAPTURES_CHANGED: self._captures,
            JOB_CHANGED: self._job,
            CAMERA_LOST: self._camera,
            STORAGE_CHANGED: self.storage,
        }

    def seen(self, publication: Publication) -> Iterator[Happened]:
        """Give what has happened by a publication."""
        read = self._readers.get(publication.event)
        return iter(()) if read is None else read(publication.data)

    def _camera(self, change: CameraChange) -> Iterator[Happened]:
        cause = f" {change.cause}" if change.cause else ""
        yield self._tell("camera_lost", f"Camera '{change.model}' does not answer any more.{cause}", change)

    def _captures(self, change: CapturesChange) -> Iterator[Happened]:
        if change.change == "created" and change.files:
            names = ", ".join(file.filename for file in change.files[:4])
            yield self._tell("image_captured", f"{names} was captured.", change)

    def _job(self, job: Job) -> Iterator[Happened]:
        before = self._states.pop(job.job_id, None)
        self._states[job.job_id] = job.state
        for old in tuple(itertools.islice(self._states, max(0, len(self._states) - REMEMBERED))):
            del self._states[old]
        if job.state == before:
            return
        what = f"Set '{job.set_name}'" if job.set_name else f"Job '{job.job_id}'"
        why = f" {job.error}" if job.error else ""
        match job.state:
            case JobState.COMPLETED if job.kind == "photometric_set":
                yield self._tell("set_finished", f"{what} is complete: {job.total} images.", job)
            case JobState.PAUSED:
                yield self._tell("job_paused", f"{what} waits at step {job.index} of {job.total}.{why}", job)
            case JobState.FAILED:
                yield self._tell("job_failed", f"{what} failed at step {job.index} of {job.total}.{why}", job)

    def storage(self, storage: Storage) -> Iterator[Happened]:
        """Say whether the disk has become nearly full; it is told again only after there was room meanwhile."""
        low, self._low = self._low, storage.low
        if storage.low and not low:
            room = f"{storage.free_bytes / 1e9:.1f} GB are free"
            yield self._tell("disk_low", f"The disk of the captures is nearly full: {room}.", storage)

    def _tell(self, event: HookEvent, message: str, data: Any) -> Happened:
        return Happened(event, message, data, self._station)
