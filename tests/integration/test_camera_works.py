"""A camera through the whole path: worker, libgphoto2, the wire, a simulated body."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.camera_world import OpenCamera, descriptor_count, make_settings, open_camera, worker_count
from support.simulator_process import SimulatorProcess
from support.turns import turns
from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras
from tetherlight.camera.focus import autofocus, drive_focus
from tetherlight.errors import (
    CameraBusy,
    CameraNotOpen,
    CardFull,
    ConfigInvalid,
    ConfigNotFound,
    ConfigReadonly,
    ConfigRejected,
)
from tetherlight.measures import CAPTURE_SECONDS
from tetherlight.protocol.models import CameraState, ConfigType


@pytest.fixture(params=["canon", "nikon"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenCamera]:
    async with open_camera(tmp_path, "--vendor", request.param, "--fps", "200") as opened:
        yield opened


@pytest.fixture
async def canon(tmp_path: Path) -> AsyncIterator[OpenCamera]:
    async with open_camera(tmp_path, "--fps", "200") as opened:
        yield opened


async def test_a_network_camera_is_listed_by_what_it_calls_itself(tmp_path: Path) -> None:
    async with SimulatorProcess("--cameras", "2", "--vendor", "both") as simulator:
        settings = make_settings(tmp_path, *simulator.addresses, "ptpip:127.0.0.1:1")
        found = await find_cameras(settings)
        assert [(each.model, each.port, each.serial) for each in found] == [
            (each.model, each.port, each.serial) for each in simulator.cameras
        ]
        assert len({each.camera_id for each in found}) == 2
        assert [each.port for each in await find_cameras(settings, skip_ports=[found[0].port])] == [found[1].port]


async def test_a_silent_camera_delays_nobody_for_long(tmp_path: Path) -> None:
    """The scanner asks each address in a process of its own and gives up on all together."""
    async with SimulatorProcess("--cameras", "2") as simulator:
        await simulator.control("fault", camera="camera1", kind="hang_handshake", count=None)
        found = await find_cameras(make_settings(tmp_path, *simulator.addresses))
        assert [each.serial for each in found] == [simulator.cameras[1].serial]


async def test_an_open_camera_knows_itself(world: OpenCamera) -> None:
    camera, announced = world.camera, world.simulator.camera
    status = camera.status()
    assert (camera.model, camera.port, camera.serial) == (announced.model, announced.port, announced.serial)
    assert (status.state, status.open, status.battery_percent) == (CameraState.READY, True, 100)
    assert worker_count() == 1


async def test_every_maker_understands_the_common_names(world: OpenCamera) -> None:
    for alias in ("iso", "shutterspeed", "aperture", "whitebalance", "imageformat"):
        (entry,) = await world.camera.get_config(alias)
        assert entry.alias == alias
        assert entry.path.endswith("/" + entry.name)
        assert (await world.camera.get_config(entry.path)) == [entry]
        wanted = next(option for option in entry.options if option != entry.value)
        written = await world.camera.set_config(alias, wanted)
        assert written.value == wanted
        assert written.alias == alias
        assert [(await world.camera.get_config(alias))[0].value] == [wanted]
    names = {entry.name for entry in world.recorder.entries}
    assert "iso" in names


async def test_a_number_stands_for_the_option_with_its_text(canon: OpenCamera) -> None:
    assert (await canon.camera.set_config("iso", 400)).value == "400"
    assert (await canon.camera.set_config("aperture", 8.0)).value == "8"


async def test_texts_dates_and_switches_can_be_set(canon: OpenCamera) -> None:
    assert (await canon.camera.set_config("artist", "A. Painter")).value == "A. Painter"
    (switch,) = await canon.camera.get_config("viewfinder")
    assert switch.type is ConfigType.TOGGLE
    assert {entry.type for entry in await canon.camera.get_config()} >= {
        ConfigType.MENU,
        ConfigType.TEXT,
        ConfigType.TOGGLE,
        ConfigType.DATE,
    }


async def test_what_cannot_be_set_never_reaches_the_camera(canon: OpenCamera) -> None:
    with pytest.raises(ConfigInvalid, match=r"^Value 'invalid_value' not in options\.$"):
        await canon.camera.set_config("iso", "invalid_value")
    with pytest.raises(ConfigReadonly, match=r"^It is read-only\.$"):
        await canon.camera.set_config("batterylevel", "10%")
    with pytest.raises(ConfigNotFound, match=r"^Config 'nonsense' not found\.$"):
        await canon.camera.set_config("nonsense", "1")
    with pytest.raises(ConfigNotFound):
        await canon.camera.get_config("nonsense")


async def test_previews_are_whole_jpegs_of_a_known_size(world: OpenCamera) -> None:
    before = descriptor_count()
    previews = [await world.camera.preview() for _ in range(30)]
    assert all(preview.jpeg[:2] == b"\xff\xd8" and preview.jpeg[-2:] == b"\xff\xd9" for preview in previews)
    assert all(preview.width > 100 < preview.height for preview in previews)
    assert previews[0].captured_at < previews[-1].captured_at
    assert descriptor_count() == before


async def test_a_capture_is_whole_durable_and_never_overwrites(world: OpenCamera) -> None:
    first = await world.camera.capture(world.folder, "picture")
    second = await world.camera.capture(world.folder, "picture")
    third = await world.camera.capture(world.folder, "picture", replace=["picture.jpg"])
    assert [each.files[0].path.name for each in (first, second, third)] == [
        "picture.jpg",
        "picture-2.jpg",
        "picture.jpg",
    ]
    assert world.files() == ["picture-2.jpg", "picture.jpg"]
    for file in (*second.files, *third.files):
        data = file.path.read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert file.mimetype == "image/jpeg"
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o640


async def test_both_files_of_raw_and_jpeg_are_saved_under_one_stem(world: OpenCamera) -> None:
    (entry,) = await world.camera.get_config("imageformat")
    both = next(option for option in entry.options if "+" in option)
    await world.camera.set_config("imageformat", both)
    for name in ("one", "two"):
        exposure = await world.camera.capture(world.folder, name)
        assert len(exposure.files) == 2
        assert {file.path.stem for file in exposure.files} == {name}
        assert sum(file.mimetype == "image/jpeg" for file in exposure.files) == 1


async def test_without_download_the_picture_stays_on_the_card(world: OpenCamera) -> None:
    before = (await world.camera.get_config("capturetarget"))[0].value
    exposure = await world.camera.capture(world.folder, "left", download=False)
    assert exposure.files == ()
    assert exposure.camera_paths[0].startswith("/store_")
    assert world.files() == []
    assert (await world.camera.get_config("capturetarget"))[0].value == before
    saved = await world.camera.download(exposure.camera_paths, world.folder, "later")
    assert [file.path.name for file in saved] == ["later.jpg"]


async def test_a_downloaded_picture_leaves_the_card_where_that_is_wanted(tmp_path: Path) -> None:
    async with open_camera(tmp_path, delete_after_download=True) as world:
        await world.camera.set_config("capturetarget", "Memory card")
        await world.camera.capture(world.folder, "picture")
        assert (await world.simulator.status())["card"]["files"] == []


@pytest.mark.parametrize("target", ["Memory card", "Internal RAM"])
async def test_of_raw_and_jpeg_only_the_jpeg_is_downloaded_where_that_is_wanted(target: str, tmp_path: Path) -> None:
    """The RAW file stays on the card, also where pictures go to the camera's memory else and where they are deleted."""
    async with open_camera(tmp_path, keep_raw_on_card=True, delete_after_download=True) as world:
        await world.camera.set_config("capturetarget", target)
        await world.camera.set_config("imageformat", "RAW + L")
        exposure = await world.camera.capture(world.folder, "both")
        assert [file.path.name for file in exposure.files] == ["both.jpg"]
        assert len(exposure.camera_paths) == 2
        assert (await world.simulator.status())["card"]["files"] == ["IMG_0001.CR2"]
        assert (await world.camera.get_config("capturetarget"))[0].value == target


async def test_a_raw_file_that_is_alone_is_downloaded_all_the_same(tmp_path: Path) -> None:
    async with open_camera(tmp_path, keep_raw_on_card=True) as world:
        await world.camera.set_config("imageformat", "RAW")
        exposure = await world.camera.capture(world.folder, "raw")
        assert [file.path.name for file in exposure.files] == ["raw.cr2"]


async def test_a_full_card_is_told(world: OpenCamera) -> None:
    await world.camera.set_config("capturetarget", "Memory card")
    await world.simulator.control("card", free_bytes=0)
    with pytest.raises(CardFull):
        await world.camera.capture(world.folder, "picture")
    assert world.recorder.kinds() == []


async def test_the_button_on_the_body_is_heard(world: OpenCamera) -> None:
    await world.simulator.control("press_shutter")
    await world.recorder.until(lambda: bool(world.recorder.body_captures))
    (paths,) = world.recorder.body_captures
    saved = await world.camera.download(paths, world.folder, "body")
    assert [file.path.name for file in saved] == ["body.jpg"]
    await world.camera.capture(world.folder, "ours")
    assert len(world.recorder.body_captures) == 1


@pytest.mark.parametrize("target", ["Memory card", "Internal RAM"])
async def test_a_burst_on_the_body_is_as_many_exposures(tmp_path: Path, target: str) -> None:
    async with open_camera(tmp_path, "--width", "300", "--height", "200") as world:
        await world.camera.set_config("imageformat", "RAW + L")
        await world.camera.set_config("capturetarget", target)
        await world.simulator.control("press_shutter", count=5, interval=0.1)
        await world.recorder.until(lambda: sum(map(len, world.recorder.body_captures)) == 10)
        assert [len(paths) for paths in world.recorder.body_captures] == [2] * 5
        for paths in world.recorder.body_captures:
            await world.camera.download(paths, world.folder, "shot")
        assert len(world.files()) == 10


async def test_a_dial_turned_on_the_body_reaches_the_cache(world: OpenCamera) -> None:
    (entry,) = await world.camera.get_config("iso")
    wanted = next(option for option in entry.options if option not in {entry.value, "Auto"})
    await world.simulator.control("set_property", name="iso", value=wanted)
    await world.recorder.until(
        lambda: any(each.alias == "iso" and each.value == wanted for each in world.recorder.entries)
    )
    assert (await world.camera.get_config("iso"))[0].value == wanted


async def test_the_battery_is_watched(world: OpenCamera) -> None:
    await world.simulator.control("battery", percent=10)
    await world.recorder.until(lambda: bool(world.camera.warnings()))
    assert [kind for kind, _ in world.camera.warnings()] == ["battery_low"]
    assert (world.camera.status().battery_percent or 100) <= 15


async def test_the_room_on_its_cards_is_told_and_each_part_of_a_capture_is_timed(world: OpenCamera) -> None:
    def timed() -> dict[str, int]:
        return {phase: sum(classes) for phase, (classes, _) in CAPTURE_SECONDS.times().items()}

    await world.camera.check()
    room, before = world.camera.card_free_bytes(), timed()
    exposure = await world.camera.capture(world.folder, "timed")
    assert exposure.files[0].write_s > 0
    assert {phase: count - before.get(phase, 0) for phase, count in timed().items()} == {
        "exposure": 1, "transfer": 1, "write": 1,
    }  # fmt: skip
    await world.camera.capture(world.folder, "kept", download=False)
    await world.camera.check()
    left = world.camera.card_free_bytes()
    assert room is not None
    assert left is not None
    assert 0 < left < room
    await world.camera.close()
    assert world.camera.card_free_bytes() is None


async def test_a_job_has_the_camera_to_itself(canon: OpenCamera, tmp_path: Path) -> None:
    canon.camera.claim("job-1")
    assert canon.camera.owner == "job-1"
    waiting = asyncio.create_task(canon.camera.preview())
    for refused in (canon.camera.set_config("iso", "200"), canon.camera.capture(tmp_path, "x")):
        with pytest.raises(CameraBusy) as caught:
            await refused
        assert caught.value.message == f"Job 'job-1' is using camera '{canon.camera.camera_id}'."
        assert caught.value.details == {"job_id": "job-1"}
    with pytest.raises(CameraBusy):
        canon.camera.claim("job-2")
    exposure = await canon.camera.capture(canon.folder, "mine", owner="job-1")
    assert exposure.files
    assert not waiting.done()
    canon.camera.release("job-1")
    assert (await waiting).width
    assert (await canon.camera.set_config("iso", "200")).value == "200"


async def test_a_caller_who_gives_up_disturbs_nobody(canon: OpenCamera) -> None:
    capture = asyncio.create_task(canon.camera.capture(canon.folder, "given-up"))
    await turns(2)
    capture.cancel()
    with pytest.raises(asyncio.CancelledError):
        await capture
    assert (await canon.camera.preview()).jpeg
    assert canon.files() == ["given-up.jpg"]


async def test_calls_of_many_clients_are_answered_in_order(canon: OpenCamera) -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await (canon.camera.preview() if number % 3 else canon.camera.set_config("iso", ["100", "200"][number % 2]))
        done.append(number)

    await asyncio.gather(*(work(number) for number in range(12)))
    assert done == list(range(12))


async def test_a_closed_camera_says_so(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as world:
        await world.camera.close()
        await world.camera.close()
        assert world.camera.status().state is CameraState.CLOSED
        assert worker_count() == 0
        with pytest.raises(CameraNotOpen):
            await world.camera.preview()


async def test_two_cameras_work_side_by_side(tmp_path: Path) -> None:
    async with SimulatorProcess("--cameras", "2", "--vendor", "both") as simulator:
        settings = make_settings(tmp_path, *simulator.addresses)
        found = await find_cameras(settings)
        cameras = [await Camera.open(each, settings) for each in found]
        try:
            exposures = await asyncio.gather(
                *(camera.capture(tmp_path / "both", camera.camera_id) for camera in cameras)
            )
            assert [each.files[0].path.stem for each in exposures] == [camera.camera_id for camera in cameras]
            assert len({camera.camera_id for camera in cameras}) == 2
        finally:
            await asyncio.gather(*(camera.close() for camera in cameras))


async def test_each_camera_has_a_private_configuration_and_all_one_identity(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as world:
        await world.camera.set_config("capturetarget", "Memory card")
    folders = sorted((tmp_path / "state" / "cameras").iterdir())
    lines = [(folder / "gphoto" / "settings").read_text().splitlines() for folder in folders]
    guids = {line for each in lines for line in each if line.startswith("ptp2_ip=guid=")}
    assert len(folders) == 2
    assert len(guids) == 1
    assert [any(line.startswith("ptp2=capturetarget") for line in each) for each in lines] == [True, False]


@pytest.mark.parametrize("point", [(0.25, 0.5), (0.8, 0.3)])
async def test_every_maker_focuses_at_a_point(world: OpenCamera, point: tuple[float, float]) -> None:
    """The body's focus frame is where it was asked to be, within rounding, and then the lens is driven, once."""
    await autofocus(world.camera, point)
    (status,) = (await world.simulator.control("status"))["cameras"]
    assert status["focus_point"] == pytest.approx(point, abs=0.003)
    assert status["events"]["autofocus"] == 1


@pytest.mark.parametrize("vendor", ["canon", "nikon", "sony"])
async def test_the_same_step_moves_the_lens_of_every_maker_as_far(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as world:
        for count, (step, place) in enumerate(((-2, 7850), (3, 8850), (1, 8870), (0, 8870)), 1):
            await drive_focus(world.camera, step)
            if step:
                await world.simulator.control("wait", event="focus_still", count=count)
            assert (await world.simulator.control("lens"))["place"] == place


async def test_a_body_that_tells_the_end_of_its_lens_refuses_the_drive(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "nikon") as world:
        await world.simulator.control("lens", place=100)
        for _ in range(2):
            with pytest.raises(
                ConfigRejected, match=r"^The lens did not move all the way: Nikon manual focus at limit\.$"
            ):
                await drive_focus(world.camera, -2)
            assert (await world.simulator.control("lens"))["end"] == "near"
        await drive_focus(world.camera, 2)


async def test_after_a_picture_the_lens_is_driven_as_before(world: OpenCamera) -> None:
    for count in (1, 2):
        await drive_focus(world.camera, 3)
        await world.simulator.control("wait", event="focus_still", count=count)
        assert (await world.simulator.control("lens"))["place"] == 8000 + 1000 * count
        await world.camera.capture(world.folder, f"picture{count}")


async def test_a_running_live_view_needs_no_preview_to_focus(world: OpenCamera) -> None:
    await world.camera.preview()
    (before,) = (await world.simulator.control("status"))["cameras"]
    await autofocus(world.camera, (0.5, 0.5), live=True)
    (after,) = (await world.simulator.control("status"))["cameras"]
    assert after["previews"] == before["previews"]
    assert after["focus_point"] == pytest.approx((0.5, 0.5), abs=0.003)


async def test_after_a_capture_the_point_still_arrives(world: OpenCamera) -> None:
    """An exposure ends the live view of some bodies, whatever the viewers believe."""
    await world.camera.preview()
    exposure = await world.camera.capture(world.folder, "picture")
    await autofocus(world.camera, (0.4, 0.6), live=True)
    (status,) = (await world.simulator.control("status"))["cameras"]
    assert status["focus_point"] == pytest.approx((0.4, 0.6), abs=0.003)
    assert world.camera.picture_size == exposure.files[0].picture == (600, 400)
