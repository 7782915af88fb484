"""Who only talks to a rig installs no server: the client and its commands need little, and the rest says so."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from support.patience import stretched

ROOT = Path(__file__).parents[2]
BLOCKED = """\
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
"""
POSIX = {"fcntl", "grp", "pwd", "resource", "termios", "tty"}
"""What Windows has not."""


def light(missing_too: frozenset[str] = frozenset()) -> str:
    """Return a program's beginning that takes away what the light install does not bring."""
    pins = (ROOT / "requirements" / "client.txt").read_text()
    brought = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)}
    missing = {
        module
        for module, owners in packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & (brought | {"tetherlight"})
    }
    return BLOCKED.format(missing=sorted(missing | missing_too))


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=stretched(60)
    )


@pytest.mark.parametrize("missing", [frozenset(), POSIX], ids=["Linux", "without POSIX"])
def test_clients_and_commands_load_with_the_light_install(missing: frozenset[str]) -> None:
    """Each command's module loads, whether or not its work can be done here."""
    done = run(
        light(missing) + "from tetherlight import Client, SyncClient\n"
        "from importlib import import_module\n"
        "from tetherlight.cli.main import PLACES\n"
        "for place in PLACES.values():\n"
        "    import_module('tetherlight.cli.' + place.where.partition(':')[0])\n"
        "print(len(PLACES))\n"
    )
    assert done.stderr == ""
    assert int(done.stdout) > 20


@pytest.mark.parametrize("words", [["serve"], ["simulate"], ["reconstruct", "docs"]], ids=" ".join)
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(words: list[str]) -> None:
    """One sentence and what to do, instead of a traceback."""
    done = run(light() + f"sys.argv = {['tetherlight', *words]}\nfrom tetherlight.cli.main import main\nmain()\n")
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()
    assert re.fullmatch(r"tetherlight: The library '\w+' is needed for this, and is not installed\.", said[0])
    assert "pip install 'tetherlight[all]'" in said[1]
    assert len(said) == 2


def test_a_module_of_ours_that_is_missing_stays_a_mistake() -> None:
    """Only libraries of others are a matter of what was installed."""
    done = run(
        light() + "from tetherlight.errors import NotInstalled\n"
        "print(NotInstalled.of(ModuleNotFoundError(name='tetherlight.lost')))\n"
        "print(NotInstalled.of(ValueError()))\n"
    )
    assert done.stdout.split() == ["None", "None"]
