"""What a body's own entries say of a live view that does not come."""

import pytest

from tetherlight.camera.viewing import hint

CANON = ["Off", "TFT", "PC", "TFT + PC"]


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"liveviewprohibit": "Live View prohibit conditions: Temperature too high"}, "'liveviewprohibit' says: Temp"),
        ({"output": "TFT"}, "'output' is 'TFT': set it to 'PC'"),
        ({"output": "PC", "evfmode": "0"}, "'evfmode' is '0'"),
        ({"eosmovieswitch": "1"}, "lever of the body stands on movies"),
        ({"expprogram": "Movie (M)"}, "'expprogram' is 'Movie (M)'"),
    ],
)
def test_the_entry_that_explains_it_is_named(entries: dict[str, str], named: str) -> None:
    assert named in str(hint(entries.get, CANON))


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"liveviewprohibit": "Liveview should not be prohibited"},
        {"output": "TFT + PC", "evfmode": "1", "eosmovieswitch": "0", "autoexposuremode": "Manual"},
    ],
)
def test_where_no_entry_explains_it_nothing_is_said(entries: dict[str, str]) -> None:
    assert hint(entries.get, CANON) is None


def test_an_entry_of_that_name_of_another_maker_explains_nothing() -> None:
    assert hint({"output": "HDMI"}.get, ["HDMI", "Monitor"]) is None
