"""A set with focus and light axes becomes one sharp image of each light, which surfaces are made of then."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg

from support.focus_sets import LIGHTS, SIZE, focus_set, step, textured
from support.image_sets import save
from tetherlight.errors import NoFocusStack, ShapesDiffer
from tetherlight.pixels.decode import decode
from tetherlight.pixels.response import SRGB
from tetherlight.protocol.manifest import AxisRecord, FileRecord, Manifest, Plan, ResultRecord, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.reconstruct.focus import merge_focus
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.keeping import keep_in_set
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.stacks import to_merge
from tetherlight.simulator import dng
from tetherlight.simulator.images import Tags
from tetherlight.store.manifest import change_manifest, write_manifest


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("focus") / "stack"
    made.mkdir()
    focus_set(made)
    return made


def write_raw(path: Path, linear: Any) -> None:
    """Write a RAW file of linear sensor values as a simulated camera does."""
    tags = Tags(
        make="T", model="M", serial="1", lens="L", artist="", copyright="", when=datetime(2026, 1, 1, tzinfo=UTC),
        shutter_s=0.1, aperture=8, iso=100, bias=0, manual_exposure=True, white_balance="Daylight",
        width=linear.shape[1], height=linear.shape[0], orientation=1,
    )  # fmt: skip
    thumbnail = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    path.write_bytes(dng.raw_file(linear, tags, bytes(thumbnail)))


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


def repeat(folder: Path, index: int, light: int, number: int, *, iso: int = 100, suffix: str = ".jpg") -> StepRecord:
    """Write one of the images of a light that was taken several times, with noise; at twice the ISO it is brighter."""
    name = f"image_{light + 1:02d}_light_{light}_r{number}{suffix}"
    random = np.random.default_rng(index)
    # Of few photons, and something flies through one of them.
    seen = np.clip(textured(LIGHTS[light]) * 0.4 * iso / 100 + random.normal(0, 0.01, (*SIZE, 3)), 0, 1)
    if number == 2:
        seen[10:14, 10:14] = 1
    save(folder / name, seen, **({} if suffix == ".jpg" else {"deep": True}))
    content = (folder / name).read_bytes()
    file = FileRecord(
        filename=name, size=len(content), sha256=hashlib.sha256(content).hexdigest(), mimetype="image/jpeg"
    )
    way = LIGHTS[light]
    return StepRecord(
        index=index,
        light=f"light_{light}",
        at={"light": f"light_{light}", **({"repeat": number} if iso == 100 else {"setting": str(iso)})},
        state=StepState.DONE,
        direction=(way[0], way[1], way[2]),
        files=(file,),
        exposure={"shutterspeed": "1/60", "iso": str(iso)},
    )


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_repeated_images_are_averaged_into_16_bits_and_what_flew_through_is_gone(tmp_path: Path, suffix: str) -> None:
    made = tmp_path / "set"
    made.mkdir()
    steps = [repeat(made, 10 * light + n, light, n, suffix=suffix) for light in range(4) for n in range(1, 5)]
    write_manifest(made, Manifest(status=JobState.COMPLETED, steps=tuple(steps)))
    assert to_merge(made, None, raw=False)
    record = merge(made, tmp_path / "made")
    assert record.method == "mean"
    assert record.figures["repeats"] == 4
    assert record.figures["noise_mean"] == pytest.approx(record.figures["noise_single"] / 2, rel=0.01)
    assert 0 < record.figures["left_out_share"] < 0.01
    found = decode(made / "merged" / "image_00_light_0.png")
    assert found.dtype == np.uint16
    save(made / "truth.png", textured(LIGHTS[0]) * 0.4, deep=True)
    truth = decode(made / "truth.png").astype(float)
    single = decode(made / f"image_01_light_0_r1{suffix}").astype(float) * (257 if suffix == ".jpg" else 1)
    off, usual = np.abs(found - truth), np.abs(single - truth)
    assert off.mean() < 0.7 * usual.mean()
    assert off[10:14, 10:14].mean() < 3 * off.mean()
    assert not to_merge(made, None, raw=False)
    assert find_inputs(made, Options()).frames[0].name == "merged/image_00_light_0.png"


def test_isos_of_a_light_are_merged_in_linear_light_at_the_lowest(tmp_path: Path) -> None:
    made = tmp_path / "set"
    made.mkdir()
    steps = [repeat(made, 10 * light + n, light, n, iso=iso) for light in range(4) for n, iso in ((1, 100), (3, 200))]
    steps = [one.model_copy(update={"at": {"light": one.light, "setting": one.exposure["iso"]}}) for one in steps]
    axis = AxisRecord(axis="setting", values=("100", "200"), options={"name": "iso"})
    write_manifest(made, Manifest(status=JobState.COMPLETED, plan=Plan(axes=(axis,)), steps=tuple(steps)))
    assert to_merge(made, None, raw=False)
    record = merge(made, tmp_path / "made")
    assert (record.method, record.figures["exposures"]) == ("linear", 2)
    inputs = find_inputs(made, Options())
    assert inputs.coded == "srgb"
    assert {frame.exposure for frame in inputs.frames} == {1.0}
    save(made / "truth.png", textured(LIGHTS[0]) * 0.4, deep=True)
    truth = decode(made / "truth.png").astype(float)
    assert np.abs(decode(made / "merged" / "image_00_light_0.png") - truth).mean() < 0.02 * 65535


def test_raw_files_of_a_stack_become_16_bits_of_srgb(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    made = tmp_path / "set"
    made.mkdir()
    random = np.random.default_rng(1)
    steps: list[StepRecord] = []
    for light in range(3):
        for place in range(2):
            name = f"image_{light}_f{place}.dng"
            linear = np.full((64, 96, 3), 4000, np.uint16) + random.integers(0, 900, (64, 96, 1), np.uint16)
            write_raw(made / name, linear)
            file = FileRecord(filename=name, size=1, sha256="0" * 64, mimetype="image/x-adobe-dng")
            at = {"focus": place, "light": f"light_{light}"}
            steps.append(
                StepRecord(index=len(steps) + 1, light=f"light_{light}", at=at, state=StepState.DONE, files=(file,))
            )
    write_manifest(made, Manifest(status=JobState.COMPLETED, steps=tuple(steps)))
    into = tmp_path / "made"
    into.mkdir()
    told = merge_focus(unheard, folder=str(made), into=str(into), options={"raw": True})
    assert (told["parameters"]["files"], told["parameters"]["coded"]) == ("raw", "srgb")
    found = decode(into / "image_00_light_0.png")
    assert found.dtype == np.uint16
    single = decode(made / "image_0_f0.dng").astype(float) / 65535
    assert float(SRGB.linear(found).mean()) == pytest.approx(float(single.mean()), rel=0.05)


def test_a_light_that_lacks_a_place_is_left_out_and_told(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("merged"))
    lost = "image_02_light_1_f03.jpg"

    def failed(old: Manifest) -> Manifest:
        (one,) = [step for step in old.steps if step.files[0].filename == lost]
        changed = old.with_step(one.model_copy(update={"state": StepState.FAILED, "files": ()}))
        return changed.model_copy(update={"results": ()})

    change_manifest(copy, failed)
    record = merge(copy, tmp_path / "made")
    assert record.warnings == ("'light_1' was not captured at every place of the lens; it was left out.",)
    inputs = find_inputs(copy, Options())
    assert [frame.light for frame in inputs.frames] == ["light_0", "light_2", "light_3"]
    assert "1 of the lights have no merged image and were left out, first 'light_1'." in inputs.warnings


def test_an_image_of_another_size_is_told_by_name(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("merged"))
    save(copy / "image_02_light_1_f03.jpg", textured(LIGHTS[0])[:40])
    with pytest.raises(ShapesDiffer, match="image_02_light_1_f03"):
        merge(copy, tmp_path / "made")


def test_a_set_without_a_stack_is_refused(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    write_manifest(one, Manifest(status=JobState.COMPLETED, steps=(step(one, 1, 0, LIGHTS[0], 0),)))
    with pytest.raises(NoFocusStack, match="no two images of one light"):
        merge(one, tmp_path / "made")
