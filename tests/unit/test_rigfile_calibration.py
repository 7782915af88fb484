"""A calibration goes into the rig file, and what people wrote there stays."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tetherlight.lights.lights import Lights
from tetherlight.protocol.lights import EditedLight
from tetherlight.rigfile.calibration import MOST, CalibrationFigures, last_calibration
from tetherlight.rigfile.rigfile import RigFile

AT = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
FIGURES = CalibrationFigures(at=AT, set="balls", lights=2, mean_error_deg=0.5, largest_error_deg=0.75, moved_deg=4.0)
TEXT = """
# Our rig.
driver = "simulated"

[lights]
# This one was mended.
left = { direction = [-0.6, 0.0, 0.8], group = "ring" }  # near the door
right = { direction = [0.6, 0, 0.8], address = "10.0.0.7/1", driver = "simulated" }

[naming]
set = "{prefix}_{date}"  # as in the catalogue
"""


def measured(x: float, **more: object) -> dict[str, object]:
    return {"direction": (x, 0.0, 0.8), "calibrated_at": AT, **more}


@pytest.fixture
def rig(tmp_path: Path) -> RigFile:
    path = tmp_path / "rig.toml"
    path.write_text(TEXT)
    return RigFile.load(path)


def test_only_what_differs_is_written_and_comments_stay(rig: RigFile) -> None:
    saved = rig.save_calibration({"left": measured(-0.64, intensity=1.25), "gone": measured(0.1)}, FIGURES)
    text = rig.path.read_text()
    for line in (
        "# Our rig.", "# This one was mended.", "# near the door", 'set = "{prefix}_{date}"  # as in the catalogue',
        'right = { direction = [0.6, 0, 0.8], address = "10.0.0.7/1", driver = "simulated" }',
    ):  # fmt: skip
        assert line in text
    left, right = saved.lights
    assert (left.direction, left.intensity, left.calibrated_at, left.group) == ((-0.64, 0, 0.8), 1.25, AT, "ring")
    assert (right.direction, right.intensity, right.address) == ((0.6, 0, 0.8), None, "10.0.0.7/1")
    assert RigFile.load(rig.path) == saved
    assert saved.calibration is not None
    assert (saved.calibration.set, saved.calibration.at, saved.calibration.moved_deg) == ("balls", AT, 4.0)


def test_clients_learn_of_the_last_calibration_and_not_of_those_before(rig: RigFile) -> None:
    assert last_calibration(rig.calibration) is None
    rig.save_calibration({"left": measured(-0.5)}, FIGURES.model_copy(update={"set": "before"}))
    told = last_calibration(rig.save_calibration({"left": measured(-0.64)}, FIGURES).calibration)
    assert told is not None
    assert told.model_dump() == {
        "at": AT, "set_name": "balls", "lights": 2, "mean_error_deg": 0.5, "largest_error_deg": 0.75, "moved_deg": 4.0,
        "sphere_radius": None,
    }  # fmt: skip


def test_what_was_replaced_is_kept_and_the_oldest_goes(rig: RigFile) -> None:
    for turn in range(MOST + 3):
        rig.save_calibration({"left": measured(-0.1 * turn - 0.1)}, FIGURES.model_copy(update={"set": f"set {turn}"}))
    history = tomllib.loads(rig.path.read_text())["calibration"]["history"]
    assert len(history) == MOST
    assert history[-1]["set"] == f"set {MOST + 1}"
    assert history[-1]["directions"] == {"left": [pytest.approx(-0.1 * (MOST + 1) - 0.1), 0.0, 0.8]}
    assert history[-1]["at"] == AT


def test_the_first_calibration_keeps_what_was_written_by_hand(rig: RigFile) -> None:
    saved = rig.save_calibration({"left": measured(-0.64), "right": measured(0.64)}, FIGURES)
    assert saved.calibration is not None
    [former] = saved.calibration.history
    assert (former.at, former.directions) == (None, {"left": (-0.6, 0, 0.8), "right": (0.6, 0, 0.8)})


def test_the_same_calibration_again_has_nothing_to_keep(rig: RigFile) -> None:
    rig.save_calibration({"left": measured(-0.64)}, FIGURES)
    before = rig.path.read_text()
    rig.save_calibration({"left": measured(-0.64)}, FIGURES)
    assert rig.path.read_text() == before


def test_a_rig_without_a_file_gets_one_with_all_its_lights(tmp_path: Path) -> None:
    rig = RigFile(tmp_path / "rig.toml")
    saved = rig.save_calibration({"light_left": measured(-0.6)}, FIGURES)
    assert [light.name for light in saved.lights] == [light.name for light in rig.lights]
    assert next(light for light in saved.lights if light.name == "light_left").direction == (-0.6, 0, 0.8)


async def test_lights_tell_what_was_measured_until_somebody_moves_them(rig: RigFile) -> None:
    lights = await Lights.open(rig)
    heard: list[bool] = []
    lights.listen(lambda: heard.append(True))
    await lights.calibrated({"left": measured(-0.64, intensity=1.25)}, FIGURES)
    told = lights.light("left")
    assert told.direction == pytest.approx((-0.6247, 0, 0.7809), abs=1e-3)
    assert (told.intensity, told.calibrated_at) == (1.25, AT)
    assert heard == [True]
    await lights.replace([EditedLight(name="left", direction=(-0.64, 0, 0.8), group="b"), EditedLight(name="right")])
    assert (lights.light("left").intensity, lights.light("left").calibrated_at) == (1.25, AT)
    await lights.replace([EditedLight(name="left", direction=(0.0, 0.6, 0.8)), EditedLight(name="right")])
    assert (lights.light("left").intensity, lights.light("left").calibrated_at) == (1.25, None)
    assert RigFile.load(rig.path).calibration is not None
    await lights.close()
