"""What only the server's own files say: clients never write it, and never read it back."""

import tomllib
from pathlib import Path

import pytest

from tetherlight.errors import InvalidPayload, ServerOnly, StoreError
from tetherlight.lights.lights import Lights
from tetherlight.protocol.captures import NamingTemplates
from tetherlight.protocol.lights import SERVER_ONLY, SET_RIG, EditedLight
from tetherlight.rigfile.lights import LightTable, RigLight
from tetherlight.rigfile.rigfile import RigFile, RigTables

EDITABLE = set(EditedLight.model_fields) | set(NamingTemplates.model_fields)
TEXTS = {
    "headed tables": """
driver = "simulated"
# What happens by itself.
[hooks]
set_done = { on = ["set_finished"], command = ["/usr/local/bin/copy-it"] }  # by night
[bridges.mqtt]
password = "secret"
[bridges.mdns]
interfaces = ["10.0.0.9"]
[lights.far]
driver = "simulated"
address = "10.0.0.7/1"
group = "a"
[lights.near]
pin = 4
[offload]
to = "backup:/rig"
""",
    "inline tables": """
hooks = { set_done = { on = ["set_finished"], command = ["/usr/local/bin/copy-it"] } }
bridges = { mqtt = { host = "10.0.0.8", password = "secret" } }
offload = "backup:/rig"
driver = "simulated"
chip = "any"
[lights]
far = { driver = "simulated", address = "10.0.0.7/1", group = "a" }  # over there
near = { pin = 4 }
""",
    "dotted keys": """
hooks.set_done.on = ["set_finished"]
hooks.set_done.command = ["/usr/local/bin/copy-it"]
bridges.mqtt.password = "secret"
driver = "simulated"
offload.to = "backup:/rig"
lights.far.driver = "simulated"
lights.far.address = "10.0.0.7/1"
lights.near.pin = 4
""",
    "a mixture": """
driver = "simulated"
[lights]
far = { address = "10.0.0.7/1", driver = "simulated" }
[lights.near]
pin = 4
[hooks]
set_done = { on = ["set_finished"], command = ["/usr/local/bin/copy-it"] }
""",
    "tables apart": """
driver = "simulated"
[lights.far]
driver = "simulated"
address = "10.0.0.7/1"
[hooks.set_done]
on = ["set_finished"]
command = ["/usr/local/bin/copy-it"]
[lights.near]
pin = 4
[hooks.image]
on = ["image_captured"]
url = "https://10.0.0.9/other"
""",
}
every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))


def own(text: str) -> tuple[dict[str, object], dict[str, object]]:
    """Give what is the server's own of a rig file: of the rig, and of the light `far`."""
    tables = tomllib.loads(text)
    far = tables["lights"]["far"]
    return tuple({key: where[key] for key in SERVER_ONLY & set(where)} for where in (tables, far))  # type: ignore[return-value]


def test_each_key_of_the_rig_file_is_editable_or_the_servers_own() -> None:
    """A new key must choose; the addresses of cameras and the calibration have actions of their own."""
    assert (
        set(LightTable.model_fields) - EDITABLE
        == SERVER_ONLY & set(LightTable.model_fields)
        == {"driver", "address", "allow_hold"}
    )
    assert set(RigTables.model_fields) - {"cameras", "lights", "naming", "calibration"} == SERVER_ONLY - {
        "address", "allow_hold",
    }  # fmt: skip
    assert set() == EDITABLE & SERVER_ONLY


@pytest.mark.parametrize("key", sorted(SERVER_ONLY))
@pytest.mark.parametrize(
    "form",
    [
        lambda key: {key: "x"},
        lambda key: {key: {"on": "x"}},
        lambda key: {f"{key}.on": "x"},
        lambda key: {f"lights.far.{key}": "x"},
        lambda key: {"lights": [{"name": "far", key: "x"}]},
        lambda key: {"lights": [{"name": "far", key: None}]},
        lambda key: {"lights": [{"name": "far", f"lamp.{key}": "x"}]},
        lambda key: {"lights": [{"name": "far", "lamp": {key: "x"}}]},
        lambda key: {"rig": {"more": [{key: {}}]}},
    ],
)
def test_set_rig_refuses_what_is_the_servers_own(key: str, form: object) -> None:
    """In whatever form, and with a code of its own, for a client has no other way to learn that it is meant so."""
    with pytest.raises(ServerOnly) as caught:
        SET_RIG.parse({"lights": []} | form(key))  # type: ignore[operator]
    assert caught.value.code == "server_only"
    assert caught.value.message.endswith("': only the server's own files do.")
    assert caught.value.hint


def test_a_light_may_be_called_like_such_a_key() -> None:
    assert SET_RIG.parse({"lights": [{"name": "driver", "pin": 4}]}).lights[0].name == "driver"


@every_text
def test_editing_lights_keeps_what_is_the_servers_own(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(text)
    rig = RigFile.load(path)
    lights = [RigLight(name="new.hooks", pin=7), RigLight(name="far", settle_s=0.5), RigLight(name="hooks", pin=8)]
    saved = rig.save_lights(lights)
    assert own(path.read_text()) == own(text)
    far = saved.lights[[light.name for light in saved.lights].index("far")]
    assert (far.driver, far.address, far.settle_s, far.group) == ("simulated", "10.0.0.7/1", 0.5, None)
    assert {light.name for light in saved.lights} == {"new.hooks", "far", "hooks"}
    assert "# over there" in path.read_text() or "# over there" not in text


@every_text
def test_editing_names_keeps_what_is_the_servers_own(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(text)
    saved = RigFile.load(path).save_naming("x_{number}", None)
    assert own(path.read_text()) == own(text)
    assert saved.naming.capture.text == "x_{number}"
    assert saved.lights == RigFile.parse(text, path).lights


def test_what_an_edit_would_change_of_it_is_not_written(tmp_path: Path) -> None:
    """Should the editing itself ever be wrong."""
    path = tmp_path / "rig.toml"
    for text in TEXTS["headed tables"], TEXTS["inline tables"]:
        for old, new in (("copy-it", "other"), ("10.0.0.7", "10.0.0.8"), ('address = "10.0.0.7/1"', "settle_s = 1.0")):
            path.write_text(text)
            with pytest.raises(StoreError, match="cannot be edited without touching"):
                RigFile.load(path)._save(lambda now, old=old, new=new: now.replace(old, new))  # type: ignore[misc]
            assert path.read_text() == text


def test_words_that_the_log_must_not_tell_are_known() -> None:
    """An address as a whole, and its host alone; all of tables without a use; no driver, no group."""
    found = RigFile.parse(TEXTS["inline tables"], Path("rig.toml"))
    assert found.secrets == {"10.0.0.7/1", "10.0.0.7", "/usr/local/bin/copy-it", "10.0.0.8", "secret", "backup:/rig"}
    assert RigFile(Path("rig.toml")).secrets == frozenset()


async def test_lights_over_the_wire_keep_their_driver_and_tell_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(TEXTS["inline tables"].replace('chip = "any"\n', ""))
    lights = await Lights.open(RigFile.load(path))
    await lights.replace([EditedLight(name="far", group="b"), EditedLight(name="near", pin=5)])
    assert "10.0.0.7/1" in path.read_text()
    assert "10.0.0.7" not in lights.status().model_dump_json()
    assert lights.light("far").group == "b"
    with pytest.raises(
        InvalidPayload, match="light 'far': its lamp hangs on no line of the GPIO chip, so it has no pin"
    ):
        await lights.replace([EditedLight(name="far", pin=6)])
    await lights.close()
