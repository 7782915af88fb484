"""The scene is rendered once: what is kept on the disk is used, bounded, and never trusted."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tetherlight.rigfile.lights import DEFAULT_LIGHTS as RIG_LIGHTS
from tetherlight.simulator.cache import Cache, Shapes
from tetherlight.simulator.pace import FAST_SIZE, SLOW_SIZE, Machine, default_size
from tetherlight.simulator.scene import DEFAULT_LIGHTS, REFERENCE_EXPOSURE, Scene, SceneLight

SHAPES: Shapes = {"one": (np.uint16, (3, 5)), "two": (np.float16, (7,)), "three": (np.bool_, (2, 2))}
ARRAYS = {"one": np.arange(15, dtype=np.uint16).reshape(3, 5), "two": np.ones(7, np.float16), "three": np.eye(2) > 0}
CAPTURE, PREVIEW = (240, 160), (120, 80)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "scene", spare_bytes=0)


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("scene/*.scene")
    return path


def assert_kept(cache: Cache, key: str) -> None:
    loaded = cache.load(key, SHAPES)
    assert loaded is not None
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_what_was_kept_is_found_by_another_simulator(cache: Cache, tmp_path: Path) -> None:
    """Equal and read only; another key, or arrays of another shape, are not there."""
    kept = cache.keep("a", SHAPES, ARRAYS)
    assert not any(array.flags.writeable for array in kept.values())
    other = Cache(tmp_path / "scene")
    assert_kept(other, "a")
    assert other.has("a", SHAPES)
    assert not other.has("b", SHAPES)
    assert other.load("b", SHAPES) is None
    assert other.load("a", {"one": (np.uint16, (3, 6))}) is None
    assert (tmp_path / "scene").stat().st_mode & 0o777 == 0o700


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


SPOILT: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size - 1),
    "longer": lambda path: os.truncate(path, path.stat().st_size + 1),
    "empty": lambda path: path.write_bytes(b""),
    "a bit flipped": flip,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "foreign": lambda path: path.write_bytes(b"x" * path.stat().st_size),
    "a pipe": fifo,
    "a link": link,
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_file_counts_as_absent_and_is_replaced(cache: Cache, tmp_path: Path, kind: str) -> None:
    """Neither its content nor its kind does any harm."""
    cache.keep("a", SHAPES, ARRAYS)
    SPOILT[kind](the_file(tmp_path))
    assert cache.load("a", SHAPES) is None
    cache.keep("a", SHAPES, ARRAYS)
    assert_kept(cache, "a")


def test_a_folder_in_the_place_of_a_file_spoils_nothing_else(cache: Cache, tmp_path: Path) -> None:
    """That one part is rendered each time, the others are kept."""
    cache.keep("a", SHAPES, ARRAYS)
    path = the_file(tmp_path)
    path.unlink()
    path.mkdir()
    assert cache.load("a", SHAPES) is None
    assert cache.keep("a", SHAPES, ARRAYS) is ARRAYS
    cache.keep("b", SHAPES, ARRAYS)
    assert_kept(cache, "b")


def test_the_oldest_go_when_it_is_too_much(tmp_path: Path) -> None:
    """What was used last stays, as do files of others; drafts that a killed simulator left behind go."""
    folder = tmp_path / "scene"
    Cache(folder, spare_bytes=0).keep("0", SHAPES, ARRAYS)
    cache = Cache(folder, most_bytes=3 * the_file(tmp_path).stat().st_size, spare_bytes=0)
    (folder / "notes.txt").write_text("mine")
    draft = folder / ".left.part"
    draft.write_bytes(b"x")
    os.utime(draft, (1, 1))
    for age, key in enumerate("123"):
        cache.keep(key, SHAPES, ARRAYS)
        for path in folder.glob("*.scene"):
            found = path.stat()
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10**9 * (age + 1)))
        assert cache.load("0", SHAPES)
    kept = [key for key in "0123" if cache.has(key, SHAPES)]
    assert kept == ["0", "2", "3"]
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".scene") == ["notes.txt"]


def test_a_full_disk_gets_nothing(tmp_path: Path) -> None:
    """So much as is to be left to others is left."""
    cache = Cache(tmp_path / "scene", spare_bytes=2**62)
    assert cache.keep("a", SHAPES, ARRAYS) is ARRAYS
    assert not list((tmp_path / "scene").iterdir())


def test_without_a_folder_of_ours_alone_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the home cannot be written to, or others may write there, the scene is rendered each time."""
    (tmp_path / "file").write_text("")
    (tmp_path / "open" / "tetherlight" / "scene").mkdir(parents=True)
    (tmp_path / "open" / "tetherlight" / "scene").chmod(0o777)
    for home in ("file", "open"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / home))
        cache = Cache.usual()
        assert cache is not None
        assert not cache.usable
        assert cache.keep("a", SHAPES, ARRAYS) is ARRAYS
        assert cache.load("a", SHAPES) is None
    scene = Scene(*CAPTURE, cache=cache)
    scene.prepare(PREVIEW)
    assert scene.ready(PREVIEW, 60)


def test_the_cache_lies_where_the_user_keeps_such_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In XDG_CACHE_HOME if that is a whole path, else in ~/.cache."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for stated, place in ((str(tmp_path / "xdg"), "xdg"), ("relative", "home/.cache"), ("", "home/.cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", stated)
        Cache.usual()
        assert (tmp_path / place / "tetherlight" / "scene").is_dir()


def test_several_simulators_at_once_find_whole_files_or_none(tmp_path: Path) -> None:
    """Each writes and reads the same files, with no lock between them."""
    wrong: list[str] = []

    def use(number: int) -> None:
        cache = Cache(tmp_path / "scene", most_bytes=2000, spare_bytes=0)
        for turn in range(40):
            key = str((number + turn) % 5)
            cache.keep(key, SHAPES, ARRAYS)
            loaded = cache.load(key, SHAPES)
            if loaded is not None and not all(np.array_equal(loaded[name], ARRAYS[name]) for name in ARRAYS):
                wrong.append(key)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not list((tmp_path / "scene").glob(".*"))


def test_a_scene_is_rendered_once(cache: Cache, tmp_path: Path) -> None:
    """A second simulator writes nothing and shows the same as one that rendered everything itself."""
    first = Scene(*CAPTURE, seed=None, cache=cache)
    assert first.missing(CAPTURE, PREVIEW) == 2 * (len(DEFAULT_LIGHTS) + 1)
    first.prepare(CAPTURE, PREVIEW)
    files = {path: path.stat().st_ino for path in (tmp_path / "scene").iterdir()}
    assert len(files) == 2 * (len(DEFAULT_LIGHTS) + 2)
    second, alone = Scene(*CAPTURE, seed=None, cache=cache), Scene(*CAPTURE, seed=None)
    assert not second.missing(CAPTURE, PREVIEW)
    for scene in (first, second, alone):
        scene.set_lights({"light_left": True, "lights_top": True})
    picture = alone.capture(REFERENCE_EXPOSURE)
    for scene in (first, second):
        np.testing.assert_array_equal(scene.capture(REFERENCE_EXPOSURE), picture)
    assert {path: path.stat().st_ino for path in (tmp_path / "scene").iterdir()} == files


def test_a_part_that_was_spoilt_is_rendered_anew(cache: Cache, tmp_path: Path) -> None:
    """The picture is right, and the cache whole again."""
    first = Scene(*CAPTURE, seed=None, cache=cache)
    first.prepare(CAPTURE)
    for path in (tmp_path / "scene").iterdir():
        flip(path)
    scenes = [Scene(*CAPTURE, seed=None, cache=which) for which in (cache, None, cache)]
    for scene in scenes:
        scene.set_lights({"light_rear": True})
    spoilt, alone, mended = (scene.capture(REFERENCE_EXPOSURE) for scene in scenes)
    np.testing.assert_array_equal(spoilt, alone)
    np.testing.assert_array_equal(mended, alone)


def test_new_lights_of_a_prepared_scene_are_rendered_in_the_background(cache: Cache) -> None:
    """They are there, or on their way, when the first of them is switched on."""
    scene = Scene(*CAPTURE, cache=cache)
    scene.prepare(CAPTURE, PREVIEW)
    scene.define_lights({"new": SceneLight((0.3, 0.2, 0.9)), "old": DEFAULT_LIGHTS["light_left"]})
    for thread in threading.enumerate():
        if thread.name == "scene-warmer":
            thread.join(60)
    assert not scene.missing(CAPTURE, PREVIEW)
    scene.close()


def test_a_cache_that_is_too_small_ends_rendering_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lights that push each other out are rendered once each, not for ever."""
    monkeypatch.setattr("tetherlight.simulator.scene.LAYER_BYTES", 300_000)
    scene = Scene(*PREVIEW, cache=Cache(tmp_path / "scene", most_bytes=500_000, spare_bytes=0))
    scene.prepare(PREVIEW)
    scene.define_lights({f"lamp_{number}": SceneLight((0.1 * number, 0.2, 0.9)) for number in range(15)})
    for thread in threading.enumerate():
        if thread.name == "scene-warmer":
            thread.join(60)
            assert not thread.is_alive()
    assert scene.missing(PREVIEW)
    assert sum(path.stat().st_size for path in (tmp_path / "scene").iterdir()) <= 500_000


def test_closing_ends_what_is_rendered_in_the_background(cache: Cache) -> None:
    """After close no thread of the scene is left."""
    scene = Scene(*CAPTURE, cache=cache)
    scene.prepare(PREVIEW)
    scene.define_lights({f"lamp_{number}": SceneLight((0.1 * number, 0.2, 0.9)) for number in range(20)})
    scene.close()
    assert not any(thread.name == "scene-warmer" for thread in threading.enumerate())


def test_a_live_picture_says_whether_it_is_ready_within_its_time(cache: Cache) -> None:
    """What is not rendered yet is rendered in the background, and then is."""
    scene = Scene(*CAPTURE, cache=cache)
    scene.set_lights({"light_left": True})
    assert not scene.ready((900, 600), 0)
    assert scene.ready((900, 600), 60)
    assert scene.ready((900, 600), 0)


def test_the_lights_that_are_rendered_ahead_are_those_of_the_default_rig() -> None:
    """Otherwise all that would be for nothing: the server defines its own lights when it starts."""
    ours = {name: light.direction for name, light in DEFAULT_LIGHTS.items()}
    assert list(ours) == [light.name for light in RIG_LIGHTS]
    for light in RIG_LIGHTS:
        assert light.unit_direction is not None
        length = np.linalg.norm(ours[light.name])
        np.testing.assert_allclose(np.array(ours[light.name]) / length, light.unit_direction, atol=1e-9)


@pytest.mark.parametrize(
    ("machine", "size"),
    [
        (Machine(cores=2, khz=None, memory_bytes=4_000_000_000), FAST_SIZE),
        (Machine(cores=4, khz=2_400_000, memory_bytes=8_000_000_000), FAST_SIZE),
        (Machine(cores=4, khz=1_800_000, memory_bytes=8_000_000_000), SLOW_SIZE),
        (Machine(cores=1, khz=None, memory_bytes=4_000_000_000), SLOW_SIZE),
        (Machine(cores=4, khz=None, memory_bytes=900_000_000), SLOW_SIZE),
    ],
    ids=["a virtual machine", "a Pi 5", "a Pi 4", "one core", "little memory"],
)
def test_slow_machines_get_smaller_pictures(machine: Machine, size: tuple[int, int]) -> None:
    """A Raspberry Pi 4 would need more than a second for each of the large ones."""
    assert default_size(machine) == size
