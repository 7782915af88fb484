"""The live view: who gets frames, when, and what happens when the camera is away."""

import asyncio
import base64
import json
import traceback

import pytest

from support.fakes import FakeCamera, FakePreview, FakeViewer
from support.turns import turns
from tetherlight.errors import (
    CameraLost,
    CameraNotOpen,
    CameraTimeout,
    LiveviewStopped,
    PreviewFailed,
    PreviewUnsupported,
    ServerStopping,
)
from tetherlight.liveview.liveview import FIRST_TRIES, Frame, Liveview, Pace
from tetherlight.protocol.frames import HEADER, FrameHeader
from tetherlight.protocol.models import CameraState


async def test_a_viewer_gets_the_first_preview_and_each_one_after_it() -> None:
    """`watch` returns after a first preview, which reaches the viewer too."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    assert viewer.frames == []
    await viewer.until(frames=1)
    camera.give(2)
    await viewer.until(frames=3)
    assert [frame.seq for frame in viewer.frames] == [1, 2, 3]
    assert liveview.viewers == 1
    await liveview.close()


async def test_one_pull_task_serves_all_viewers_with_the_same_frame() -> None:
    """The camera is asked once for everybody."""
    camera, first, second = FakeCamera(), FakeViewer(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(first)
    await liveview.watch(second)
    camera.give()
    await asyncio.gather(first.until(frames=2), second.until(frames=2))
    assert first.frames[-1] is second.frames[-1]
    await liveview.close()


async def test_a_silent_camera_is_told_at_once_and_its_next_preview_goes_on() -> None:
    """A timeout has already cost two requests: nobody waits for a third one to hear of it."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    await viewer.until(frames=1)
    camera.fail(PreviewFailed("The camera delivered an empty preview."))
    camera.fail(CameraTimeout("The camera did not answer."))
    await viewer.until(ends=1)
    assert [(type(error), resumes) for error, resumes in viewer.ends] == [(CameraTimeout, True)]
    camera.give()
    await viewer.until(frames=2)
    await liveview.close()


async def test_the_camera_rests_when_the_last_viewer_leaves_and_starts_again_for_the_next() -> None:
    """Nobody watching means no previews; frame numbers go on."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    await viewer.until(frames=1)
    liveview.unwatch(viewer)
    assert liveview.viewers == 0
    assert liveview.fps is None
    camera.give()
    await liveview.watch(viewer)
    await viewer.until(frames=2)
    assert viewer.frames[-1].seq == 2
    await liveview.close()


async def test_a_camera_without_preview_refuses_the_viewer() -> None:
    """The error of the first preview is the answer."""
    camera = FakeCamera()
    liveview = Liveview(camera, 0)
    camera.fail(PreviewUnsupported("Camera does not support preview."))
    with pytest.raises(PreviewUnsupported):
        await liveview.watch(FakeViewer())
    assert liveview.viewers == 0
    await liveview.close()


async def test_a_few_failed_previews_are_forgiven_and_many_refuse_the_viewer() -> None:
    """A camera that hiccups while its mirror goes up is asked again."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.fail(PreviewFailed("Nothing came."))
    camera.give()
    await liveview.watch(viewer)
    await viewer.until(frames=1)
    assert viewer.ends == []
    await liveview.close()
    other = Liveview(camera, 0)
    for _ in range(FIRST_TRIES):
        camera.fail(PreviewFailed("Nothing came."))
    with pytest.raises(PreviewFailed):
        await other.watch(FakeViewer())
    await other.close()


async def test_viewers_hear_once_that_the_camera_is_lost_and_get_frames_when_it_is_back() -> None:
    """The stream resumes by itself."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    await viewer.until(frames=1)
    camera.state = CameraState.LOST
    camera.fail(CameraLost("The camera does not answer."))
    await viewer.until(ends=1)
    assert viewer.ends[0][1] is True
    with pytest.raises(CameraLost):
        await liveview.watch(FakeViewer())
    camera.state = CameraState.READY
    liveview.wake()
    camera.give()
    await viewer.until(frames=2)
    assert len(viewer.ends) == 1
    await liveview.close()


async def test_whoever_asks_while_the_camera_is_lost_is_refused_with_an_error_of_their_own() -> None:
    """One that all shared would keep what each of them was refused with: memory grew for as long as people asked."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    camera.fail(CameraTimeout("The camera did not answer."))
    await viewer.until(ends=1)
    refusals = []
    for _ in range(3):
        with pytest.raises(CameraTimeout, match="did not answer") as refused:
            await liveview.watch(FakeViewer())
        refusals.append(len(traceback.extract_tb(refused.value.__traceback__)))
    assert len(set(refusals)) == 1
    await liveview.close()


async def test_watching_returns_at_once_while_a_job_has_the_camera() -> None:
    """The start is acknowledged; frames flow when the camera is free."""
    camera, viewer = FakeCamera(), FakeViewer()
    camera.owner = "job-1"
    liveview = Liveview(camera, 0)
    await liveview.watch(viewer)
    camera.owner = None
    camera.give()
    await viewer.until(frames=1)
    await liveview.close()


async def asked(camera: FakeCamera, times: int) -> None:
    """Wait until so many previews were asked for, and not a turn of the loop longer."""
    while camera.asked < times:
        await turns()


@pytest.mark.parametrize("preview_came", [False, True])
async def test_who_is_unwatched_before_its_first_preview_is_refused(preview_came: bool) -> None:
    """Also where the preview has come and the viewer has not been told yet."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    watching = asyncio.create_task(liveview.watch(viewer))
    await asked(camera, 1)
    if preview_came:
        camera.give()
        await asked(camera, 2)
    assert not watching.done()
    liveview.unwatch(viewer)
    with pytest.raises(LiveviewStopped):
        await watching
    assert (liveview.viewers, liveview.fps, viewer.frames) == (0, None, [])
    await liveview.close()


async def test_a_live_view_that_is_closed_in_the_middle_of_a_start_takes_no_viewer() -> None:
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    watching = asyncio.create_task(liveview.watch(viewer))
    camera.give()
    await asked(camera, 2)
    assert not watching.done()
    await liveview.close()
    with pytest.raises(CameraNotOpen):
        await watching
    assert (liveview.viewers, liveview.fps) == (0, None)


async def test_closing_tells_why_where_there_is_something_to_tell() -> None:
    """A viewer of a closed live view hears that it does not come back."""
    camera, viewer = FakeCamera(), FakeViewer()
    liveview = Liveview(camera, 0)
    camera.give()
    await liveview.watch(viewer)
    await liveview.close(ServerStopping("The server is stopping."))
    assert [(type(error), resumes) for error, resumes in viewer.ends] == [(ServerStopping, False)]
    with pytest.raises(CameraNotOpen):
        await liveview.watch(viewer)


def test_a_pace_lets_the_wanted_rate_through() -> None:
    """Ten frames a second out of thirty, without drift."""
    pace = Pace(10)
    passed = [tick for tick in range(300) if pace.admits(100 + tick / 30)]
    assert len(passed) == 100
    assert all(Pace(None).admits(0) for _ in range(3))


def test_a_frame_is_encoded_once_for_each_form() -> None:
    """Text carries the seed's fields at top level; binary has the header of the stream."""
    frame = Frame("cam", 5, FakePreview(captured_at=1.5))
    message = json.loads(frame.base64_message)
    assert list(message)[:2] == ["action", "frame"]
    assert message["action"] == "liveview_frame"
    assert base64.b64decode(message["frame"]) == frame.jpeg
    assert message["mimetype"] == "image/jpeg"
    assert (message["camera_id"], message["seq"]) == ("cam", 5)
    assert message["captured_at"] == "1970-01-01T00:00:01.500000Z"
    assert frame.base64_message is frame.base64_message
    binary = frame.binary(3)
    assert FrameHeader.unpack(binary) == FrameHeader(3, 5, 1.5, 4, 3)
    assert binary[HEADER.size :] == frame.jpeg
    assert frame.binary(3) is binary
