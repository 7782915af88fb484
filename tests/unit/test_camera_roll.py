"""Which announced files are one exposure."""

import time

import pytest

from tetherlight.camera.calls import Happened
from tetherlight.camera.roll import GRACE, Roll, exposures_of

CARD = "/store_00010001/DCIM/100CANON"
OTHER = "/store_00020001/DCIM/100CANON"


@pytest.mark.parametrize(
    ("paths", "expected", "groups"),
    [
        ([f"{CARD}/IMG_1.CR2", f"{CARD}/IMG_1.JPG", f"{CARD}/IMG_2.CR2", f"{CARD}/IMG_2.JPG"], 2, [2, 2]),
        ([f"{CARD}/IMG_1.CR2", f"{CARD}/IMG_2.CR2", f"{CARD}/IMG_1.JPG", f"{CARD}/IMG_2.JPG"], 2, [2, 2]),
        ([f"{CARD}/IMG_1.CR2", f"{OTHER}/IMG_1.JPG"], 2, [2]),
        ([f"{CARD}/IMG_1.JPG", f"{OTHER}/IMG_1.JPG"], 1, [2]),
        ([f"{CARD}/IMG_1.JPG", "/store_00010001/DCIM/101CANON/IMG_1.JPG"], 1, [1, 1]),
        ([f"{CARD}/IMG_{number}.JPG" for number in range(5)], 1, [1] * 5),
        (["/capt0000.cr2", "/capt0001.jpg", "/capt0002.cr2", "/capt0003.jpg"], 2, [2, 2]),
        (["/capt0000.jpg", "/capt0001.jpg", "/capt0002.jpg"], 2, [1, 1, 1]),
        (["/capt0000.arw", "/capt0000-2.arw", "/capt0001.arw"], 1, [1, 1, 1]),
        (["/capt_DSC1.ARW", "/capt_DSC1.JPG", "/capt_DSC2.ARW"], 2, [2, 1]),
        ([], 2, []),
    ],
)
def test_files_of_one_exposure_are_put_together(paths: list[str], expected: int, groups: list[int]) -> None:
    found = exposures_of(paths, expected)
    assert [len(one) for one in found] == groups
    assert sorted(path for one in found for path in one) == sorted(paths)


def test_a_roll_is_not_whole_while_any_exposure_lacks_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    roll = Roll(2)
    roll.add(Happened((), (f"{CARD}/A.CR2", f"{CARD}/A.JPG", f"{CARD}/B.CR2"), complete=True))
    assert not roll.finished()
    now += GRACE + 0.1
    assert roll.finished()
    roll.add(Happened((), (f"{CARD}/B.JPG",), complete=False))
    assert roll.finished()
    assert len(roll.exposures()) == 2


def test_a_file_of_an_earlier_exposure_makes_no_exposure_whole() -> None:
    roll = Roll(1, foreign=lambda path: path.endswith("A.JPG"))
    roll.add(Happened((), (f"{CARD}/A.JPG",), complete=True))
    assert not roll.finished()
    assert (list(roll.paths), list(roll.set_aside)) == ([], [f"{CARD}/A.JPG"])
    roll.add(Happened((), (f"{CARD}/B.JPG",), complete=False))
    assert roll.finished()
    assert roll.exposures() == [(f"{CARD}/B.JPG",)]
