"""What simulated bodies do otherwise than the book says, without a network."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tetherlight.simulator import canon_tables, generic_tables, nikon_tables, ptp, sony_tables
from tetherlight.simulator.card import Card
from tetherlight.simulator.clock import Clock
from tetherlight.simulator.developing import ORIENTATIONS, Darkroom
from tetherlight.simulator.device import Body
from tetherlight.simulator.generic import GenericCamera
from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Code, Event, Kind, Op, Operation
from tetherlight.simulator.quirks import PropertyFault
from tetherlight.simulator.schedule import Schedule
from tetherlight.simulator.serials import SERIALS, serial_number
from tetherlight.simulator.shot import Identity, Shot
from tetherlight.simulator.sony import SonyCamera

SIZE = (48, 32)
IDENTITY = Identity("camera1", "Generic", "PTP Camera", "0123", "1")
ISO = Property(1, "iso", Kind.UINT16, 400, {value: str(value) for value in (100, 200, 400, 800)})


class Ramp:
    """A view that is darkest in the upper left corner and brightest in the lower right one."""

    def ready(self, size: tuple[int, int], seconds: float) -> bool:
        return min(size) > 0 < seconds

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        assert shot.iso
        width, height = size
        ramp = np.add.outer(np.linspace(0, 160, height), np.linspace(0, 80, width))
        return np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        return self.capture(shot, size).astype(np.uint16)

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        assert moment >= 0
        return self.capture(shot, size)

    def height_at(self, point: tuple[float, float], size: tuple[int, int]) -> float:
        assert min(size) > 0
        return point[0] * 80 + point[1] * 160


@pytest.fixture
def body(tmp_path: Path) -> Iterator[Body]:
    made = Body(
        IDENTITY,
        generic_tables.properties(SIZE),
        Card(tmp_path, dcim="100_PTPC", capacity=1_000_000),
        Ramp(),
        size=SIZE,
        fps=1000,
        read_shot=lambda values: generic_tables.read_shot(SIZE, values),
        file_prefix="P000",
        clock_code=generic_tables.DATE_TIME,
    )
    yield made
    made.close()


@pytest.fixture
def camera(body: Body) -> GenericCamera:
    made = GenericCamera(body)
    made.connected()
    assert made.handle(Operation(Op.OPEN_SESSION, 0, (1,))).code == Code.OK
    return made


def shot() -> Shot:
    values = {entry.code: entry.default for entry in generic_tables.properties(SIZE).values()}
    return generic_tables.read_shot(SIZE, values)


def test_serial_numbers_are_own_missing_zero_or_doubled() -> None:
    assert {kind: serial_number(kind, "6{:03d}", 7) for kind in SERIALS} == {
        "unique": "6007", "none": "", "zero": "0000", "doubled": "6001"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "read"),
    [
        (canon_tables.properties("1", 409600), canon_tables.read_shot),
        (nikon_tables.properties(SIZE, 409600), lambda values: nikon_tables.read_shot(SIZE, values)),
        (sony_tables.properties(409600), sony_tables.read_shot),
        (generic_tables.properties(SIZE, 409600), lambda values: generic_tables.read_shot(SIZE, values)),
    ],
)
def test_every_body_understands_its_defaults_and_its_highest_sensitivity(table, read) -> None:
    values = {code: entry.default for code, entry in table.items()}
    for entry in table.values():
        entry.check(entry.default)
    usual = read(values)
    assert (usual.iso, usual.formats, usual.shutter_s) == (400, ("jpeg",), pytest.approx(1 / 60, rel=0.01))
    (code, most), *_ = [
        (entry.code, value) for entry in table.values() for value, label in entry.labels.items() if label == "409600"
    ]
    assert read(values | {code: most}).iso == 409600


def test_steps_lead_through_the_choices_between() -> None:
    assert ISO.between(100, 800) == [200, 400, 800]
    assert ISO.between(800, 200) == [400, 200]
    assert ISO.between(125, 200) == [200]
    assert Property(2, "artist", Kind.TEXT, "").between("a", "b") == ["b"]


def test_a_clock_may_be_wrong_and_is_set_by_its_property() -> None:
    clock = Clock()
    clock.set(datetime(2000, 1, 1, tzinfo=UTC))
    assert abs(clock.now() - datetime(2000, 1, 1, tzinfo=UTC)) < timedelta(minutes=1)
    clock.write("20010203T040506")
    assert str(clock.read(Kind.TEXT)).startswith("20010203T0405")
    clock.write(1_000_000_000)
    assert int(clock.read(Kind.UINT32)) - 1_000_000_000 in range(60)
    for nonsense in ("yesterday", 1 << 60):
        with pytest.raises(ValueError):  # noqa: PT011 - its text is for nobody
            clock.write(nonsense)


def test_what_is_due_later_is_done_in_order_and_dropped_at_the_end() -> None:
    schedule, done, last = Schedule("later"), list[int](), threading.Event()
    schedule.after(60, lambda: done.append(3))
    schedule.after(0.02, last.set)
    schedule.after(0.01, lambda: done.append(2))
    schedule.after(0.0, lambda: done.append(1))
    assert last.wait(30)
    schedule.close()
    schedule.after(0.0, lambda: done.append(4))
    assert done == [1, 2]


@pytest.mark.parametrize("turned", ORIENTATIONS)
def test_a_turned_body_turns_pixels_and_tells_how_to_turn_them_back(turned: int) -> None:
    room = Darkroom(Ramp(), IDENTITY, SIZE, "P")
    (picture,) = room.develop(shot(), datetime.now(UTC), turned)
    stored = Image.open(io.BytesIO(picture.content))
    assert stored.size == SIZE
    upright = ImageOps.exif_transpose(stored)
    assert upright.size == (SIZE if turned % 180 == 0 else SIZE[::-1])
    gray = np.asarray(upright.convert("L"), float)
    assert gray[0, 0] + 50 < gray[0, -1] < gray[-1, 0] < gray[-1, -1] - 50
    x, y = SIZE[0] // 4, SIZE[1] // 3
    seen = np.asarray(stored.convert("L"), float)[y, x]
    assert room.height_at((x / SIZE[0], y / SIZE[1]), SIZE, turned) == pytest.approx(seen, abs=5)
    live = Image.open(io.BytesIO(room.preview(shot(), 0.0, SIZE, turned)))
    assert np.abs(np.asarray(live.convert("L"), float) - np.asarray(stored.convert("L"), float)).mean() < 3


def test_a_property_fault_strikes_what_computers_set_and_not_the_dial(camera: GenericCamera, body: Body) -> None:
    told: list[tuple[int, int]] = []
    camera.emit = lambda code, parameter: told.append((code, parameter))
    body.quirks.property_faults[generic_tables.ISO] = PropertyFault("never", announced=True)
    assert camera.handle(Operation(Op.SET_PROPERTY_VALUE, 1, (generic_tables.ISO,), ptp.u16(800))).code == Code.OK
    assert told == [(Event.PROPERTY_CHANGED, generic_tables.ISO)]
    assert body.value(generic_tables.ISO) == 400
    body.set_value(generic_tables.ISO, 800)
    assert body.value(generic_tables.ISO) == 800
    refused = camera.handle(Operation(Op.SET_PROPERTY_VALUE, 1, (generic_tables.ISO,), ptp.u16(77)))
    assert refused.code == Code.INVALID_VALUE


def test_a_value_that_was_to_come_late_does_not_overtake_a_newer_one(body: Body) -> None:
    body.quirks.property_faults[generic_tables.ISO] = PropertyFault("late", seconds=0.01)
    body.request_value(generic_tables.ISO, 800)
    body.set_value(generic_tables.ISO, 100)
    done = threading.Event()
    body.schedule.after(0.02, done.set)
    assert done.wait(30)
    assert body.value(generic_tables.ISO) == 100
    body.request_value(generic_tables.ISO, 1600)
    body.happenings.wait("property", 2, 30)
    assert body.value(generic_tables.ISO) == 1600


def test_a_false_claim_is_made_as_often_as_it_says(camera: GenericCamera, body: Body) -> None:
    def writable() -> int:
        data = camera.handle(Operation(Op.GET_PROPERTY_DESCRIPTION, 1, (generic_tables.APERTURE,))).data
        assert data is not None
        return data[4]

    body.quirks.property_faults[generic_tables.APERTURE] = PropertyFault("readonly", count=2)
    assert [writable() for _ in range(4)] == [0, 0, 1, 1]


@pytest.fixture
def sony(tmp_path: Path) -> Iterator[SonyCamera]:
    body = Body(
        IDENTITY,
        sony_tables.properties(),
        Card(tmp_path, dcim="100MSDCF", capacity=1_000_000),
        Ramp(),
        size=SIZE,
        fps=1000,
        read_shot=sony_tables.read_shot,
        file_prefix="DSC0",
    )
    camera = SonyCamera(body)
    camera.connected()
    camera.handle(Operation(Op.OPEN_SESSION, 0, (1,)))
    yield camera
    body.close()


def test_sony_pictures_lie_behind_one_handle_one_after_the_other(sony: SonyCamera) -> None:
    def picture(operation: Op) -> bytes | None:
        return sony.handle(Operation(operation, 1, (0xFFFFC001,))).data

    assert picture(Op.GET_OBJECT_INFO) is None
    sony.body.set_value(sony_tables.QUALITY, sony_tables.FORMAT_SHORTCUTS["RAW+JPEG"])
    sony.body.press()
    sony.body.happenings.wait("idle", 1, 30)
    assert sony.body.value(sony_tables.IN_MEMORY) == 0x8002
    names = []
    for left in (0x8001, 0):
        names.append(ptp.read_text((picture(Op.GET_OBJECT_INFO) or b"")[52:]))
        assert picture(Op.GET_OBJECT)
        assert sony.body.value(sony_tables.IN_MEMORY) == left
    assert names == ["DSC00001.ARW", "DSC00001.JPG"]


def test_a_sony_body_without_focus_does_not_release(sony: SonyCamera) -> None:
    def press(button: int, how: int, fault: str | None = None) -> None:
        assert sony.handle(Operation(0x9207, 1, (button,), ptp.u16(how)), fault).code == Code.OK

    press(0xD2C1, 2, "no_focus")
    press(0xD2C2, 2)
    assert not sony.body.exposing
    press(0xD2C1, 1)
    press(0xD2C1, 2)
    press(0xD2C2, 2)
    sony.body.happenings.wait("exposure", 1, 30)
