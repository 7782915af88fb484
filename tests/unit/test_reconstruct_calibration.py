"""Where lights are is told of a folder of images, and what is wrong with a folder in one sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.rendered_balls import Balls, render, render_highlights, ring_of_lights
from tetherlight.errors import (
    CalibrationError,
    ImageNotFound,
    SetNotFound,
    ShapesDiffer,
    SphereNotFound,
    SphereTooSmall,
)
from tetherlight.files.lp import lp_text
from tetherlight.pixels.response import linear_to_srgb
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.protocol.models import StepState
from tetherlight.reconstruct.calibration import calibrate
from tetherlight.store.manifest import write_manifest

LIGHTS = ring_of_lights(6, 42)
STRENGTHS = np.array([1.0, 0.8, 1.2, 0.9, 1.1, 1.05])


def untold(*_: object) -> None:
    """Hear nothing."""


def save(folder: Path, stack) -> Path:
    """Write images as PNG, coded as cameras do."""
    folder.mkdir(exist_ok=True)
    for number, image in enumerate(stack):
        Image.fromarray((linear_to_srgb(image) * 255).round().astype(np.uint8)).save(folder / f"image {number}.png")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A mirror and a matte ball under six lights of different strengths."""
    balls = Balls(mirrors=((75.0, 70.0, 55.0),), mattes=((190.0, 70.0, 50.0),), shape=(140, 250))
    return save(tmp_path_factory.mktemp("set") / "two balls", render(balls, LIGHTS, strengths=STRENGTHS))


def test_a_folder_of_images_tells_its_lights(folder: Path) -> None:
    shares: list[float] = []
    told = calibrate(lambda done, total, _: shares.append(done / total), str(folder), matte=(190, 70, 50))
    [sphere] = told["spheres"]
    assert (sphere["x"], sphere["y"], sphere["r"]) == pytest.approx((75, 70, 55), abs=0.6)
    assert sphere["given"] is False
    assert [one["filename"] for one in told["lights"]] == [f"image {number}.png" for number in range(6)]
    found = np.array([one["direction"] for one in told["lights"]])
    assert np.degrees(np.arccos(np.sum(found * LIGHTS, axis=1))).max() < 1.5
    strengths = np.array([one["intensity"] for one in told["lights"]])
    assert strengths == pytest.approx(STRENGTHS / np.exp(np.log(STRENGTHS).mean()), rel=0.03)
    assert max(one["matte_off_deg"] for one in told["lights"]) < 2
    assert all(1.5 < one["error_deg"] < 3 for one in told["lights"])
    assert told["warnings"] == [
        "The sphere at (75, 70) has a radius of 55 pixels; 150 or more give good directions.",
        "The sphere at (75, 70) is small, and its outline may be off by pixels: look whether the circle is on it.",
    ]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1


def test_a_sphere_that_is_named_is_taken_as_it_is(folder: Path) -> None:
    told = calibrate(untold, str(folder), spheres=[(75, 70, 55)])
    assert told["spheres"][0]["given"] is True
    assert (told["spheres"][0]["x"], told["spheres"][0]["r"]) == (75, 55)
    found = np.array([one["direction"] for one in told["lights"]])
    assert np.degrees(np.arccos(np.sum(found * LIGHTS, axis=1))).max() < 0.8


def test_a_manifest_says_which_images_are_lit_and_by_what(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "other.png").write_bytes((folder / "image 0.png").read_bytes())
    steps = [
        StepRecord(
            index=number,
            light=None if number == 5 else f"lamp {number}",
            state=StepState.DONE,
            files=(FileRecord(filename=f"image {number}.png", size=1, sha256="", mimetype="image/png"),),
        )
        for number in range(6)
    ]
    write_manifest(tmp_path, Manifest(steps=tuple(steps)))
    told = calibrate(untold, str(tmp_path), spheres=[(75, 70, 55)])
    assert [one["light"] for one in told["lights"]] == [f"lamp {number}" for number in range(5)]


def test_a_flat_field_tells_how_strong_lights_are(folder: Path, tmp_path: Path) -> None:
    plane = np.broadcast_to((0.3 * STRENGTHS * LIGHTS[:, 2])[:, None, None], (6, 40, 60))
    told = calibrate(untold, str(folder), spheres=[(75, 70, 55)], flat=str(save(tmp_path / "flat", plane)))
    strengths = np.array([one["intensity"] for one in told["lights"]])
    assert strengths == pytest.approx(STRENGTHS / np.exp(np.log(STRENGTHS).mean()), rel=0.03)
    save(tmp_path / "short", plane[:4])
    with pytest.raises(CalibrationError, match=r"^The flat field 'short' has not the same lights as 'two balls'\.$"):
        calibrate(untold, str(folder), spheres=[(75, 70, 55)], flat=str(tmp_path / "short"))


def with_exposures(folder: Path, times) -> Path:
    """Write the manifest of a set of six lights; None is a step that does not tell its exposure."""
    steps = [
        StepRecord(
            index=number,
            light=f"lamp {number}",
            state=StepState.DONE,
            exposure={} if time is None else {"exposure_time_s": time},
            files=(FileRecord(filename=f"image {number}.png", size=1, sha256="", mimetype="image/png"),),
        )
        for number, time in enumerate(times)
    ]
    write_manifest(folder, Manifest(steps=tuple(steps)))
    return folder


def test_strengths_are_those_of_the_lamps_where_each_has_its_own_exposure(tmp_path: Path) -> None:
    times = [0.02, 0.01, 0.02, 0.04, 0.005, 0.02]
    lamps = STRENGTHS / np.array(times)
    balls = Balls(mirrors=((75.0, 70.0, 55.0),), mattes=((190.0, 70.0, 50.0),), shape=(140, 250))
    folder = with_exposures(save(tmp_path / "balls", render(balls, LIGHTS, strengths=STRENGTHS)), times)
    plane = np.broadcast_to((0.3 * STRENGTHS * LIGHTS[:, 2])[:, None, None], (6, 40, 60))
    flat = with_exposures(save(tmp_path / "flat", plane), times)
    for more in ({"matte": (190, 70, 50)}, {"flat": str(flat)}):
        told = calibrate(untold, str(folder), spheres=[(75, 70, 55)], **more)
        strengths = np.array([one["intensity"] for one in told["lights"]])
        assert strengths == pytest.approx(lamps / np.exp(np.log(lamps).mean()), rel=0.03)
        assert not any("exposure" in warning for warning in told["warnings"])


def test_strengths_warn_of_exposures_that_only_some_images_tell(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    plane = np.broadcast_to((0.3 * LIGHTS[:, 2])[:, None, None], (6, 40, 60))
    flat = save(tmp_path / "flat", plane)
    for silent, more in ((tmp_path, {"matte": (190, 70, 50)}), (flat, {"flat": str(flat)})):
        for one in (tmp_path, flat):
            with_exposures(one, [0.02, 0.02, None if one == silent else 0.02, 0.02, 0.02, 0.02])
        told = calibrate(untold, str(tmp_path), spheres=[(75, 70, 55)], **more)
        assert any("exposure of 1 of 6 images" in warning for warning in told["warnings"])


def test_what_is_wrong_with_a_folder_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SetNotFound, match="There is no folder"):
        calibrate(untold, str(tmp_path / "none"))
    with pytest.raises(ImageNotFound, match="has no images of lights"):
        calibrate(untold, str(tmp_path))
    save(tmp_path, np.zeros((2, 30, 40), np.float32))
    with pytest.raises(SphereNotFound, match="There are 2 images"):
        calibrate(untold, str(tmp_path))
    save(tmp_path, np.zeros((4, 30, 40), np.float32))
    with pytest.raises(SphereNotFound, match="No mirror sphere was found in the 4 images") as caught:
        calibrate(untold, str(tmp_path))
    assert "--sphere X,Y,R" in (caught.value.hint or "")
    (tmp_path / "image 9.png").write_bytes((folder / "image 0.png").read_bytes())
    with pytest.raises(ShapesDiffer, match=r"^'image 9\.png' has 250 x 140 pixels, and 'image 0\.png' has 40 x 30\.$"):
        calibrate(untold, str(tmp_path))
    with pytest.raises(CalibrationError, match="is outside of the images"):
        calibrate(untold, str(folder), spheres=[(-500, 10, 60)])


def test_a_dome_of_known_geometry_is_turned_as_the_sphere_tells(folder: Path, tmp_path: Path) -> None:
    """All lights together are surer than each, and one without a highlight has its place as well."""
    angle = np.radians(-25)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    known = 350 * LIGHTS @ turn.T
    path = tmp_path / "dome.lp"
    path.write_text(lp_text((f"image {number}.png", vector) for number, vector in enumerate(known)))
    told = calibrate(untold, str(folder), spheres=[(75, 70, 55)], dome=str(path))
    found = np.array([one["direction"] for one in told["lights"]])
    assert np.degrees(np.arccos(np.clip(np.sum(found * LIGHTS, axis=1), -1, 1))).max() < 0.5
    assert all(one["dome_off_deg"] < 1.5 for one in told["lights"])
    path.write_text(lp_text([("image 0.png", known[0])]))
    with pytest.raises(CalibrationError, match=r"^dome\.lp has no place for 'image 1\.png'\.$"):
        calibrate(untold, str(folder), spheres=[(75, 70, 55)], dome=str(path))
    by_name = {f"image {number}.png": tuple(vector) for number, vector in enumerate(known)}
    again = calibrate(untold, str(folder), spheres=[(75, 70, 55)], places=by_name)
    assert np.allclose([one["direction"] for one in again["lights"]], [one["direction"] for one in told["lights"]])
    with pytest.raises(CalibrationError, match="a lamp in its middle"):
        calibrate(untold, str(folder), spheres=[(75, 70, 55)], places=by_name | {"image 2.png": (0, 0, 0)})


def test_two_spheres_under_distant_lights_agree_and_tell_no_position(tmp_path: Path) -> None:
    """Their directions are averaged, and the error figure is smaller."""
    circles = [(60.0, 60.0, 45.0), (175.0, 65.0, 50.0)]
    save(tmp_path, render(Balls(mirrors=tuple(circles), shape=(130, 240)), LIGHTS))
    both = calibrate(untold, str(tmp_path), spheres=circles)
    one = calibrate(untold, str(tmp_path), spheres=circles[1:])
    found = np.array([light["direction"] for light in both["lights"]])
    assert np.degrees(np.arccos(np.clip(np.sum(found * LIGHTS, axis=1), -1, 1))).max() < 1
    assert all(light["spheres_apart_deg"] < 2 for light in both["lights"])
    assert [light["position"] for light in both["lights"]] == [None] * 6
    for light, alone in zip(both["lights"], one["lights"], strict=True):
        assert light["error_deg"] < alone["error_deg"]
        assert len(light["highlights"]) == 2


def test_two_spheres_tell_where_near_lights_stand(tmp_path: Path) -> None:
    """In image widths from the image's centre, y up; `tetherlight reconstruct --near` reads them so."""
    circles = ((90.0, 200.0, 60.0), (610.0, 220.0, 60.0))
    lamps = np.array([[350.0, -100, 500], [150, -300, 600], [600, -50, 450]])
    save(tmp_path, render_highlights(Balls(mirrors=circles, shape=(420, 700)), lamps))
    told = calibrate(untold, str(tmp_path), spheres=circles)
    expected = (lamps - (349.5, -209.5, 0)) / 700
    for light, truth in zip(told["lights"], expected, strict=True):
        assert np.linalg.norm(np.array(light["position"]) - truth) < 0.02
        assert 0 < light["position_error"] < 0.1
    assert any("so the light is near" in warning for warning in told["warnings"])


def test_a_sphere_with_too_few_pixels_is_refused(folder: Path) -> None:
    with pytest.raises(SphereTooSmall, match="has a radius of 30 pixels; directions need 40"):
        calibrate(untold, str(folder), spheres=[(75, 70, 30)])
