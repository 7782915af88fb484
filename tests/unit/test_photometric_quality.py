"""What is found to be wrong with the frames of a set, on rendered frames without a camera."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tetherlight.capture.checking import look_apart
from tetherlight.errors import ImageUnreadable
from tetherlight.photometric.looks import Look, look_at
from tetherlight.photometric.movement import Shift, anchor_of, moves
from tetherlight.photometric.quality import Code, Finding, Frame, SetChecks, missing_light
from tetherlight.protocol.models import FrameFinding
from tetherlight.store.drawing import reduced

LIGHTS = {"left": (-0.6, 0.0, 0.8), "right": (0.6, 0.0, 0.8), "front": (0.0, -0.6, 0.8), "rear": (0.0, 0.6, 0.8),
          "top": (0.0, 0.1, 0.995)}  # fmt: skip
SIZE = 400, 600

Values = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def smooth(values: Values, radius: float) -> Values:
    """Blur an array with a Gaussian, its edges meeting."""
    down, across = (np.fft.fftfreq(side) for side in values.shape)
    weights = np.exp(-2 * (np.pi * radius) ** 2 * (down[:, None] ** 2 + across**2))
    return np.asarray(np.fft.ifft2(np.fft.fft2(values) * weights).real, np.float32)


@pytest.fixture(scope="module")
def surface() -> tuple[Values, Values]:
    """A rough relief in a printed pattern: normals (H, W, 3) and albedo (H, W)."""
    dice = np.random.default_rng(7)
    rough = sum(smooth(dice.standard_normal(SIZE).astype(np.float32), radius) * radius**1.7 for radius in (2, 5, 20))
    down, right = np.gradient(np.asarray(rough) * 0.8)
    normals = np.stack((-right, down, np.ones(SIZE)), axis=2)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    print_ = smooth(dice.standard_normal(SIZE).astype(np.float32), 2)
    return normals.astype(np.float32), (0.5 + 0.2 * np.sign(print_)).astype(np.float32)


Render = Callable[..., Pixels]


@pytest.fixture
def render(surface: tuple[Values, Values]) -> Render:
    """Give a camera: the surface under a light, as a JPEG shows it."""
    normals, albedo = surface
    dice = np.random.default_rng(3)

    def shoot(
        direction: tuple[float, float, float] | None, *, gain: float = 1.0, room: float = 0.002, moved: float = 0.0
    ) -> Pixels:
        light = np.full(SIZE, room, np.float32)
        if direction is not None:
            light += np.clip(normals @ np.array(direction, np.float32), 0, None)
        linear = albedo * light * np.float32(0.7 * gain)
        if moved:
            turned = np.exp(-2j * np.pi * np.fft.fftfreq(SIZE[1]) * moved)
            linear = np.fft.ifft(np.fft.fft(linear, axis=1) * turned, axis=1).real
        seen = np.clip(linear + dice.normal(0, 0.002, SIZE), 0, 1) ** (1 / 2.2)
        return np.repeat((seen * 255).round().astype(np.uint8)[..., None], 3, axis=2)

    return shoot


def looked(pixels: Pixels) -> Look:
    return look_at(pixels[..., 0], pixels.max(axis=2))


class Session:
    """Frames as a set has them, one after the other."""

    def __init__(self, *, bracketed: bool = False) -> None:
        self.checks = SetChecks(bracketed=bracketed)
        self._first: Pixels | None = None
        self._number = 0

    def add(self, light: str | None, pixels: Pixels) -> list[Finding]:
        gray = pixels[..., 0]
        shift = None
        if light is not None:
            self._first = gray if self._first is None else self._first
            anchor = anchor_of(self._first)
            shift = anchor.shift_of(gray) if anchor else None
        frame = Frame(
            index=self._number, label=light or "ambient", light=light, group="", look=looked(pixels), shift=shift,
            direction=LIGHTS.get(light or ""),
        )  # fmt: skip
        self._number += 1
        self.checks.add(frame)
        return self.checks.findings(frame)

    def codes(self) -> dict[int, list[Code]]:
        found = self.checks.all_findings()
        return {index: [one.code for one in findings] for index, findings in found.items() if findings}


def session(render: Render, **changed: Pixels) -> Session:
    """Give a set with an ambient frame, in which some frames are others."""
    made = Session()
    made.add(None, changed.get("ambient", render(None)))
    for name, direction in LIGHTS.items():
        made.add(name, changed.get(name, render(direction)))
    return made


def test_a_good_set_has_no_findings(render: Render) -> None:
    """Also where its surface seems to move with the light."""
    assert session(render).codes() == {}


def test_a_light_that_did_not_fire_is_told_at_once(render: Render) -> None:
    made = Session()
    made.add(None, render(None))
    (found,) = made.add("left", render(None))
    assert (found.code, found.failed) == (Code.LIGHT_MISSING, True)


def test_a_lamp_that_lights_a_small_part_is_none_that_did_not_fire(render: Render) -> None:
    """A spot changes the mean by less than noise does."""
    spot = render(None)
    spot[:60, :60] = 200
    assert session(render, left=spot).codes().get(1, []) != [Code.LIGHT_MISSING]


def test_a_lamp_that_failed_in_a_bright_room_is_told_without_an_ambient_frame(render: Render) -> None:
    made = Session()
    for name, direction in LIGHTS.items():
        made.add(name, render(None if name == "rear" else direction, room=0.05))
    assert made.codes() == {3: [Code.LIGHT_MISSING]}


def test_the_same_light_twice_is_told_with_the_name_of_the_other(render: Render) -> None:
    made = session(render, right=render(LIGHTS["left"], gain=1.01))
    (found,) = made.checks.all_findings()[2]
    assert (found.code, "left" in found.sentence) == (Code.DUPLICATE, True)
    assert found.figure is not None
    assert found.figure > 0.999


def test_two_lamps_close_together_are_two(render: Render) -> None:
    """They are one degree apart."""
    near = (-0.6139, 0.0, 0.7894)
    made = Session()
    for name, direction in {**LIGHTS, "near": near}.items():
        made.add(name, render(direction))
    assert made.codes() == {}


@pytest.mark.parametrize(("gain", "code"), [(4.0, Code.CLIPPED), (0.012, Code.UNDEREXPOSED)])
def test_exposures_that_do_not_hold_the_light_are_told(render: Render, gain: float, code: Code) -> None:
    made = Session()
    for name, direction in LIGHTS.items():
        made.add(name, render(direction, gain=gain, room=0.0))
    assert {tuple(found) for found in made.codes().values()} == {(code,)}


def test_in_a_bracket_white_and_dark_are_meant(render: Render) -> None:
    made = Session(bracketed=True)
    for name, direction in LIGHTS.items():
        made.add(name, render(direction, gain=5.0 if name == "left" else 0.01, room=0.0))
    assert not {Code.CLIPPED, Code.UNDEREXPOSED} & {code for found in made.codes().values() for code in found}


@pytest.mark.parametrize(("room", "failed"), [(0.005, None), (0.05, False), (0.3, True)])
def test_the_light_of_the_room_is_measured_against_that_of_the_lamps(
    render: Render, room: float, failed: bool | None
) -> None:
    made = Session()
    made.add(None, render(None, room=room))
    for name, direction in LIGHTS.items():
        made.add(name, render(direction, room=room))
    found = made.checks.all_findings()[0]
    assert [one.failed for one in found if one.code is Code.AMBIENT] == ([] if failed is None else [failed])


@pytest.mark.parametrize("pixels", [1.5, -4.0])
def test_what_moved_between_two_frames_is_told_of_all_after_it(render: Render, pixels: float) -> None:
    late = {name: render(LIGHTS[name], moved=pixels) for name in ("front", "rear", "top")}
    made = session(render, **late)
    assert made.codes() == {index: [Code.MOVED] for index in (3, 4, 5)}
    (found,) = made.checks.all_findings()[4]
    assert found.figure == pytest.approx(abs(pixels), abs=0.5)


def test_an_object_that_moved_before_its_background_is_told(render: Render) -> None:
    """Half of the picture stands still."""
    late = {}
    for name in ("front", "rear", "top"):
        late[name] = render(LIGHTS[name])
        late[name][:, 300:] = render(LIGHTS[name], moved=6.0)[:, 300:]
    assert session(render, **late).codes() == {index: [Code.MOVED] for index in (3, 4, 5)}


def test_a_light_s_own_displacement_is_no_move_and_a_step_beyond_it_is() -> None:
    """The edges of a relief follow the lamp; the factor is found from all frames."""
    around = [(np.cos(turn), np.sin(turn), 0.5) for turn in np.linspace(0, 5, 9)]
    shifts = [Shift(1.4 * (x - around[0][0]), -1.2 * (y - around[0][1])) for x, y, _ in around]
    assert not moves(shifts, around).any()
    stepped = [Shift(one.right + (0.6 if index > 4 else 0), one.down) for index, one in enumerate(shifts)]
    assert moves(stepped, around)[:, 0].round(1).tolist() == [0.0] * 5 + [0.6] * 4


def test_a_frame_that_shook_is_blurred(render: Render) -> None:
    shaken = render(LIGHTS["front"])[..., 0].astype(np.float32)
    soft = np.repeat(smooth(shaken, 2.5).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert session(render, front=soft).codes()[3] == [Code.BLURRED]


def test_a_frame_taken_again_takes_the_place_of_the_first(render: Render) -> None:
    made = session(render, left=render(None))
    assert made.codes()[1] == [Code.LIGHT_MISSING]
    made.checks.add(Frame(index=1, label="left", light="left", group="", look=looked(render(LIGHTS["left"]))))
    assert made.codes() == {}


def test_what_a_wire_carries_of_a_look_is_the_look(render: Render) -> None:
    for pixels in (render(LIGHTS["left"]), np.zeros((100, 100, 3), np.uint8)):
        look = looked(pixels)
        again = Look.of(look.facts())
        assert np.allclose(again.grid, look.grid, atol=1e-5)
        assert again.facts() == Look.of(again.facts()).facts()


def test_what_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="10 x 10 values is too small"):
        looked(np.zeros((10, 10, 3), np.uint8))


def test_noise_is_no_light(render: Render) -> None:
    """Two frames of the same room differ by noise alone, however bright it is."""
    for room in (0.0, 0.01, 0.2):
        assert missing_light(looked(render(None, room=room)), looked(render(None, room=room))) is not None
        assert missing_light(looked(render((0, 0, 1), room=room)), looked(render(None, room=room))) is None


def test_a_large_image_is_looked_at_in_small_and_says_how_much(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (3000, 2000), (90, 90, 90)).save(path)
    picture, times = reduced(path)
    assert (picture.size, times) == ((1500, 1000), 2.0)


def test_what_is_no_picture_has_no_look(tmp_path: Path) -> None:
    """A damaged file is an error with its name."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 and then nothing")
    with pytest.raises(ImageUnreadable, match="broken"):
        look_apart(None, str(path), str(tmp_path))


def test_every_code_is_told_in_the_protocol() -> None:
    told = str(FrameFinding.model_fields["code"].description)
    assert all(code.value in told for code in Code)
