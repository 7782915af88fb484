"""Single captures: taken by request or with the button on the body, and told to whom it concerns."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import SavedFile
from tetherlight.camera.shutter import Start
from tetherlight.collection.changes import Changes
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import TetherlightError
from tetherlight.naming.templates import Subject
from tetherlight.protocol.cameras import CaptureResult
from tetherlight.protocol.captures import AnnotateImage
from tetherlight.protocol.events import (
    CAPTURES_CHANGED,
    IMAGE_CAPTURED,
    STORAGE_CHANGED,
    CapturesChange,
    ImageCaptured,
)
from tetherlight.protocol.models import ImageFile, main_image
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store
from tetherlight.store.xmp import Annotation

logger = logging.getLogger(__name__)


class Captures:
    """Takes single pictures and looks after those that are there."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        changes: Changes,
        set_changes: SetChanges,
        catalogue_number: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._changes = changes
        self._set_changes = set_changes
        self._catalogue_number = catalogue_number

    async def capture(
        self,
        camera: Camera,
        *,
        download: bool,
        exposure_s: float | None = None,
        owner: str | None = None,
        patience: float = 0.0,
        late: Callable[[Sequence[ImageFile]], Awaitable[None]] | None = None,
        start: Start | None = None,
        exposure_id: str | None = None,
    ) -> CaptureResult:
        """Take one picture and put every file of it into the captures folder; `late` hears of what comes after that.

        `exposure_id` is kept with it: what it has in common with pictures of others. `exposure_s`, `patience` and
        `start` are as of `Camera.capture`.
        """

        async def came_late(saved: Sequence[SavedFile]) -> None:
            files = await self._arrived(saved, exposure_id)
            if late is not None:
                await late(files)

        with camera.place(owner) as place:
            # Numbers and times in names are to follow the order of the exposures.
            await place.first()
            if download:
                await asyncio.to_thread(self._store.require_room)
            async with self._named(camera) as (folder, stem, number):
                exposure = await camera.capture(
                    folder,
                    stem,
                    download=download,
                    owner=owner,
                    exposure_s=exposure_s,
                    patience=patience,
                    late=came_late,
                    start=start,
                )
        await self._identify(exposure.files, catalogue_number=number, exposure_id=exposure_id)
        files = await self._arrived(exposure.files, exposure_id)
        return CaptureResult(
            message="Image captured and downloaded." if download else "Image captured and left on the camera.",
            camera_id=camera.camera_id,
            file_path=_main_path(files),
            files=files,
            camera_path=next(iter(exposure.camera_paths), None),
            captured_at=exposure.captured_at,
        )

    async def fetch(self, camera: Camera, camera_paths: tuple[str, ...]) -> None:
        """Download a picture that the button on the body took, and announce it, also while a job uses the camera."""
        await asyncio.to_thread(self._store.require_room)
        async with self._named(camera) as (folder, stem, number):
            saved = await camera.download(camera_paths, folder, stem, owner=camera.owner, late=self._came_late)
        await self._identify(saved, catalogue_number=number)
        files = await self._arrived(saved)
        if path := _main_path(files):
            captured = ImageCaptured(camera_id=camera.camera_id, file_path=path, files=files)
            self._publisher.publish(IMAGE_CAPTURED, captured)

    async def annotate(self, wanted: AnnotateImage) -> ImageFile:
        """Keep a rating and notes with an image, and tell the sets topic which images they are about."""
        noted = await self._changes.make(
            partial(self._store.annotate_image, wanted.image_path, wanted.rating, wanted.notes)
        )
        if noted.set_name is None:
            self._changed("updated", noted.images)
        else:
            await self._set_changes.tell(noted.set_name, "updated")
        return noted.images[0]

    async def delete(self, image_path: str) -> list[ImageFile]:
        """Move a capture with all its files to the trash; return its images, the named one first."""
        files = await self._changes.make(partial(self._store.delete_image, image_path))
        self._changed("deleted", files)
        return files

    async def restore(self, image_path: str) -> ImageFile:
        """Bring a capture back from the trash with all its files."""
        files = await self._changes.make(partial(self._store.captures.restore, image_path))
        self._changed("restored", files)
        return files[0]

    def _changed(self, change: Literal["updated", "deleted", "restored"], files: Sequence[ImageFile]) -> None:
        self._publisher.publish(CAPTURES_CHANGED, CapturesChange(change=change, files=list(files)))

    @contextlib.asynccontextmanager
    async def _named(self, camera: Camera) -> AsyncIterator[tuple[Path, str, str | None]]:
        """Give folder and name of a capture, which nobody else gets meanwhile where it holds a number.

        The third is the catalogue number of what it shows.
        """
        number = self._catalogue_number()
        subject = replace(Subject.of(camera), catalogue_number=number)
        folder, stem = await self._changes.make(partial(self._store.image_stem, subject, datetime.now(UTC)))
        try:
            yield folder, stem, number
        finally:
            self._store.stems.give_back(stem)

    async def _identify(
        self, saved: Sequence[SavedFile], *, catalogue_number: str | None = None, exposure_id: str | None = None
    ) -> None:
        """Keep beside a picture what it shows and with which others it was taken; without that it is there as well."""
        if not saved or (catalogue_number is None and exposure_id is None):
            return
        identify = partial(self._store.captures.identify, catalogue_number=catalogue_number, exposure_id=exposure_id)
        try:
            await self._changes.make(partial(identify, saved[0].path))
        except TetherlightError as error:
            logger.warning("What %s shows is not noted beside it: %s", saved[0].path.name, error.message)

    async def _came_late(self, saved: Sequence[SavedFile]) -> None:
        await self._arrived(saved)

    async def _arrived(self, saved: Sequence[SavedFile], exposure_id: str | None = None) -> list[ImageFile]:
        if not saved:
            return []
        self._store.space.taken(sum(one.size for one in saved))
        noted = Annotation(exposure_id=exposure_id)
        files = [
            await asyncio.to_thread(self._store.image_file, one.path, one.sha256, one.size, noted) for one in saved
        ]
        self._publisher.publish(CAPTURES_CHANGED, CapturesChange(change="created", files=files))
        self._publisher.publish(STORAGE_CHANGED, await asyncio.to_thread(self._store.space.storage))
        return files


def _main_path(files: Sequence[ImageFile]) -> str | None:
    main = main_image(files)
    return None if main is None else main.path
