"""Faults on the wire as unmodified libgphoto2 meets them; the numbers are its error codes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.gphoto_process import GphotoDiedError, GphotoHungError, GphotoProcess
from support.simulator_process import SimulatorProcess

TIMEOUT_S = 2.5
"""libgphoto2's timeout for each read from a network camera."""
TIMED_OUT = {-7, -10}
"""A timeout has the one number the first time and the other one afterwards, or the other way round."""


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as running:
        yield running


@pytest.fixture
async def camera(simulator: SimulatorProcess) -> AsyncIterator[GphotoProcess]:
    async with GphotoProcess(simulator.camera.port) as opened:
        await opened.call("preview")
        yield opened


@pytest.mark.parametrize(("kind", "code"), [("close", -1), ("rst", -7), ("close_mid_payload", -1)])
async def test_a_connection_that_ends_needs_a_new_one(
    simulator: SimulatorProcess, camera: GphotoProcess, kind: str, code: int
) -> None:
    await simulator.control("fault", kind=kind, when="preview", count=1)
    assert await camera.fails("preview") == code
    assert await camera.fails("preview") < 0
    await camera.call("reopen")
    await camera.call("preview")


async def test_a_hung_operation_times_out_and_the_next_one_works(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("fault", kind="hang", when="preview", count=1)
    assert await camera.fails("preview") in TIMED_OUT
    assert camera.seconds >= TIMEOUT_S
    await camera.call("preview")


async def test_a_late_answer_is_dropped_and_one_in_time_is_not(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("fault", kind="delay", when="preview", seconds=3, count=1)
    assert await camera.fails("preview") in TIMED_OUT
    await simulator.control("fault", kind="delay", when="preview", seconds=1, count=1)
    await camera.call("preview")


async def test_a_client_that_is_killed_leaves_the_camera_free(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    """Even while the camera lets it wait for an answer."""
    await simulator.control("fault", kind="delay", when="preview", seconds=60, count=1)
    waiting = asyncio.create_task(camera.call("preview"))
    await simulator.wait("fault")
    await camera.kill()
    with pytest.raises(GphotoDiedError):
        await waiting
    async with GphotoProcess(simulator.camera.port) as again:
        await again.call("preview")


async def test_a_camera_that_stays_busy_is_given_up(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await simulator.control("fault", kind="busy", when="preview")
    assert await camera.fails("preview") == -110
    await simulator.control("clear_faults")
    await simulator.control("fault", kind="busy", when="preview", count=5)
    await camera.call("preview")


@pytest.mark.parametrize(
    ("kind", "code"), [("busy", -110), ("error", -1), ("store_full", -1), ("rst", -7), ("close", -7)]
)
async def test_a_capture_fails_at_once(
    simulator: SimulatorProcess, camera: GphotoProcess, kind: str, code: int
) -> None:
    await simulator.control("fault", kind=kind, when="capture", count=1)
    assert await camera.fails("capture") == code
    assert (await simulator.status())["captures"] == 0


async def test_a_shot_that_is_never_reported_leaves_the_session_usable(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    """`capture` itself would wait for 90 s; nothing comes after a trigger either."""
    await simulator.control("fault", kind="no_object", count=1)
    with pytest.raises(GphotoHungError):
        await camera.call("capture", deadline=3)
    status = await simulator.status()
    assert (status["captures"], status["events"]["exposure"]) == (0, 1)
    async with GphotoProcess(simulator.camera.port) as again:
        await again.call("capture")


async def test_a_viewfinder_blob_without_length_makes_libgphoto2_spin(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("fault", kind="zero_blob", count=1)
    with pytest.raises(GphotoHungError):
        await camera.call("preview", deadline=2)


async def test_a_picture_blob_without_length_makes_libgphoto2_crash(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("fault", kind="crash_blob", count=1)
    with pytest.raises(GphotoDiedError):
        await camera.call("preview")


async def test_a_preview_without_a_jpeg_fails(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await simulator.control("fault", kind="empty_preview", count=1)
    assert await camera.fails("preview") == -1
    await camera.call("preview")


@pytest.mark.parametrize("kind", ["garbage", "bad_length", "no_data", "short_data"])
async def test_nonsense_on_the_wire_is_an_error_and_a_new_connection_helps(
    simulator: SimulatorProcess, camera: GphotoProcess, kind: str
) -> None:
    await simulator.control("fault", kind=kind, when="preview", count=1)
    assert await camera.fails("preview") < 0
    await camera.call("reopen", deadline=30)
    await camera.call("preview")


async def test_a_download_fails_in_the_middle_and_works_again(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    path = await camera.call("capture")
    await simulator.control("fault", kind="error", when="get_object", count=1)
    assert await camera.fails("download", path=path, save="picture.jpg") == -1
    assert await camera.call("download", path=path, save="picture.jpg") > 1000


@pytest.mark.parametrize(
    ("kind", "codes"), [("refuse_connect", {-1}), ("session_busy", {-110}), ("hang_handshake", TIMED_OUT)]
)
async def test_a_camera_that_does_not_let_in_works_the_next_time(
    simulator: SimulatorProcess, kind: str, codes: set[int]
) -> None:
    await simulator.control("fault", kind=kind)
    async with GphotoProcess(simulator.camera.port, opened=False) as camera:
        assert await camera.fails("open", port=simulator.camera.port) in codes
        await simulator.control("clear_faults")
        await camera.call("open", port=simulator.camera.port)


async def test_a_fault_spares_the_first_operations(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await simulator.control("fault", kind="error", when="preview", after=2, count=1)
    await camera.call("preview")
    await camera.call("preview")
    assert await camera.fails("preview") == -1
    await camera.call("preview")


async def test_settings_still_read_from_the_cache_after_an_unplug(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    """Only operations that reach the wire notice: the summary and the storage's state."""
    await camera.call("get", name="iso")
    await simulator.control("unplug")
    assert await camera.call("get", name="iso") == "400"
    assert await camera.fails("storage") < 0
    assert await camera.fails("preview") < 0
    await simulator.control("plug")
    await camera.call("reopen")
    await camera.call("preview")


async def test_a_camera_that_is_off_cannot_be_opened(simulator: SimulatorProcess) -> None:
    await simulator.control("power", on=False)
    async with GphotoProcess(simulator.camera.port, opened=False) as camera:
        assert await camera.fails("open", port=simulator.camera.port) < 0
        await simulator.control("power", on=True)
        await camera.call("open", port=simulator.camera.port)


async def test_a_replug_may_move_the_camera_to_its_other_port(simulator: SimulatorProcess) -> None:
    first, second = simulator.camera.addresses
    await simulator.control("unplug")
    assert (await simulator.control("plug", move=True))["port"] == second
    async with GphotoProcess(first, opened=False) as stale:
        assert await stale.fails("open", port=first) < 0
        await stale.call("open", port=second)
