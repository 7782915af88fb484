"""What a server answers to requests that are wrong: a code, a sentence that names the thing, and nothing else."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

NESTED = "[" * 5000 + "]" * 5000

REFUSED_TEXTS = [
    ("this is not JSON", "error", "invalid_message", "not JSON"),
    ("", "error", "invalid_message", "not JSON"),
    ("[1, 2]", "error", "invalid_message", "object"),
    ('"GET_CAMERAS"', "error", "invalid_message", "object"),
    ("NaN", "error", "invalid_message", ""),
    ('{"payload": {}}', "error", "invalid_message", "'action' is missing"),
    ('{"action": 5}', "error", "invalid_message", "'action' must be a string"),
    ('{"action": "FLY"}', "FLY", "unknown_action", "'FLY'"),
    ('{"action": "GET_CONFIG", "payload": [1]}', "GET_CONFIG", "invalid_message", "'payload'"),
    ('{"action": "GET_CONFIG", "payload": {"config_name": ' + NESTED + "}}", None, "invalid_message", ""),
    (NESTED, "error", "invalid_message", ""),
    ('{"action": "' + "A" * 1000 + '"}', None, "unknown_action", ""),
]

REFUSED_REQUESTS: list[tuple[str, Any, str, str]] = [
    ("GET_CONFIG", {"config_name": 5}, "invalid_payload", "'config_name'"),
    ("GET_CONFIG", {"config_name": "iso", "colour": "red"}, "invalid_payload", "'colour'"),
    ("GET_CONFIG", {"config_name": "no_such\0entry"}, "config_not_found", "no_such"),
    ("GET_CONFIG", {"camera_id": "not-there"}, "camera_not_found", "not-there"),
    ("SET_CONFIG", {"config_name": "iso"}, "invalid_payload", "'value'"),
    ("SET_CONFIG", {"config_name": "iso", "value": None}, "invalid_payload", "'value'"),
    ("SET_CONFIG", {"config_name": "iso", "value": [100]}, "invalid_payload", "'value"),
    ("SET_CONFIG", {"config_name": "iso", "value": "fast"}, "config_invalid", "'fast'"),
    ("SET_CONFIG", {"config_name": "iso", "value": "x" * 5000}, "config_invalid", "iso"),
    ("SET_CONFIG", {"config_name": "batterylevel", "value": "100%"}, "config_readonly", "batterylevel"),
    ("SET_CONFIG", {"config_name": "nothing", "value": "1"}, "config_not_found", "'nothing'"),
    ("SELECT_CAMERA", {"port": "usb:999,999"}, "camera_not_found", "usb:999,999"),
    ("SELECT_CAMERA", {"model": 7}, "invalid_payload", "'model'"),
    ("CAPTURE_IMAGE", {"download": "yes"}, "invalid_payload", "'download'"),
    ("START_LIVEVIEW", {"encoding": "gif"}, "invalid_payload", "'encoding'"),
    ("START_LIVEVIEW", {"max_fps": 0}, "invalid_payload", "'max_fps'"),
    ("READY", {"seq": 99}, "invalid_payload", "live view"),
    ("SET_LIGHT_STATE", {"light_name": "nowhere", "state": True}, "unknown_light", "nowhere"),
    ("SET_LIGHT_STATE", {"light_name": "light_left", "state": 1}, "invalid_payload", "'state'"),
    ("SET_LIGHT_STATE", {"light_name": "light_left"}, "invalid_payload", "'state'"),
    ("SET_LIGHT_STATE", {"light_name": "../light", "state": True}, "unknown_light", "../light"),
    ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": []}, "invalid_payload", "'light_sequence'"),
    ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": "light_left"}, "invalid_payload", "'light_sequence'"),
    ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["nowhere"]}, "unknown_light", "nowhere"),
    ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"], "set_name_prefix": "../x"}, "invalid_name", ".."),
    ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"], "set_name_prefix": "a\0"}, "invalid_name", "a"),
    ("GET_IMAGE_SET_CONTENTS", {"set_name": "../.."}, "set_not_found", "../.."),
    ("GET_IMAGE_SET_CONTENTS", {}, "invalid_payload", "'set_name'"),
    ("DELETE_IMAGE_SET", {"set_name": "."}, "set_not_found", "."),
    ("DELETE_IMAGE_SET", {"set_name": "a\0b"}, "set_not_found", "a"),
    ("GET_IMAGE_DATA", {"image_path": "/etc/passwd"}, "image_not_found", "/etc/passwd"),
    ("GET_IMAGE_DATA", {"image_path": "captures/../server.log"}, "image_not_found", "server.log"),
    ("GET_IMAGE_DATA", {"image_path": "x" * 60000}, "image_not_found", "xxx"),
    ("CANCEL_JOB", {"job_id": "job-none"}, "job_not_found", "job-none"),
    ("SUBSCRIBE", {"topics": ["weather"]}, "invalid_payload", "topics"),
]


TO_US = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
ODD_HTTP = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    b"GET /\xff\xfe" + TO_US + b"\r\n",
    b"GET *" + TO_US + b"\r\n",
    b"GET /images/%00%2e%2e" + TO_US + b"\r\n",
    b"GET /thumbnails/x.jpg?size=%ff" + TO_US + b"\r\n",
    b"GET /images/x.jpg" + TO_US + b"Range: bytes=9-1,--,\r\n\r\n",
    b"GET /" + TO_US + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET /" + TO_US + b'Cookie: ="\\;' * 50 + b"\r\n\r\n",
    b"FOO /login" + TO_US + b"\r\n",
    b"POST /login" + TO_US + b"Content-Length: 50\r\n\r\ntoken=",
    b"POST /login" + TO_US + b"Content-Length: -5\r\n\r\n",
    b"POST /login" + TO_US + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /ws" + TO_US + UPGRADE + b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"GET /ws" + TO_US + UPGRADE + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
    b"POST /ws" + TO_US + UPGRADE + b"Content-Length: 3\r\n\r\nabc",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00\xff\r\n\r\n",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ServerProcess, SimulatorProcess]]:
    folder: Path = tmp_path_factory.mktemp("bad-input")
    async with SimulatorProcess() as simulator, ServerProcess(folder, environment=simulator.settings) as server:
        yield server, simulator


async def healthy(client: WireClient) -> None:
    assert (await client.do("GET_CONFIG", {"config_name": "iso"}))["name"] == "iso"


async def test_texts_that_are_no_request_get_an_answer_and_nothing_else(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        for text, action, code, named in REFUSED_TEXTS:
            before = len(client.events)
            await client.send_text(text)
            reply = await client.event(lambda _: True, after=before)
            assert (reply["success"], reply["data"], reply["error_code"]) == (False, None, code), text[:80]
            assert action in {None, reply["action"]}
            assert named in reply["error"]
            assert len(reply["error"]) < 1000
            assert reply["request_id"] is None


@pytest.mark.parametrize("path", ["/", "/nowhere", "/ws/", "/ws/ws", "/images/x.jpg", "/cameras/x/liveview.mjpg"])
async def test_a_websocket_at_a_wrong_path_is_told_the_right_one(rig: Any, path: str) -> None:
    """It is no failure of the server: the log holds a line, and no traceback."""
    server, _ = rig
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None)
    assert refused.value.response.status_code == 404
    assert refused.value.response.body == b"The WebSocket is at /ws.\n"
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("sent", ODD_HTTP)
async def test_odd_http_is_answered_or_cut_off_and_fails_nothing(rig: Any, sent: bytes) -> None:
    """Whatever comes, the answer is none of a failure, the log holds no traceback, and the next request is served."""
    server, _ = rig
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    with contextlib.suppress(OSError):
        writer.write(sent)
        writer.write_eof()
        status = (await reader.readline()).split()
        assert not status or int(status[1]) < 500
    writer.close()
    async with server.http() as http:
        assert (await http.get("/health")).status_code == 200
    assert "Traceback" not in server.log.read_text()


async def test_binary_messages_are_refused(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        await client.socket.send(b"\x00\x01")
        assert (await client.event("error"))["error_code"] == "invalid_message"


async def test_request_ids_of_other_types_are_answered_with_null(rig: Any) -> None:
    server, _ = rig
    async with server.client() as client:
        for given in (True, 1.5, [1], {"a": 1}):
            before = len(client.events)
            await client.send_text(json.dumps({"action": "GET_LIGHT_STATES", "request_id": given}))
            reply = await client.event("GET_LIGHT_STATES", after=before)
            assert (reply["success"], reply["request_id"]) == (True, None)


async def test_an_oversized_message_closes_only_its_own_connection(rig: Any) -> None:
    server, _ = rig
    async with server.client() as bystander, server.client() as client:
        await client.send_text(json.dumps({"action": "GET_CAMERAS", "payload": {"x": "y" * 70_000}}))
        assert (await client.closed())[0] == 1009
        await bystander.do("GET_LIGHT_STATES")


async def facts(simulator: SimulatorProcess) -> tuple[int, dict[str, Any]]:
    """Give what requests may change of the camera: its pictures and its properties, of which its clock goes on."""
    status = await simulator.status()
    return status["captures"], {name: value for name, value in status["properties"].items() if name != "datetime"}


async def test_wrong_requests_are_refused_with_code_and_sentence_and_never_reach_the_camera(rig: Any) -> None:
    server, simulator = rig
    async with server.client() as client:
        for action in ("GET_CONFIG", "CAPTURE_IMAGE", "START_LIVEVIEW", "CAPTURE_PHOTOMETRIC_SET"):
            payload = {"light_sequence": ["light_left"]} if action == "CAPTURE_PHOTOMETRIC_SET" else {}
            assert (await client.request(action, payload))["error_code"] == "no_camera_selected"
        await client.do("SELECT_CAMERA")
        before = await facts(simulator)
        for action, payload, code, named in REFUSED_REQUESTS:
            reply = await client.request(action, payload)
            assert (reply["success"], reply["error_code"]) == (False, code), (action, payload, reply)
            assert named in reply["error"], reply
            assert len(reply["error"]) < 1000
        assert await facts(simulator) == before
        assert not list((server.folder / "captures" / "photometric_sets").glob("[!.]*"))
        await healthy(client)


async def test_a_camera_that_vanished_is_told_and_comes_back(rig: Any) -> None:
    server, simulator = rig
    async with server.client() as client:
        await client.do("SELECT_CAMERA")
        await simulator.control("unplug", camera="camera1")
        reply = await client.request("CAPTURE_IMAGE", {})
        assert reply["success"] is False
        assert reply["error"].startswith("Failed to capture image. ")
        assert reply["error_code"] in {"camera_lost", "camera_timeout"}
        await client.event("camera_lost")
        await simulator.control("plug", camera="camera1", move=True)
        await client.event("camera_ready")
        assert (await client.do("CAPTURE_IMAGE"))["file_path"]
