"""Single captures: the exposures that lie directly in the captures' folder, each with all its files.

Files of one exposure share their stem. Rating and notes lie beside them in `<stem>.xmp`; sidecars that other programs
name after a file (`<stem>.jpg.xmp`) are not read, but go and come with it.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tetherlight.errors import ImageNotFound, InvalidPayload, StoreError
from tetherlight.files.durable import (
    read_regular,
    rename_new,
    store_errors,
    sync_folder,
    write_atomically,
)
from tetherlight.files.names import SIDECAR, entries_taking, names_kept
from tetherlight.files.types import is_image, is_jpeg, suffix_of
from tetherlight.naming.rules import is_visible, shown
from tetherlight.protocol.models import ImageFile
from tetherlight.store import index
from tetherlight.store.clock import Clock
from tetherlight.store.images import images_in
from tetherlight.store.paths import Places
from tetherlight.store.sets import ImageSets
from tetherlight.store.trash import Deleted, Trash
from tetherlight.store.xmp import MAX_BYTES, NOTHING, Annotation, BrokenXmp, annotated, is_xml_text, read_annotation

logger = logging.getLogger(__name__)

REMEMBERED = 4096
"""Sidecars whose content is kept in memory, as it was when they were read."""
MOVING = ".moving-"
"""Begins the name of a folder in the trash whose files belong into the captures' folder: a move is under way."""


class SingleCaptures:
    """The single captures of one captures folder; every method may be called from any thread."""

    def __init__(self, places: Places, sets: ImageSets, clock: Clock) -> None:
        self._places = places
        self._sets = sets
        self._lock = threading.Lock()
        self._annotations: dict[str, tuple[tuple[int, ...], Annotation]] = {}
        self.trash = Trash(places.captures_trash_dir, "Image", clock)

    def newest(self, limit: int = 100) -> list[ImageFile]:
        """Return the newest images, newest first; a sidecar is read only where there is one."""
        self._places.require_there()
        with store_errors("The captures could not be listed"):
            found = sorted(
                images_in(self._places.captures_dir),
                key=lambda image: (image[1].st_mtime_ns, image[0].name),
                reverse=True,
            )[:limit]
            noted = self._noted({path.stem for path, _ in found})
        return [
            self._sets.image_file(path, size=status.st_size, noted=noted.get(path.stem, NOTHING))
            for path, status in found
        ]

    def annotate(self, image_path: str, rating: int | None, notes: str | None) -> list[ImageFile]:
        """Keep rating and notes in the exposure's sidecar; return its images, the named one first.

        Raise ImageNotFound, and StoreError for a sidecar of another program that cannot be understood: it stays.
        """
        if notes is not None and not is_xml_text(notes):
            raise InvalidPayload(
                "Field 'notes' of ANNOTATE_IMAGE: it holds control characters, which XMP cannot carry."
            )
        with self._kept():
            path = self._places.resolve_capture(image_path)
            if rating is not None or notes is not None:
                _annotate(self._sidecar(path), rating=rating, notes=notes)
            return self._described(path)

    def identify(self, image: Path, *, catalogue_number: str | None = None, exposure_id: str | None = None) -> None:
        """Keep in an exposure's sidecar what it shows, and with which others it was taken in one moment.

        Raise StoreError for one that cannot be understood.
        """
        with self._kept():
            _annotate(self._sidecar(image), identifier=catalogue_number, exposure_id=exposure_id)

    def delete(self, image_path: str) -> list[ImageFile]:
        """Move every file of an exposure to the trash, together; return its images, the named one first."""
        with self._kept():
            path = self._places.resolve_capture(image_path)
            images = self._described(path)
            with store_errors(f"Image '{shown(path.name)}' could not be moved to the trash"):
                moving = self._moving_folder(path.stem)
                try:
                    for one in self._files(path.stem):
                        one.rename(moving / one.name)
                    sync_folder(moving)
                    sync_folder(self._places.captures_dir)
                    self.trash.throw(moving)
                except (OSError, StoreError):
                    self._put_back(moving)
                    raise
            with suppress(OSError):
                moving.parent.rmdir()
            return images

    def restore(self, image_path: str) -> list[ImageFile]:
        """Bring the exposure back that was deleted last with this image; return its images, the named one first.

        Raise ImageNotFound, and StoreError where anything has its stem again.
        """
        with self._kept():
            deleted, name = self._deleted(image_path)
            with store_errors(f"Image '{shown(name)}' could not be restored"):
                self._refuse_taken(deleted)
                moving = self._moving_folder(deleted.name, made=False)
                self.trash.take_back(deleted, moving)
                if not self._put_back(moving):  # a file of that name came in this very moment
                    self.trash.throw(moving)
                    moving.parent.rmdir()
                    raise StoreError(f"There is already an image '{shown(name)}'.")
            return self._described(self._places.captures_dir / name)

    def finish_moves(self) -> None:
        """Bring back what a crash left on its way to the trash or from it; what does not fit any more is deleted."""
        try:
            with self._kept():
                self._finish_moves()
        except StoreError as error:
            logger.warning("What a crash left between folder and trash stays there: %s", error.message)

    def _finish_moves(self) -> None:
        for place in _folders(self._places.captures_trash_dir, MOVING):
            for moving in _folders(place):
                try:
                    if not self._put_back(moving):
                        self.trash.throw(moving)
                    logger.info("The unfinished move of image '%s' was ended", shown(moving.name))
                except (OSError, StoreError) as error:
                    logger.warning("Image '%s' stays between folder and trash: %s", shown(moving.name), error)
            with suppress(OSError):
                place.rmdir()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Let nobody else give, free or move names meanwhile, neither here nor in another process."""
        self._places.require_there()
        with self._lock, ExitStack() as stack:
            with store_errors("The captures' folder could not be used"):
                stack.enter_context(names_kept(self._places.captures_dir))
            yield

    def _described(self, path: Path) -> list[ImageFile]:
        """Describe the images of an exposure as messages do, the given one first."""
        with store_errors("The image could not be read"):
            noted = self._noted({path.stem}).get(path.stem, NOTHING)
            images = [one for one in self._files(path.stem) if is_image(one)]
            images.sort(key=lambda one: (one != path, not is_jpeg(one), one.name))
            return [self._sets.image_file(one, noted=noted) for one in images]

    def _files(self, stem: str) -> list[Path]:
        """Return every file of an exposure: images, sidecars."""
        with os.scandir(self._places.captures_dir) as entries:
            return [
                self._places.captures_dir / entry.name
                for entry in entries
                if entry.name.startswith(stem) and _belongs(entry.name, stem) and entry.is_file(follow_symlinks=False)
            ]

    def _noted(self, stems: Iterable[str]) -> Mapping[str, Annotation]:
        """Read the sidecars of these exposures; one that cannot be understood says nothing."""
        wanted, noted = set(stems), {}
        for path in _sidecars(self._places.captures_dir):
            if path.stem in wanted:
                try:
                    noted[path.stem] = self._annotation(path)
                except (BrokenXmp, OSError) as error:
                    logger.debug("Sidecar %s says nothing: %s", path.name, error)
        return noted

    def _annotation(self, sidecar: Path) -> Annotation:
        """Read a sidecar, or remember what was read while it is the same."""
        now, status = time.time_ns(), sidecar.lstat()
        stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size)
        known = self._annotations.get(sidecar.name)
        if known is not None and known[0] == stamp:
            return known[1]
        annotation = read_annotation(_content(sidecar) or b"")
        if now - max(stamp[:2]) > index.REST_NS:
            if len(self._annotations) >= REMEMBERED:
                self._annotations.clear()
            self._annotations[sidecar.name] = (stamp, annotation)
        return annotation

    def _moving_folder(self, stem: str, *, made: bool = True) -> Path:
        """Make the folder through which an exposure moves, in the trash."""
        self.trash.make_folder()
        place = self._places.captures_trash_dir / f"{MOVING}{secrets.token_hex(6)}"
        self.trash.reserve.make(place)
        if made:
            self.trash.reserve.make(place / stem)
            sync_folder(place)
        # What moves there must not be known under its new name alone while the folder itself is not on the disk.
        sync_folder(place.parent)
        return place / stem

    def _put_back(self, moving: Path) -> bool:
        """Move files into the captures' folder; say whether all of them found their names free, else none is moved."""
        done: list[tuple[Path, Path]] = []
        for file in sorted(moving.iterdir()):
            target = self._places.captures_dir / file.name
            try:
                rename_new(file, target)
            except OSError as error:
                for source, moved in done:
                    moved.rename(source)
                if isinstance(error, FileExistsError):
                    return False
                raise
            done.append((file, target))
        sync_folder(self._places.captures_dir)
        sync_folder(moving)
        moving.rmdir()
        with suppress(OSError):
            moving.parent.rmdir()
        return True

    def _deleted(self, image_path: str) -> tuple[Deleted, str]:
        """Return the exposure that was deleted last with this image, and the image's name."""
        newest_first = sorted(self.trash, key=lambda one: one.deleted_at, reverse=True)
        for name in self._places.capture_names(image_path):
            stem = Path(name).stem
            for deleted in newest_first:
                if deleted.name == stem and (deleted.path / name).is_file():
                    return deleted, name
        raise ImageNotFound(f"Image '{shown(image_path)}' is not in the trash.")

    def _refuse_taken(self, deleted: Deleted) -> None:
        """Raise StoreError where anything has a stem that is to come back: it would become a part of the exposure."""
        names = {file.name for file in deleted.path.iterdir()}
        for stem in sorted({deleted.name, *map(_stem_of, names)}):
            for name in sorted(entries_taking(self._places.captures_dir, stem)):
                if name in names or is_image(name) or suffix_of(name) == SIDECAR:
                    raise StoreError(
                        f"There is already a file '{shown(name)}'.", hint="Move it away, then restore the image."
                    )

    def _sidecar(self, image: Path) -> Path:
        """Return where an exposure's sidecar is, or will be."""
        for file in self._files(image.stem):
            if file.stem == image.stem and file.suffix.lower() == SIDECAR:
                return file
        return image.with_suffix(SIDECAR)


def _belongs(name: str, stem: str) -> bool:
    """Say whether a file belongs to an exposure: an image, its sidecar, or a sidecar named after an image."""
    base, suffix = os.path.splitext(name)  # noqa: PTH122 - lists of thousands of names go through here
    if suffix.lower() == SIDECAR:
        return base == stem or _belongs(base, stem)
    return base == stem and is_image(name)


def _sidecars(folder: Path) -> Iterator[Path]:
    """Go through the sidecars that lie directly in a folder, links left out."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            named = entry.name.lower().endswith(SIDECAR) and is_visible(entry.name)
            if named and entry.is_file(follow_symlinks=False):
                yield folder / entry.name


def _content(sidecar: Path) -> bytes | None:
    """Return a sidecar's bytes, None where there is none; a link is not followed."""
    try:
        return read_regular(sidecar, most=MAX_BYTES)
    except FileNotFoundError:
        return None


def _annotate(
    sidecar: Path,
    *,
    rating: int | None = None,
    notes: str | None = None,
    identifier: str | None = None,
    exposure_id: str | None = None,
) -> None:
    """Change a sidecar, make it where it is missing, remove it where nothing is left in it."""
    with store_errors(f"The sidecar '{shown(sidecar.name)}' could not be written"):
        try:
            before = _content(sidecar)
            after = annotated(before, rating=rating, notes=notes, identifier=identifier, exposure_id=exposure_id)
        except BrokenXmp as error:
            raise StoreError(
                f"The sidecar '{shown(sidecar.name)}' is left as it is: {error}.",
                hint="Repair it with the program that wrote it, or move it away.",
            ) from error
        if after is not None and after != before:
            write_atomically(sidecar, after)
        elif after is None and before is not None:
            sidecar.unlink()
            sync_folder(sidecar.parent)


def _stem_of(name: str) -> str:
    """Return the stem of an exposure by the name of one of its files."""
    base, suffix = os.path.splitext(name)  # noqa: PTH122
    return os.path.splitext(base)[0] if suffix.lower() == SIDECAR and is_image(base) else base  # noqa: PTH122


def _folders(folder: Path, prefix: str = "") -> list[Path]:
    if folder.is_symlink():
        return []
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return [folder / name for name in found if name.startswith(prefix)]
    return []
