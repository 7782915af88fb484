"""Camera bodies without a network: settings, shutter, viewfinder, faults and vendors' protocols."""

import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from support.patience import stretched
from tetherlight.simulator import canon_events, canon_tables, nikon_tables, ptp
from tetherlight.simulator.canon import CanonCamera
from tetherlight.simulator.card import Card, CardFullError
from tetherlight.simulator.device import PREVIEW_SIZE, Body
from tetherlight.simulator.faults import KINDS, Fault, FaultBox
from tetherlight.simulator.ptp import Code, Operation
from tetherlight.simulator.shot import Identity, Shot
from tetherlight.simulator.viewfinder import Viewfinder

SIZE = (48, 32)
LIBGPHOTO2_WAITS_S = 2.5


class GrayOutlook:
    """A view of gray that is brighter the longer the exposure; `developed` and `rendered` hold up what needs them."""

    def __init__(self) -> None:
        self.developed, self.rendered = threading.Event(), threading.Event()
        self.developed.set()
        self.rendered.set()

    def ready(self, size: tuple[int, int], seconds: float) -> bool:
        assert size == PREVIEW_SIZE
        assert 0 < seconds < LIBGPHOTO2_WAITS_S
        return self.rendered.is_set()

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        assert self.developed.wait(10)
        return np.full((size[1], size[0], 3), min(255, round(shot.shutter_s * 1000)), np.uint8)

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        return self.capture(shot, size).astype(np.uint16)

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        assert moment >= 0
        assert shot.shutter_s > 0
        return np.full((size[1], size[0], 3), 90, np.uint8)

    def height_at(self, point: tuple[float, float], size: tuple[int, int]) -> float:
        assert size == PREVIEW_SIZE
        return point[0]


@pytest.fixture
def outlook() -> GrayOutlook:
    return GrayOutlook()


@pytest.fixture
def body(tmp_path: Path, outlook: GrayOutlook) -> Iterator[Body]:
    made = Body(
        Identity("camera1", "Canon", "Canon EOS 1300D", "0123", "1"),
        canon_tables.properties("0123"),
        Card(tmp_path, dcim="100CANON", capacity=1_000_000),
        outlook,
        size=SIZE,
        fps=1000,
        read_shot=canon_tables.read_shot,
        file_prefix="IMG_",
    )
    yield made
    made.close()


@pytest.fixture
def camera(body: Body) -> CanonCamera:
    made = CanonCamera(body)
    made.connected()
    assert made.handle(Operation(0x1002, 0, (1,))).code == Code.OK
    return made


def ask(camera: CanonCamera, code: int, *params: int, data: bytes = b"", fault: str | None = None) -> ptp.Reply:
    return camera.handle(Operation(code, 1, params, data), fault)


def records(camera: CanonCamera) -> list[tuple[int, bytes]]:
    """Give the codes and bodies of the waiting events."""
    data = ask(camera, 0x9116).data
    assert data is not None
    found, offset = [], 0
    while offset < len(data):
        size, code = struct.unpack_from("<II", data, offset)
        found.append((code, data[offset + 8 : offset + size]))
        offset += size
    assert found.pop() == (0, b"")
    return found


def test_every_default_is_one_of_its_choices() -> None:
    for table in (canon_tables.properties("1"), nikon_tables.properties(SIZE)):
        for entry in table.values():
            entry.check(entry.default)


def test_every_combination_of_format_is_understood() -> None:
    values = {code: entry.default for code, entry in canon_tables.properties("1").items()}
    shots = [canon_tables.read_shot({**values, canon_tables.IMAGE_FORMAT: key}) for key in canon_tables.IMAGE_FORMATS]
    assert [shot.formats for shot in shots[:1] + shots[6:]] == [("jpeg",), ("raw", "jpeg"), ("raw",)]
    assert {shot.scale for shot in shots} == {1.0, 2 / 3, 0.5}
    for quality, formats in ((0, ("jpeg",)), (4, ("raw",)), (5, ("raw", "jpeg")), (7, ("raw", "jpeg"))):
        nikon = {code: entry.default for code, entry in nikon_tables.properties(SIZE).items()}
        assert nikon_tables.read_shot(SIZE, nikon | {nikon_tables.QUALITY: quality}).formats == formats


def test_compensation_counts_in_automatic_modes_only() -> None:
    values = {code: entry.default for code, entry in canon_tables.properties("1").items()}
    values[canon_tables.COMPENSATION] = 0xF8
    assert canon_tables.read_shot(values).shutter_s == pytest.approx(1 / 60)
    values[canon_tables.EXPOSURE_MODE] = 2
    assert canon_tables.read_shot(values).shutter_s == pytest.approx(1 / 120)


@pytest.mark.parametrize(("percent", "value"), [(100, 2), (70, 4), (50, 1), (20, 5), (12, 0), (0, 0)])
def test_the_battery_has_five_levels(percent: int, value: int) -> None:
    assert canon_tables.battery_level(percent) == value


@pytest.mark.parametrize("key", list(canon_tables.IMAGE_FORMATS))
def test_image_formats_survive_the_wire(key: int) -> None:
    assert canon_events.read_image_format(canon_events.image_format(key)) == key


@pytest.mark.parametrize("data", [b"", b"\1\0\0\0", canon_events.image_format(0)[:-4], bytes(20), ptp.u32(9, 9, 9)])
def test_a_broken_image_format_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is for nobody
        canon_events.read_image_format(data)


def test_a_body_takes_only_values_that_it_has(body: Body) -> None:
    body.set_value(canon_tables.ISO, 0x60)
    assert body.shot().iso == 800
    with pytest.raises(ValueError, match="75"):
        body.set_value(canon_tables.ISO, 75)
    with pytest.raises(KeyError):
        body.find_property("nonsense")


def test_a_shot_makes_a_file_and_is_counted(body: Body) -> None:
    CanonCamera(body)
    assert body.press()
    assert body.happenings.wait("capture", 1, 10) == 1
    assert body.card.names() == ["IMG_0001.JPG"]


def test_a_second_press_during_an_exposure_is_refused(body: Body) -> None:
    CanonCamera(body)
    assert body.press(bulb=True)
    body.happenings.wait("exposure", 1, 10)
    assert body.shutter_open
    assert not body.press()
    body.end_bulb()
    body.happenings.wait("capture", 1, 10)


def test_previews_go_on_while_a_picture_is_developed(camera: CanonCamera, body: Body, outlook: GrayOutlook) -> None:
    """The sensor is free when the shutter has closed, however long the picture takes; the next exposure has to wait."""
    body.set_value(canon_tables.OUTPUT, canon_tables.OUTPUT_PC)
    outlook.developed.clear()
    assert body.press()
    body.happenings.wait("exposure", 1, 10)
    while body.shutter_open:
        assert camera.handle(Operation(0x9153, 0, ())).code in {Code.OK, Code.DEVICE_BUSY}
    assert camera.handle(Operation(0x9153, 0, ())).code == Code.OK
    assert body.exposing
    assert not body.press()
    outlook.developed.set()
    body.happenings.wait("capture", 1, 10)


def test_a_preview_that_is_not_rendered_yet_is_answered_as_busy(
    camera: CanonCamera, body: Body, outlook: GrayOutlook
) -> None:
    """No answer at all would end the connection."""
    body.set_value(canon_tables.OUTPUT, canon_tables.OUTPUT_PC)
    outlook.rendered.clear()
    assert camera.handle(Operation(0x9153, 0, ())).code == Code.DEVICE_BUSY
    outlook.rendered.set()
    assert camera.handle(Operation(0x9153, 0, ())).code == Code.OK


def test_a_full_card_refuses_the_shot(body: Body) -> None:
    body.card.set_free(10)
    with pytest.raises(CardFullError):
        body.press()


def test_closing_ends_a_long_exposure(body: Body) -> None:
    CanonCamera(body)
    body.set_value(canon_tables.SHUTTER_SPEED, 0x10)
    body.press()
    body.happenings.wait("exposure", 1, 10)
    body.close()
    assert not body.exposing
    assert body.card.names() == []


def test_a_wait_that_is_in_vain_ends(body: Body) -> None:
    with pytest.raises(TimeoutError):
        body.happenings.wait("capture", None, 0.01)


def test_frames_are_numbered_and_given_once() -> None:
    moments: list[float] = []

    def render(moment: float) -> bytes:
        moments.append(moment)
        return b"jpeg"

    viewfinder = Viewfinder(200, render)
    frames = [viewfinder.next_frame(threading.Event().wait) for _ in range(5)]
    indices = [frame.index for frame in frames if frame is not None]
    assert len(set(indices)) == 5
    assert moments == pytest.approx([index / 200 for index in indices])
    viewfinder.set_fps(50)
    after = viewfinder.next_frame(threading.Event().wait)
    assert after is not None
    assert after.index > indices[-1]
    assert moments[-1] >= moments[-2]


def test_an_early_request_waits_and_can_be_interrupted() -> None:
    viewfinder = Viewfinder(0.001, lambda _: b"jpeg")
    assert viewfinder.next_frame(lambda _: True) is not None
    waits: list[float] = []

    def interrupted(seconds: float) -> bool:
        waits.append(seconds)
        return True

    assert viewfinder.next_frame(interrupted) is None
    assert 900 < waits[0] <= 1000


def test_a_fault_strikes_what_it_names_as_often_as_it_says() -> None:
    box = FaultBox()
    box.add(Fault("error", "preview", count=2, after=1))
    assert [box.strike(family) is not None for family in ("capture", "preview", "preview", "preview", "preview")] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert box.describe() == []


def test_some_faults_belong_to_one_operation_whatever_they_name() -> None:
    for kind, family in (("zero_blob", "preview"), ("no_object", "capture"), ("refuse_connect", "connect")):
        fault = Fault(kind, "*")
        assert fault.matches(family)
        assert not fault.matches("get_event")
    assert not Fault("close", "*").matches("connect")
    assert len(set(KINDS)) == len(KINDS)


def test_nothing_works_before_the_session_is_open(body: Body) -> None:
    camera = CanonCamera(body)
    camera.connected()
    assert ask(camera, 0x1001).code == Code.OK
    assert ask(camera, 0x1004).code == Code.SESSION_NOT_OPEN


def test_unknown_operations_and_handles_have_their_codes(camera: CanonCamera) -> None:
    assert ask(camera, 0x9999).code == Code.OPERATION_NOT_SUPPORTED
    assert ask(camera, 0x1008, 12345).code == Code.INVALID_HANDLE
    assert ask(camera, 0x1005, 99).code == Code.INVALID_STORAGE
    assert ask(camera, 0x9110, data=ptp.u32(12, 0xD999, 0)).code == Code.PROPERTY_NOT_SUPPORTED
    assert ask(camera, 0x9110, data=b"short").code == Code.INVALID_VALUE
    assert ask(camera, 0x9110, data=ptp.u32(12, canon_tables.BATTERY, 1)).code == Code.ACCESS_DENIED


def test_events_begin_with_all_values_and_then_all_choices(camera: CanonCamera, body: Body) -> None:
    ask(camera, 0x9115, 1)
    codes = [code for code, _ in records(camera)]
    assert codes == sorted(codes)
    assert codes.count(0xC189) == len(body.properties)
    assert records(camera) == []


def test_a_capture_is_announced_from_busy_to_idle(camera: CanonCamera, body: Body) -> None:
    ask(camera, 0x9115, 1)
    records(camera)
    assert ask(camera, 0x9128, 1, 0).code == Code.OK
    assert [code for code, _ in records(camera)] == [0xC1A5]
    assert ask(camera, 0x9128, 2, 0).code == Code.OK
    assert ask(camera, 0x9129, 3).code == Code.OK
    body.happenings.wait("capture", 1, 10)
    body.close()
    told = records(camera)
    assert [body for code, body in told if code == 0xC18B] == [ptp.u32(1), ptp.u32(0)]
    added = next(body for code, body in told if code == 0xC181)
    assert added[0x20:].rstrip(b"\0") == b"IMG_0001.JPG"


def test_a_shot_can_happen_without_being_reported(camera: CanonCamera, body: Body) -> None:
    ask(camera, 0x9115, 1)
    records(camera)
    assert ask(camera, 0x9128, 2, 1, fault="no_object").code == Code.OK
    body.happenings.wait("exposure", 1, 10)
    body.close()
    assert records(camera) == []
    assert body.card.names() == []


def test_the_viewfinder_needs_the_output_on_the_computer(camera: CanonCamera) -> None:
    assert ask(camera, 0x9153).code == 0xA102
    ask(camera, 0x9110, data=ptp.u32(12, canon_tables.OUTPUT, 2))
    data = ask(camera, 0x9153).data
    assert data is not None
    length, kind = struct.unpack_from("<II", data)
    assert kind == 1
    assert data[8:10] == b"\xff\xd8"
    assert data[length - 2 : length] == b"\xff\xd9"
    assert data.endswith(ptp.u32(8, 0))


def test_bulb_needs_its_shutter_speed(camera: CanonCamera) -> None:
    assert ask(camera, 0x9125).code == Code.GENERAL_ERROR


def test_the_focus_ring_turns_both_ways(camera: CanonCamera) -> None:
    lens = camera.body.lens
    lens.put(5000)
    ask(camera, 0x9155, 2)
    ask(camera, 0x9155, 0x8003)
    camera.body.happenings.wait("focus_still", 1, stretched(10))
    assert lens.place == 5850
    assert ask(camera, 0x9155, 77).code == Code.INVALID_VALUE
