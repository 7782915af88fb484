"""The WebSocket endpoint under a real uvicorn, with a rig that owns nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from support.served_app import Served, serving
from support.turns import turns
from tetherlight.errors import PreviewUnsupported
from tetherlight.protocol.events import CAMERA_LOST, LIGHTS_CHANGED, CameraChange
from tetherlight.protocol.frames import HEADER, FrameHeader
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.messages import MAX_MESSAGE_BYTES
from tetherlight.server.ws.connection import Connection
from tetherlight.server.ws.fanout import LIMIT
from tetherlight.server.ws.websocket import IN_FLIGHT


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A server with a camera whose previews the test gives."""
    async with serving() as server:
        yield server


async def ask(client: ClientConnection, action: str, request_id: str | int | None = None, **payload: Any) -> Any:
    """Send a request and return the next message, whatever it is."""
    await tell(client, action, request_id, **payload)
    return await heard(client)


async def tell(client: ClientConnection, action: str, request_id: str | int | None = None, **payload: Any) -> None:
    """Send a request."""
    await client.send(json.dumps({"action": action, "payload": payload, "request_id": request_id}))


async def heard(client: ClientConnection) -> Any:
    """Return the next message."""
    return json.loads(await client.recv())


async def closed(client: ClientConnection) -> int | None:
    """Read to the end and return the close code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await client.recv()
    return client.close_code


async def test_a_request_is_answered_with_its_id(served: Served) -> None:
    """The reply echoes action and request_id."""
    async with served.connect() as client:
        reply = await ask(client, "ECHO", "one", a=1)
        assert reply == {"action": "ECHO", "success": True, "data": {"a": 1}, "error": None, "request_id": "one"}


async def test_requests_of_one_client_are_in_flight_together_up_to_the_bound(served: Served) -> None:
    """A slow request does not hold up a fast one, and only so many run at a time."""
    async with served.connect() as client:
        await tell(client, "WAIT", 1)
        assert (await ask(client, "ECHO", 2))["request_id"] == 2
        for number in range(2 * IN_FLIGHT):
            await tell(client, "WAIT", 100 + number)
        async with served.connect() as other:
            while served.rig.under_way < IN_FLIGHT:
                await ask(other, "ECHO")
        served.rig.gate.set()
        replies = [await heard(client) for _ in range(1 + 2 * IN_FLIGHT)]
        assert len({reply["request_id"] for reply in replies}) == 1 + 2 * IN_FLIGHT
        assert served.rig.most_under_way == IN_FLIGHT


async def test_what_is_no_request_is_answered_and_the_connection_goes_on(served: Served) -> None:
    """Not JSON, not an object, binary: each gets an error with a code."""
    async with served.connect() as client:
        for bad in ("{", "[]", "1", b"\x00\x01", '{"action": 1}', '{"payload": {}}', "[" * 30_000):
            await client.send(bad)
            reply = await heard(client)
            assert (reply["action"], reply["success"]) == ("error", False)
            assert reply["error_code"] == "invalid_message"
        assert (await ask(client, "ECHO"))["success"]


async def test_an_oversized_message_closes_its_own_connection_alone(served: Served) -> None:
    """1009 for one, nothing for the other."""
    async with served.connect() as other, served.connect() as client:
        await client.send("x" * (MAX_MESSAGE_BYTES + 1))
        assert await closed(client) == 1009
        assert (await ask(other, "ECHO"))["success"]


async def test_large_replies_are_made_one_at_a_time(served: Served) -> None:
    """The second large reply is not even built before the first one was sent."""
    async with served.connect() as client:
        for number in range(5):
            await tell(client, "GET_IMAGE_DATA", number)
        replies = [await heard(client) for _ in range(5)]
        assert sorted(reply["request_id"] for reply in replies) == list(range(5))
        assert served.rig.most_under_way == 1


async def test_frames_come_as_text_in_the_form_that_first_clients_know(served: Served) -> None:
    """The reply comes first, then frames."""
    async with served.connect() as client:
        served.rig.camera.give()
        assert (await ask(client, "START_LIVEVIEW", 1))["data"] == 1
        frame = await heard(client)
        assert (frame["action"], frame["mimetype"], frame["seq"]) == ("liveview_frame", "image/jpeg", 1)
        assert "request_id" not in frame


async def test_frames_come_as_binary_messages_behind_their_header(served: Served) -> None:
    """The header names stream and number."""
    async with served.connect() as client:
        served.rig.camera.give()
        stream = (await ask(client, "START_LIVEVIEW", 1, encoding="binary"))["data"]
        message = await client.recv()
        assert isinstance(message, bytes)
        header = FrameHeader.unpack(message)
        assert (header.stream, header.seq) == (stream, 1)
        assert message[HEADER.size :] == served.rig.camera.jpeg


async def test_bare_previews_and_frames_flow_side_by_side_until_stopped(served: Served) -> None:
    """GET_PREVIEW is a stream of its own; STOP_LIVEVIEW ends both."""
    async with served.connect() as client:
        served.rig.camera.give()
        await ask(client, "START_LIVEVIEW", 1)
        await heard(client)
        await tell(client, "GET_PREVIEW", 2)
        seen = [await client.recv(), await client.recv()]
        assert served.rig.camera.jpeg in seen
        await ask(client, "STOP_LIVEVIEW", 3)
        assert served.rig.live.viewers == 0


async def test_a_paced_viewer_gets_the_next_frame_only_after_ready(served: Served) -> None:
    """The newest frame wins, and what was never sent cannot be confirmed."""
    async with served.connect() as client:
        camera = served.rig.camera
        camera.give()
        await ask(client, "START_LIVEVIEW", 1, paced=True)
        assert (await heard(client))["seq"] == 1
        camera.give(3)
        while camera.asked < 5:
            assert (await ask(client, "ECHO"))["action"] == "ECHO"
        assert (await ask(client, "READY", 2, seq=99))["error_code"] == "invalid_payload"
        await tell(client, "READY", 3, seq=1)
        messages = [await heard(client), await heard(client)]
        assert [message["seq"] for message in messages if message["action"] == "liveview_frame"] == [4]


async def test_a_camera_without_preview_is_told_as_the_reply(served: Served) -> None:
    """No stream begins."""
    async with served.connect() as client:
        served.rig.camera.fail(PreviewUnsupported("Camera does not support preview."))
        reply = await ask(client, "START_LIVEVIEW", 1)
        assert (reply["success"], reply["error"]) == (False, "Camera does not support preview.")
        assert served.rig.live.viewers == 0


@pytest.mark.parametrize("action", ["START_LIVEVIEW", "GET_PREVIEW"])
async def test_a_start_whose_stop_came_meanwhile_is_refused_once_and_sends_no_frame(
    served: Served, action: str
) -> None:
    """What is asked for after the stop flows again."""
    async with served.connect() as client:
        camera = served.rig.camera
        await tell(client, action, 1)
        while not camera.asked:
            assert (await ask(client, "ECHO", 0))["request_id"] == 0
        await tell(client, "STOP_LIVEVIEW", 2)
        replies = {reply["request_id"]: reply for reply in [await heard(client), await heard(client)]}
        assert (replies[2]["success"], replies[1]["success"]) == (True, False)
        assert replies[1]["error_code"] == "liveview_stopped"
        assert served.rig.live.viewers == 0
        camera.give(3)
        assert (await ask(client, "ECHO", 3))["request_id"] == 3
        await tell(client, "START_LIVEVIEW", 4)
        assert (await heard(client))["success"]


async def test_a_client_that_leaves_in_the_middle_of_a_start_is_not_waited_for(served: Served) -> None:
    async with served.connect() as client:
        await tell(client, "START_LIVEVIEW", 1)
        while not served.rig.camera.asked:
            await ask(client, "ECHO")
    async with served.connect() as other:
        while served.rig.live.fps is not None:
            await ask(other, "ECHO")
    assert served.rig.live.viewers == 0


async def test_of_two_starts_in_flight_the_later_one_counts(served: Served) -> None:
    """Each is answered, and frames come in the form that was asked for last."""
    async with served.connect() as client:
        await tell(client, "START_LIVEVIEW", 1, encoding="base64")
        await tell(client, "START_LIVEVIEW", 2, encoding="binary")
        while not served.rig.camera.asked:
            await ask(client, "ECHO", 0)
        served.rig.camera.give()
        replies = [await heard(client), await heard(client)]
        assert sorted((reply["request_id"], reply["success"], reply["data"]) for reply in replies) == [
            (1, True, 1),
            (2, True, 1),
        ]
        served.rig.camera.give(3)
        frames = [await client.recv() for _ in range(3)]
        assert {FrameHeader.unpack(frame).stream for frame in frames if isinstance(frame, bytes)} == {1}
        assert not [frame for frame in frames if isinstance(frame, str)]
        assert served.rig.live.viewers == 1


async def test_a_motion_jpeg_whose_client_leaves_before_the_first_frame_is_not_waited_for(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /cameras/selected/liveview.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    async with served.connect() as other:
        while not served.rig.camera.asked:
            await ask(other, "ECHO")
        assert len(served.clients) == 2
        writer.close()
        await writer.wait_closed()
        while len(served.clients) > 1 or served.rig.live.fps is not None:
            await ask(other, "ECHO")
    assert not await reader.read()


async def test_a_stream_that_dies_is_told_in_the_words_that_its_clients_know(served: Served) -> None:
    """`stop_liveview` for frames, `get_preview` for bare previews."""
    async with served.connect() as client:
        served.rig.camera.give()
        await ask(client, "START_LIVEVIEW", 1)
        await heard(client)
        await tell(client, "GET_PREVIEW", 2)
        for _ in range(2):
            await client.recv()
        served.rig.camera.fail(PreviewUnsupported("Camera does not support preview."))
        ends = [await heard(client), await heard(client)]
        assert {end["action"] for end in ends} == {"stop_liveview", "get_preview"}
        assert all(end["success"] is False and end["data"]["resumes"] is False for end in ends)


async def test_a_client_that_leaves_stops_watching(served: Served) -> None:
    """The camera rests when the last viewer is gone."""
    async with served.connect() as client:
        served.rig.camera.give()
        await ask(client, "START_LIVEVIEW", 1)
    async with served.connect() as other:
        while served.rig.live.viewers:
            await ask(other, "ECHO")


async def test_events_reach_those_whom_they_concern(served: Served) -> None:
    """Camera events go to everybody, topics to those who subscribed, progress to the one who asked."""
    lost = CameraChange(camera_id="fake-1", model="Fake", port="none", cause="gone")
    lights = LightStates(states={}, gpio_available=False, driver="none", lights=[])
    async with served.connect() as first, served.connect() as second:
        await ask(first, "SUBSCRIBE", 1, topics=["lights"])
        await ask(second, "ECHO", 1)
        served.rig.publisher.publish(LIGHTS_CHANGED, lights)
        served.rig.publisher.publish(CAMERA_LOST, lost)
        told = await heard(first)
        assert (told["action"], told["topic"], told["seq"]) == ("lights_changed", "lights", 1)
        assert (await heard(first))["action"] == "camera_lost"
        assert (await heard(second))["action"] == "camera_lost"


async def test_a_client_that_never_reads_is_closed_and_the_others_go_on(served: Served) -> None:
    """Events overflow the bound of the one that does not read: 4429."""
    states = {str(number): True for number in range(5000)}
    lights = LightStates(states=states, gpio_available=False, driver="none", lights=[])
    async with served.connect() as good, served.connect(max_queue=1) as bad:
        await ask(good, "ECHO")
        await ask(bad, "SUBSCRIBE", 1, topics=["lights"])
        bad.transport.pause_reading()
        connections = [one for one in served.clients if isinstance(one, Connection)]
        for _ in range(20 * LIMIT):
            served.rig.publisher.publish(LIGHTS_CHANGED, lights)
            await turns()
            if any(one.closing for one in connections):
                break
        assert [one.closing[0] for one in connections if one.closing] == [4429]
        while len(served.clients) > 1:
            assert (await ask(good, "ECHO"))["success"]
        bad.transport.abort()


async def test_a_burst_of_requests_is_slowed_down_and_all_are_answered(served: Served) -> None:
    """A client that asks much faster than it reads loses nothing and is not closed."""
    async with served.connect() as client:
        sender = asyncio.create_task(_burst(client, 3000))
        answered = [(await heard(client))["request_id"] for _ in range(3000)]
        await sender
        assert sorted(answered) == list(range(3000))


async def _burst(client: ClientConnection, count: int) -> None:
    for number in range(count):
        await tell(client, "ECHO", number, filler="x" * 100)


async def test_connections_beyond_the_cap_are_refused() -> None:
    """The cap counts open connections only."""
    async with serving(max_connections=1) as server:
        async with server.connect() as first:
            async with server.connect() as second:
                assert await closed(second) == 1013
            assert (await ask(first, "ECHO"))["success"]
        while True:
            async with server.connect() as again:
                with contextlib.suppress(ConnectionClosed):
                    assert (await ask(again, "ECHO"))["success"]
                    return


async def test_stopping_tells_every_client() -> None:
    """1012 for those who are connected, the rig is stopped first."""
    async with serving() as server:
        client = await server.connect()
        server.server.should_exit = True
        assert await closed(client) == 1012
    assert server.rig.stopped
