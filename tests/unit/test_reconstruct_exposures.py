"""Sets whose images differ in exposure: their light is brought to one scale before anything is computed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_sets import Bump, coded_normals_error, dome, error_of, folder_with_manifest
from tetherlight.pixels.decode import decode
from tetherlight.reconstruct.exposures import relative_exposures
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct
from tetherlight.store.manifest import read_manifest, write_manifest

LIGHTS = dome(8)
BUMP = Bump()
ROOM = 0.02
"""Ambient light at exposure 1."""
STRENGTHS = np.array([1, 0.25, 0.5, 1, 2, 0.5, 0.125, 1])
TIMES = 0.8 / STRENGTHS / 60
"""As a rig finds them that gives each lamp its own exposure time."""
DARK_TIME = float(TIMES.max())


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def captured(folder: Path, times: Sequence[float], strengths: Sequence[float], dark: float) -> Path:
    """Write a set whose ambient frame and lights were exposed for these seconds; nothing tells that yet."""
    pictures = [
        60 * time * (strength * BUMP.lit(light) + ROOM)
        for time, strength, light in zip(times, strengths, LIGHTS, strict=True)
    ]
    assert max(float(one.max()) for one in pictures) < 1
    return folder_with_manifest(folder, LIGHTS, pictures, ambient=60 * dark * ROOM + 0 * BUMP.albedo)


def tell(folder: Path, exposures: Sequence[Mapping[str, Any]], intensities: Sequence[float] | None = None) -> None:
    """Write exposures into the manifest, that of the ambient frame first, and the lamps' measured strengths."""
    manifest = read_manifest(folder)
    strengths = [None, *(intensities if intensities is not None else [None] * len(LIGHTS))]
    steps = tuple(
        step.model_copy(update={"exposure": dict(exposure), "intensity": strength})
        for step, exposure, strength in zip(manifest.steps, exposures, strengths, strict=True)
    )
    write_manifest(folder, manifest.model_copy(update={"steps": steps}))


def surface(folder: Path) -> dict[str, Any]:
    out = folder.parent / f"{folder.name}-out"
    out.mkdir()
    options = Options(method="least-squares").as_dict()
    reconstruct(unheard, folder=str(folder), into=str(out), options=options)
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def normals(folder: Path) -> np.ndarray[Any, Any]:
    coded = decode(folder.parent / f"{folder.name}-out" / "normals.png").astype(float) / 65535 * 2 - 1
    return np.asarray(coded / np.linalg.norm(coded, axis=-1, keepdims=True))


@pytest.mark.parametrize("measured", [True, False])
def test_lamps_with_their_own_exposure_give_the_normals_of_one_exposure(tmp_path: Path, *, measured: bool) -> None:
    """The ambient frame, too, has its own; where nobody measured the lamps their strengths are found as ever."""
    same = captured(tmp_path / "same", [0.8 / 60] * 8, [1] * 8, 0.8 / 60)
    tell(same, [{"exposure_time_s": 0.8 / 60}] * 9)
    surface(same)
    own = captured(tmp_path / "own", TIMES.tolist(), STRENGTHS.tolist(), DARK_TIME)
    tell(own, [{"exposure_time_s": time} for time in (DARK_TIME, *TIMES)], STRENGTHS.tolist() if measured else None)
    report = surface(own)
    # Each has the noise of its own JPEGs, 0.3 degrees; what is left of it in the mean is no tilt.
    assert error_of(normals(own), normals(same)) < 0.5
    assert coded_normals_error(tmp_path / "own-out" / "normals.png", BUMP.normals) < 0.5
    assert np.degrees(np.abs((normals(own) - normals(same)).mean(axis=(0, 1))).max()) < 0.2
    strengths = np.array([light["intensity"] for light in report["lights"]])
    np.testing.assert_allclose(strengths / strengths[0], STRENGTHS, rtol=0.03)
    exposures = np.array([light["exposure"] for light in report["lights"]])
    np.testing.assert_allclose(exposures / exposures[0], TIMES / TIMES[0], rtol=1e-4)
    assert not any("exposure" in warning for warning in report["warnings"])


def test_without_its_exposures_such_a_set_would_be_wrong(tmp_path: Path) -> None:
    """What the test above compares is not the same anyway."""
    folder = captured(tmp_path / "own", TIMES.tolist(), STRENGTHS.tolist(), DARK_TIME)
    tell(folder, [{}] * 9, STRENGTHS.tolist())
    surface(folder)
    assert coded_normals_error(tmp_path / "own-out" / "normals.png", BUMP.normals) > 3


def test_the_exposures_of_a_set_are_those_of_its_manifest(tmp_path: Path) -> None:
    folder = captured(tmp_path / "set", [0.01] * 8, [1] * 8, 0.01)
    tell(folder, [{"shutterspeed": "1/25"}, {"shutterspeed": "1/50"}, *[{"shutterspeed": "1/100"}] * 7])
    found = find_inputs(folder, Options())
    assert [frame.exposure for frame in found.frames] == pytest.approx([2, *[1] * 7])
    assert found.ambient_exposure == pytest.approx(4)


NAMES = ("a.jpg", "b.jpg", "c.jpg")


@pytest.mark.parametrize(
    "exposures",
    [
        [{"exposure_time_s": 0.01}, {"exposure_time_s": 0.01}, {"exposure_time_s": 0.04}],
        [{"shutterspeed": "1/100"}, {"shutterspeed": "1/100s"}, {"shutterspeed": "1/25"}],
        [{"f_number": 8.0}, {"f_number": 8.0}, {"f_number": 4.0}],
        [{"aperture": "f/8"}, {"aperture": "8"}, {"aperture": "f/4"}],
        [{"iso_speed": 100}, {"iso_speed": 100}, {"iso_speed": 400}],
        [{"iso": "100"}, {"iso": "100"}, {"iso": "Auto", "iso_speed": 400}],
        [{"shutterspeed": "1/50", "iso": "100"}, {"shutterspeed": "1/50", "iso": "100"},
         {"shutterspeed": "1/25", "iso": "200"}],
        [{"shutterspeed": "1", "exposure_time_s": 0.01}, {"exposure_time_s": 0.01}, {"exposure_time_s": 0.04}],
    ],
)  # fmt: skip
def test_time_aperture_and_sensitivity_count_as_the_light_does(exposures: list[dict[str, Any]]) -> None:
    found, said = relative_exposures(NAMES, dict(zip(NAMES, exposures, strict=True)))
    assert list(found.values()) == pytest.approx([1, 1, 4])
    assert said == ()


def test_images_of_one_exposure_stay_exactly_as_they_are() -> None:
    one: dict[str, Any] = {"exposure_time_s": 1 / 3, "f_number": 5.6, "iso_speed": 125}
    assert relative_exposures(NAMES, dict.fromkeys(NAMES, one)) == (dict.fromkeys(NAMES, 1.0), ())


@pytest.mark.parametrize("nothing", [{}, {"shutterspeed": "bulb"}, {"exposure_time_s": 0}, {"exposure_time_s": True}])
def test_what_no_image_tells_is_the_same_in_all(nothing: dict[str, Any]) -> None:
    assert relative_exposures(NAMES, dict.fromkeys(NAMES, nothing)) == (dict.fromkeys(NAMES, 1.0), ())


def test_images_that_do_not_tell_their_exposure_are_named_where_others_do() -> None:
    told: dict[str, dict[str, Any]] = {"a.jpg": {"shutterspeed": "1/100"}, "c.jpg": {"exposure_time_s": 0.01}}
    found, said = relative_exposures(NAMES, told)
    assert list(found.values()) == pytest.approx([1, 1, 1])
    assert said == (
        "The exposure of 1 of 3 images is not fully known, first 'b.jpg'; that of the others was taken for it.",
    )
