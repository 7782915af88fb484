"""The files that put the server on a machine name what there really is."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
