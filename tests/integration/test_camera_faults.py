"""Every fault of the wire: the caller gets its error in time, and the camera is usable afterwards."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from support.camera_world import (
    PATIENT,
    SHORT,
    WAIT_S,
    OpenCamera,
    Recorder,
    descriptor_count,
    make_settings,
    open_camera,
    patient,
    worker_count,
)
from support.patience import stretched
from support.simulator_process import SimulatorProcess
from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras
from tetherlight.errors import (
    CameraBusy,
    CameraCrashed,
    CameraError,
    CameraLost,
    CameraTimeout,
    CaptureFailed,
    CardFull,
    ConfigRejected,
    DetectionFailed,
    StoreError,
)
from tetherlight.protocol.models import CameraState

T = TypeVar("T")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[OpenCamera]:
    async with open_camera(tmp_path, "--fps", "200") as opened:
        await opened.camera.preview()
        yield opened


async def previews_again(world: OpenCamera) -> None:
    """Wait for a preview; a body may still expose, and where deadlines are cut short a slow machine may miss one."""
    async with asyncio.timeout(stretched(WAIT_S)):
        while True:
            with contextlib.suppress(CameraTimeout, CameraBusy):
                assert (await world.camera.preview()).width
                return


async def when_free(work: Callable[[], Awaitable[T]]) -> T:
    """Do something with a camera; a body that still exposes what was asked for before is waited for."""
    async with asyncio.timeout(stretched(WAIT_S)):
        while True:
            with contextlib.suppress(CameraBusy):
                return await work()


def long_enough() -> str:
    """Return a shutter speed in the middle of which something can happen, however late this machine sends it."""
    return next((text for text in ("1", "2", "4", "8", "15") if float(text) >= stretched(1)), "30")


async def works_again(world: OpenCamera) -> None:
    """Check that the camera does everything."""
    await world.simulator.control("clear_faults")
    if world.camera.state is not CameraState.READY:
        await world.recorder.ready_again(world.recorder.kinds().count("ready") + 1)
    await previews_again(world)
    assert (await world.camera.set_config("iso", "100")).value == "100"
    assert (await when_free(lambda: world.camera.capture(world.folder, "afterwards"))).files
    assert worker_count() == 1
    assert not [name for name in world.files() if name.startswith(".")]


@pytest.mark.parametrize("kind", ["close", "rst", "close_mid_payload", "short_data", "empty_preview"])
async def test_a_preview_survives_one_fault_unnoticed(world: OpenCamera, kind: str) -> None:
    """A preview can be asked for twice; meanwhile the connection is made again where it broke."""
    await world.fault(kind, "preview")
    assert (await world.camera.preview()).width
    assert "lost" not in world.recorder.kinds()
    await works_again(world)


async def test_garbage_instead_of_a_preview_ends_with_a_camera_that_works(world: OpenCamera) -> None:
    """Random bytes may read as a long packet that never ends: then the caller is told before the camera is back."""
    await world.fault("garbage", "preview")
    with contextlib.suppress(CameraError):
        assert (await world.camera.preview()).width
    await works_again(world)


@pytest.mark.parametrize("kind", ["hang", "no_data"])
async def test_a_preview_that_hangs_once_is_asked_for_again(world: OpenCamera, kind: str) -> None:
    await world.fault(kind, "preview")
    assert (await world.camera.preview()).width
    await works_again(world)


async def test_previews_that_always_hang_fail_in_time(world: OpenCamera) -> None:
    await world.fault("hang", "preview", count=None)
    with pytest.raises(CameraTimeout):
        await world.camera.preview()
    await works_again(world)


async def test_a_worker_that_misses_its_deadline_is_replaced(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--fps", "200", deadlines=SHORT) as world:
        first = world.camera.worker_pid
        await world.fault("hang", "preview", count=None)
        with pytest.raises(CameraTimeout):
            await world.camera.preview()
        await works_again(world)
        assert world.camera.worker_pid != first


async def test_a_spinning_worker_is_killed_and_replaced(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--fps", "200", deadlines=replace(SHORT, preview=3.0)) as world:
        await world.camera.preview()
        first = world.camera.worker_pid
        await world.fault("zero_blob", "preview")
        assert (await world.camera.preview()).width
        assert world.camera.worker_pid != first
        assert world.recorder.kinds() == ["recovering", "ready"]
        await works_again(world)


async def test_a_worker_that_crashes_is_replaced(world: OpenCamera) -> None:
    await world.fault("crash_blob", "preview")
    assert (await world.camera.preview()).width
    await works_again(world)


async def test_a_worker_that_is_killed_is_replaced(world: OpenCamera) -> None:
    first = world.camera.worker_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert (await world.camera.preview()).width
    assert world.camera.worker_pid != first
    await works_again(world)


async def test_a_capture_is_never_taken_twice(world: OpenCamera) -> None:
    """The worker dies while the shutter is open: whether a picture was taken is not known, so it is not repeated."""
    await world.camera.set_config("shutterspeed", long_enough())
    capture = asyncio.create_task(world.camera.capture(world.folder, "picture"))
    await world.simulator.wait("exposure")
    assert world.camera.worker_pid is not None
    os.kill(world.camera.worker_pid, signal.SIGKILL)
    with pytest.raises(CameraCrashed):
        await capture
    await world.recorder.ready_again()
    assert (await world.simulator.status())["events"]["exposure"] == 1
    await when_free(lambda: world.camera.set_config("shutterspeed", "1/60"))
    await works_again(world)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("close", CameraLost),
        ("rst", CameraLost),
        ("hang", CameraTimeout),
        ("error", CaptureFailed),
        ("store_full", CardFull),
        ("garbage", CameraError),
    ],
)
async def test_a_capture_that_fails_says_why(world: OpenCamera, kind: str, error: type[CameraError]) -> None:
    await world.fault(kind, "capture")
    with pytest.raises(error):
        await world.camera.capture(world.folder, "picture")
    assert world.files() == []
    await works_again(world)


async def test_a_capture_is_offered_again_to_a_busy_camera(world: OpenCamera) -> None:
    await world.fault("busy", "capture", count=1)
    assert (await world.camera.capture(world.folder, "picture")).files
    await world.fault("busy", "capture", count=None)
    with pytest.raises(CameraBusy):
        await world.camera.capture(world.folder, "picture")
    await works_again(world)


async def test_a_picture_that_is_never_announced_has_its_own_deadline(world: OpenCamera) -> None:
    await world.fault("no_object")
    with pytest.raises(CaptureFailed, match="announced no picture"):
        await world.camera.capture(world.folder, "picture")
    assert world.recorder.kinds() == []
    await works_again(world)


@pytest.mark.parametrize("kind", ["error", "close_mid_payload", "rst"])
async def test_a_broken_download_is_made_again_without_a_second_exposure(world: OpenCamera, kind: str) -> None:
    await world.camera.set_config("capturetarget", "Memory card")
    before = (await world.simulator.status())["captures"]
    await world.fault(kind, "get_object")
    exposure = await world.camera.capture(world.folder, "picture")
    assert [file.path.name for file in exposure.files] == world.files() == ["picture.jpg"]
    assert (await world.simulator.status())["captures"] == before + 1
    await works_again(world)


async def test_a_download_that_always_breaks_leaves_no_file_and_says_where_the_picture_is(world: OpenCamera) -> None:
    await world.camera.set_config("capturetarget", "Memory card")
    await world.fault("error", "get_object", count=None)
    with pytest.raises(CameraError) as raised:
        await world.camera.capture(world.folder, "picture")
    assert "/store_" in (raised.value.hint or "")
    assert world.files() == []
    await works_again(world)


async def test_a_folder_that_cannot_be_written_fails_the_capture_alone(world: OpenCamera) -> None:
    world.folder.write_text("no folder")
    with pytest.raises(StoreError):
        await world.camera.capture(world.folder, "picture")
    assert world.recorder.kinds() == []
    world.folder.unlink()
    await works_again(world)


async def test_a_value_that_the_camera_refuses_is_reported_with_the_one_it_keeps(world: OpenCamera) -> None:
    (before,) = await world.camera.get_config("iso")
    await world.fault("error", "set_config")
    with pytest.raises(ConfigRejected) as caught:
        await world.camera.set_config("iso", "1600")
    assert caught.value.data.value == before.value
    assert world.recorder.kinds() == []
    await works_again(world)


@pytest.mark.parametrize("count", [1, None], ids=["once", "for ever"])
async def test_a_setting_that_hangs_is_a_timeout_and_no_refusal(world: OpenCamera, count: int | None) -> None:
    """The camera said nothing about the value, so asking again may help."""
    await world.fault("hang", "set_config", count=count)
    with pytest.raises(CameraTimeout) as caught:
        await world.camera.set_config("iso", "1600")
    assert caught.value.retryable
    await works_again(world)


async def test_a_camera_that_is_unplugged_is_lost_and_comes_back_elsewhere(world: OpenCamera) -> None:
    await world.camera.set_config("iso", "800")
    await world.simulator.control("unplug", camera="camera1")
    await world.recorder.until(lambda: "lost" in world.recorder.kinds())
    assert world.camera.state is CameraState.LOST
    with pytest.raises(CameraLost) as caught:
        await world.camera.preview()
    assert caught.value.hint
    before = world.camera.port
    moved = await world.simulator.control("plug", camera="camera1", move=True)
    await world.recorder.ready_again()
    assert world.camera.port == moved["port"] != before
    assert world.recorder.kinds() == ["recovering", "recovering", "lost", "ready"]
    assert (await world.camera.get_config("iso"))[0].value == "800"
    await works_again(world)


async def test_leaving_a_network_camera_costs_no_other_descriptor(world: OpenCamera) -> None:
    """libgphoto2 closes descriptor 0 when it leaves a network camera; the next socket must not get that number."""
    for times in (1, 2, 3):
        await world.fault("rst", "preview")
        assert (await world.camera.preview()).width
        await world.recorder.ready_again(times)
        worker = Path("/proc", str(world.camera.worker_pid), "fd")
        assert (worker / "0").readlink() == Path("/dev/null")
    assert len(list(worker.iterdir())) < 12


async def test_a_camera_that_was_off_has_its_settings_restored(world: OpenCamera) -> None:
    await world.camera.set_config("aperture", "11")
    await world.simulator.control("power", camera="camera1", on=False)
    await world.recorder.until(lambda: "lost" in world.recorder.kinds())
    await world.simulator.control("set_property", name="aperture", value="4")
    await world.simulator.control("power", camera="camera1", on=True)
    await world.recorder.ready_again()
    assert (await world.camera.get_config("aperture"))[0].value == "11"
    await works_again(world)


@pytest.mark.parametrize("moment", ["preview", "capture", "download"])
async def test_a_camera_that_goes_in_the_middle_is_found_again(world: OpenCamera, moment: str) -> None:
    match moment:
        case "preview":
            work = asyncio.create_task(_previews(world.camera))
            await world.simulator.wait("preview", 5)
        case "capture":
            await world.camera.set_config("shutterspeed", long_enough())
            work = asyncio.create_task(_capture(world))
            await world.simulator.wait("exposure")
        case _:
            await world.simulator.control("set_speed", bandwidth_bytes_per_s=2_000)
            work = asyncio.create_task(_capture(world))
            await world.simulator.wait("capture")
    await world.simulator.control("unplug", camera="camera1")
    with pytest.raises(CameraError):
        await work
    assert not [name for name in world.files() if not name.startswith(".")]
    await world.recorder.until(lambda: "lost" in world.recorder.kinds())
    await world.simulator.control("set_speed", bandwidth_bytes_per_s=10_000_000)
    await world.simulator.control("plug", camera="camera1", move=False)
    await world.recorder.ready_again()
    await when_free(lambda: world.camera.set_config("shutterspeed", "1/60"))
    await works_again(world)


async def _previews(camera: Camera) -> None:
    while True:
        await camera.preview()


async def _capture(world: OpenCamera) -> None:
    await world.camera.capture(world.folder, "picture")


async def test_a_lost_camera_can_be_closed(world: OpenCamera) -> None:
    await world.simulator.control("unplug", camera="camera1")
    await world.recorder.until(lambda: "lost" in world.recorder.kinds())
    await world.camera.close()
    assert worker_count() == 0


async def test_a_camera_can_be_closed_while_it_hangs(world: OpenCamera) -> None:
    await world.fault("hang", "preview", count=None)
    preview = asyncio.create_task(world.camera.preview())
    await world.simulator.wait("fault")
    await world.camera.close()
    assert worker_count() == 0
    with pytest.raises((CameraError, asyncio.CancelledError)):
        await preview


@pytest.mark.parametrize("kind", ["refuse_connect", "hang_handshake", "session_busy"])
async def test_a_camera_that_does_not_let_in_is_not_opened(tmp_path: Path, kind: str) -> None:
    async with SimulatorProcess() as simulator:
        settings = make_settings(tmp_path, *simulator.addresses)
        (found,) = await find_cameras(settings)
        await simulator.control("fault", kind=kind, count=None)
        with pytest.raises((CameraTimeout, CameraBusy)):
            await Camera.open(found, settings, deadlines=patient(SHORT))
        assert worker_count() == 0
        await simulator.control("clear_faults")
        await simulator.control("fault", kind=kind, count=1)
        recorder = Recorder()
        camera = await Camera.open(found, settings, recorder, deadlines=patient(PATIENT))
        await camera.close()
        # libgphoto2 itself asks for a session more than once.
        assert recorder.kinds() == ([] if kind == "session_busy" else ["recovering", "ready"])


async def test_rounds_of_kill_and_recovery_leak_nothing(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--fps", "200") as world:
        await world.camera.preview()
        before = descriptor_count()
        for _ in range(5):
            assert world.camera.worker_pid is not None
            os.kill(world.camera.worker_pid, signal.SIGKILL)
            assert (await world.camera.preview()).width
        assert descriptor_count() == before
        assert worker_count() == 1


async def test_rounds_of_opening_and_closing_leak_nothing(tmp_path: Path) -> None:
    async with SimulatorProcess("--fps", "200") as simulator:
        settings = make_settings(tmp_path, *simulator.addresses)
        (found,) = await find_cameras(settings)
        counts = []
        for _ in range(5):
            camera = await Camera.open(found, settings, deadlines=patient(PATIENT))
            await camera.preview()
            await camera.close()
            counts.append(descriptor_count())
        assert counts[0] == counts[-1]
        assert worker_count() == 0


async def test_a_worker_dies_with_the_server(tmp_path: Path) -> None:
    """The kernel ends the worker of a server that was killed, even in the middle of a call."""
    async with SimulatorProcess("--fps", "200") as simulator:
        program = Path(__file__).with_name("open_and_hang.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(program), str(tmp_path), simulator.camera.port, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        worker = int(await asyncio.wait_for(process.stdout.readline(), stretched(WAIT_S)))
        handle = os.pidfd_open(worker)
        try:
            await simulator.control("fault", kind="hang", when="preview", count=None)
            process.kill()
            await process.wait()
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(handle, ended.set)
            await asyncio.wait_for(ended.wait(), stretched(5))
            asyncio.get_running_loop().remove_reader(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def no_descriptors() -> Iterator[None]:
    """Let this process open nothing for a while, as one that has reached its limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_process_without_descriptors_says_what_it_lacks(tmp_path: Path) -> None:
    """Neither the scanner nor a worker can be started; both work again when there is room."""
    async with SimulatorProcess() as simulator:
        settings = make_settings(tmp_path, *simulator.addresses)
        (found,) = await find_cameras(settings)
        with no_descriptors(), pytest.raises(DetectionFailed) as looking:
            await find_cameras(settings)
        with no_descriptors(), pytest.raises(CameraCrashed) as opening:
            await Camera.open(found, settings, deadlines=patient(SHORT))
        for error in (looking.value, opening.value):
            assert "could not be started" in error.message
            assert "ulimit" in (error.hint or "")
        assert worker_count() == 0
        camera = await Camera.open(found, settings, deadlines=patient(PATIENT))
        await camera.close()
