"""Live views in smaller frames: encoded once for all, chosen by width, or as the way to the client allows."""

import asyncio
import json
from io import BytesIO

import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection

from support.fakes import TINY_JPEG, FakeCamera, FakePreview
from support.served_app import serving
from support.turns import turns
from tetherlight.errors import TetherlightError
from tetherlight.liveview.liveview import Frame, Liveview
from tetherlight.liveview.sizes import SIZES, smaller, widest
from tetherlight.protocol.cameras import StartLiveview
from tetherlight.protocol.frames import HEADER, FrameHeader
from tetherlight.server.link import Link
from tetherlight.server.ws.adapting import HOLD_S, Adapter
from tetherlight.server.ws.fanout import Outbox
from tetherlight.server.ws.stream import Stream

WIDE = (1024, 680)
BYTES = {1024: 60_000, 640: 30_000, 480: 15_000, 320: 7_000, 240: 3_500}
"""What a frame of a camera has, about, by its width."""


def jpeg(size: tuple[int, int] = WIDE) -> bytes:
    """Return a picture that a camera could send."""
    encoded = BytesIO()
    Image.effect_noise((size[0] // 8, size[1] // 8), 60).resize(size).convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


def frame_of(width: int) -> Frame:
    """Return a frame that weighs what one of its width does."""
    return Frame("one", 1, FakePreview(bytes(BYTES[width]), 0.0, width, width * 2 // 3))


def drawn_by(adapter: Adapter, *, rate: float, delay_s: float, seconds: float, since: float = 0.0) -> list[float]:
    """Let a client take frames over a way of `rate` bytes a second with a delay; return what each took, in seconds."""
    now, took = since, []
    whole = frame_of(WIDE[0])
    while now < since + seconds:
        frame = whole if adapter.size is None else frame_of(adapter.size.width)
        adapter.sent(whole, frame, now)
        took.append(len(frame.jpeg) / rate + delay_s)
        now += took[-1]
        adapter.drawn(now)
    return took


def test_a_narrow_way_gets_ten_small_frames_a_second_and_keeps_them() -> None:
    """1.5 Mbit/s carry three whole frames a second; the last ten seconds are as good as the way allows."""
    took = drawn_by(Adapter(None), rate=187_500, delay_s=0.02, seconds=60)
    late = took[-100:]
    assert max(late) <= 0.1
    assert took[0] > 0.3


def test_a_quick_way_keeps_whole_frames() -> None:
    """Nothing is taken from those who are near."""
    adapter = Adapter(None)
    drawn_by(adapter, rate=12_000_000, delay_s=0.005, seconds=30)
    assert adapter.size is None


def test_smaller_frames_that_do_not_help_are_given_up() -> None:
    """Over a long and wide way the whole frames come back, and stay for a while."""
    adapter = Adapter(None)
    drawn_by(adapter, rate=12_000_000, delay_s=0.25, seconds=5)
    assert adapter.size is None
    drawn_by(adapter, rate=12_000_000, delay_s=0.25, seconds=HOLD_S / 2, since=5)
    assert adapter.size is None


def test_whole_frames_come_back_when_the_way_is_wide_again() -> None:
    """A viewer who comes nearer sees it."""
    adapter = Adapter(None)
    drawn_by(adapter, rate=187_500, delay_s=0.02, seconds=20)
    assert adapter.size is not None
    drawn_by(adapter, rate=12_000_000, delay_s=0.005, seconds=2 * HOLD_S, since=20)
    assert adapter.size is None


def test_no_frame_is_larger_than_the_largest_size_that_was_asked_for() -> None:
    """A tile needs no whole frame, however wide the way."""
    adapter = Adapter(widest(500))
    drawn_by(adapter, rate=12_000_000, delay_s=0.005, seconds=20)
    assert adapter.size == SIZES[1]


async def test_a_frame_is_encoded_once_for_each_size() -> None:
    """Viewers with equal wishes share the bytes."""
    frame = Frame("one", 7, FakePreview(jpeg(), 5.0, *WIDE))
    first, second, other = await asyncio.gather(*(smaller(frame, size) for size in (SIZES[1], SIZES[1], SIZES[2])))
    assert first is second
    assert (first.width, first.height, first.seq, first.captured_at) == (480, 319, 7, 5.0)
    with Image.open(BytesIO(first.jpeg)) as picture:
        assert picture.size == (480, 319)
    assert len(other.jpeg) < len(first.jpeg) < len(frame.jpeg)


@pytest.mark.parametrize("picture", [TINY_JPEG, b"", b"no picture at all"])
async def test_what_cannot_be_decoded_is_sent_as_it_is(picture: bytes) -> None:
    """Whoever looks decides what a damaged frame is worth."""
    frame = Frame("one", 1, FakePreview(picture, 0.0, *WIDE))
    assert await smaller(frame, SIZES[0]) is frame


async def test_frames_no_wider_than_wanted_come_over_the_wire_beside_whole_ones() -> None:
    """Each viewer gets what it asked for, paced or not."""
    served = serving(FakeCamera(jpeg=jpeg(), size=WIDE))
    async with served as server, server.connect() as tile, server.connect() as near, server.connect() as paced:
        for client, wish in ((tile, {"max_width": 330}), (near, {}), (paced, {"max_width": 330, "paced": True})):
            await client.send(json.dumps({"action": "START_LIVEVIEW", "payload": {"encoding": "binary", **wish}}))
        server.rig.camera.give(1)
        for client, width in ((tile, 320), (near, 1024), (paced, 320)):
            frame = await binary(client)
            assert FrameHeader.unpack(frame[: HEADER.size]).width == width
            with Image.open(BytesIO(frame[HEADER.size :])) as picture:
                assert picture.width == width


class Sink:
    """A connection that keeps what it is to send."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.link = Link({"type": "websocket"})

    def stream_ended(self, stream: Stream, error: TetherlightError, *, resumes: bool) -> None:
        """Nothing ends here."""


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_smaller_frame_comes_unless_the_live_view_was_stopped_while_it_was_made(*, stopped: bool) -> None:
    """After a stop no frame is sent, also none that was being made."""
    live, sink = Liveview(FakeCamera(free_running=True), 60), Sink()
    stream = Stream(sink, 1, live, "binary", None, paced=True, max_width=640, adaptive=True)
    await live.watch(stream)
    await turns()  # the first frame goes as it is: it is tiny
    sink.outbox.drop(stream.number)
    stream.ready()
    frame = Frame("fake-1", 2, FakePreview(jpeg(), 0.0, *WIDE))
    stream.frame(frame)
    if stopped:
        live.unwatch(stream)
    await smaller(frame, SIZES[0])
    await turns()
    assert sink.outbox.waits(stream.number) is not stopped
    await live.close()


async def binary(client: ClientConnection) -> bytes:
    """Return the next frame."""
    while isinstance(message := await client.recv(), str):
        pass
    return message


def test_an_adaptive_live_view_without_pace_is_refused() -> None:
    """Only READY tells how long a frame takes."""
    with pytest.raises(ValueError, match="adaptive needs paced"):
        StartLiveview(encoding="binary", adaptive=True)
