"""What a folder gives to reconstruct from, and what is said where it does not."""

from pathlib import Path

import pytest

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from tetherlight.errors import ImageNotFound, LightsFileInvalid, LightsUnknown, SetBusy, SetNotFound, TooFewLights
from tetherlight.protocol.manifest import ResultRecord
from tetherlight.protocol.models import JobState
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.options import Options
from tetherlight.store.manifest import read_manifest, write_manifest

LIGHTS = dome(4)
BUMP = Bump((8, 8))
PICTURES = [BUMP.lit(light) for light in LIGHTS]
NONE = Options()


def lp(folder: Path, *lines: str, count: int | None = None) -> None:
    (folder / "lights.lp").write_text("\n".join([str(len(lines) if count is None else count), *lines]) + "\n")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder with four images and their light file."""
    return folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """A folder as the server leaves it."""
    return folder_with_manifest(tmp_path / "set", LIGHTS, PICTURES, ambient=PICTURES[0] * 0)


def test_a_light_file_names_images_and_lights(images: Path) -> None:
    found = find_inputs(images, NONE)
    assert [frame.name for frame in found.frames] == [f"image_{number:02d}.png" for number in range(1, 5)]
    assert found.frames[3].vector == pytest.approx((0, 0, 1))
    assert (found.source, found.ambient, found.near) == ("lights.lp", None, False)


def test_a_manifest_names_images_lights_and_the_frame_without_light(captured: Path) -> None:
    found = find_inputs(captured, NONE)
    assert [frame.light for frame in found.frames] == ["light_1", "light_2", "light_3", "light_4"]
    assert found.frames[0].vector == pytest.approx(tuple(LIGHTS[0]))
    assert (found.source, found.ambient) == ("manifest", "image_00_ambient.jpg")


def test_a_light_file_that_is_named_wins_and_the_manifest_still_knows_the_frame_without_light(captured: Path) -> None:
    names = [f"image_{number:02d}_light_{number}.jpg" for number in range(1, 5)]
    lp(captured, *(f"{name} 0 {number} 1" for number, name in enumerate(names)))
    found = find_inputs(captured, Options(lights=str(captured / "lights.lp")))
    assert found.frames[0].vector == pytest.approx((0, 0, 1))
    assert found.ambient == "image_00_ambient.jpg"


@pytest.mark.parametrize("written", ["/home/me/old place/image_01.png", "C:\\shots\\image_01.png", "image_01.png"])
def test_paths_of_other_machines_are_taken_by_their_last_part(images: Path, written: str) -> None:
    lp(images, f"{written} 1 0 1", *(f"image_{number:02d}.png 0 {number} 1" for number in range(2, 5)))
    assert find_inputs(images, NONE).frames[0].name == "image_01.png"


def test_names_may_hold_spaces(images: Path) -> None:
    (images / "image_01.png").rename(images / "my first image.png")
    lp(images, "my first image.png 1 0 1", *(f"image_{number:02d}.png 0 {number} 1" for number in range(2, 5)))
    assert find_inputs(images, NONE).frames[0].name == "my first image.png"


def test_another_extension_of_the_same_stem_is_taken_and_told(images: Path) -> None:
    lp(images, *(f"IMAGE_{number:02d}.TIF 0 {number} 1" for number in range(1, 5)))
    found = find_inputs(images, NONE)
    assert found.frames[0].name == "image_01.png"
    assert found.warnings == ("lights.lp says 'IMAGE_01.TIF'; 'image_01.png' was taken.",)


def test_positions_keep_their_length(images: Path) -> None:
    lp(images, *(f"image_{number:02d}.png 0 {number} 2" for number in range(1, 5)))
    found = find_inputs(images, Options(near=True))
    assert found.near
    assert found.frames[3].vector == (0, 4, 2)


def test_an_image_that_is_missing_is_named(images: Path) -> None:
    (images / "image_02.png").unlink()
    (images / "image_03.png").unlink()
    with pytest.raises(ImageNotFound, match=r"'image_02\.png' and 1 more of 4 images"):
        find_inputs(images, NONE)


def test_an_image_of_the_manifest_that_is_missing_is_named(captured: Path) -> None:
    (captured / "image_02_light_2.jpg").unlink()
    with pytest.raises(ImageNotFound, match=r"image_02_light_2\.jpg"):
        find_inputs(captured, NONE)


def test_a_count_that_is_wrong_is_told(images: Path) -> None:
    lp(images, "image_01.png 1 0 1", "image_02.png 0 1 1", "image_03.png 0 0 1", count=4)
    with pytest.raises(LightsFileInvalid):
        find_inputs(images, NONE)


def test_an_image_that_is_there_twice_is_told(images: Path) -> None:
    lp(images, "a/image_01.png 1 0 1", "b/image_01.png 0 1 1", "image_03.png 0 0 1")
    with pytest.raises(LightsFileInvalid, match="same image"):
        find_inputs(images, NONE)


def test_two_lights_are_too_few(images: Path) -> None:
    lp(images, "image_01.png 1 0 1", "image_02.png 0 1 1")
    with pytest.raises(TooFewLights, match="2 lights"):
        find_inputs(images, NONE)


def test_without_any_light_file_it_is_said_how_to_tell_the_lights(images: Path) -> None:
    (images / "lights.lp").unlink()
    with pytest.raises(LightsUnknown, match="neither a manifest nor a light file") as refused:
        find_inputs(images, NONE)
    assert "--lights" in (refused.value.hint or "")


def test_of_several_light_files_one_must_be_named(images: Path) -> None:
    (images / "other.lp").write_text("0\n")
    with pytest.raises(LightsUnknown, match=r"'lights\.lp', 'other\.lp'"):
        find_inputs(images, NONE)
    assert find_inputs(images, Options(lights=str(images / "lights.lp"))).frames


def test_a_light_without_direction_is_named(captured: Path) -> None:
    manifest = read_manifest(captured)
    steps = tuple(one.model_copy(update={"direction": None}) if one.index == 2 else one for one in manifest.steps)
    write_manifest(captured, manifest.model_copy(update={"steps": steps}))
    with pytest.raises(LightsUnknown, match="direction of light 'light_2'"):
        find_inputs(captured, NONE)


def test_what_was_measured_in_the_set_itself_stands_for_what_the_rig_knew(captured: Path) -> None:
    """A light that the calibration has not found keeps what it had."""
    manifest = read_manifest(captured)
    steps = tuple(one.model_copy(update={"direction": None}) if one.index == 2 else one for one in manifest.steps)
    lights = [
        {"light": "light_2", "direction": [0.6, 0.0, 0.8], "position_mm": None, "intensity": 1.5},
        {"light": "light_3", "direction": None, "position_mm": None, "intensity": None},
    ]
    record = ResultRecord.model_validate({"kind": "calibration", "lights": lights})
    write_manifest(captured, manifest.model_copy(update={"steps": steps, "results": (record,)}))
    found = find_inputs(captured, NONE)
    assert (found.frames[1].vector, found.frames[1].intensity) == ((0.6, 0.0, 0.8), 1.5)
    assert found.frames[2].vector == pytest.approx(tuple(LIGHTS[2]))


def test_a_set_that_is_being_captured_is_refused(captured: Path) -> None:
    write_manifest(captured, read_manifest(captured).model_copy(update={"status": JobState.RUNNING}))
    with pytest.raises(SetBusy, match="being captured"):
        find_inputs(captured, NONE)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetNotFound, match="no folder"):
        find_inputs(tmp_path / "none", NONE)


def test_of_a_plan_of_more_axes_one_picture_of_each_light_is_taken(captured: Path) -> None:
    manifest = read_manifest(captured)
    steps = [one.model_copy(update={"at": one.at | {"repeat": 1}}) for one in manifest.steps]
    steps += [
        one.model_copy(update={"index": one.index + 10, "at": one.at | {"repeat": 2}}) for one in manifest.steps[1:3]
    ]
    write_manifest(captured, manifest.model_copy(update={"steps": tuple(steps)}))
    found = find_inputs(captured, NONE)
    assert len(found.frames) == 4
    assert found.warnings == ("The set has 2 pictures of each light; those with repeat 1 were taken.",)
