"""Pictures in the camera's memory, of which libgphoto2 keeps one for each name."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gphoto2 as gp
import pytest

from tetherlight.camera.worker.driver import Driver


class FakeFile:
    """What libgphoto2 hands out for a picture."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def get_data_and_size(self) -> bytes:
        return self.content


class FakeCamera:
    """A body that announces files; those of its memory take each other's place where they have one name."""

    def __init__(self, *told: tuple[str, str, bytes | None], deletes: bool = True) -> None:
        self._told = list(told)
        self._deletes = deletes
        self._files: dict[tuple[str, str], bytes] = {}

    def get_summary(self) -> str:
        return "Model: Fake\n  Serial Number: 7\n"

    def wait_for_event(self, _patience: int) -> tuple[int, Any]:
        if not self._told:
            return gp.GP_EVENT_TIMEOUT, None
        folder, name, content = self._told.pop(0)
        if content is not None:
            self._files[folder, name] = content
        return gp.GP_EVENT_FILE_ADDED, SimpleNamespace(folder=folder, name=name)

    def file_get(self, folder: str, name: str, _kind: int) -> FakeFile:
        if (folder, name) not in self._files:
            raise gp.GPhoto2Error(gp.GP_ERROR_FILE_NOT_FOUND)
        return FakeFile(self._files[folder, name])

    def file_delete(self, folder: str, name: str) -> None:
        if not self._deletes:
            raise gp.GPhoto2Error(gp.GP_ERROR_NOT_SUPPORTED)
        del self._files[folder, name]

    def exit(self) -> None:
        pass


def driver(camera: FakeCamera) -> Driver:
    opened = Driver(SimpleNamespace(open=lambda _model, _port: camera))  # type: ignore[arg-type]
    opened.open("Fake", "usb:001,002")
    return opened


def contents(opened: Driver, paths: list[str], folder: Path) -> list[bytes]:
    saved = opened.download(paths, str(folder), "x", replace=(), delete=False)
    return [Path(one["path"]).read_bytes() for one in saved]


def test_two_pictures_under_one_name_are_two(tmp_path: Path) -> None:
    opened = driver(FakeCamera(("/", "capt0000.arw", b"a"), ("/", "capt0000.arw", b"b"), ("/", "capt0001.arw", b"c")))
    paths = opened.events(0.0)["files"]
    assert len(paths) == 3
    assert contents(opened, paths, tmp_path) == [b"a", b"b", b"c"]


def test_a_name_that_comes_again_after_it_was_fetched_is_a_new_picture(tmp_path: Path) -> None:
    camera = FakeCamera(("/", "capt0000.arw", b"a"))
    opened = driver(camera)
    first = opened.events(0.0)["files"]
    assert contents(opened, first, tmp_path) == [b"a"]
    camera._told.append(("/", "capt0000.arw", b"b"))
    second = opened.events(0.0)["files"]
    assert second != first
    assert contents(opened, second, tmp_path) == [b"b"]


def test_a_picture_that_is_announced_twice_is_one() -> None:
    memory = driver(FakeCamera(("/", "capt0000.arw", b"a"), ("/", "capt0000.arw", None)))
    assert memory.events(0.0)["files"] == ["/capt0000.arw"]
    card = driver(
        FakeCamera(("/store_1/DCIM", "A.NEF", b"a"), ("/store_1/DCIM", "B.NEF", b"b"), ("/store_1/DCIM", "A.NEF", b"a"))
    )
    assert card.events(0.0)["files"] == ["/store_1/DCIM/A.NEF", "/store_1/DCIM/B.NEF"]


def test_where_pictures_cannot_be_told_apart_a_warning_says_so(caplog: pytest.LogCaptureFixture) -> None:
    camera = FakeCamera(("/", "capt0000.arw", b"a"), ("/", "capt0000.arw", b"b"), deletes=False)
    assert driver(camera).events(0.0)["files"] == ["/capt0000.arw"]
    assert "Two pictures in the camera's memory may be called capt0000.arw" in caplog.text


def test_pictures_that_nobody_fetches_make_way(caplog: pytest.LogCaptureFixture) -> None:
    opened = driver(FakeCamera(*(("/", f"capt{number:04}.jpg", b"x") for number in range(70))))
    assert len(opened.events(0.0)["files"]) == 70
    assert caplog.text.count("is given up") == 6
