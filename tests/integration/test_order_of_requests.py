"""Requests in flight together reach the cameras in the order in which they came, and stops reach what is starting."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import Message, WireClient
from tetherlight.store.exif import read_exif

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

ISO = ("100", "200", "400", "800", "1600")
ROUNDS = 5


class Desk:
    """A server with a Canon and a Nikon, both open, and one client."""

    def __init__(self, server: ServerProcess, simulator: SimulatorProcess, client: WireClient) -> None:
        self.server = server
        self.simulator = simulator
        self.client = client
        self.names: dict[str, str] = {}
        """What the simulator calls a camera, by its camera_id."""

    @property
    def ids(self) -> list[str]:
        """The cameras' ids."""
        return list(self.names)

    def iso_of(self, capture: Message) -> str:
        """Read from a picture with which ISO it was taken."""
        assert capture["success"], capture
        return str(read_exif(self.server.folder / capture["data"]["file_path"]).iso)

    async def slow(self, camera_id: str, when: str, seconds: float = 0.7, count: int = 1) -> None:
        """Let the camera take its time, so often."""
        fault = {"kind": "delay", "when": when, "seconds": seconds, "count": count}
        await self.simulator.control("fault", camera=self.names[camera_id], **fault)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ServerProcess, SimulatorProcess]]:
    folder: Path = tmp_path_factory.mktemp("order")
    async with (
        SimulatorProcess("--cameras", "2", "--vendor", "both") as simulator,
        ServerProcess(folder, environment=simulator.settings) as server,
    ):
        yield server, simulator
        assert "unexpectedly" not in server.log.read_text()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(served: tuple[ServerProcess, SimulatorProcess]) -> AsyncIterator[Desk]:
    server, simulator = served
    async with server.client() as client:
        found = Desk(server, simulator, client)
        for camera in await client.do("GET_CAMERAS"):
            found.names[camera["camera_id"]] = next(
                one.name for one in simulator.cameras if one.serial == camera["serial"]
            )
            await client.do("SELECT_CAMERA", {"camera_id": camera["camera_id"]})
        yield found
        await simulator.control("clear_faults")


async def test_a_capture_has_the_settings_that_were_asked_for_before_it(desk: Desk) -> None:
    """With both makers' cameras at once: a setting that is sent right behind the capture comes too late for it."""
    for round_ in range(ROUNDS):
        sent = {}
        for camera_id in desk.ids:
            before, after = ISO[round_ % 5], ISO[(round_ + 1) % 5]
            await desk.client.send("SET_CONFIG", {"config_name": "iso", "value": before, "camera_id": camera_id})
            sent[camera_id] = await desk.client.send("CAPTURE_IMAGE", {"camera_id": camera_id})
            last = await desk.client.send("SET_CONFIG", {"config_name": "iso", "value": after, "camera_id": camera_id})
        assert (await last)["data"]["value"] == after
        assert [desk.iso_of(await capture) for capture in sent.values()] == [before, before]


async def test_requests_of_two_connections_keep_the_order_in_which_the_server_read_them(desk: Desk) -> None:
    camera_id = desk.ids[0]
    await desk.client.do("SET_CONFIG", {"config_name": "iso", "value": "100", "camera_id": camera_id})
    async with desk.server.client() as other:
        capture = await desk.client.send("CAPTURE_IMAGE", {"camera_id": camera_id})
        await desk.client.do("PING")
        wanted = {"config_name": "iso", "value": "800", "camera_id": camera_id}
        assert (await other.do("SET_CONFIG", wanted))["value"] == "800"
        assert desk.iso_of(await capture) == "100"


async def test_a_request_without_camera_id_means_what_was_selected_before_it(desk: Desk) -> None:
    first, second = desk.ids
    for camera_id in (first, second) * 2:
        await desk.client.send("SELECT_CAMERA", {"camera_id": camera_id})
        capture = await desk.client.send("CAPTURE_IMAGE")
        config = await desk.client.send("GET_CONFIG", {"config_name": "iso"})
        await desk.client.send("SELECT_CAMERA", {"camera_id": first if camera_id == second else second})
        assert (await capture)["data"]["camera_id"] == camera_id
        assert (await config)["success"]


async def test_a_camera_can_be_opened_used_and_closed_in_one_breath(desk: Desk) -> None:
    """What comes behind the opening waits for it, and the closing waits for what was asked before it."""
    camera_id, other = desk.ids
    await desk.client.do("DESELECT_CAMERA", {"camera_id": camera_id})
    wanted = {"camera_id": camera_id}
    sent = [
        await desk.client.send(action, wanted)
        for action in ("SELECT_CAMERA", "CAPTURE_IMAGE", "START_LIVEVIEW", "DESELECT_CAMERA", "CAPTURE_IMAGE")
    ]
    opened, taken, _, closed, late = [await one for one in sent]
    assert opened["success"]
    assert closed["success"]
    assert taken["data"]["camera_id"] == camera_id
    assert late["error_code"] == "camera_not_open"
    assert [camera["camera_id"] for camera in await desk.client.do("GET_CAMERAS") if camera["open"]] == [other]


async def test_opening_a_camera_slowly_lets_the_other_one_go_on(desk: Desk) -> None:
    slow, other = desk.ids
    await desk.client.do("DESELECT_CAMERA", {"camera_id": slow})
    await desk.slow(slow, "open_session", 2.0)
    opening = await desk.client.send("SELECT_CAMERA", {"camera_id": slow})
    behind = await desk.client.send("GET_CONFIG", {"config_name": "iso", "camera_id": slow})
    wanted = {"config_name": "iso", "value": "400", "camera_id": other}
    assert (await desk.client.do("SET_CONFIG", wanted))["value"] == "400"
    assert not opening.done()
    assert not behind.done()
    assert (await opening)["success"]
    assert (await behind)["success"]


async def test_a_job_comes_behind_what_was_asked_before_and_refuses_what_comes_after(desk: Desk) -> None:
    """From the arrival of its request on, while it is still being checked: the refusal names it."""
    camera_id = desk.ids[0]
    await desk.client.do("SET_CONFIG", {"config_name": "iso", "value": "200", "camera_id": camera_id})
    await desk.slow(camera_id, "capture")
    wanted = {"light_sequence": ["light_left"], "camera_id": camera_id}
    capture = await desk.client.send("CAPTURE_IMAGE", {"camera_id": camera_id})
    starting = await desk.client.send("CAPTURE_PHOTOMETRIC_SET", wanted)
    refused = await desk.client.request("SET_CONFIG", {"config_name": "iso", "value": "800", "camera_id": camera_id})
    dark = await desk.client.request("SET_LIGHT_STATE", {"light_name": "light_left", "state": True})
    assert (refused["error_code"], dark["error_code"]) == ("camera_busy", "lights_busy")
    assert not capture.done()
    assert desk.iso_of(await capture) == "200"
    done = await starting
    assert done["success"], done
    assert refused["error_details"] == dark["error_details"] == {"job_id": done["data"]["job_id"]}


@pytest.mark.parametrize(("action", "state"), [("CANCEL_JOB", "cancelled"), ("PAUSE_JOB", "paused")])
async def test_a_job_that_is_still_being_checked_is_halted_before_its_first_exposure(
    desk: Desk, action: str, state: str
) -> None:
    camera_id = desk.ids[0]
    await desk.slow(camera_id, "capture")
    capture = await desk.client.send("CAPTURE_IMAGE", {"camera_id": camera_id})
    wanted = {"light_sequence": ["light_left", "light_right"], "camera_id": camera_id}
    starting = await desk.client.send("CAPTURE_PHOTOMETRIC_SET", wanted)
    refused = await desk.client.request("CAPTURE_IMAGE", {"camera_id": camera_id})
    job_id = refused["error_details"]["job_id"]
    job = await desk.client.do(action, {"job_id": job_id})
    assert (job["job_id"], job["state"]) == (job_id, state)
    assert {step["state"] for step in job["steps"]} == {"pending"}
    if state == "paused":
        await desk.client.do("CANCEL_JOB", {"job_id": job_id})
    ended = await starting
    assert (ended["error_code"], ended["data"]["image_count"]) == ("sequence_failed", 0)
    assert (await capture)["success"]


async def test_a_job_that_cannot_start_gives_its_camera_back(desk: Desk) -> None:
    camera_id = desk.ids[0]
    wanted = {"light_sequence": ["nobody"], "camera_id": camera_id}
    assert (await desk.client.request("CAPTURE_PHOTOMETRIC_SET", wanted))["error_code"] == "unknown_light"
    await desk.client.do("SET_CONFIG", {"config_name": "iso", "value": "100", "camera_id": camera_id})
    await desk.client.do("SET_LIGHT_STATE", {"light_name": "light_left", "state": False})


async def test_pause_and_resume_in_one_breath_both_happen(desk: Desk) -> None:
    camera_id = desk.ids[0]
    await desk.slow(camera_id, "capture", 1.0, count=4)
    wanted = {"light_sequence": ["light_left", "light_right"] * 2, "camera_id": camera_id}
    result = await desk.client.send("CAPTURE_PHOTOMETRIC_SET", wanted)
    begun = await desk.client.event("photometric_progress")
    job_id = begun["data"]["job_id"]
    paused = await desk.client.send("PAUSE_JOB", {"job_id": job_id})
    resumed = await desk.client.send("RESUME_JOB", {"job_id": job_id})
    assert (await paused)["data"]["state"] == "paused"
    assert (await resumed)["data"]["state"] == "running"
    assert (await result)["data"]["image_count"] == 4


async def test_a_stop_ends_a_live_view_that_has_not_begun(desk: Desk) -> None:
    """Five of five times: no frame comes, and both are answered."""
    for round_ in range(ROUNDS):
        camera_id = desk.ids[round_ % 2]
        await desk.slow(camera_id, "preview", 0.3)
        heard = len(desk.client.events)
        started = await desk.client.send("START_LIVEVIEW", {"camera_id": camera_id})
        await desk.client.do("STOP_LIVEVIEW")
        assert (await started)["error_code"] == "liveview_stopped"
        assert [camera["liveview_viewers"] for camera in await cameras(desk)] == [0, 0]
        assert not [one for one in desk.client.events[heard:] if one["action"] == "liveview_frame"]


async def test_a_stop_ends_a_live_view_whose_camera_is_still_being_selected(desk: Desk) -> None:
    slow, other = desk.ids
    await desk.client.do("DESELECT_CAMERA", {"camera_id": slow})
    await desk.client.do("SELECT_CAMERA", {"camera_id": other})
    await desk.slow(slow, "open_session")
    opening = await desk.client.send("SELECT_CAMERA", {"camera_id": slow})
    started = await desk.client.send("START_LIVEVIEW")
    await desk.client.do("STOP_LIVEVIEW", {"camera_id": other})
    assert not started.done()
    await desk.client.do("STOP_LIVEVIEW", {"camera_id": slow})
    assert (await opening)["success"]
    assert (await started)["error_code"] == "liveview_stopped"


async def test_a_motion_jpeg_of_the_selected_camera_means_what_was_selected_before_it(desk: Desk) -> None:
    slow, other = desk.ids
    await desk.client.do("DESELECT_CAMERA", {"camera_id": slow})
    await desk.client.do("SELECT_CAMERA", {"camera_id": other})
    await desk.slow(slow, "open_session")
    opening = await desk.client.send("SELECT_CAMERA", {"camera_id": slow})
    await desk.client.do("PING")
    async with (
        httpx.AsyncClient(base_url=desk.server.url, trust_env=False, timeout=60) as http,
        http.stream("GET", "/cameras/selected/liveview.mjpg") as response,
    ):
        await anext(response.aiter_raw())
        watched = {camera["camera_id"]: camera["liveview_viewers"] for camera in await cameras(desk)}
    assert (await opening)["success"]
    assert watched == {slow: 1, other: 0}


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_sent_in_one_breath_happens_as_if_it_came_one_by_one(desk: Desk, seed: int) -> None:
    """Settings, captures and selections in random order, against a model that does one after the other."""
    chance = random.Random(seed)
    await desk.client.do("SELECT_CAMERA", {"camera_id": desk.ids[0]})
    selected, iso = desk.ids[0], {}
    for camera_id in desk.ids:
        iso[camera_id] = "100"
        await desk.client.do("SET_CONFIG", {"config_name": "iso", "value": "100", "camera_id": camera_id})
    captures: list[tuple[Any, str, str]] = []
    others: list[Any] = []
    for _ in range(24):
        named = chance.choice([None, *desk.ids])
        meant, where = named or selected, {} if named is None else {"camera_id": named}
        match chance.choice(["set", "set", "capture", "select"]):
            case "set":
                iso[meant] = chance.choice(ISO)
                others.append(await desk.client.send("SET_CONFIG", {"config_name": "iso", "value": iso[meant]} | where))
            case "capture":
                captures.append((await desk.client.send("CAPTURE_IMAGE", where), meant, iso[meant]))
            case "select":
                selected = chance.choice(desk.ids)
                others.append(await desk.client.send("SELECT_CAMERA", {"camera_id": selected}))
    assert all([(await reply)["success"] for reply in others])
    for capture, meant, value in captures:
        taken = await capture
        assert (taken["data"]["camera_id"], desk.iso_of(taken)) == (meant, value)
    assert captures


async def cameras(desk: Desk) -> list[dict[str, Any]]:
    """Return how the open cameras stand."""
    found: list[dict[str, Any]] = (await desk.client.do("GET_SERVER_INFO"))["cameras"]
    return found
