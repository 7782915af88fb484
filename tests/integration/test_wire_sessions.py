"""Several clients, several requests and several streams at once on one server."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight.protocol.frames import HEADER, FrameHeader

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ServerProcess, SimulatorProcess]]:
    folder: Path = tmp_path_factory.mktemp("sessions")
    async with SimulatorProcess() as simulator, ServerProcess(folder, environment=simulator.settings) as server:
        async with server.client() as client:
            await client.do("SELECT_CAMERA")
        yield server, simulator


async def test_quick_requests_overtake_a_slow_one_of_the_same_client(rig: Any) -> None:
    server, simulator = rig
    await simulator.control("fault", camera="camera1", kind="delay", when="capture", seconds=0.5, count=1)
    async with server.client() as client:
        capture = await client.send("CAPTURE_IMAGE")
        await asyncio.gather(*(client.do("GET_CONFIG", {"config_name": "iso"}) for _ in range(20)))
        assert not capture.done()
        assert (await capture)["success"] is True


async def test_captures_of_several_clients_queue_and_each_gets_its_own_file(rig: Any) -> None:
    server, _ = rig
    async with server.client() as one, server.client() as two:
        taken = await asyncio.gather(*(client.do("CAPTURE_IMAGE") for client in (one, two, one)))
    assert len({capture["file_path"] for capture in taken}) == 3
    assert all((server.folder / capture["file_path"]).stat().st_size for capture in taken)


async def test_every_viewer_gets_the_same_frames_in_its_own_encoding(rig: Any) -> None:
    server, _ = rig
    async with server.client() as text, server.client() as binary, server.client() as raw:
        await text.do("START_LIVEVIEW", {"encoding": "base64"})
        started = await binary.do("START_LIVEVIEW", {"encoding": "binary"})
        await raw.do("get_preview")
        frames = await binary.frames(10)
        headers = [FrameHeader.unpack(frame) for frame in frames]
        assert {header.stream for header in headers} == {started["stream"]}
        assert [header.seq for header in headers] == sorted({header.seq for header in headers})
        known = {header.seq: frame[HEADER.size :] for header, frame in zip(headers, frames, strict=True)}
        shared = await text.event(lambda message: message["action"] == "liveview_frame" and message["seq"] in known)
        assert base64.b64decode(shared["frame"]) == known[shared["seq"]]
        assert (await raw.frames(1))[0].startswith(b"\xff\xd8")


async def test_a_paced_viewer_gets_a_frame_only_after_it_drew_the_last(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        await client.do("START_LIVEVIEW", {"encoding": "binary", "paced": True})
        first = FrameHeader.unpack((await client.frames(1, after=0))[0])
        await asyncio.gather(*(client.do("GET_LIGHT_STATES") for _ in range(5)))
        assert len(client.binary) == 1
        await client.do("READY", {"seq": first.seq})
        assert FrameHeader.unpack((await client.frames(1, after=1))[0]).seq > first.seq


async def test_the_live_view_flows_again_after_a_set(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        await client.do("START_LIVEVIEW", {"encoding": "binary"})
        await client.frames(1)
        done = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left", "light_right"]})
        assert done["image_count"] == 2
        await client.frames(3)


async def test_a_live_view_asked_for_during_a_set_is_acknowledged_and_flows_afterwards(rig: Any) -> None:
    server, simulator = rig
    await simulator.control("fault", camera="camera1", kind="delay", when="capture", seconds=0.4, count=1)
    async with server.client() as client:
        job = await client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"]})
        await client.event("photometric_progress")
        await client.do("START_LIVEVIEW", {"encoding": "binary"})
        assert not job.done()
        assert (await job)["success"] is True
        await client.frames(2)


async def test_a_set_goes_on_when_its_client_leaves(rig: Any) -> None:
    server, _ = rig
    async with server.client() as watcher:
        await watcher.do("SUBSCRIBE", {"topics": ["job"]})
        async with server.client() as leaver:
            await leaver.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"] * 3})
            await leaver.event("photometric_progress")
        ended = await watcher.event(
            lambda event: event["action"] == "job_changed" and event["data"]["state"] == "completed"
        )
        assert ended["data"]["total"] == 3


async def test_only_the_requester_and_subscribers_hear_of_progress(rig: Any) -> None:
    server, _ = rig
    async with server.client() as requester, server.client() as stranger:
        await requester.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"]})
        await stranger.do("GET_LIGHT_STATES")
        assert stranger.events == []
        progress = await requester.event("photometric_progress")
        assert progress["data"]["request_id"] == "request-1"
        assert "request_id" not in progress


async def test_subscribers_get_a_snapshot_and_then_every_change_in_order(rig: Any) -> None:
    server, _ = rig
    async with server.client() as watcher, server.client() as other:
        topics = (await watcher.do("SUBSCRIBE", {"topics": ["lights", "config", "camera", "sets", "storage", "job"]}))[
            "topics"
        ]
        assert topics["lights"]["snapshot"]["states"]["light_left"] is False
        for state in (True, False):
            await other.do("SET_LIGHT_STATE", {"light_name": "light_left", "state": state})
        await watcher.event(lambda event: event.get("seq") == topics["lights"]["seq"] + 2)
        heard = [event for event in watcher.events if event.get("topic") == "lights"]
        assert [event["seq"] - topics["lights"]["seq"] for event in heard] == [1, 2]
        await other.do("SET_CONFIG", {"config_name": "iso", "value": "1600"})
        await watcher.event(
            lambda event: (
                event["action"] == "config_changed"
                and any(entry["name"] == "iso" and entry["value"] == "1600" for entry in event["data"]["entries"])
            )
        )


async def test_a_dial_turned_on_the_body_reaches_subscribers(rig: Any) -> None:
    server, simulator = rig
    async with server.client() as watcher:
        await watcher.do("SUBSCRIBE", {"topics": ["config"]})
        await simulator.control("set_property", camera="camera1", name="aperture", value="11")
        await watcher.event(
            lambda event: (
                event["action"] == "config_changed"
                and any(entry["name"] == "aperture" and entry["value"] == "11" for entry in event["data"]["entries"])
            )
        )
        assert (await watcher.do("GET_CONFIG", {"config_name": "aperture"}))["value"] == "11"


async def test_the_button_on_the_body_brings_the_picture_to_the_server(rig: Any) -> None:
    server, simulator = rig
    async with server.client() as watcher:
        await watcher.do("SUBSCRIBE", {"topics": ["camera"]})
        await simulator.control("press_shutter", camera="camera1")
        captured = await watcher.event("image_captured")
        assert (server.folder / captured["data"]["file_path"]).read_bytes().startswith(b"\xff\xd8")


async def test_images_are_given_over_http_with_ranges_and_tags(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client, server.http() as http:
        (image,) = (await client.do("CAPTURE_IMAGE"))["files"]
        whole = await http.get(image["url"])
        assert (whole.status_code, whole.headers["content-type"]) == (200, "image/jpeg")
        assert len(whole.content) == image["size"]
        part = await http.get(image["url"], headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.content) == (206, whole.content[2:6])
        same = await http.get(image["url"], headers={"If-None-Match": whole.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        head = await http.head(image["url"])
        assert (head.status_code, head.headers["content-length"]) == (200, str(image["size"]))
        assert (await http.get("/images/../../etc/passwd")).status_code == 404


async def test_the_server_tells_what_it_is(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        info = await client.do("GET_SERVER_INFO")
        assert info["protocol"] == 1
        assert info["token_needed"] is False
        assert info["cameras"][0]["lens"]
        assert info["libgphoto2"].startswith("2.5.")
        assert info["storage"]["free_bytes"] > 0
        described = await client.do("DESCRIBE")
        assert "CAPTURE_IMAGE" in str(described["schema"])
        assert isinstance((await client.do("DIAGNOSE"))["findings"], list)
