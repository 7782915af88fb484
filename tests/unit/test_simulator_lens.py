"""The simulated lens: what is sharp where, how it moves, and where it ends."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from support.patience import stretched
from tetherlight.simulator import lens as optics
from tetherlight.simulator import truth
from tetherlight.simulator.depth import Blur, Depth, defocus
from tetherlight.simulator.lens import FIRST_PLACE, LAST_PLACE, Lens, sharp_height, sharp_place
from tetherlight.simulator.scene import REFERENCE_EXPOSURE, Exposure, Scene
from tetherlight.simulator.schedule import Schedule

SIZE = (600, 400)
SCALE = 200.0
WIDE = Exposure(1 / 480, 2.0, 400)
CLOSED = Exposure(1 / 15, 11.0, 400)
PLANES = np.arange(-0.30, 0.56, 0.05)

Box = tuple[slice, slice]
Picture = NDArray[np.float64]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A scene without noise under one light."""
    made = Scene(*SIZE, seed=None)
    made.set_lights({"light_left": True})
    return made


@pytest.fixture
def lens() -> Iterator[tuple[Lens, threading.Event]]:
    """A lens, and what is set when it stands still."""
    schedule, still = Schedule("lens"), threading.Event()
    yield Lens(schedule.after, still.set, depth_of_field=True), still
    schedule.close()


def detail(picture: NDArray[np.generic], box: Box) -> float:
    """Return how much neighbours differ within a part of a picture (H, W, 3)."""
    part = picture[box].mean(axis=-1)
    return float(np.var(np.diff(part, axis=0)) + np.var(np.diff(part, axis=1)))


def card(scene: Scene) -> Box:
    left, bottom, right, top = scene.world.layout.card
    (x0, y0), (x1, y1) = scene.world.grid.pixel(left, top), scene.world.grid.pixel(right, bottom)
    return slice(round(y0) + 2, round(y1) - 2), slice(round(x0) + 2, round(x1) - 2)


def shell(scene: Scene) -> Box:
    """Return the middle of the medallion, where its shell is coiled up highest."""
    box = scene.world.medallion_box
    middle = (box.top + box.bottom) // 2, (box.left + box.right) // 2
    return slice(middle[0] - 30, middle[0] + 15), slice(middle[1] - 20, middle[1] + 25)


def height_of(scene: Scene, box: Box) -> float:
    return float(np.median(truth.heights(scene.world)[box])) / SCALE


@pytest.mark.parametrize("part", [card, shell])
def test_a_part_is_sharpest_where_the_plane_of_focus_passes_its_height(
    scene: Scene, part: Callable[[Scene], Box]
) -> None:
    box = part(scene)
    found = [detail(scene.linear(WIDE, focus=float(plane)), box) for plane in PLANES]
    best = int(np.argmax(found))
    assert abs(PLANES[best] - height_of(scene, box)) <= 0.05
    assert all(np.diff(found[: best + 1]) > 0)
    assert all(np.diff(found[best:]) < 0)


def test_the_wider_the_aperture_the_shallower_the_field(scene: Scene) -> None:
    """Exposed alike, detail off the plane of focus goes with the aperture; on the plane it stays."""
    box = card(scene)
    sharp = [detail(scene.linear(exposure), box) for exposure in (CLOSED, REFERENCE_EXPOSURE, WIDE)]
    on, off = (
        [detail(scene.linear(exposure, focus=plane), box) for exposure in (CLOSED, REFERENCE_EXPOSURE, WIDE)]
        for plane in (0.0, 0.4)
    )
    np.testing.assert_allclose(on, sharp, rtol=0.02)
    assert sharp[0] * 0.9 > off[0] > off[1] * 1.5 > off[2] * 3


def test_where_a_fresh_lens_stands_the_object_is_as_sharp_as_without_depth_of_field(scene: Scene) -> None:
    everywhere = detail(scene.linear(REFERENCE_EXPOSURE), shell(scene))
    fresh = detail(scene.linear(REFERENCE_EXPOSURE, focus=sharp_height(FIRST_PLACE)), shell(scene))
    assert fresh == pytest.approx(everywhere, rel=0.02)


def test_jpeg_raw_and_live_view_show_the_same_focus(scene: Scene) -> None:
    """The live view without its clock is the still picture."""
    still, live = scene.capture(WIDE, focus=0.3), scene.preview(WIDE, 0.0, SIZE, 0.3)
    np.testing.assert_array_equal(still[card(scene)], live[card(scene)])
    np.testing.assert_array_equal(still, live)
    linear = scene.linear(WIDE, focus=0.3)[card(scene)] / 16383 * 4
    encoded = still[card(scene)] / 255
    decoded = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    assert np.abs(decoded - linear)[linear < 0.49].max() < 0.005


def test_light_adds_up_out_of_focus_too(scene: Scene) -> None:
    def shine(*names: str) -> Picture:
        scene.set_lights({name: name in names for name in scene.light_states})
        return scene.linear(WIDE, focus=0.4).astype(np.float64)

    dark, left, right, both = shine(), shine("light_left"), shine("light_right"), shine("light_left", "light_right")
    scene.set_lights({"light_left": True, "light_right": False})
    unclipped = both < 16000
    np.testing.assert_allclose(both[unclipped], (left + right - dark)[unclipped], atol=2.5)


@pytest.mark.parametrize("shape", [(192, 256), (193, 259)])
@pytest.mark.parametrize("diameter", [3.0, 8.0, 20.0])
def test_a_point_becomes_a_spot_of_its_disc_and_keeps_its_light(shape: tuple[int, int], diameter: float) -> None:
    """A disc of diameter d spreads light by d**2 / 16 each way, on average over where its point is."""
    blur = Blur(0.0, 4.0, 400.0)
    height = 5.6 - 5.6 / (1 + diameter * 4.0 / (400.0 * 1.4))
    assert blur.disc(height) == pytest.approx(diameter)
    depth = Depth(np.full(shape, height, np.float32))
    spreads = []
    for row, column in zip(range(80, 112), range(112, 144), strict=True):
        light = np.zeros((*shape, 3), np.float32)
        light[row, column] = 1
        defocus(light, depth, blur)
        spot = light[..., 0].astype(np.float64)
        assert spot.sum() == pytest.approx(1, abs=0.02)
        spreads.append((spot.sum(axis=0) * (np.arange(shape[1]) - column) ** 2).sum())
        spreads.append((spot.sum(axis=1) * (np.arange(shape[0]) - row) ** 2).sum())
    assert np.mean(spreads) == pytest.approx(diameter**2 / 16, rel=0.1)


def test_what_is_evenly_bright_stays_so_at_the_edges() -> None:
    light = np.full((97, 131, 3), 0.5, np.float32)
    defocus(light, Depth(np.full((97, 131), 0.5, np.float32)), Blur(0.0, 1.8, 400.0))
    np.testing.assert_allclose(light, 0.5, rtol=1e-5)


def test_drives_add_up_and_nearer_is_negative(lens: tuple[Lens, threading.Event]) -> None:
    moved, still = lens
    assert moved.drive(-1000)
    assert moved.drive(150)
    assert still.wait(stretched(10))
    assert (moved.place, moved.moving) == (FIRST_PLACE - 850, False)
    assert moved.focus == pytest.approx(sharp_height(FIRST_PLACE) + 0.085)


@pytest.mark.parametrize(("start", "steps", "end", "stop"), [(300, -1000, "near", 0), (15990, 20, "far", LAST_PLACE)])
def test_at_an_end_the_lens_moves_only_what_is_left(
    lens: tuple[Lens, threading.Event], start: int, steps: int, end: str, stop: int
) -> None:
    moved, still = lens
    moved.put(start)
    assert not moved.drive(steps)
    assert still.wait(stretched(10))
    assert {moved.place: moved.end} == {stop: end}
    assert not moved.drive(steps)
    assert moved.drive(-steps)


def test_a_drive_may_halt_on_its_way(lens: tuple[Lens, threading.Event]) -> None:
    moved, still = lens
    moved.drive(1000, part=0.5)
    assert still.wait(stretched(10))
    assert moved.place == FIRST_PLACE + 500


def test_without_depth_of_field_the_lens_moves_and_blurs_nothing(lens: tuple[Lens, threading.Event]) -> None:
    moved, _ = lens
    moved.depth_of_field = False
    moved.put(123)
    assert moved.place == 123
    assert moved.focus is None


def test_the_truth_tells_which_place_is_sharp_for_which_height(scene: Scene, tmp_path: Path) -> None:
    scene.export_truth(tmp_path)
    told, heights = json.loads((tmp_path / "focus.json").read_text()), np.load(tmp_path / "height.npy")
    height = float(np.median(heights[shell(scene)]))
    place = (height - told["height_at_place_0"]) / told["height_per_place"]
    assert 0 < place < told["last_place"] == LAST_PLACE
    assert place == pytest.approx(sharp_place(height_of(scene, shell(scene))), abs=1)
    assert sharp_height(0) == optics.HEIGHT_OF_NEAREST
