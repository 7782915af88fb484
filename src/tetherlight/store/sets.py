"""Image sets: folders with images and a manifest, kept by the disk alone."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tetherlight.errors import InvalidPayload, SetBusy, SetExists, SetNotFound, StoreError, held
from tetherlight.files.durable import FOLDER_MODE, make_folder, rename_new, store_errors, sync_folder
from tetherlight.files.types import cover_of, mimetype_of
from tetherlight.naming.rules import checked_name, set_prefix, shown, timestamp_in
from tetherlight.naming.templates import Subject, Template
from tetherlight.protocol.manifest import ADDED, NOTED, Manifest
from tetherlight.protocol.models import ImageFile, ImageSet, JobState
from tetherlight.protocol.sets import AnnotateSet, Files, SetDetails, SetFile
from tetherlight.store.clock import Clock
from tetherlight.store.contents import belongings, listed
from tetherlight.store.images import images_in
from tetherlight.store.index import Entry, SetIndex
from tetherlight.store.manifest import (
    catalogue_number_in,
    fault_in,
    manifest_of,
    rating_of,
    ratings_in,
    read_manifest,
    read_raw_manifest,
    refuse_newer,
    rewrite_manifest,
    set_kept,
    started_in,
    status_in,
    write_manifest,
)
from tetherlight.store.paths import Places, is_plain_part, no_image
from tetherlight.store.recovery import remove_unfinished
from tetherlight.store.staleness import kinds_in, stale_in
from tetherlight.store.trash import Trash
from tetherlight.store.xmp import NOTHING, Annotation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SetFolder:
    """A set's folder that was just made."""

    name: str
    path: Path
    relative: str
    """The folder relative to CAPTURES_BASE_DIR."""


class ImageSets:
    """The sets of one captures folder; every method may be called from any thread."""

    def __init__(self, places: Places, clock: Clock) -> None:
        self._places = places
        self._index = SetIndex(places.sets_dir, self._read)
        self._held: dict[str, str] = {}
        """Sets that a job fills, and which one does."""
        self._lock = threading.RLock()
        self.trash = Trash(places.trash_dir, "Set", clock)

    def create(self, template: Template, prefix: str | None, when: datetime, subject: Subject) -> SetFolder:
        """Make a new folder; where its name is taken, as by a set of the same second, it gets `-2`. Raise InvalidName.

        A name that lies in the trash is taken too: its deletion could not be undone otherwise.
        """
        subject = replace(subject, prefix=set_prefix(prefix))
        self._places.require_there()
        with self._lock, store_errors("The folder of the set could not be made"):
            make_folder(self._places.sets_dir)
            number, name = 1, (stem := self.next_name(template, subject, when))
            deleted = self.trash.names()
            while name in deleted or not self._made(name):
                number += 1
                name = f"{stem}-{number}"
        return SetFolder(name, self._places.sets_dir / name, str(self._places.sets / name))

    def next_name(self, template: Template, subject: Subject, when: datetime) -> str:
        """Return the name that a set would get now, another one of the same name not thought of."""
        if not template.counts:
            return template.render(subject, when)
        with self._lock:
            known = [*self.trash.names(), *self.names()]
        return template.render(subject, when, template.next_number(known, subject))

    @contextmanager
    def hold(self, name: str, job_id: str) -> Iterator[None]:
        """Keep a set from being deleted, renamed or annotated while a job fills it; raise SetBusy."""
        with self._lock:
            self._refuse_held(name)
            self._places.set_folder(name)
            self._held[name] = job_id
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(name, None)

    @contextmanager
    def _kept(self, name: str) -> Iterator[Path]:
        """Let nobody else change a set meanwhile, in any process; give its folder. Raise SetNotFound or SetBusy."""
        folder = self._places.set_folder(name)
        # The event loop takes the other lock: nobody may wait for another process while holding that one.
        with set_kept(folder), self._lock:
            yield folder

    def names(self) -> list[str]:
        """Return the names of all sets, in no order."""
        self._places.require_there()
        with store_errors("The sets could not be listed"):
            return self._index.names()

    def entries(self) -> list[Entry]:
        """Return what lists tell of every set, in no order; a missing folder has none."""
        self._places.require_there()
        with store_errors("The sets could not be listed"):
            return self._index.entries()

    def summary(self, name: str) -> ImageSet | None:
        """Return what lists tell of one set, None where there is none; no other set is looked at."""
        entry = self._index.look(name) if is_plain_part(name) else None
        return None if entry is None else entry.summary

    def contents(self, name: str) -> list[ImageFile]:
        """Return the images of a set by filename; raise SetNotFound, also for an empty one."""
        folder = self._places.set_folder(name)
        images = self._images(folder, self._raw(folder)[0])
        if not images:
            raise SetNotFound(f"Set '{shown(name)}' not found or empty.")
        return images

    def details(self, name: str) -> SetDetails:
        """Return a set with its images and its manifest as it stands on disk; raise SetNotFound."""
        folder = self._places.set_folder(name)
        raw, fault = self._raw(folder)
        with store_errors(f"Set '{shown(name)}' could not be read"):
            summary, _ = self._summary(folder, raw, fault)
            images = self._images(folder, raw)
        self._places.set_folder(name)  # deleted or renamed meanwhile: what was read is not to be believed
        self._index.doubt(summary)
        try:
            manifest = None if raw is None else manifest_of(raw)
            return SetDetails(set=summary, images=images, manifest=manifest, stale=stale_in(raw))
        except StoreError as error:
            return SetDetails(set=summary.model_copy(update={"fault": error.message}), images=images, manifest=None)

    def files(self, name: str, files: Files = "all") -> list[SetFile]:
        """Return everything that belongs to a set, or to one kind of its images, by name; raise SetNotFound."""
        folder = self._places.set_folder(name)
        recorded = _recorded_hashes(self._raw(folder)[0])
        with store_errors(f"Set '{shown(name)}' could not be read"):
            found = [listed(name, one, files, recorded) for one in belongings(folder, files, self._places.captures_dir)]
        self._places.set_folder(name)  # deleted or renamed meanwhile: what was read is not to be believed
        return found

    def manifest(self, name: str) -> Manifest:
        """Return a set's manifest; raise SetNotFound or StoreError."""
        return read_manifest(self._places.set_folder(name), self._places.captures_dir)

    def write_manifest(self, name: str, manifest: Manifest) -> None:
        """Put a manifest into a set's folder, whole and safe on the disk; raise SetNotFound, DiskFull or StoreError.

        Notes, ratings and what else people noted that are on the disk stay as they wrote them, and so do results and
        copies: who writes a manifest that was read before changes none of them.
        """
        with self._kept(name) as folder:
            write_manifest(folder, manifest.model_copy(update=_of_others(folder)))

    def delete(self, name: str) -> None:
        """Move a set to the trash; raise SetNotFound or SetBusy."""
        with self._kept(name) as folder:
            self._refuse_held(name)
            self.trash.throw(folder)

    def restore(self, name: str) -> None:
        """Bring the set of this name that was deleted last back; raise SetNotFound or SetExists."""
        self._places.require_there()
        with self._lock:
            deleted = self.trash.newest(name)
            if deleted is None:
                raise SetNotFound(f"Set '{shown(name)}' is not in the trash.")
            self.trash.take_back(deleted, self._free_place(name))

    def rename(self, name: str, new_name: str) -> str:
        """Give a set another name and return it as it is now; raise SetNotFound, SetBusy, SetExists or InvalidName."""
        checked = checked_name(new_name, "new name")
        with self._kept(name) as folder:
            self._refuse_held(name)
            if checked != name:
                destination = self._free_place(checked)
                with store_errors(f"Set '{shown(name)}' could not be renamed"):
                    rename_new(folder, destination)
                    sync_folder(destination.parent)
        return checked

    def annotate(self, wanted: AnnotateSet) -> None:
        """Keep notes and ratings in the manifest, which a set without one gets; only what is given changes."""
        with self._kept(wanted.set_name) as folder:
            self._refuse_held(wanted.set_name)
            rewrite_manifest(folder, lambda manifest: _annotated(folder, manifest, wanted))

    def last_changed(self) -> list[str]:
        """Return the names of all sets, those first whose folders changed last."""
        return sorted(self.names(), key=self._changed, reverse=True)

    def recover(self, name: str, begun: float) -> ImageSet | None:
        """Put right what the end of a run before `begun` left in a set; return the set, None where it is gone.

        Unfinished files go, a sequence that was under way is marked interrupted. What is captured now is left alone.
        """
        with suppress(SetNotFound), self._kept(name) as folder:
            if name not in self._held:
                remove_unfinished(folder, begun)
                self._mark_interrupted(folder)
        return self.summary(name)

    def _changed(self, name: str) -> float:
        try:
            return (self._places.sets_dir / name).lstat().st_mtime
        except OSError:
            return 0.0

    def _mark_interrupted(self, folder: Path) -> None:
        summary = self.summary(folder.name)
        if summary is None or summary.status not in {JobState.RUNNING, JobState.PAUSED}:
            return
        try:
            write_manifest(folder, read_manifest(folder).interrupted())
        except (StoreError, SetNotFound) as error:
            logger.warning("Set '%s' stays as it is: %s", folder.name, error.message)
        else:
            logger.warning("Set '%s' was interrupted when the server ended", folder.name)

    def annotate_image(self, path: Path, rating: int | None) -> ImageFile:
        """Rate an image of a set in its manifest; raise ImageNotFound for one that is none of the set's own."""
        name = self._places.set_of(path)
        if name is None or path.parent != self._places.sets_dir.resolve() / name:
            raise no_image(path.name)
        if rating is not None:
            self.annotate(AnnotateSet(set_name=name, ratings={path.name: rating}))
        folder = self._places.set_folder(name)
        for image in self._images(folder, self._raw(folder)[0]):
            if image.filename == path.name:
                return image
        raise no_image(path.name)

    def image_file(
        self, path: Path, sha256: str | None = None, size: int | None = None, noted: Annotation = NOTHING
    ) -> ImageFile:
        """Describe an image that lies below the captures as messages do."""
        return ImageFile(
            filename=path.name,
            path=self._places.wire(path),
            size=path.stat().st_size if size is None else size,
            mimetype=mimetype_of(path),
            sha256=sha256,
            url=self._places.url(path),
            rating=noted.rating,
            notes=noted.notes,
            exposure_id=noted.exposure_id,
        )

    def _images(self, folder: Path, raw: Mapping[str, Any] | None) -> list[ImageFile]:
        recorded, ratings = _recorded_hashes(raw), ratings_in(raw)
        with store_errors(f"Set '{shown(folder.name)}' could not be read"):
            found = sorted(images_in(folder), key=lambda image: image[0].name)
        return [
            self.image_file(
                path,
                recorded.get((path.name, status.st_size)),
                status.st_size,
                Annotation(rating=ratings.get(path.name)),
            )
            for path, status in found
        ]

    def _read(self, folder: Path) -> tuple[ImageSet, int]:
        """Read what lists tell of a set, and when its newest image changed, in nanoseconds.

        One that cannot be read is shown as broken and hides no other.
        """
        try:
            return self._summary(folder, *self._raw(folder))
        except OSError as error:
            fault = f"The folder cannot be read: {error.strerror}."
            # As if an image changed just now: it may be readable a moment later without another stamp.
            return ImageSet(name=folder.name, created_at=timestamp_in(folder.name), fault=fault), time.time_ns()

    def _summary(self, folder: Path, raw: Mapping[str, Any] | None, fault: str | None) -> tuple[ImageSet, int]:
        images = list(images_in(folder))
        cover = cover_of(path for path, _ in images)
        camera = raw.get("camera") if raw else None
        model = camera.get("model") if isinstance(camera, dict) else None
        summary = ImageSet(
            name=folder.name,
            created_at=started_in(raw) or timestamp_in(folder.name) or _modified(folder),
            status=status_in(raw),
            image_count=len(images),
            size=sum(status.st_size for _, status in images),
            camera=model if isinstance(model, str) else None,
            cover=None if cover is None else self._places.wire(cover),
            rating=rating_of(raw.get("rating")) if raw else None,
            catalogue_number=catalogue_number_in(raw),
            results=kinds_in(raw),
            stale=bool(stale_in(raw)),
            fault=fault,
        )
        return summary, max((max(status.st_mtime_ns, status.st_ctime_ns) for _, status in images), default=0)

    def _raw(self, folder: Path) -> tuple[dict[str, Any] | None, str | None]:
        """Return a manifest for showing, and what is wrong with it; a broken one hides nothing else of the set."""
        try:
            raw = read_raw_manifest(folder, self._places.captures_dir)
        except StoreError as error:
            logger.debug("Set '%s' is shown without its manifest: %s", folder.name, error.message)
            return None, error.message
        return raw, None if raw is None else fault_in(raw)

    def _made(self, name: str) -> bool:
        try:
            (self._places.sets_dir / name).mkdir(mode=FOLDER_MODE)
        except FileExistsError:
            return False
        sync_folder(self._places.sets_dir)
        return True

    def _free_place(self, name: str) -> Path:
        """Return where a set of this name will lie; raise SetExists where something lies there already."""
        place = self._places.sets_dir / name
        if os.path.lexists(place):
            raise SetExists(f"There is already a set '{shown(name)}'.")
        return place

    def _refuse_held(self, name: str) -> None:
        if (job_id := self._held.get(name)) is not None:
            raise held(SetBusy, f"set '{shown(name)}'", job_id)


def _annotated(folder: Path, manifest: Manifest, wanted: AnnotateSet) -> Manifest:
    update: dict[str, Any] = {"notes": wanted.notes, "rating": wanted.rating}
    update = {field: value for field, value in update.items() if value is not None}
    if wanted.catalogue_number is not None:
        update["catalogue_number"] = wanted.catalogue_number or None
    if wanted.scale_mm_per_pixel is not None:
        update["scale_mm_per_pixel"] = wanted.scale_mm_per_pixel or None
    if wanted.ratings is not None:
        update["ratings"] = manifest.ratings | _checked_ratings(folder, wanted.ratings)
    return manifest.model_copy(update=update)


def _of_others(folder: Path) -> dict[str, Any]:
    """Return what people noted in a folder's manifest and other programs added; nothing where none can be read.

    Raises ManifestNewer where a newer version wrote it meanwhile.
    """
    try:
        known = read_manifest(folder)
    except StoreError:
        return {}
    refuse_newer(folder.name, known)
    # What is not there was never noted, or was removed: a job that still holds it must not bring it back.
    return {field: getattr(known, field) for field in (*NOTED, *ADDED)}


def _modified(folder: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def _recorded_hashes(raw: Mapping[str, Any] | None) -> dict[tuple[str, int], str]:
    """Return sha256 by name and size, so that a file changed by others loses its old one."""
    if raw is None:
        return {}
    try:
        return {(name, file.size): file.sha256 for name, file in manifest_of(raw).files().items()}
    except StoreError:
        return {}


def _checked_ratings(folder: Path, ratings: Mapping[str, int]) -> dict[str, int]:
    names = {path.name for path, _ in images_in(folder)}
    for filename, rating in ratings.items():
        if filename not in names:
            raise InvalidPayload(f"Set '{folder.name}' has no image '{shown(filename)}'.")
        if not -1 <= rating <= 5:
            raise InvalidPayload(f"Rating {rating} of '{shown(filename)}' is not between -1 and 5.")
    return dict(ratings)
