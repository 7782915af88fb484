"""The files that put the server on a machine name what there really is."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support import plain_debian
from support.patience import stretched
from tetherlight.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
SETTINGS = {name.upper() for name in Settings.model_fields}


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "tetherlight.service")
    return parser


def test_the_files_name_settings_that_exist() -> None:
    named = set(re.findall(r"^Environment=(\w+)=", (DEPLOY / "tetherlight.service").read_text(), re.MULTILINE))
    named |= set(re.findall(r"^\s*(?:ENV )?([A-Z_]+)=/data", (DEPLOY / "Containerfile").read_text(), re.MULTILINE))
    named -= {"HOME"}
    named |= set(re.findall(r"^    #   ([A-Z_]+): ", (DEPLOY / "compose.yml").read_text(), re.MULTILINE))
    assert len(named) >= 4
    assert named <= SETTINGS


def test_the_service_restarts_and_may_use_cameras_and_lamps() -> None:
    service = unit()["Service"]
    assert service["Restart"] == "always"
    assert service["SupplementaryGroups"].split() == ["plugdev", "gpio"]
    assert service["NoNewPrivileges"] == "yes"
    assert "PrivateDevices" not in service


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_the_service(tmp_path: Path) -> None:
    """With a program that exists in place of ours, which is not installed here."""
    text = (DEPLOY / "tetherlight.service").read_text()
    copy = tmp_path / "tetherlight.service"
    copy.write_text(re.sub(r"^ExecStart=.*", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        timeout=stretched(30),
    )
    problems = [line for line in (done.stdout + done.stderr).splitlines() if "tetherlight.service" in line]
    assert problems == []


def test_a_line_of_the_rules_has_no_group_that_the_pages_do_not_make(tmp_path: Path) -> None:
    """A plain Debian has no group gpio, and udev leaves out a line whose group it does not know."""
    plain_debian.prepare(tmp_path / "machine")

    def done(*words: str) -> bool:
        return plain_debian.run(words, tmp_path / "machine").returncode == 0

    shutil.copy(DEPLOY / "60-tetherlight.rules", tmp_path / "machine" / "etc" / "udev" / "rules.d")
    assert not done("udevadm", "control", "--reload")
    assert not done("sudo", "usermod", "-aG", "plugdev,gpio", "photographer")
    for group in ("plugdev", "gpio"):
        assert done("sudo", "groupadd", "--system", "--force", group)
    assert done("udevadm", "control", "--reload")
    assert done("sudo", "usermod", "-aG", "plugdev,gpio", "photographer")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("usermod") is None, reason="needs root and Debian's passwd")
def test_the_real_commands_make_the_groups_and_join_them(tmp_path: Path) -> None:
    """As the pages write them, in a folder that holds the accounts of a plain Debian."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\nphotographer:x:1000:1000::/:/bin/sh\n")
    (tmp_path / "etc" / "group").write_text("root:x:0:\nplugdev:x:46:\nphotographer:x:1000:\n")
    page = (DEPLOY.parent / "docs" / "how-to" / "systemd.md").read_text()
    (useradd,) = re.findall(r"^\$ sudo (useradd .*)$", page, re.MULTILINE)
    commands = [*re.findall(r"sudo (groupadd [^&\n]*\w)", page), useradd, "usermod -aG plugdev,gpio photographer"]
    for command in commands:
        name, *words = command.split()
        subprocess.run([name, "--prefix", str(tmp_path), *words], check=True, timeout=stretched(30))
    found = dict(line.split(":")[::3] for line in (tmp_path / "etc" / "group").read_text().splitlines())
    assert found["plugdev"].split(",") == found["gpio"].split(",") == ["tetherlight", "photographer"]


def _verifies() -> bool:
    """Say whether there is an udevadm that can check rules: since systemd 254."""
    if shutil.which("udevadm") is None:
        return False
    said = subprocess.run(["udevadm", "--version"], capture_output=True, text=True, check=False, timeout=stretched(30))
    return said.stdout.strip().isdigit() and int(said.stdout) >= 254


@pytest.mark.skipif(not _verifies(), reason="needs udevadm of systemd 254 or newer")
def test_udev_understands_the_rules() -> None:
    """But for groups, which this machine may not have."""
    command = ["udevadm", "verify", "--resolve-names=never", str(DEPLOY / "60-tetherlight.rules")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=stretched(30))
    assert done.returncode == 0, done.stderr
