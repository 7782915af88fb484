"""A captures folder with neighbours that nobody may see, for tests of the store."""

import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from tetherlight.protocol.models import ImageSet
from tetherlight.protocol.set_lists import ImageSetList
from tetherlight.settings import Settings
from tetherlight.store.store import Store
from tetherlight.store.thumbnails import DEFAULT_SIZE, Thumbnail, Thumbnails

CANARY = b"CANARY: this lies outside and must never be read"


@dataclass(frozen=True)
class World:
    """A working folder with captures in it, and what lies around them."""

    work: Path
    outside: Path
    settings: Settings

    @property
    def captures(self) -> Path:
        return self.work / "captures"

    @property
    def sets(self) -> Path:
        return self.captures / "photometric_sets"

    def neighbours(self) -> dict[str, bytes | str]:
        """Everything that lies outside the captures: content of files, targets of links, names of folders."""
        found: dict[str, bytes | str] = {}
        for top in (self.work, self.outside):
            for folder, folders, names in os.walk(top):
                if Path(folder) == self.work:
                    folders.remove("captures")
                for name in [*folders, *names]:
                    path = Path(folder, name)
                    found[str(path)] = path.read_bytes() if path.is_file() else "folder"
        return found


def make_world(tmp_path: Path, *, absolute: bool = False) -> World:
    """Build the folders; the caller changes into `work`."""
    outside, work = tmp_path / "outside", tmp_path / "work"
    captures = work / "captures"
    good = captures / "photometric_sets" / "good"
    for folder in (outside / "secret_set", good / "results", captures / ".trash", captures / ".thumbnails"):
        folder.mkdir(parents=True)
    for path in (outside / "secret.jpg", outside / "secret_set" / "a.jpg", work / "secret.jpg", work / "ok.jpg"):
        path.write_bytes(CANARY)
    (outside / "manifest.json").write_bytes(CANARY)
    for path in (captures / ".hidden.jpg", captures / ".trash" / "x.jpg", good / ".hidden.jpg", good / "text.txt"):
        path.write_bytes(CANARY)
    (good / "manifest.json").write_bytes(CANARY)
    (captures / "ok.jpg").write_bytes(b"ok")
    (good / "a.jpg").write_bytes(b"a")
    (good / "results" / "normals.png").write_bytes(b"n")
    for place, target in {
        captures / "leak.jpg": outside / "secret.jpg",
        captures / "leak_chain.jpg": captures / "leak.jpg",
        captures / "leak_folder": outside,
        captures / "leak_root": Path("/"),
        captures / "leak_hidden.jpg": captures / ".hidden.jpg",
        captures / "circle.jpg": captures / "circle.jpg",
        good / "leak.jpg": Path("../../../../outside/secret.jpg"),
        good / "link_to_manifest.jpg": good / "manifest.json",
        captures / "photometric_sets" / "leak_set": outside / "secret_set",
    }.items():
        place.symlink_to(target)
    return World(
        work, outside, Settings(captures_base_dir=captures if absolute else Path("captures"), min_free_bytes=0)
    )


def jpeg(
    width: int = 60, height: int = 40, *, orientation: int | None = None, exif: dict[int, object] | None = None
) -> bytes:
    """Return a JPEG whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    facts = Image.Exif()
    for tag, value in (exif or {}).items():
        facts.get_ifd(0x8769)[tag] = value
    if orientation is not None:
        facts[0x0112] = orientation
    encoded = BytesIO()
    image.save(encoded, "JPEG", quality=90, exif=facts)
    return encoded.getvalue()


def small(thumbnails: Thumbnails, path: Path, size: int = DEFAULT_SIZE) -> Thumbnail:
    """Return the thumbnail of an image that the server draws itself."""
    found = thumbnails.look(path, size)
    assert isinstance(found, Thumbnail)
    return found


def all_sets(store: Store) -> list[ImageSet]:
    """Return every set as clients are told of it."""
    return ImageSetList.model_validate_json(store.list_sets_as_json()).root  # type: ignore[return-value]  # no page
