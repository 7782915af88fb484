"""Which exposure a file belongs to that is announced late."""

import time
from pathlib import Path

import pytest

from tetherlight.camera.deliveries import LATELY, LATEST_S, Deliveries, Delivery

ONE, OTHER = "/store_00010001/DCIM/100EOS", "/store_00020001/DCIM/100EOS"


def lately(*deliveries: Delivery) -> Deliveries:
    known = Deliveries()
    for delivery in deliveries:
        known.add(delivery)
    return known


def test_a_file_of_the_same_name_belongs_to_its_exposure() -> None:
    first, second = Delivery([f"{ONE}/A.CR2"], 2), Delivery([f"{ONE}/B.CR2"], 2)
    known = lately(first, second)
    assert known.of(f"{ONE}/A.JPG") is first
    assert known.of(f"{OTHER}/B.CR2") is second
    assert known.of(f"{ONE}/C.JPG") is None
    assert known.of(f"{ONE}/A.CR2") is None, "that one is here already"


def test_where_names_only_count_a_file_may_be_the_one_that_is_missing() -> None:
    assert lately(whole := Delivery(["/capt0000.arw"], 2)).of("/capt0001.jpg") is whole
    assert lately(Delivery(["/capt0000.arw", "/capt0001.jpg"], 2)).of("/capt0002.jpg") is None
    assert lately(Delivery(["/capt0000.arw"], 2)).of("/capt0001.arw") is None
    assert lately(Delivery(["/capt0000.jpg"], 1)).of("/capt0001.arw") is None


def test_what_was_long_ago_or_replaced_or_forgotten_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("set/image_01.cr2")
    known = lately(Delivery([f"{ONE}/A.CR2"], 2, [path]), Delivery([f"{ONE}/B.CR2"], 2, [path]))
    assert known.of(f"{ONE}/A.JPG") is None
    assert known.of(f"{ONE}/B.JPG") is not None
    for number in range(LATELY):
        known.add(Delivery([f"{ONE}/X{number}.CR2"], 2))
    assert known.of(f"{ONE}/B.JPG") is None
    known.clear()
    assert known.of(f"{ONE}/X1.JPG") is None
    known.add(Delivery([f"{ONE}/A.CR2"], 2))
    late = time.monotonic() + LATEST_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: late)
    assert known.of(f"{ONE}/A.JPG") is None
