"""A set with focus and light axes becomes one sharp image of each light, which surfaces are made of then."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from support.image_sets import Bump, dome, save
from tetherlight.errors import NoFocusStack
from tetherlight.pixels.decode import decode
from tetherlight.protocol.manifest import FileRecord, Manifest, ResultRecord, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.reconstruct.focus import merge_focus
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.keeping import keep_in_set
from tetherlight.reconstruct.options import Options
from tetherlight.store.manifest import change_manifest, write_manifest

LIGHTS = dome(4)
PLACES = 3
SIZE = (60, 120)


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing."""


def textured(light: Any) -> Any:
    bump = Bump(SIZE)
    bump.albedo = bump.albedo * np.random.default_rng(5).uniform(0.4, 1, (*SIZE, 1))
    return bump.lit(light)


def at_place(picture: Any, place: int) -> Any:
    """Blur what is not in the third of the image that is sharp at a place of the lens."""
    third = SIZE[1] // PLACES
    blurred = ndimage.gaussian_filter(picture, (2, 2, 0))
    blurred[:, place * third : (place + 1) * third] = picture[:, place * third : (place + 1) * third]
    return blurred


def step(folder: Path, index: int, number: int, light: Any, place: int) -> StepRecord:
    name = f"image_{number + 1:02d}_light_{number}_f{place + 1:02d}.jpg"
    save(folder / name, at_place(textured(light), place))
    content = (folder / name).read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    return StepRecord(
        index=index,
        light=f"light_{number}",
        at={"focus": place, "light": f"light_{number}"},
        state=StepState.DONE,
        direction=(light[0], light[1], light[2]),
        files=(FileRecord(filename=name, size=len(content), sha256=checksum, mimetype="image/jpeg"),),
        exposure={"shutterspeed": "1/60" if number else "1/30"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("focus") / "stack"
    made.mkdir()
    steps = [
        step(made, place * len(LIGHTS) + number + 1, number, light, place)
        for place in range(PLACES)
        for number, light in enumerate(LIGHTS)
    ]
    write_manifest(made, Manifest(status=JobState.COMPLETED, steps=tuple(steps)))
    return made


def merge(folder: Path, into: Path) -> ResultRecord:
    into.mkdir()
    return keep_in_set(into, folder, merge_focus(unheard, folder=str(folder), into=str(into), options={}))


def test_every_light_gets_a_sharp_image_by_the_same_map_and_surfaces_are_made_of_these(folder: Path) -> None:
    before = find_inputs(folder, Options())
    assert "`MERGE_FOCUS` makes one sharp picture of them." in before.warnings[0]
    record = merge(folder, folder / ".made")
    assert record.figures == {"lights": 4, "places": 3}
    assert len(record.inputs) == 12
    for number, light in enumerate(LIGHTS):
        found = decode(folder / "merged" / f"image_{number:02d}_light_{number}.jpg").astype(float)
        save(folder / "sharp.png", textured(light))
        sharp = decode(folder / "sharp.png").astype(float)
        (folder / "sharp.png").unlink()
        single = decode(folder / f"image_{number + 1:02d}_light_{number}_f02.jpg").astype(float)
        assert ((found - sharp) ** 2).mean() < ((single - sharp) ** 2).mean() / 4
    inputs = find_inputs(folder, Options())
    assert [frame.name for frame in inputs.frames] == [f"merged/image_{n:02d}_light_{n}.jpg" for n in range(4)]
    assert inputs.frames[0].exposure == pytest.approx(2 * inputs.frames[1].exposure)
    assert inputs.warnings == ()
    assert inputs.origins == record.inputs
    assert json.loads((folder / "merged" / "report.json").read_text())["kind"] == "merged"


def test_merged_images_of_a_frame_that_was_taken_again_are_not_used(folder: Path, tmp_path: Path) -> None:
    manifest = (folder / "manifest.json").read_bytes()
    if not (folder / "merged").exists():
        merge(folder, tmp_path / "made")

    def retaken(old: Manifest) -> Manifest:
        first = old.steps[0]
        file = first.files[0].model_copy(update={"sha256": "0" * 64})
        return old.with_step(first.model_copy(update={"files": (file,)}))

    change_manifest(folder, retaken)
    assert all(not frame.name.startswith("merged/") for frame in find_inputs(folder, Options()).frames)
    (folder / "manifest.json").write_bytes(manifest)


def test_a_set_without_a_stack_is_refused(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    write_manifest(one, Manifest(status=JobState.COMPLETED, steps=(step(one, 1, 0, LIGHTS[0], 0),)))
    with pytest.raises(NoFocusStack, match="no two images of one light"):
        merge(one, tmp_path / "made")
