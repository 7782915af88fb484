"""One item that is broken, huge or no file at all is shown as that: it ends nothing else and is never waited for."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.odd_files import ODD
from support.store_world import all_sets, jpeg, small
from tetherlight.camera.environment import start_failure, state_fault, worker_environment
from tetherlight.errors import ImageNotFound, InvalidSetting, ServerStopping, StoreError
from tetherlight.files.durable import NotRegular, open_regular, read_regular
from tetherlight.lights.lights import Lights
from tetherlight.process.threads import in_daemon_thread
from tetherlight.protocol.models import ImageSet, JobState
from tetherlight.protocol.set_lists import ImageSetList
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.rig.rig import Rig
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.server.access.security import load_secret, session_key
from tetherlight.server.startup import endable_start
from tetherlight.settings import Settings
from tetherlight.store.exif import read_exif
from tetherlight.store.store import Store

CAPTURES = Path("captures")
SETS = CAPTURES / "photometric_sets"

MANIFESTS: dict[str, str | bytes] = {
    "too early": '{"status": "running", "started_at": "0001-01-01T00:00:00+23:59"}',
    "too late": '{"status": "running", "started_at": "9999-12-31T23:59:59-23:59"}',
    "the first moment": '{"status": "completed", "started_at": "0001-01-01T00:00:00Z"}',
    "the last moment": '{"status": "completed", "started_at": "9999-12-31T23:59:59.999999Z"}',
    "too early inside": '{"status": "paused", "steps": [{"index": 1, "light": "a", "on_at": "0001-01-01T00:00+14"}]}',
    "no list": '{"status": "running", "steps": 5}',
    "deep": '{"a": ' * 20_000 + "1" + "}" * 20_000,
    "cut": '{"status": "runn',
    "no object": "[1, 2]",
    "no text": b"\xff\xfe\x00",
    "half a character": '{"notes": "\\ud800"}',
    "a huge number": '{"rating": 1' + "0" * 5000 + "}",
    "no numbers": '{"rating": NaN, "scale_mm_per_pixel": Infinity}',
    "empty": "",
    "zeros": b"\0" * 4096,
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    for name in ("good", "odd"):
        (SETS / name).mkdir(parents=True)
        (SETS / name / "image_01_a.jpg").write_bytes(jpeg())
    (SETS / "good" / "manifest.json").write_text('{"status": "running", "started_at": "1969-12-31T00:00:00Z"}')
    yield made
    made.close()


def listed(store: Store) -> dict[str, Any]:
    return {one.name: one for one in all_sets(store)}


@pytest.mark.parametrize("kind", ODD)
def test_only_files_are_opened(tmp_path: Path, kind: str) -> None:
    """Nothing else, and no link, be it to a file; what it is stands in the error."""
    odd = tmp_path / "odd"
    ODD[kind](odd)
    with pytest.raises(NotRegular, match=r"it is a.* and no file|it has more than 1000 bytes"):
        read_regular(odd, most=1000)
    if kind not in {"link", "huge"}:
        with pytest.raises(NotRegular if kind not in {"circle", "dangling"} else OSError, match=str(odd)):
            open_regular(odd, follow=True)


def test_a_file_that_grows_while_it_is_read_stays_bounded(tmp_path: Path) -> None:
    """Its size was looked at before."""
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_regular(tmp_path / "a", most=10) == b"x" * 10
    with pytest.raises(NotRegular, match="more than 9 bytes"):
        read_regular(tmp_path / "a", most=9)


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_manifest_is_shown_as_broken(store: Store, kind: str) -> None:
    """The start goes on, the other set is marked and listed, and the odd one can still be looked at and deleted."""
    ODD[kind](SETS / "odd" / "manifest.json")
    store.prepare()
    found = listed(store)
    assert found["good"].status is JobState.INTERRUPTED
    assert found["good"].fault is None
    assert found["odd"].fault is not None
    assert found["odd"].image_count == 1
    assert store.sets.details("odd").manifest is None
    assert [one.filename for one in store.sets.contents("odd")] == ["image_01_a.jpg"]
    assert "manifest.json" not in {one.filename for one in store.sets.files("odd")} or kind == "huge"
    with pytest.raises(StoreError):
        store.sets.annotate(AnnotateSet(set_name="odd", rating=1))
    if kind != "huge":
        assert b"".join(store.zip_set("odd"))
    store.sets.delete("odd")
    store.sets.restore("odd")


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_broken_manifest_is_shown_as_broken(store: Store, kind: str) -> None:
    """Whatever stands in it, every set is listed, in order, and can be sent as a message."""
    content = MANIFESTS[kind]
    (SETS / "odd" / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    store.prepare()
    assert [one.name for one in all_sets(store)] == ["odd", "good"]
    harmless = kind in {"too early inside", "no numbers"}
    assert (listed(store)["odd"].fault is None) is harmless
    assert "odd" in ImageSetList(all_sets(store)).model_dump_json()
    details = store.sets.details("odd").model_dump_json()
    assert "NaN" not in details
    assert "Infinity" not in details


@pytest.mark.usefixtures("store")
async def test_jobs_are_found_behind_a_broken_set() -> None:
    """A set whose manifest says interrupted and is otherwise nonsense is no job; the next one is."""
    (SETS / "odd" / "manifest.json").write_text('{"status": "interrupted", "steps": [1]}')
    async with rig() as opened:
        assert [job.set_name for job in opened.jobs.list()] == ["good"]


def test_a_set_that_cannot_be_read_hides_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have taken the rights to its folder; what can be known of it is shown."""
    scandir = os.scandir

    def refused(path: Any = ".") -> Any:
        place = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(os.fsdecode(path))
        if place.name == "odd":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    store.prepare()
    found = listed(store)
    assert found["odd"].fault == "The folder cannot be read: Permission denied."
    assert found["good"].fault is None
    store.require_room()
    for look in (store.sets.details, store.sets.contents, store.sets.files, store.zip_set):
        with pytest.raises(StoreError, match="could not be read: Permission denied"):
            look("odd")


def test_names_and_links_that_are_no_sets_are_not_listed(store: Store) -> None:
    """A link to a folder, and a name that is no text."""
    (SETS / "link").symlink_to(Path("captures/photometric_sets/good").absolute())
    (SETS / os.fsdecode(b"\xff\xfe")).mkdir()
    (CAPTURES / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    store.prepare()
    assert set(listed(store)) == {"good", "odd"}
    assert store.captures.newest() == []


@pytest.mark.parametrize("when", [-62135596800, 253402300800, 1 << 40])
def test_files_of_impossible_times_are_listed(store: Store, when: int) -> None:
    """A disk can hold times before the year 1 and beyond 9999; the nearest that it can is taken here."""
    for path in (SETS / "odd", SETS / "odd" / "image_01_a.jpg"):
        os.utime(path, (when, when))
    store.prepare()
    assert set(listed(store)) == {"good", "odd"}
    assert b"".join(store.zip_set("odd"))


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_in_the_place_of_images(store: Store, kind: str) -> None:
    """They are no captures; one that took an image's place since it was resolved is refused, not waited for."""
    for name in ("odd.jpg", "odd.cr2", "odd.tif", "odd.xmp"):
        ODD[kind](CAPTURES / name)
    (CAPTURES / "odd.png").write_bytes(b"x")
    store.prepare()
    assert store.captures.newest()
    for name in ("odd.jpg", "odd.cr2", "odd.tif"):
        path = (CAPTURES / name).absolute()
        for look in (read_exif, store.thumbnails.look) if kind != "huge" else ():
            with pytest.raises(StoreError):
                look(path)
        with pytest.raises(StoreError if kind == "huge" else ImageNotFound):
            store.read_image(name)
    if kind in {"pipe", "socket", "folder", "circle", "device", "huge", "link"}:
        with pytest.raises(StoreError):
            store.annotate_image("odd.png", 3, None)


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_thumbnail_is_drawn_anew(store: Store, kind: str) -> None:
    """The cache is a folder like every other."""
    path = store.places.resolve_image("captures/photometric_sets/good/image_01_a.jpg")
    first = small(store.thumbnails, path)
    kept = CAPTURES / ".thumbnails" / first.key[:2] / f"{first.key}.jpg"
    kept.unlink()
    ODD[kind](kept)
    assert small(store.thumbnails, path) == first


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "link"])
def test_an_odd_rig_file_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Nobody gets default lights because what describes his own cannot be read."""
    monkeypatch.chdir(tmp_path)
    ODD[kind](Path("rig.toml"))
    with pytest.raises(InvalidSetting, match=r"^The rig file rig\.toml cannot be read: .*\.$"):
        RigFile.load()


def test_a_rig_file_may_be_a_link(tmp_path: Path) -> None:
    """Configuration is often kept elsewhere."""
    (tmp_path / "kept.toml").write_text('driver = "simulated"')
    (tmp_path / "rig.toml").symlink_to("kept.toml")
    assert RigFile.load(tmp_path / "rig.toml").driver == "simulated"


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind not in {"link", "dangling"}])
def test_an_odd_secret_is_not_used(tmp_path: Path, kind: str) -> None:
    """Logins then last for this run; what lies there stays."""
    ODD[kind](tmp_path / "session-key")
    assert len(session_key(tmp_path)) == 32
    with pytest.raises(OSError, match="session-key"):
        load_secret(tmp_path / "session-key")


def test_a_secret_that_is_no_text_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff" * 40)
    assert load_secret(tmp_path / "token").isascii()


@pytest.mark.parametrize("name", ["network-guid", "cameras/one/gphoto/settings"])
@pytest.mark.parametrize("kind", ["pipe", "huge", "device"])
def test_odd_files_of_the_worker_are_an_error(tmp_path: Path, name: str, kind: str) -> None:
    """Opening the camera fails, and the next one is not held up."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    ODD[kind](tmp_path / name)
    with pytest.raises(NotRegular):
        worker_environment(Settings(state_dir=tmp_path), "one")


def test_a_state_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With what to do about it; nothing is left in one that can be."""
    unusable = Settings(state_dir=Path("/proc/nothing/state"))
    fault = state_fault(unusable)
    assert fault is not None
    assert fault.startswith("STATE_DIR (/proc/nothing/state) cannot be written: ")
    sentence, hint = start_failure("The worker", FileNotFoundError(2, "No such file"), unusable)
    assert sentence == f"The worker could not be started: {fault}"
    assert "STATE_DIR" in hint
    assert state_fault(Settings(state_dir=tmp_path / "a" / "b")) is None
    assert list(tmp_path.iterdir()) == []


@asynccontextmanager
async def rig(**settings: Any) -> AsyncIterator[Rig]:
    """Open a rig in the working folder, without any camera."""
    async with Rig.open(Settings(min_free_bytes=0, state_dir=Path("state"), simulator_control=None, **settings)) as one:
        yield one


@pytest.mark.usefixtures("store")
async def test_the_lights_are_off_before_the_disk_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lamp that a crash left on must not wait for a disk, let alone for one that is broken."""
    steps: list[str] = []
    opened, prepared = Lights.open, Store.prepare

    async def open_lights(*given: Any, **named: Any) -> Lights:
        lights = await opened(*given, **named)
        steps.append("lights off")
        return lights

    def prepare(one: Store) -> list[ImageSet]:
        steps.append("disk")
        return prepared(one)

    monkeypatch.setattr(Lights, "open", open_lights)
    monkeypatch.setattr(Store, "prepare", prepare)
    async with rig():
        assert steps == ["lights off", "disk"]
    (CAPTURES / ".thumbnails").mkdir(exist_ok=True)
    monkeypatch.setattr(Lights, "close", _noting(Lights.close, steps))
    with pytest.raises(StoreError, match="cannot be used"):
        async with rig(captures_base_dir=SETS / "good" / "image_01_a.jpg" / "x"):
            pass
    assert steps[-2:] == ["disk", "closed"]


def _noting(close: Callable[[Lights], Any], steps: list[str]) -> Callable[[Lights], Any]:
    async def noted(lights: Lights) -> None:
        steps.append("closed")
        await close(lights)

    return noted


async def test_a_start_is_ended_by_a_signal() -> None:
    """Uvicorn would look at it only when the start is over; whoever handles signals hears it as well."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    never = threading.Event()
    try:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        with pytest.raises(ServerStopping), endable_start():
            await in_daemon_thread(never.wait)
        assert heard == [signal.SIGTERM]
        current = asyncio.current_task()
        assert current is not None
        assert current.cancelling() == 0
    finally:
        never.set()
        signal.signal(signal.SIGTERM, before)


async def test_work_beside_gives_its_result_or_its_error() -> None:
    assert await in_daemon_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)


STUCK = """
import sys, threading
from tetherlight.cli.main import main
from tetherlight.store.store import Store
Store.prepare = lambda self: (print("on the disk", flush=True), threading.Event().wait())
sys.argv = ["tetherlight", "serve", "--port", "0"]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_disk_that_never_answers_does_not_keep_the_server(tmp_path: Path, number: signal.Signals) -> None:
    """A start that hangs on it ends by SIGTERM and Ctrl-C, within seconds and in order."""
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on the disk\n"
        process.send_signal(number)
        try:
            _, complaints = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, complaints.decode()
    assert b"stopped while it started" in complaints
    assert b"Traceback" not in complaints
