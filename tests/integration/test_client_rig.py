"""The Python client on a simulated rig."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight import errors
from tetherlight.client import Client, Frame
from tetherlight.client.sync import Client as BlockingClient
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.cameras import READY
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import JobState
from tetherlight.protocol.server import SUBSCRIBE
from tetherlight.protocol.sets import PhotometricSetResult

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIGHTS = ["light_left", "lights_top"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--cameras", "2") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("client"), environment=simulator.settings) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def rig(server: ServerProcess) -> AsyncIterator[Client]:
    async with Client(server.url) as client:
        if client.server.selected is None:
            await client.select()
        yield client


async def frames(rig: Client, count: int, max_fps: float | None = None) -> list[Frame]:
    found = []
    async with aclosing(rig.liveview(max_fps=max_fps)) as source:
        async for frame in source:
            found.append(frame)
            if len(found) == count:
                break
    return found


async def test_a_live_view_that_nobody_waits_for_any_more_is_not_begun(
    rig: Client, simulator: SimulatorProcess
) -> None:
    """Who gives up before the first frame leaves no stream behind on the server."""
    await simulator.control("fault", camera="camera1", kind="delay", when="preview", seconds=0.7, count=1)
    source = rig.liveview()
    first = asyncio.ensure_future(anext(source))
    await rig.ping()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    # Behind the preview that the live view asked for: then its stream would be there.
    await rig.set_config("iso", "100")
    await rig.ping()
    assert [camera.liveview_viewers for camera in (await rig.info()).cameras] == [0]


async def test_settings_come_as_typed_values_and_are_set(rig: Client) -> None:
    iso = await rig.set_config("iso", "200")
    assert (iso.value, iso.alias, iso.readonly) == ("200", "iso", False)
    assert await rig.get_config("iso") == iso
    assert iso in await rig.list_config()


async def test_the_round_trip_is_measured(rig: Client) -> None:
    assert await rig.ping() > 0


async def test_failures_are_the_errors_of_the_server(rig: Client) -> None:
    with pytest.raises(errors.ConfigNotFound):
        await rig.get_config("no_such_entry")
    with pytest.raises(errors.ConfigInvalid) as refused:
        await rig.set_config("iso", "12345")
    assert refused.value.message.startswith("Failed to set config 'iso'.")
    assert refused.value.hint
    with pytest.raises(errors.UnknownLight):
        await rig.set_light("no_such_light", True)
    with pytest.raises(errors.SetNotFound):
        await rig.set_images("no_such_set")
    with pytest.raises(errors.JobNotFound):
        await rig.cancel_job("no_such_job")


async def test_an_unknown_and_a_closed_camera_are_told_apart(rig: Client) -> None:
    closed = next(camera.camera_id for camera in await rig.cameras() if not camera.open)
    with pytest.raises(errors.CameraNotOpen):
        await rig.capture(camera_id=closed)
    with pytest.raises(errors.CameraNotFound):
        await rig.capture(camera_id="no-such-camera")
    with pytest.raises(errors.CameraNotOpen):
        await anext(rig.liveview(camera_id=closed))


async def test_wrong_payloads_are_refused_before_they_are_sent(rig: Client) -> None:
    with pytest.raises(errors.InvalidPayload, match="step"):
        await rig.drive_focus(9)
    with pytest.raises(errors.InvalidPayload, match="topics"):
        await rig.request(SUBSCRIBE, {"topics": ["nonsense"]})
    with pytest.raises(errors.InvalidPayload, match="topics"):
        await anext(rig.events("nonsense"))  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidPayload, match="on_failure"):
        rig.capture_set(LIGHTS, on_failure="explode")
    assert (await rig.lights()).states


async def test_frames_that_were_never_sent_cannot_be_acknowledged(rig: Client) -> None:
    with pytest.raises(errors.InvalidPayload, match="No paced live view"):
        await rig.request(READY, {"seq": 1})
    async with aclosing(rig.liveview()) as source:
        await anext(source)
        with pytest.raises(errors.InvalidPayload, match="never sent"):
            await rig.request(READY, {"seq": 4_000_000_000})
        assert (await anext(source)).jpeg.startswith(b"\xff\xd8")


async def test_a_capture_is_downloaded_checked_and_not_fetched_twice(rig: Client, tmp_path: Path) -> None:
    shot = await rig.capture()
    told: list[int] = []
    [path] = await rig.download(shot, tmp_path, progress=told.append)
    assert path == tmp_path / shot.files[0].filename
    assert path.read_bytes() == await rig.read(shot.files[0])
    assert sum(told) == shot.files[0].size
    before = path.stat()
    assert await rig.download(shot, str(tmp_path)) == [path]
    assert path.stat() == before


async def test_a_download_goes_on_where_it_broke_off_and_overwrites_nothing(rig: Client, tmp_path: Path) -> None:
    file = (await rig.capture()).files[0]
    whole = await rig.read(file)
    (tmp_path / file.filename).write_bytes(b"something else")
    part = tmp_path / f"{Path(file.filename).stem}-2.jpg.part"
    part.write_bytes(whole[:10_000])
    told: list[int] = []
    [path] = await rig.download(file, tmp_path, progress=told.append)
    assert path.name == f"{Path(file.filename).stem}-2.jpg"
    assert path.read_bytes() == whole
    assert told[0] == 10_000
    assert (tmp_path / file.filename).read_bytes() == b"something else"
    assert not part.exists()


async def test_a_download_that_is_not_what_was_listed_is_refused(rig: Client, tmp_path: Path) -> None:
    file = (await rig.capture()).files[0]
    (tmp_path / f"{file.filename}.part").write_bytes(b"x" * 100)
    with pytest.raises(errors.StoreError, match="is not what the server listed"):
        await rig.download(file.model_copy(update={"sha256": "0" * 64}), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(await rig.download(file, tmp_path)) == 1
    gone = file.model_copy(update={"url": "/images/gone.jpg", "filename": "gone.jpg"})
    with pytest.raises(errors.ImageNotFound):
        await rig.download(gone, tmp_path)


async def test_frames_are_fresh_and_a_live_view_ends_with_its_loop(rig: Client) -> None:
    seen = await frames(rig, 5)
    assert [frame.seq for frame in seen] == sorted({frame.seq for frame in seen})
    assert all(frame.jpeg.startswith(b"\xff\xd8") and frame.width > 0 for frame in seen)
    assert [camera.liveview_viewers for camera in (await rig.info()).cameras if camera.selected] == [0]


async def test_a_live_view_goes_on_when_its_camera_was_gone_for_a_while(
    rig: Client, simulator: SimulatorProcess
) -> None:
    selected = (await rig.info()).selected or ""
    camera = next(one.name for one in simulator.cameras if selected.endswith(one.serial))
    async with aclosing(rig.liveview()) as source, aclosing(rig.events("camera")) as events:
        before = await anext(source)
        await simulator.control("unplug", camera=camera)
        async for event in events:
            if event.name == "camera_lost":
                break
        assert event.error is None or isinstance(event.error, errors.CameraError)
        with pytest.raises(errors.CameraError):
            await rig.capture()
        await simulator.control("plug", camera=camera)
        while (await anext(source)).seq <= before.seq + 1:
            pass
        assert (await rig.capture()).files


async def test_two_loops_over_one_camera_share_its_live_view(rig: Client) -> None:
    slow, fast = await asyncio.gather(frames(rig, 2, max_fps=5.0), frames(rig, 6))
    assert len(slow) == 2
    assert len(fast) == 6


async def test_events_begin_with_how_things_stand(rig: Client) -> None:
    async with aclosing(rig.events("lights", "sets")) as events:
        first = [await anext(events), await anext(events)]
        assert [(event.name, event.topic) for event in first] == [("snapshot", "lights"), ("snapshot", "sets")]
        assert isinstance(first[0].data, LightStates)
        assert set(first[0].data.states.values()) == {False}
        await rig.set_light("light_left", True)
        change = await anext(events)
        assert isinstance(change.data, LightStates)
        assert (change.name, change.data.states["light_left"]) == ("lights_changed", True)
        assert change.seq == (first[0].seq or 0) + 1
        await rig.set_lights({}, others_off=True)


async def test_a_light_has_a_level_that_everybody_is_told(rig: Client) -> None:
    async with aclosing(rig.events("lights")) as events:
        await anext(events)
        changed = await rig.set_light("light_left", True, level=0.4)
        assert changed.new_state
        assert changed.message == "Light 'light_left' turned ON at 40%. (simulated)"
        told = (await anext(events)).data
        assert isinstance(told, LightStates)
        assert (told.levels["light_left"], told.states["light_left"]) == (0.4, True)
        await rig.set_lights({}, others_off=True)
        states = await rig.set_lights({"light_left": True, "lights_top": True}, levels={"lights_top": 0.5})
        assert {name: level for name, level in states.levels.items() if level} == {"light_left": 0.4, "lights_top": 0.5}
        with pytest.raises(errors.InvalidPayload, match="level of light 'light_left' is 0"):
            await rig.set_light("light_left", True, level=0.0)
        await rig.set_light("light_left", False, level=1.0)
        await rig.set_lights({"lights_top": False}, levels={"lights_top": 1.0}, others_off=True)


async def test_each_loop_over_events_hears_its_own_topics(rig: Client) -> None:
    async with aclosing(rig.events("lights")) as lights, aclosing(rig.events("storage", "lights")) as both:
        await anext(lights)
        assert [(await anext(both)).topic, (await anext(both)).topic] == ["storage", "lights"]
        await rig.set_light("light_left", False)
        assert (await anext(lights)).name == (await anext(both)).name == "lights_changed"


async def test_a_set_can_be_awaited_with_a_callback_for_its_steps(rig: Client, tmp_path: Path) -> None:
    steps: list[PhotometricProgress] = []
    result = await rig.capture_set(LIGHTS, prefix="awaited", progress=steps.append)
    assert result.image_count == 2
    assert [step.current_light for step in steps if step.status.startswith("processing")] == LIGHTS
    paths = await rig.download(result, tmp_path)
    name = result.set_folder.rpartition("/")[2]
    told = [f"{name}.lp", "manifest.json"]
    assert [path.name for path in paths] == ["image_01_light_left.jpg", "image_02_lights_top.jpg", *told]
    assert {path.parent.name for path in paths} == {name}
    assert (await rig.jobs())[0].state is JobState.COMPLETED


async def test_a_set_can_be_iterated_and_managed(rig: Client) -> None:
    capture = rig.capture_set(LIGHTS, prefix="iterated")
    with pytest.raises(errors.JobConflict):
        _ = capture.result
    assert {step.job_id async for step in capture} == {capture.job_id}
    name = capture.result.set_folder.rpartition("/")[2]
    assert name in {one.name for one in await rig.sets()}
    await rig.annotate_set(name, rating=4)
    await rig.rename_set(name, "renamed_set")
    assert len((await rig.show_set("renamed_set")).images) == 2
    await rig.delete_set("renamed_set")
    await rig.restore_set("renamed_set")
    await rig.delete_set("renamed_set")
    assert "renamed_set" not in {one.name for one in await rig.sets()}


async def test_a_failed_set_tells_what_it_has(rig: Client, simulator: SimulatorProcess) -> None:
    name = (await rig.info()).selected
    camera = next(one for one in simulator.cameras if name and name.endswith(one.serial))
    await simulator.control("fault", camera=camera.name, kind="error", when="capture", code=0x2019, after=1)
    with pytest.raises(errors.SequenceFailed) as failed:
        await rig.capture_set(LIGHTS)
    await simulator.control("clear_faults", camera=camera.name)
    assert isinstance(failed.value.data, PhotometricSetResult)
    assert failed.value.data.image_count == 1
    assert (failed.value.details or {})["job_id"] == failed.value.data.job_id


async def test_a_job_can_be_cancelled_and_followed_to_its_end(rig: Client) -> None:
    steps = aiter(rig.capture_set(LIGHTS * 10))
    job_id = (await anext(steps)).job_id
    async with aclosing(rig.follow_job(job_id)) as following:
        assert (await anext(following)).state is JobState.RUNNING
        assert (await rig.cancel_job(job_id)).state is JobState.CANCELLED
        assert [job.state async for job in following][-1] is JobState.CANCELLED
    with pytest.raises(errors.SequenceFailed, match="cancelled"):
        await drained(steps)
    with pytest.raises(errors.JobNotFound):
        await anext(rig.follow_job("no_such_job"))


async def drained(steps: AsyncIterator[PhotometricProgress]) -> None:
    async for _ in steps:
        pass


async def test_two_cameras_are_captured_at_the_same_time(rig: Client) -> None:
    before = (await rig.info()).selected
    ids = [camera.camera_id for camera in await rig.cameras()]
    for camera_id in ids:
        await rig.select(camera_id=camera_id)
    shots = await asyncio.gather(*(rig.capture(camera_id=camera_id) for camera_id in ids))
    assert [shot.camera_id for shot in shots] == ids
    await rig.deselect(next(one for one in ids if one != before))
    await rig.select(camera_id=before)


async def test_a_camera_opened_beside_leaves_the_selected_one_selected(rig: Client) -> None:
    before = (await rig.info()).selected
    other = next(one.camera_id for one in await rig.cameras() if one.camera_id != before)
    opened = await rig.select(camera_id=other, select=False)
    assert (opened.camera_id, opened.open, opened.selected) == (other, True, False)
    info = await rig.info()
    assert (info.selected, {one.camera_id for one in info.cameras}) == (before, {before, other})
    with pytest.raises(errors.InvalidPayload, match="camera_id"):
        await rig.select(select=False)
    await rig.deselect(other)


async def test_the_focus_point_arrives_on_the_body(rig: Client, simulator: SimulatorProcess) -> None:
    selected = (await rig.info()).selected or ""
    await rig.autofocus((0.3, 0.7))
    cameras = (await simulator.control("status"))["cameras"]
    (body,) = (one for one in cameras if selected.endswith(one["serial"]))
    assert body["focus_point"] == pytest.approx((0.3, 0.7), abs=0.003)
    with pytest.raises(errors.InvalidPayload):
        await rig.autofocus((0.3, 1.7))


async def test_every_action_has_a_method() -> None:
    source = "".join(inspect.getsource(one) for one in Client.__mro__ if one is not object)
    inside = {"AUTH", "READY", "SUBSCRIBE", "START_LIVEVIEW", "STOP_LIVEVIEW"}
    superseded = {"GET_PREVIEW", "GET_IMAGE_DATA", "IMPORT_OBJECTS"}
    assert {name for name in ACTIONS if not re.search(rf"\.{name}\b", source)} == inside | superseded


async def test_the_blocking_client_has_every_method_of_the_asynchronous_one() -> None:
    public = {name for name in vars(Client) if not name.startswith("_")}
    assert public <= {name for name in vars(BlockingClient) if not name.startswith("_")}


async def test_the_blocking_client_works_in_a_plain_thread(server: ServerProcess, tmp_path: Path) -> None:
    await asyncio.to_thread(use_blocking, server.url, tmp_path)


def use_blocking(url: str, folder: Path) -> None:
    with BlockingClient(url) as rig:
        rig.select(camera_id=rig.server.selected)
        assert rig.set_config("iso", "400").value == "400"
        for number, frame in enumerate(rig.liveview()):
            assert frame.jpeg.startswith(b"\xff\xd8")
            if number == 2:
                break
        assert next(rig.events("lights")).name == "snapshot"
        steps: list[PhotometricProgress] = []
        result = rig.capture_set(LIGHTS, prefix="blocking", progress=steps.append)
        assert len(rig.download(result, folder)) == 4
        assert steps
        with pytest.raises(errors.CameraNotFound):
            rig.capture(camera_id="no-such-camera")
        assert [job.state for job in rig.follow_job(result.job_id)] == [JobState.COMPLETED]


async def test_a_callback_that_waits_for_its_own_client_is_refused_instead_of_hanging(server: ServerProcess) -> None:
    def work() -> None:
        with BlockingClient(server.url) as rig:
            rig.select(camera_id=rig.server.selected)
            with pytest.raises(RuntimeError, match="callback"):
                rig.wait_for(calling_back(rig))

    await asyncio.to_thread(work)


async def calling_back(rig: BlockingClient) -> None:
    rig.lights()


async def test_the_blocking_client_works_beside_a_running_loop(server: ServerProcess) -> None:
    rig = BlockingClient(server.url).connect()
    try:
        assert rig.lights().states
    finally:
        rig.close()
        rig.close()
    with pytest.raises(RuntimeError, match="not connected"):
        rig.lights()
