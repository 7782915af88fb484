"""A rig in one file, without its secrets, and brought back with what was there kept."""

import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tetherlight.backup import ABOUT, back_up, examine, restore
from tetherlight.cli.main import app
from tetherlight.errors import BackupInvalid, InvalidSetting
from tetherlight.objects.book import ObjectBook
from tetherlight.objects.queue import Queue
from tetherlight.protocol.objects import QueuedObject
from tetherlight.protocol.recipes import Recipe
from tetherlight.recipes import RecipeBook
from tetherlight.settings import Settings
from tetherlight.tokens import Tokens

RIG = """# The dome in room 3
[lights.light_left]
pin = 4  # the old lamp

[bridges.mqtt]
host = "broker"
username = "rig"
password = "open sesame"

[hooks.copy]
on = ["set_finished"]
command = ["curl", "-H", "X-Key: hidden"]
"""
SECRETS = (b"open sesame", b"hidden", b"sha256", b"the key of logins")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A rig with a rig file, a recipe, a pairing and secrets."""
    here = Settings(
        state_dir=tmp_path / "state", rig_file=tmp_path / "rig.toml", captures_base_dir=tmp_path / "captures"
    )
    (tmp_path / "rig.toml").write_text(RIG)
    RecipeBook(here.state_dir).save(Recipe(name="Coins", settings={"iso": "100"}), replace=False)
    ObjectBook(here.state_dir).change(lambda _: Queue((QueuedObject(catalogue_number="1923.41"),)))
    Tokens.beside(here.state_dir).add("tablet", "viewer")
    pairing = here.state_dir / "cameras" / "usb" / "gphoto" / "settings"
    pairing.parent.mkdir(parents=True)
    pairing.write_text("ptp2_ip=guid=aa:bb")
    (here.state_dir / "session-key").write_text("the key of logins")
    (here.state_dir / "rig-id").write_text("7")
    (here.state_dir / "link").symlink_to("/etc/hostname")
    return here


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_backup_has_rig_file_recipes_and_pairings_and_no_secret(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rig.zip"
    names = back_up(settings, file)
    recipe = next((settings.state_dir / "recipes").iterdir()).name
    assert names == [
        "rig.toml", "state/cameras/usb/gphoto/settings", "state/objects/queue.json", f"state/recipes/{recipe}",
        "state/rig-id",
    ]  # fmt: skip
    held = contents(file)
    assert not [secret for secret in SECRETS for data in held.values() if secret in data]
    assert b"# The dome in room 3" in held["rig.toml"]
    assert b"# the old lamp" in held["rig.toml"]
    assert json.loads(held[ABOUT])["left_out"] == [["bridges", "mqtt", "password"], ["hooks", "copy"]]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    back_up(settings, file, secrets=True)
    held = contents(file)
    assert {"state/tokens.json", "state/session-key"} <= held.keys()
    assert held["rig.toml"].decode() == RIG
    assert "state/link" not in held


def test_a_restore_tells_first_then_changes_what_differs_and_keeps_the_old(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rig.zip"
    back_up(settings, file)
    book = RecipeBook(settings.state_dir)
    book.save(Recipe(name="Coins", settings={"iso": "3200"}), replace=True)
    book.save(Recipe(name="Vase", settings={"iso": "200"}), replace=False)
    (settings.state_dir / "rig-id").unlink()
    found = examine(settings, file)
    assert {path.name.split("-")[0]: change for path, change in found.changes.items() if change != "same"} == {
        "coins": "changed", "rig": "new",
    }  # fmt: skip
    assert book.find("Coins").settings == {"iso": "3200"}
    before = restore(settings, found)
    assert before is not None
    assert [(one.name, one.settings["iso"]) for one in book.all().recipes] == [("Coins", "100"), ("Vase", "200")]
    assert settings.rig_file is not None
    assert "open sesame" in settings.rig_file.read_text()
    assert not examine(settings, file).differs
    assert restore(settings, examine(settings, file)) is None
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    restore(settings, examine(settings, before))
    assert book.find("Coins").settings == {"iso": "3200"}


def test_a_new_machine_gets_all_and_is_told_which_secrets_it_lacks(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rig.zip"
    back_up(settings, file)
    there = Settings(state_dir=tmp_path / "new" / "state", rig_file=tmp_path / "new" / "rig.toml")
    found = examine(there, file)
    assert found.missing == ("bridges.mqtt.password", "hooks.copy")
    restore(there, found)
    assert RecipeBook(there.state_dir).find("coins").settings == {"iso": "100"}
    assert there.rig_file is not None
    assert "# the old lamp" in there.rig_file.read_text()
    assert "[hooks" not in there.rig_file.read_text()


@pytest.mark.parametrize(
    "name", ["state/../../evil", "/etc/passwd", "state//x", "state/./x", "other", "state/", "rig.toml/../x"]
)
def test_a_file_that_would_lead_elsewhere_is_refused(settings: Settings, tmp_path: Path, name: str) -> None:
    file = tmp_path / "bad.zip"
    back_up(settings, file)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(BackupInvalid, match="it has a file"):
        examine(settings, file)


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", b"PK\x03\x04" + bytes(60)])
def test_what_is_no_backup_is_told_in_a_sentence(settings: Settings, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.zip"
    file.write_bytes(content)
    with pytest.raises(BackupInvalid, match=r"bad\.zip is no backup"):
        examine(settings, file)
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(ABOUT, '{"tetherlight_backup": 2}')
    file.write_bytes(other.getvalue())
    with pytest.raises(BackupInvalid, match="tetherlight_backup"):
        examine(settings, file)


def test_a_rig_file_that_cannot_be_used_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bad.zip"
    back_up(settings, file, secrets=True)
    held = contents(file) | {"rig.toml": b"[lights.a]\npin = 'four'\n"}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    with pytest.raises(InvalidSetting):
        examine(settings, file)


def test_the_commands_show_what_would_change_and_do_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("RIG_FILE", str(settings.rig_file))
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    made = run.invoke(app, ["backup", "rig.zip"])
    assert (made.exit_code, made.stdout.strip()) == (0, "5 files in rig.zip.")
    (settings.state_dir / "rig-id").write_text("8")
    told = run.invoke(app, ["restore", "rig.zip", "--dry-run"])
    assert "changed" in told.stdout
    assert "1 files differ, 4 are the same." in told.stdout
    assert (settings.state_dir / "rig-id").read_text() == "8"
    done = run.invoke(app, ["restore", "rig.zip", "--json"])
    assert json.loads(done.stdout)["changes"][str(settings.state_dir / "rig-id")] == "changed"
    assert (settings.state_dir / "rig-id").read_text() == "7"
    assert "Everything is as in the backup." in run.invoke(app, ["restore", "rig.zip"]).stdout
