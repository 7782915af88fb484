"""The rig file: read strictly, explained in a sentence, edited without losing comments."""

import math
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tetherlight.errors import InvalidSetting, StoreError
from tetherlight.naming.templates import DEFAULT_TEMPLATES
from tetherlight.rigfile.lights import DEFAULT_LIGHTS, RigLight
from tetherlight.rigfile.rigfile import NamingTable, RigFile

EXAMPLE = Path(__file__).parents[2] / "deploy" / "rig.example.toml"
PATH = Path("rig.toml")
FINITE = "input should be a finite number."
POSITIVE = "input should be greater than or equal to 0."
ALLOWED = "is no light name: up to 64 letters, digits, '-', '_' and '.' are allowed."

COMMENTED = """\
# my rig
driver = "auto"   # best
cameras = ["ptpip:192.168.1.20"]

[lights]
# beside the lens
top = { pin = 24, direction = [0, 0, 2] }  # bright
# in front
front = { pin = 4, direction = [0, -1, 1], group = "ring" }  # new bulb
# the end
"""


def test_without_a_file_the_rig_has_nine_lights_with_pins_and_unit_directions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rig = RigFile.load()
    assert {light.name: light.pin for light in rig.lights} == {
        "lights_top": 24, "light_front": 4, "light_front_left": 18, "light_left": 27, "light_rear_left": 22,
        "light_rear": 3, "light_rear_right": 17, "light_right": 23, "light_front_right": 2,
    }  # fmt: skip
    assert rig.default_lights
    for light in rig.lights:
        assert light.unit_direction is not None
        assert math.hypot(*light.unit_direction) == pytest.approx(1)
        assert light.unit_direction[2] > 0.7


def test_the_example_is_the_default_rig() -> None:
    rig = RigFile.load(EXAMPLE)
    assert [(light.name, light.pin) for light in rig.lights] == [(light.name, light.pin) for light in DEFAULT_LIGHTS]
    for light, default in zip(rig.lights, DEFAULT_LIGHTS, strict=True):
        assert light.unit_direction == pytest.approx(default.unit_direction, abs=1e-3)
    assert rig.driver == "auto"
    assert not rig.default_lights
    assert rig.naming == DEFAULT_TEMPLATES


def test_the_example_shows_every_key() -> None:
    """A key that the example does not explain does not exist for people."""
    text = EXAMPLE.read_text()
    for key in [*RigLight.model_fields, *NamingTable.model_fields, "driver", "chip", "cameras"]:
        assert key == "name" or f"{key} = " in text


def test_a_rig_file_in_the_working_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rig.toml").write_text("[lights]\nonly = { pin = 5 }\n")
    assert [light.name for light in RigFile.load().lights] == ["only"]


def test_a_named_rig_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"The rig file .*other.toml cannot be read: No such file"):
        RigFile.load(tmp_path / "other.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidSetting, match="is no UTF-8 text"):
        RigFile.load(tmp_path / "rig.toml")


def test_a_light_with_a_position_has_the_direction_of_it() -> None:
    rig = RigFile.parse("[lights]\nlamp = { position = [0, 300, 400] }", PATH)
    assert rig.lights[0].unit_direction == pytest.approx((0, 0.6, 0.8))


def test_a_file_with_an_empty_table_has_no_lights() -> None:
    assert RigFile.parse("[lights]", PATH).lights == ()


def test_sub_tables_read_as_inline_tables_do() -> None:
    one = RigFile.parse("[lights.a]\npin = 1\n[lights.'b.c']\npin = 2\nactive_low = true", PATH)
    other = RigFile.parse("[lights]\na = { pin = 1 }\n'b.c' = { pin = 2, active_low = true }", PATH)
    assert one == other


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x\n", "is no TOML, line 1: expected '=' after a key in a key/value pair."),
        ("[lights]\na={pin=4}\na={pin=5}\n", "is no TOML, line 3: cannot overwrite a value."),
        ("driver=1", "is wrong: line 1, driver: input should be a valid string."),
        ("[lights]\na={pin=4, address='10.0.0.7'}",
         "is wrong: line 2, light 'a': its lamp hangs on no line of the GPIO chip, so it has no pin."),
        ("drivr=1", "is wrong: line 1: there is no key 'drivr'."),
        ("lights=3", "is wrong: line 1, lights: input should be an object."),
        ('cameras=["usb:1"]', "is wrong: line 1, cameras: 'usb:1' is not an address like ptpip:192.168.1.20."),
        ('[lights]\na={pin="4"}', "is wrong: line 2, light 'a': pin: input should be a valid integer."),
        ("[lights]\na={pin=true}", "is wrong: line 2, light 'a': pin: input should be a valid integer."),
        ("[lights.a]\npin=-1", "is wrong: line 1, light 'a': pin: input should be greater than or equal to 0."),
        ("[lights]\na={pin=4}\nb={pin=4}", "is wrong: pin 4 is used by both 'a' and 'b'."),
        ("[lights]\n'a b'={}", "is wrong: 'a b' " + ALLOWED),
        (f"[lights]\n'{'𠀀' * 49}'={{}}", "is wrong: '" + "𠀀" * 49 + "' " + ALLOWED),
        ("[lights]\n'../a'={}", "is wrong: '../a' " + ALLOWED),
        ("[lights]\n\na={pin=4, pinn=3}", "is wrong: line 3, light 'a': there is no key 'pinn'."),
        ("[lights]\na={direction=[0,0,0]}", "is wrong: line 2, light 'a': direction: must not be [0, 0, 0]."),
        ("[lights]\na={direction=[0,nan,0]}", "is wrong: line 2, light 'a': direction.1: " + FINITE),
        ("[lights]\na={direction=[0,1]}", "is wrong: line 2, light 'a': direction.2: field required."),
        ("naming=3", "is wrong: line 1, naming: input should be an object."),
        ("[naming]\ncaptur='x'", "is wrong: line 2: there is no key 'naming.captur'."),
        ("[naming]\ncapture=3", "is wrong: line 2, naming.capture: input should be a valid string."),
        ("[naming]\ncapture='{date'",
         "is wrong: line 2, naming.capture: the capture template '{date' has a brace without its partner."),
        ("[naming]\nset='{date}'",
         "is wrong: line 2, naming.set: the set template must hold {prefix}, and {date} or {number}."),
        ("driver='simulated'\n[guard]\nmax_watts=9\nmax_wats=3",
         "is wrong: line 4: there is no key 'guard.max_wats'."),
        ("[lights]\na={}\n[bridges.mqtt]\nhost=3",
         "is wrong: line 4, bridges.mqtt.host: input should be a valid string."),
        ("[lights]\na={settle_s=-1}", "is wrong: line 2, light 'a': settle_s: " + POSITIVE),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        RigFile.parse(text, PATH)
    assert str(caught.value) == f"The rig file rig.toml {sentence}"


def test_editing_keeps_comments_spelling_and_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(COMMENTED)
    rig = RigFile.load(path)
    front, top = rig.lights[1].model_copy(update={"pin": 5}), rig.lights[0]
    saved = rig.save_lights([front, RigLight(name="new.one", pin=7), top])
    assert (
        path.read_text()
        == """\
# my rig
driver = "auto"   # best
cameras = ["ptpip:192.168.1.20"]

[lights]
# in front
front = { pin = 5, direction = [0, -1, 1], group = "ring" }  # new bulb
"new.one" = {pin = 7}
# beside the lens
top = { pin = 24, direction = [0, 0, 2] }  # bright
# the end
"""
    )
    assert saved.lights == RigFile.load(path).lights
    assert [light.name for light in saved.lights] == ["front", "new.one", "top"]
    assert saved.cameras == ("ptpip:192.168.1.20",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "lights = { a = { pin = 1 }, b = { pin = 2 } }\n",
        "lights.a.pin = 1\nlights.b = { pin = 2 }\ndriver = 'simulated'\n",
        "[lights]\na = { pin = 1 }\n[lights.b]\npin = 2\n",
        "[lights]\na.pin = 1\nb.pin = 2\n",
        "cameras = []\n[lights.a] # one\npin = 1\n[lights.b]\npin = 2\n",
    ],
)
@pytest.mark.parametrize("order", ["abc", "cba", "cb", "", "b"])
def test_any_form_of_file_can_be_edited(tmp_path: Path, text: str, order: str) -> None:
    """Whatever style of TOML somebody chose, the lights come out as they were asked for, in their order."""
    path = tmp_path / "rig.toml"
    path.write_text(text)
    lights = tuple(RigLight(name=name, pin=number, direction=(0, 0, 1)) for number, name in enumerate(order, start=2))
    rig = RigFile.load(path)
    assert rig.save_lights(lights).lights == lights
    assert RigFile.load(path).lights == lights
    assert RigFile.load(path).driver == rig.driver


def test_editing_without_a_file_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RigFile.load().save_lights([RigLight(name="lamp", pin=5)])
    assert [light.name for light in RigFile.load().lights] == ["lamp"]
    assert [path.name for path in tmp_path.iterdir()] == ["rig.toml"]


def test_editing_keeps_the_files_mode_and_its_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "rig.toml"
    real.write_text(COMMENTED)
    real.chmod(0o604)
    link.symlink_to(real)
    RigFile.load(link).save_lights([])
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o604
    assert RigFile.load(link).lights == ()


def test_a_file_that_was_broken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(COMMENTED)
    rig = RigFile.load(path)
    path.write_text("half an edi")
    with pytest.raises(InvalidSetting):
        rig.save_lights([])
    assert path.read_text() == "half an edi"


def test_a_folder_that_is_gone_is_a_store_error(tmp_path: Path) -> None:
    rig = RigFile(tmp_path / "gone" / "rig.toml")
    with pytest.raises(StoreError, match=r"could not be written: No such file or directory."):
        rig.save_lights([])


NAMED = """\
# my rig
[naming]
# the registrar wants it so
set = "{prefix}_{number}"  # agreed in May

[lights]
a = { pin = 1 }  # new bulb
"""


def test_templates_are_kept_with_the_comments_around_them(tmp_path: Path) -> None:
    """Only the given one changes, and the other tables are as they were."""
    path = tmp_path / "rig.toml"
    path.write_text(NAMED)
    saved = RigFile.load(path).save_naming("{serial}_{number}", None)
    assert path.read_text() == NAMED.replace("# agreed in May\n", '# agreed in May\ncapture = "{serial}_{number}"\n')
    assert (saved.naming.capture.text, saved.naming.set.text) == ("{serial}_{number}", "{prefix}_{number}")
    assert RigFile.load(path) == saved


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "# only a comment",
        "driver = 'simulated'\n[lights.a]\npin = 1\n# the end",
        "naming = { set = '{prefix}_{date}' } # one\n[lights]\na = { pin = 1 }\n",
        "naming.set = '{prefix}_{date}'\ndriver = 'simulated'\n[lights]\na.pin = 1\n",
        "[lights.a]\npin = 1\n[naming]\n[lights.b]\npin = 2\n",
    ],
)
def test_templates_can_be_put_into_any_form_of_file(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "rig.toml"
    if text is not None:
        path.write_text(text)
    before = RigFile.parse(text or "", path)
    saved = before.save_naming("x_{number}", "{prefix}-{date}")
    assert RigFile.load(path) == saved
    assert (saved.naming.capture.text, saved.naming.set.text) == ("x_{number}", "{prefix}-{date}")
    assert (saved.driver, saved.lights, saved.default_lights) == (before.driver, before.lights, before.default_lights)


def test_lights_and_templates_edited_together_both_arrive(tmp_path: Path) -> None:
    """Each reads the file again before it writes, one after the other."""
    path = tmp_path / "rig.toml"
    path.write_text(NAMED)
    rig = RigFile.load(path)
    with ThreadPoolExecutor() as threads:
        for number in range(20):
            lights = threads.submit(rig.save_lights, [RigLight(name="a", pin=number)])
            names = threads.submit(rig.save_naming, f"x{number}_{{number}}", None)
            lights.result()
            names.result()
            saved = RigFile.load(path)
            assert (saved.lights[0].pin, saved.naming.capture.text) == (number, f"x{number}_{{number}}")


def test_templates_are_not_put_into_a_file_that_was_broken_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(NAMED)
    rig = RigFile.load(path)
    path.write_text("[naming\n")
    with pytest.raises(InvalidSetting, match="is no TOML"):
        rig.save_naming("x", None)
    assert path.read_text() == "[naming\n"


def test_a_light_is_called_in_any_script(tmp_path: Path) -> None:
    """A file may name its lights as people do; 64 letters of nearly every script are a file name still."""
    (tmp_path / "rig.toml").write_text(f"[lights]\n'süd-ost' = {{}}\n'上' = {{}}\n'{'語' * 64}' = {{}}\n", "utf-8")
    assert [light.name for light in RigFile.load(tmp_path / "rig.toml").lights] == ["süd-ost", "上", "語" * 64]
