"""Exposures of one light are merged before anything is computed of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_sets import Bump, coded_normals_error, dome, error_of, folder_with_bracket
from tetherlight.pixels.decode import decode
from tetherlight.protocol.manifest import Manifest, StepRecord
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct
from tetherlight.store.manifest import read_manifest, write_manifest

LIGHTS = dome(8)
BUMP = Bump()
SECONDS = (0.125, 1.0, 8.0)
DARK = np.s_[:, :20]
"""A part of the object that reflects three hundredths of what the rest does."""
BRIGHT = np.s_[:, 24:]


def scene() -> list[Any]:
    """Return what one second gives under each light; its brightest part is white from there on."""
    reflects = np.full(BUMP.height.shape, 2.0)
    reflects[DARK] = 0.06
    return [BUMP.lit(light) * reflects[..., None] for light in LIGHTS]


@pytest.fixture
def bracket(tmp_path: Path) -> Path:
    return folder_with_bracket(tmp_path / "set", LIGHTS, scene(), SECONDS)


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def surface(folder: Path, **options: Any) -> dict[str, Any]:
    out = folder.parent / "out"
    out.mkdir(exist_ok=True)
    chosen = Options(**({"method": "least-squares"} | options)).as_dict()
    reconstruct(unheard, folder=str(folder), into=str(out), options=chosen)
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def error(folder: Path, part: Any) -> float:
    coded = decode(folder.parent / "out" / "normals.png").astype(float) / 65535 * 2 - 1
    found = coded / np.maximum(np.linalg.norm(coded, axis=-1, keepdims=True), 1e-9)
    return error_of(found[part], BUMP.normals[part])


def only(folder: Path, *seconds: float) -> Manifest:
    """Let the manifest know only some of the exposures."""
    manifest = read_manifest(folder)
    steps = tuple(step for step in manifest.steps if step.exposure["exposure_time_s"] in seconds)
    kept = manifest.model_copy(update={"steps": steps})
    write_manifest(folder, kept)
    return kept


def test_a_bracket_holds_what_none_of_its_exposures_does(bracket: Path) -> None:
    """The short exposures have the bright part, the long ones the dark one; merged they have both."""
    report = surface(bracket)
    assert error(bracket, BRIGHT) < 0.5
    assert error(bracket, DARK) < 0.6
    assert report["figures"]["clipped_share_most"] == 0
    assert report["warnings"] == []
    assert [light["filename"] for light in report["lights"]][:2] == ["image_01_light_1.jpg", "image_04_light_2.jpg"]
    assert report["lights"][0]["merged_with"] == ["image_02_light_1.jpg", "image_03_light_1.jpg"]
    assert len(report["inputs_sha256"]) == len(LIGHTS) * len(SECONDS)
    whole = read_manifest(bracket)
    only(bracket, SECONDS[0])
    surface(bracket)
    assert error(bracket, DARK) > 1
    write_manifest(bracket, whole)
    only(bracket, SECONDS[2])
    surface(bracket)
    assert error(bracket, BRIGHT) > 6


def test_the_order_of_the_exposures_does_not_matter(bracket: Path) -> None:
    report = surface(bracket)
    manifest = read_manifest(bracket)
    write_manifest(bracket, manifest.model_copy(update={"steps": manifest.steps[::-1]}))
    found = find_inputs(bracket, Options())
    assert {frame.name for frame in found.frames} == {light["filename"] for light in report["lights"]}
    assert all(frame.more[0].exposure == pytest.approx(8 * frame.exposure) for frame in found.frames)


def test_a_preview_is_merged_as_well(bracket: Path) -> None:
    assert surface(bracket, preview=True)["lights"][0]["merged_with"]
    assert decode(bracket.parent / "out" / "normals.png").shape == (12, 16, 3)


def changed(step: StepRecord, **update: Any) -> StepRecord:
    return step.model_copy(update=update)


def test_exposures_that_nothing_tells_are_not_merged_and_that_is_said(bracket: Path) -> None:
    """To merge them as one exposure would be wrong."""
    manifest = read_manifest(bracket)
    steps = tuple(changed(step, exposure={}) for step in manifest.steps)
    write_manifest(bracket, manifest.model_copy(update={"steps": steps}))
    found = find_inputs(bracket, Options())
    assert (len(found.frames), found.merged) == (len(LIGHTS), False)
    assert found.warnings == (
        "How long the 3 exposures of each light were is not known, so they were not merged; the first was taken.",
    )


def test_a_shutter_that_was_held_open_tells_its_time(bracket: Path) -> None:
    manifest = read_manifest(bracket)
    steps = tuple(
        changed(step, exposure={"shutterspeed": "bulb"},
                at=step.at | {"exposure": {"exposure_s": step.exposure["exposure_time_s"]}})
        for step in manifest.steps
    )  # fmt: skip
    write_manifest(bracket, manifest.model_copy(update={"steps": steps}))
    found = find_inputs(bracket, Options())
    assert [shot.exposure / found.frames[0].exposure for shot in found.frames[0].more] == pytest.approx([8, 64])


def test_a_light_that_comes_twice_stays_two_images(bracket: Path) -> None:
    """Only exposures are merged."""
    manifest = only(bracket, SECONDS[1])
    twice = tuple(changed(step, index=step.index + 100) for step in manifest.steps)
    write_manifest(bracket, manifest.model_copy(update={"steps": (*manifest.steps, *twice)}))
    found = find_inputs(bracket, Options())
    assert (len(found.frames), found.merged) == (2 * len(LIGHTS), False)


def test_lights_of_a_bracket_keep_their_own_number_of_exposures(bracket: Path) -> None:
    """As where one of them was not taken."""
    manifest = read_manifest(bracket)
    write_manifest(bracket, manifest.model_copy(update={"steps": manifest.steps[1:]}))
    surface(bracket, method="l1")
    assert coded_normals_error(bracket.parent / "out" / "normals.png", BUMP.normals) < 0.7
