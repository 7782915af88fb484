"""Which settings make a release of the shutter something else than a picture."""

import pytest

from tetherlight.camera.release import refusal


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"shutterspeed": "bulb"}, "bulb"),
        ({"shutterspeed": "Bulb", "drivemode": "Single"}, "bulb"),
        ({"shutterspeed": "Time"}, "bulb"),
        ({"shutterspeed": "1/60", "autoexposuremode": "Bulb"}, "bulb"),
        ({"expprogram": "Movie (P)"}, "movie"),
        ({"expprogram": "Interval REC (Movie) (M)"}, "movie"),
        ({"drivemode": "Video"}, "movie"),
        ({"eosmovieswitch": "1"}, "movie"),
        ({"capturemode": "Mirror Up"}, "mirror"),
        ({"capturemode": "Mup Mirror up"}, "mirror"),
        ({"mirrorlock": "1"}, "mirror"),
    ],
)
def test_a_setting_by_which_no_picture_is_taken_is_told_with_its_name(settings: dict[str, str], kind: str) -> None:
    refused = refusal(settings.get)
    assert refused is not None
    assert refused.details is not None
    assert (refused.code, refused.details["kind"]) == ("capture_refused", kind)
    name = refused.details["setting"]
    assert refused.message.startswith(f"With '{name}' at '{settings[name]}' ")
    assert refused.hint


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"shutterspeed": "1/60", "autoexposuremode": "Manual", "drivemode": "Timer 10 sec"},
        {"shutterspeed": "0.0166s", "expprogram": "S", "capturemode": "Quick Response Remote"},
        {"shutterspeed": "Auto", "autoexposuremode": "TV", "mirrorlock": "0", "eosmovieswitch": "0"},
        {"shutterspeed": "x 200", "capturemode": "Selftimer 10s 3 Pictures"},
    ],
)
def test_pictures_and_self_timers_are_let_through(settings: dict[str, str]) -> None:
    assert refusal(settings.get) is None


def test_what_a_plan_sets_itself_says_nothing() -> None:
    assert refusal({"shutterspeed": "bulb"}.get, settled=["shutterspeed"]) is None
