"""PTP's own properties count in units of their own; people and pictures do not."""

import pytest

from tetherlight.camera.config import ConfigCache
from tetherlight.camera.shutter import exposure_seconds
from tetherlight.camera.values import checked
from tetherlight.protocol.models import ConfigEntry
from tetherlight.store.exif import ExifFacts, drift


def entry(name: str, value: object, kind: str = "menu", **fields: object) -> ConfigEntry:
    told = {"name": name, "label": name, "value": value, "type": kind, "readonly": False}
    return ConfigEntry.model_validate(told | {"path": f"/main/other/{name}"} | fields)


def bare_body() -> ConfigCache:
    """A body for which libgphoto2 has no names."""
    cache = ConfigCache()
    cache.fill(
        [
            entry("500d", "166", options=["80", "166", "250", "10000", "4294967295"]),
            entry("5007", "560", options=["400", "560", "800"]),
            entry("500f", "400", options=["100", "400"]),
        ]
    )
    return cache


def test_what_a_bare_body_says_is_told_in_seconds_and_f_numbers() -> None:
    cache = bare_body()
    assert cache.find("shutterspeed").value == "0.0166s"
    assert cache.find("shutterspeed").options == ["0.0080s", "0.0166s", "0.0250s", "1.0000s", "Bulb"]
    assert cache.find("5007").value == "f/5.6"
    assert cache.find("iso").value == "400"
    kept, changed = cache.update(entry("500d", "250", options=["80", "166", "250"]))
    assert (kept.value, kept.alias, changed) == ("0.0250s", "shutterspeed", True)


def test_no_picture_of_a_bare_body_seems_to_have_another_exposure() -> None:
    planned = {one.alias: one.value for one in bare_body().all() if one.alias}
    assert drift(planned, ExifFacts(exposure_time_s=1 / 60, shutter="1/60", f_number=5.6, iso=400)) == []


def test_nobody_waits_minutes_for_a_short_exposure() -> None:
    assert exposure_seconds(bare_body()) < 1


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("shutterspeed", "1/40", "250"),
        ("shutterspeed", "0.0166s", "166"),
        ("shutterspeed", 1, "10000"),
        ("500d", "bulb", "4294967295"),
        ("aperture", 8, "800"),
        ("5007", "f/4", "400"),
        ("iso", 100, "100"),
    ],
)
def test_the_body_is_given_what_it_counts(name: str, value: str | int, given: str) -> None:
    cache = bare_body()
    found = cache.find(name)
    assert cache.bare(found.name, checked(found, value)) == given


def test_a_body_without_a_list_is_given_what_it_counts() -> None:
    cache = ConfigCache()
    cache.fill([entry("500d", "166", "text"), entry("5007", 560.0, "range", min=180.0, max=1600.0, step=10.0)])
    aperture = cache.find("aperture")
    assert (aperture.value, aperture.min, aperture.max, aperture.step) == (5.6, 1.8, 16.0, 0.1)
    assert cache.bare("5007", 8.0) == 800.0
    assert cache.bare("500d", "1/60") == "167"
    assert cache.bare("500d", "nonsense") == "nonsense"


def test_what_has_a_name_beside_its_number_keeps_the_number() -> None:
    cache = ConfigCache()
    cache.fill([entry("f-number", "f/5.6"), entry("5007", "560")])
    assert (cache.find("aperture").name, cache.find("5007").value) == ("f-number", "560")
    assert cache.bare("5007", "800") == "800"


@pytest.mark.parametrize("value", ["nonsense", "", "nan", "inf", None])
def test_what_is_no_number_stays_as_it_is(value: str | None) -> None:
    cache = ConfigCache()
    cache.fill([entry("500d", value)])
    assert cache.find("shutterspeed").value == value
    assert exposure_seconds(cache) == 0


@pytest.mark.parametrize("value", ["166000000", "-20", "1e400", "nan"])
def test_no_number_of_a_camera_makes_anybody_wait_for_ever(value: str) -> None:
    cache = ConfigCache()
    cache.fill([entry("shutterspeed", value), entry("drivemode", "Timer 100000 s")])
    assert 0 <= exposure_seconds(cache) <= 2 * 900 + 60
