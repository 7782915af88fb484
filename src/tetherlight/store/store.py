"""The store: every file that Tetherlight keeps. Its rooms are open; here is what concerns several of them.

All of it is synchronous and may be called from any thread; callers on the event loop use `asyncio.to_thread`. The disk
is the truth: the store remembers which sets are under capture, and else only what it holds against the disk again.
"""

import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tetherlight.errors import ImageNotFound, InvalidPayload, SetNotFound, StartFailed, StoreError
from tetherlight.files.durable import make_folder, store_errors
from tetherlight.files.types import mimetype_of
from tetherlight.naming.rules import shown
from tetherlight.naming.templates import DEFAULT_TEMPLATES, Subject, Templates
from tetherlight.protocol.models import ImageFile, ImageSet
from tetherlight.protocol.set_lists import ImageSetPage, ListSets, SetFacets
from tetherlight.protocol.sets import Files
from tetherlight.settings import Settings
from tetherlight.store.apart import Apart
from tetherlight.store.archive import zip_of_sets
from tetherlight.store.captures import SingleCaptures
from tetherlight.store.clock import Clock, SystemClock
from tetherlight.store.contents import Belonging, belonging
from tetherlight.store.exported import zip_of_export
from tetherlight.store.facets import facets_of
from tetherlight.store.paging import matching, page_of
from tetherlight.store.paths import Places, no_image
from tetherlight.store.recovery import FolderLock, Recovery, remove_unfinished
from tetherlight.store.sets import ImageSets, SetFolder
from tetherlight.store.space import Space
from tetherlight.store.stems import Stems
from tetherlight.store.thumbnails import Thumbnails
from tetherlight.store.xmp import NOTHING, Annotation

MAX_TEXT_BYTES = 512_000_000
"""Bytes of an image that is held in memory to be sent as text."""
FIRST_LOOK = 16
"""Sets that a start looks at before it is done: what a crash cut short is among those that changed last."""
LATER_LOOK = 8
"""Sets that are looked at in one piece of the work behind the start."""
ALL_SETS = ListSets()
PAGE = 60
"""Sets on a page where nobody says how many."""


@dataclass(frozen=True)
class Noted:
    """The images that a note is about: those of one exposure, the named one first."""

    images: tuple[ImageFile, ...]
    set_name: str | None
    """None for a single capture."""


class Store:
    """The captures folder with its single captures and its image sets.

    `sets` and `captures` are the sets and the single captures, each with its trash; `places` says what lies where,
    `stems` which names captures under way have, `space` what room there is, `thumbnails` draws small images, and
    `apart` reads in a child what costs much.
    """

    def __init__(
        self, settings: Settings, templates: Templates = DEFAULT_TEMPLATES, clock: Clock | None = None
    ) -> None:
        self.places = Places.of(settings)
        self.templates = templates
        self.trash_age = timedelta(days=settings.trash_days)
        clock = clock or SystemClock()
        self.sets = ImageSets(self.places, clock)
        self.captures = SingleCaptures(self.places, self.sets, clock)
        self.stems = Stems(self.places.captures_dir, self.captures.trash)
        self.trashes = (self.sets.trash, self.captures.trash)
        self.apart = Apart()
        self.thumbnails = Thumbnails(self.places, self.apart)
        self.space = Space(self.places, self.sets, self.trashes, self.thumbnails, settings.min_free_bytes)
        self._lock = FolderLock(self.places.captures_dir)
        self._recovery: Recovery | None = None

    def claim(self) -> None:
        """Let no other server work in the folder; claiming it again is harmless.

        Raise StoreError, and StartFailed where another server already does: then nothing is touched.
        """
        with store_errors(f"The folder {self.places.base} cannot be used"):
            make_folder(self.places.captures_dir)
            if not self._lock.acquire():
                raise StartFailed(
                    f"Another server works in the folder {self.places.captures_dir}, and two would undo each other's "
                    "changes.",
                    hint="End that server, or give this one a folder of its own with CAPTURES_BASE_DIR.",
                )

    def prepare(self) -> list[ImageSet]:
        """Claim the folder, put right what a crash left, and return the sets that were looked at. Raise as `claim`.

        Those are the sets that changed last, so that a large archive makes no start longer; `tidy` does the rest.
        """
        self.claim()
        with store_errors(f"The folder {self.places.base} cannot be used"):
            make_folder(self.places.sets_dir)
            self.places.presence.note(self.places.captures_dir, self.places.sets_dir)
            begun = time.time()
            for folder in (self.places.captures_dir, self.places.sets_dir):
                remove_unfinished(folder, begun, below=False)
            self.captures.finish_moves()
            for trash in self.trashes:
                trash.reserve.fill()
        recover = partial(self.sets.recover, begun=begun)
        self._recovery = Recovery(self.sets.last_changed(), recover)
        return self._recovery.look(FIRST_LOOK)

    def tidy(self) -> Iterator[list[ImageSet]]:
        """Put right, piece by piece, what `prepare` left for later; each piece gives the sets that it looked at."""
        if self._recovery is None:
            return
        while not self._recovery.done:
            yield self._recovery.look(LATER_LOOK)
        self.thumbnails.measure()
        yield []
        for trash in self.trashes:
            trash.clean()
            trash.purge(older_than=self.trash_age)
            yield []
        self.space.look()

    def close(self) -> None:
        """Let another server work in the folder; closing twice is harmless."""
        self._lock.release()

    def image_stem(self, subject: Subject, when: datetime) -> tuple[Path, str]:
        """Return folder and name without extension of a single capture, to be given back to `stems`."""
        self.places.require_there()
        return self.places.captures_dir, self.stems.give(self.templates.capture, subject, when)

    def example_names(self, templates: Templates, subject: Subject, when: datetime) -> tuple[str, str]:
        """Return what a capture and a set would be called now; nothing is kept."""
        stem = self.stems.peek(templates.capture, subject, when)
        return stem, self.sets.next_name(templates.set, subject, when)

    def image_file(
        self, path: Path, sha256: str | None = None, size: int | None = None, noted: Annotation = NOTHING
    ) -> ImageFile:
        """Describe an image that lies below the captures as messages do."""
        with store_errors("The image could not be read"):
            return self.sets.image_file(path, sha256, size, noted)

    def read_image(self, image_path: str) -> tuple[str, bytes, str]:
        """Return filename, bytes and mimetype of an image; raise ImageNotFound."""
        path, descriptor = self.places.open_image(image_path)
        with store_errors("The image could not be read"), os.fdopen(descriptor, "rb") as file:
            if os.fstat(descriptor).st_size > MAX_TEXT_BYTES:
                raise StoreError(
                    f"Image '{shown(path.name)}' is too large to be sent as text.",
                    hint="Fetch it over HTTP, by its url.",
                )
            return path.name, file.read(MAX_TEXT_BYTES), mimetype_of(path)

    def annotate_image(self, image_path: str, rating: int | None, notes: str | None) -> Noted:
        """Keep rating and notes with a single capture, or the rating of an image of a set in its manifest.

        Raise ImageNotFound, SetBusy, DiskFull, and StoreError for a sidecar that cannot be understood.
        """
        try:
            return Noted(tuple(self.captures.annotate(image_path, rating, notes)), None)
        except ImageNotFound:
            path, set_name = self._in_set(image_path)
        if notes is not None:
            raise InvalidPayload(
                f"Field 'notes' of ANNOTATE_IMAGE: image '{shown(path.name)}' belongs to set '{shown(set_name)}'.",
                hint="Write them to the whole set (ANNOTATE_IMAGE_SET).",
            )
        return Noted((self.sets.annotate_image(path, rating),), set_name)

    def delete_image(self, image_path: str) -> list[ImageFile]:
        """Move every file of a single capture to the trash; return its images, the named one first.

        Raise ImageNotFound, also for an image of a set.
        """
        try:
            return self.captures.delete(image_path)
        except ImageNotFound:
            path, set_name = self._in_set(image_path)
        raise ImageNotFound(
            f"Image '{shown(path.name)}' belongs to set '{shown(set_name)}' and is deleted only with it.",
            hint="Delete the whole set (DELETE_IMAGE_SET), or reject the image with a rating of -1.",
        )

    def _in_set(self, image_path: str) -> tuple[Path, str]:
        """Return an image of a set and the set's name; raise ImageNotFound for every other path."""
        path = self.places.resolve_image(image_path)
        name = self.places.set_of(path)
        if name is None:
            raise no_image(image_path)
        return path, name

    def create_set(self, prefix: str | None, when: datetime, subject: Subject | None = None) -> SetFolder:
        """Make the folder of a new set; raise InvalidName."""
        return self.sets.create(self.templates.set, prefix, when, subject or Subject())

    def list_sets_as_json(self, wanted: ListSets = ALL_SETS) -> bytes:
        """Return every set that is wanted as JSON, in the wanted order: newest start first, then by name."""
        # Each set is kept encoded.
        return b"[%b]" % b",".join(one.json for one in matching(self.sets.entries(), wanted))

    def page_of_sets(self, wanted: ListSets, seq: int) -> ImageSetPage:
        """Return a page of the sets that are wanted, with a number for it; raise InvalidPayload for a wrong cursor."""
        page = page_of(self.sets.entries(), wanted, wanted.limit or PAGE)
        return ImageSetPage(sets=[one.summary for one in page.entries], total=page.total, cursor=page.cursor, seq=seq)

    def facets_of_sets(self, wanted: ListSets) -> SetFacets:
        """Return what the sets that are wanted have in common."""
        return facets_of(self.sets.entries(), wanted)

    def set_file(self, name: str, filename: str, files: Files = "all") -> Belonging:
        """Return a file of a set by its name inside the set's folder; raise ImageNotFound."""
        with suppress(SetNotFound):
            if (
                found := belonging(self.places.set_folder(name), filename, files, self.places.captures_dir)
            ) is not None:
                return found
        raise ImageNotFound(f"File not found or access denied: {shown(f'{name}/{filename}')}")

    def zip_set(self, name: str, files: Files = "all") -> Generator[bytes]:
        """Return a set as the pieces of a zip; raise SetNotFound at once and StoreError on the way."""
        return self.zip_sets([name], files)

    def zip_sets(self, names: Sequence[str], files: Files = "all") -> Generator[bytes]:
        """Return several sets as the pieces of one zip; raise SetNotFound at once and StoreError on the way."""
        folders = [self.places.set_folder(name) for name in dict.fromkeys(names)]
        return zip_of_sets(folders, files, self.places.captures_dir)

    def zip_export(self, name: str, to: str) -> Generator[bytes]:
        """Return an export of a set as the pieces of a zip; raise SetNotFound and ExportMissing at once."""
        return zip_of_export(self.places.set_folder(name), to, self.places.captures_dir)

    def purge_trash(self) -> int:
        """Remove for good what was deleted more than TRASH_DAYS ago; return how many sets and exposures that were.

        Nothing goes at the first look: a second one, ten minutes later, must agree.
        """
        removed = sum(trash.purge(older_than=self.trash_age) for trash in self.trashes)
        self.space.look()
        return removed

    def require_room(self, exposures: int = 1) -> None:
        """Make sure that so many exposures will probably find room; raise DiskFull."""
        self.places.require_there()
        self.space.require(exposures * self.space.estimate_exposure())
