"""The picture of the last shot: drawn small, one at a time, the newest alone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from tetherlight.errors import TetherlightError
from tetherlight.files.types import standing_for
from tetherlight.protocol.events import CapturesChange, ImageCaptured
from tetherlight.protocol.models import Job, main_image
from tetherlight.publisher import Publication
from tetherlight.store.store import Store
from tetherlight.store.thumbnails import Undrawn

logger = logging.getLogger(__name__)

SIZE = 1600
"""Pixels of the longer edge."""
PAUSE_S = 2.0
"""Seconds between two pictures: drawing keeps a processor busy that a set has better use for."""

Show = Callable[[str | None, bytes], None]
"""Takes the JPEG of a camera, None where it is not known of which."""


class Pictures:
    """Watches for shots and shows the newest of each camera."""

    def __init__(self, store: Store, only_camera: Callable[[], str | None], show: Show) -> None:
        self._store = store
        self._only_camera = only_camera
        self._show = show
        self._wanted: dict[str | None, str] = {}
        self._news = asyncio.Event()
        self._job_id = ""
        self._seen: set[str] = set()

    def hear(self, publication: Publication) -> None:
        """Take an event."""
        match publication.data:
            case ImageCaptured() as captured:
                self._want(captured.camera_id, captured.file_path)
            case CapturesChange(change="created") as created:
                image = main_image(created.files)
                if image is not None:
                    self._want(self._only_camera(), image.path)
            case Job() as job:
                self._of_job(job)

    def _of_job(self, job: Job) -> None:
        if job.job_id != self._job_id:
            self._job_id, self._seen = job.job_id, set()
        if job.kind != "photometric_set":
            return
        # The last step with a file that was not there before: steps may be taken again.
        new = [file for step in job.steps for file in step.files if file not in self._seen]
        self._seen.update(new)
        path = standing_for(_last_exposure(job, frozenset(new)))
        if path is not None:
            self._want(job.camera_id, path)

    def _want(self, camera_id: str | None, path: str) -> None:
        self._wanted.pop(camera_id, None)
        self._wanted[camera_id] = path
        self._news.set()

    async def draw(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Draw what is wanted, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._wanted:
                camera_id, path = self._wanted.popitem()
                await self._draw(camera_id, path)
                await pause(PAUSE_S)

    async def _draw(self, camera_id: str | None, path: str) -> None:
        try:
            found = await asyncio.to_thread(self._store.places.resolve_image, path, base_first=True)
            looked = await asyncio.to_thread(self._store.thumbnails.look, found, SIZE)
            if isinstance(looked, Undrawn):
                looked = await self._store.thumbnails.draw(looked)
        except TetherlightError as error:
            logger.info("There is no picture of %s for the broker: %s", path, error.message)
        else:
            self._show(camera_id, looked.jpeg)


def _last_exposure(job: Job, new: frozenset[str]) -> Iterable[str]:
    """Return the new files of the last step that has any."""
    for step in reversed(job.steps):
        if found := [file for file in step.files if file in new]:
            return found
    return ()
