"""Files below a folder in which others may write: whatever becomes a link, and when, none leads out."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.store_world import CANARY, jpeg
from tetherlight.errors import ImageNotFound, StoreError, TetherlightError
from tetherlight.files import beneath
from tetherlight.files.durable import NotRegular, read_regular
from tetherlight.settings import Settings
from tetherlight.store.contents import belonging
from tetherlight.store.exif import read_exif
from tetherlight.store.manifest import read_raw_manifest
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
MOST = 1_000_000
NO_SUCH_CALL = 9999
TRIES = 300
NOT_THERE = "does not lie there|No such file|Not a directory|Too many levels"


@pytest.fixture(params=["by the kernel", "folder by folder"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs as on a new kernel, and as on one that does not know the call."""
    if request.param == "folder by folder":
        monkeypatch.setattr(beneath, "OPENAT2", NO_SUCH_CALL)
    return str(request.param)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A set of two images, and a folder outside that looks the same and must never be read."""
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    folder = made.create_set("vase", NOW).path
    outside = tmp_path / "outside" / folder.name
    outside.mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(jpeg())
        (outside / name).write_bytes(jpeg(30, 20) + CANARY)
    (outside / "manifest.json").write_text('{"notes": "CANARY"}')
    return made


@pytest.fixture
def folder(store: Store) -> Path:
    (name,) = store.sets.names()
    return store.places.set_folder(name)


def swapped(folder: Path) -> None:
    """Put a link to the folder outside into the place of a set."""
    folder.rename(folder.with_name("away"))
    folder.symlink_to(Path("outside", folder.name).absolute())


def swapped_above(folder: Path) -> None:
    """Put a link into the place of the folder of all sets."""
    folder.parent.rename(folder.parent.with_name("away"))
    folder.parent.symlink_to(Path("outside").absolute())


def swapped_file(folder: Path) -> None:
    """Put links into the place of a set's files."""
    for path in folder.iterdir():
        path.unlink()
        path.symlink_to(Path("outside", folder.name, path.name).absolute())
    (folder / "manifest.json").symlink_to(Path("outside", folder.name, "manifest.json").absolute())


def receive(pieces: Iterable[bytes], into: bytearray) -> None:
    """Keep what arrives, also where it ends with an error."""
    for piece in pieces:
        into += piece


SWAPS = [swapped, swapped_above, swapped_file]


def test_only_what_lies_there_is_opened(tmp_path: Path) -> None:
    """Folders on the way may be many; every other way than down is none."""
    inner = tmp_path / "root" / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "file").write_bytes(b"here")
    (tmp_path / "secret").write_bytes(CANARY)
    root = tmp_path / "root"
    assert read_regular(inner / "file", most=10, within=root) == b"here"
    (tmp_path / "other name").symlink_to(root)
    assert read_regular(inner / "file", most=10, within=tmp_path / "other name") == b"here"
    assert read_regular(tmp_path / "other name" / "a/b/file", most=10, within=tmp_path / "other name") == b"here"
    for path in (
        root / ".." / "secret",
        root / "a" / ".." / ".." / "secret",
        root,
        tmp_path / "secret",
        root / "a" / "none",
        root / "a" / "b" / "file" / "more",
    ):
        with pytest.raises(OSError, match=NOT_THERE):
            read_regular(path, most=MOST, within=root)
    with pytest.raises(NotRegular, match="a folder"):
        read_regular(root / "a", most=MOST, within=root)


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_on_the_way_is_an_error(tmp_path: Path, inside: bool) -> None:
    """Also one that leads to a place below the same folder: it may lead elsewhere a moment later."""
    root = tmp_path / "root"
    target = root / "real" if inside else tmp_path / "outside"
    target.mkdir(parents=True)
    root.mkdir(exist_ok=True)
    (target / "file").write_bytes(CANARY)
    (root / "folder").symlink_to(target)
    (root / "file").symlink_to(target / "file")
    with pytest.raises(OSError, match=NOT_THERE):
        read_regular(root / "folder" / "file", most=MOST, within=root)
    with pytest.raises(NotRegular, match="a link"):
        read_regular(root / "file", most=MOST, within=root)


@pytest.mark.parametrize("swap", SWAPS)
def test_a_zip_follows_no_link_that_comes_during_the_download(
    store: Store, folder: Path, swap: Callable[[Path], None]
) -> None:
    """It ends torn, and nothing of what the link leads to is in it."""
    (folder / "a.jpg").write_bytes(jpeg() + bytes(MOST))
    pieces = store.zip_set(folder.name)
    received = bytearray(next(pieces))
    swap(folder)
    with pytest.raises(StoreError, match=r"b\.jpg could not be read"):
        receive(pieces, received)
    assert len(received) > MOST
    assert CANARY not in received


@pytest.mark.parametrize("swap", SWAPS)
def test_nothing_is_read_through_a_link_that_comes_after_the_look(
    store: Store, folder: Path, swap: Callable[[Path], None]
) -> None:
    """Images, thumbnails, facts, single files and manifests: what was looked at is no longer there."""
    captures = store.places.captures_dir
    image = store.places.resolve_image(f"captures/photometric_sets/{folder.name}/a.jpg")
    single = belonging(folder, "a.jpg", within=captures)
    assert single is not None
    swap(folder)
    for look in (
        lambda: read_regular(image, most=MOST, within=captures),
        lambda: store.thumbnails.look(image),
        lambda: read_exif(image, captures),
        single.open,
    ):
        with pytest.raises((OSError, TetherlightError)):
            look()
    raw = None
    with suppress(StoreError):
        raw = read_raw_manifest(folder, captures)
    assert raw is None


def test_however_fast_a_folder_is_exchanged_nothing_from_outside_is_read(store: Store, folder: Path) -> None:
    """One hand puts folder and link in turn, the other one reads."""
    done = threading.Event()

    def exchange() -> None:
        while not done.is_set():
            swapped(folder)
            folder.unlink()
            folder.with_name("away").rename(folder)

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    try:
        for _ in range(TRIES):
            with suppress(ImageNotFound):
                _, data, _ = store.read_image(f"captures/photometric_sets/{folder.name}/a.jpg")
                assert CANARY not in data
            with suppress(StoreError):
                assert CANARY not in b"".join(store.zip_set(folder.name))
            with suppress(StoreError):
                assert read_exif(folder / "a.jpg", store.places.captures_dir).width != 30
    finally:
        done.set()
        exchanging.join()
    assert store.read_image(f"captures/photometric_sets/{folder.name}/a.jpg")[1] == jpeg()
