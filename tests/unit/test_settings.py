"""Settings from the environment."""

from pathlib import Path

import pytest

from tetherlight.errors import InvalidSetting
from tetherlight.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _inside_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    return caught.value.message


def test_defaults() -> None:
    """Without any variable the server behaves as it always did."""
    settings = load_settings()
    assert settings.log_level == "INFO"
    assert settings.settings_refresh_interval == 10
    assert settings.liveview_frame_interval == 0.05
    assert settings.photometric_capture_delay == 0.5
    assert settings.captures_base_dir == Path("captures")
    assert settings.sets_dir == Path("captures/photometric_sets")
    assert settings.cameras == ()
    assert settings.api_token is None


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("LOG_LEVEL", " Warning ", "log_level", "WARNING"),
        ("SETTINGS_REFRESH_INTERVAL", "2.5", "settings_refresh_interval", 2.5),
        ("LIVEVIEW_FRAME_INTERVAL", "0", "liveview_frame_interval", 0),
        ("PHOTOMETRIC_CAPTURE_DELAY", "0", "photometric_capture_delay", 0),
        ("CAPTURES_BASE_DIR", "/srv/pictures", "captures_base_dir", Path("/srv/pictures")),
        ("CAPTURES_BASE_DIR", "", "captures_base_dir", Path("captures")),
        ("CAPTURES_BASE_DIR", "~/pictures", "captures_base_dir", Path.home() / "pictures"),
        ("STATE_DIR", "~", "state_dir", Path.home()),
        ("RIG_FILE", "dome.toml", "rig_file", Path("dome.toml")),
        ("RIG_FILE", "~/dome.toml", "rig_file", Path.home() / "dome.toml"),
        ("RIG_FILE", "", "rig_file", None),
        ("LOG_LEVEL", "", "log_level", "INFO"),
        ("API_TOKEN", "", "api_token", None),
        ("SIMULATOR_CONTROL", "", "simulator_control", None),
        ("CAMERAS", "ptpip:10.0.0.5", "cameras", ("ptpip:10.0.0.5",)),
        ("CAMERAS", " ptpip:10.0.0.5 , ,ptpip:10.0.0.6:1:2", "cameras", ("ptpip:10.0.0.5", "ptpip:10.0.0.6:1:2")),
        ("CAMERAS", "", "cameras", ()),
        ("DOWNLOAD_BODY_CAPTURES", "false", "download_body_captures", False),
        ("DELETE_AFTER_DOWNLOAD", "1", "delete_after_download", True),
        ("KEEP_RAW_ON_CARD", "true", "keep_raw_on_card", True),
        ("TRASH_DAYS", "0", "trash_days", 0),
        ("ALLOWED_ORIGINS", "https://a.org,https://b.org", "allowed_origins", ("https://a.org", "https://b.org")),
        ("ALLOWED_HOSTS", "rig.example", "allowed_hosts", ("rig.example",)),
        ("MAX_CONNECTIONS", "3", "max_connections", 3),
    ],
)
def test_a_variable_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    """Text from the environment becomes the value that it stands for."""
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(), field) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "LOUD"),
        ("SETTINGS_REFRESH_INTERVAL", "0"),
        ("SETTINGS_REFRESH_INTERVAL", "soon"),
        ("SETTINGS_REFRESH_INTERVAL", "nan"),
        ("LIVEVIEW_FRAME_INTERVAL", "-1"),
        ("LIVEVIEW_FRAME_INTERVAL", "inf"),
        ("PHOTOMETRIC_CAPTURE_DELAY", "-0.1"),
        ("PHOTOMETRIC_CAPTURE_DELAY", "0,5"),
        ("STATE_DIR", "~nobody-of-this-name/state"),
        ("CAMERAS", "192.168.1.20"),
        ("CAMERAS", "ptpip:"),
        ("CAMERAS", "ptpip:10.0.0.5,usb:"),
        ("DOWNLOAD_BODY_CAPTURES", "perhaps"),
        ("DELETE_AFTER_DOWNLOAD", "2"),
        ("TRASH_DAYS", "-1"),
        ("MIN_FREE_BYTES", "lots"),
        ("MAX_CONNECTIONS", "0"),
        ("API_TOKEN", "short"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The sentence begins with the variable's name and is one line."""
    sentence = refused(monkeypatch, name, value)
    assert sentence.startswith(f"Setting {name}")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    if name != "API_TOKEN":
        assert value.split(",", maxsplit=1)[0] in sentence


def test_a_wrong_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets stay out of messages and of what is printed."""
    assert "short" not in refused(monkeypatch, "API_TOKEN", "short").removeprefix("Setting API_TOKEN")
    monkeypatch.setenv("API_TOKEN", "a-long-secret")
    assert "a-long-secret" not in repr(load_settings())


@pytest.mark.parametrize("folder", ["elsewhere", "captures", "captures/../elsewhere", "/srv/sets", "."])
def test_sets_must_lie_inside_the_captures(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """A folder outside, or the captures' own, would put sets where they cannot be served or told apart."""
    sentence = refused(monkeypatch, "PHOTOMETRIC_SETS_BASE_DIR", folder)
    assert "PHOTOMETRIC_SETS_BASE_DIR" in sentence
    assert "CAPTURES_BASE_DIR" in sentence
    assert sentence.endswith(".")


def test_sets_may_have_another_name_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any folder below the captures will do."""
    monkeypatch.setenv("CAPTURES_BASE_DIR", "pictures")
    monkeypatch.setenv("PHOTOMETRIC_SETS_BASE_DIR", "pictures/rti/sets")
    assert load_settings().sets_dir == Path("pictures/rti/sets")


def test_each_setting_is_described() -> None:
    """The reference page is made from these descriptions."""
    undescribed = [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")]
    assert undescribed == []


def test_settings_cannot_be_changed() -> None:
    """A running server's settings stay as they were checked."""
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings(), "log_level", "DEBUG")  # noqa: B010  # mypy knows that it must fail


def test_other_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is full of things that are not ours."""
    monkeypatch.setenv("CAMERAS_OF_SOMEBODY", "x")
    assert load_settings() == load_settings()
