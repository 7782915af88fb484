"""Every rule of the rooms bites: a fault that is planted against it is found."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = {
    "Rooms know only rooms below them": ("store/trash.py", "import tetherlight.camera.lane"),
    "No circles, also none of types alone": (
        "store/xmp.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tetherlight.store.captures",
    ),
    "In the server's side of a camera, the worker is the lowest": (
        "camera/worker/driver.py", "import tetherlight.camera.exposure",
    ),
    "The worker knows only what no server needs": ("camera/worker/saving.py", "import tetherlight.protocol.models"),
    "The client knows the protocol and nothing of the server": ("client/events.py", "import tetherlight.publisher"),
    "The simulator knows nothing of ours": ("simulator/card.py", "import tetherlight.files.durable"),
    "Photometric mathematics knows only arrays": ("photometric/quality.py", "import asyncio"),
    "Only the worker loads libgphoto2": ("camera/link.py", "import gphoto2"),
    "Only drivers of lamps speak to their hardware": ("naming/rules.py", "import serial"),
    "Below the server nobody knows a transport": ("actions/dispatch.py", "import starlette"),
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is checked."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "web")
    shutil.copytree(ROOT / "src" / "tetherlight", tmp_path / "tetherlight", ignore=ignored)
    return tmp_path


def verdicts(checkout: Path) -> tuple[dict[str, str], str]:
    """Give KEPT or BROKEN by the name of each contract, and all that was said."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(checkout), "COLUMNS": "200"}
    ended = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)", ended.stdout, re.MULTILINE)), ended.stdout + ended.stderr


def test_a_planted_import_breaks_the_rule_against_it(checkout: Path) -> None:
    for file, line in PLANTED.values():
        path = checkout / "tetherlight" / file
        path.write_text(f"{path.read_text()}\n{line}\n")
    found, said = verdicts(checkout)
    assert found == dict.fromkeys(PLANTED, "BROKEN"), said


def test_drivers_of_lamps_may_import_what_nobody_else_may(checkout: Path) -> None:
    """Each library for lamps is found in every room, also in one that is new."""
    name = "Only drivers of lamps speak to their hardware"
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [libraries] = [contract["forbidden_modules"] for contract in contracts if contract["name"] == name]
    imports = "".join(f"import {library}\n" for library in libraries)
    (checkout / "tetherlight" / "lights" / "drivers" / "new.py").write_text(imports)
    found, said = verdicts(checkout)
    assert found[name] == "KEPT", said
    rooms = ("lights/rack.py", "lights/drivers/__init__.py", "doctor/gpio.py", "simulator/card.py", "attic.py")
    for room in rooms:
        with (checkout / "tetherlight" / room).open("a") as file:
            file.write(f"\n{imports}")
    found, said = verdicts(checkout)
    assert found[name] == "BROKEN"
    pairs = [
        (f"tetherlight.{room.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}", library)
        for room in rooms
        for library in libraries
    ]
    assert [pair for pair in pairs if f"{' -> '.join(pair)} (l." not in said] == []


def test_a_new_room_must_choose_its_place(checkout: Path) -> None:
    (checkout / "tetherlight" / "attic.py").write_text('"""Nothing yet."""\n')
    found, said = verdicts(checkout)
    assert [name for name, verdict in found.items() if verdict == "BROKEN"] == ["Rooms know only rooms below them"]
    assert "tetherlight.attic" in said
