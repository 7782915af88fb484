"""When an exposure is whole, and how long it may take."""

import asyncio
from typing import Any

import pytest

from tetherlight.camera.calls import Deadlines, Happened
from tetherlight.camera.config import ConfigCache
from tetherlight.camera.shutter import Shutter, exposure_seconds, files_per_exposure
from tetherlight.errors import CameraBusy, CameraError, CaptureFailed, CardFull
from tetherlight.process.call import Call
from tetherlight.protocol.models import ConfigEntry, ConfigType

NOTHING = Happened((), (), complete=False)


def cache(**values: str) -> ConfigCache:
    filled = ConfigCache()
    filled.fill(
        ConfigEntry(name=name, label=name, value=value, type=ConfigType.TEXT, readonly=False, path=f"/main/x/{name}")
        for name, value in values.items()
    )
    return filled


class FakeWorker:
    """Answers calls from lists, one answer after another; the last one for ever."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.made: list[str] = []

    async def __call__(self, call: Call[Any]) -> Any:
        self.made.append(call.name)
        waiting = self.answers[call.name]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def shutter(worker: FakeWorker, changed: list[str] | None = None, **values: str) -> Shutter:
    heard = [] if changed is None else changed
    return Shutter(worker, cache(**values), Deadlines(capture=0.3, busy=0.1), heard.extend)


@pytest.mark.parametrize(
    ("text", "count"),
    [("L", 1), ("RAW + L", 2), ("NEF+Basic", 2), ("RAW", 1), ("NEF (Raw)", 1), ("Large Fine JPEG", 1)],
)
def test_the_format_tells_how_many_files_to_expect(text: str, count: int) -> None:
    assert files_per_exposure(cache(imageformat=text)) == count


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ({"shutterspeed": "1/2"}, 1.0),
        ({"shutterspeed": "30", "drivemode": "Single"}, 60.0),
        ({"shutterspeed": "1", "drivemode": "Timer 10 sec"}, 12.0),
        ({"shutterspeed": "bulb", "drivemode": "2 s self-timer"}, 2.0),
        ({"capturemode": "Timer", "selftimerdelay": "20s"}, 20.0),
        ({"capturemode": "Timer"}, 10.0),
        ({}, 0.0),
    ],
)
def test_the_deadline_knows_shutter_and_self_timer(values: dict[str, str], seconds: float) -> None:
    assert exposure_seconds(cache(**values)) == seconds


async def test_the_second_file_is_waited_for() -> None:
    first, second = Happened(("iso",), ("/a.jpg",), complete=False), Happened((), ("/a.cr2", "/a.jpg"), complete=True)
    changed: list[str] = []
    worker = FakeWorker(trigger=[5.0], events=[NOTHING, first, second])
    taken = await shutter(worker, changed, imageformat="RAW + L").release()
    assert (taken.released_at, taken.paths, changed) == (5.0, ("/a.jpg", "/a.cr2"), ["iso"])
    assert worker.made == ["trigger", "events", "events", "events"]


async def test_a_driver_without_trigger_captures_the_old_way() -> None:
    unsupported = CameraError("no trigger", details={"gphoto_code": -6})
    worker = FakeWorker(trigger=[unsupported], capture=[(7.0, "/a.jpg")], events=[NOTHING])
    target = shutter(worker)
    assert (await target.release()).paths == ("/a.jpg",)
    assert (await target.release()).paths == ("/a.jpg",)
    assert worker.made == ["trigger", "capture", "capture"]


async def test_only_a_busy_camera_is_asked_again() -> None:
    worker = FakeWorker(trigger=[CameraBusy("busy"), 1.0], events=[Happened((), ("/a.jpg",), complete=True)])
    assert (await shutter(worker).release()).paths == ("/a.jpg",)
    failing = FakeWorker(trigger=[CameraError("failed", details={"gphoto_code": -1})])
    with pytest.raises(CameraError):
        await shutter(failing).release()
    assert failing.made == ["trigger"]


async def test_a_picture_that_never_comes_is_given_up() -> None:
    class Slow(FakeWorker):
        async def __call__(self, call: Call[Any]) -> Any:
            if call.name == "events":
                await asyncio.sleep(0.05)
            return await super().__call__(call)

    worker = Slow(trigger=[1.0], events=[NOTHING])
    with pytest.raises(CaptureFailed, match="announced no picture"):
        await shutter(worker).release()
    assert worker.made.count("trigger") == 1


async def test_a_full_card_is_not_even_tried() -> None:
    worker = FakeWorker(trigger=[1.0])
    with pytest.raises(CardFull):
        await shutter(worker, availableshots="0", capturetarget="Memory card").release()
    assert worker.made == []
