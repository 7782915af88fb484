"""Look at the virtual environment that runs this, and install what it lacks; bootstrap.sh runs it.

The environment remembers what it was made from in a file of its own. That is compared with what is there now: the
folder, the interpreter, the requirements, the installed packages, and the server that is imported. Ends with status 3
where only a new environment helps. Needs nothing but Python itself.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "src" / "tetherlight" / "__init__.py"
NOTES = ".made-from.json"
MADE_ANEW = 3
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2", "install", "--no-deps")
FILES = {
    "runtime": ("requirements/runtime.txt", "requirements/build.txt", "pyproject.toml", "hatch_build.py"),
    "dev": ("requirements/dev.txt",),
}
"""What each part is made from."""
COMMANDS = {
    "runtime": (
        ("--require-hashes", "-r", "requirements/runtime.txt", "-r", "requirements/build.txt"),
        ("--no-build-isolation", "--editable", "."),
    ),
    "dev": (("--require-hashes", "-r", "requirements/dev.txt"),),
}
"""What pip is told to install for each part, one call after the other."""
SAID = {
    "runtime": "Installing the server into {folder} ...",
    "dev": "Installing the tools for checks and tests ...",
}
UNREACHABLE = re.compile(
    "name resolution|Name or service not known|No address associated|NewConnectionError|ConnectTimeout|ReadTimeout"
    "|Network is unreachable|No route to host|Connection refused|Connection reset|ProxyError|Failed to establish"
)
NO_NETWORK = (
    "The packages could not be fetched: the package index cannot be reached. "
    "Try again when this machine is on the network."
)
FULL = re.compile("No space left on device|Disk quota exceeded")
NO_ROOM = "The packages could not be installed: the disk is full. Make room, some 2 GB, and try again."
REFUSED = re.compile(r"(?:Permission denied|Read-only file system): ['\"]?(?P<path>[^'\"\n]+)")
NO_RIGHT = "The packages could not be installed: you may not write to {path}. Whose folder is it?"
NOT_INSTALLED = "The packages could not be installed; the lines above say why."
NEWEST = (3, 14)
TOO_NEW = (
    "Python {here} is newer than the one that they are made for. Where an older one is installed: "
    "make install PYTHON=python{newest}"
)


class Environment:
    """The virtual environment that runs this program, and its notes of what it was made from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._notes_file = folder / NOTES
        self.notes: dict[str, Any] = _read_notes(self._notes_file)

    def works(self) -> bool:
        """Say whether it is where it was made, of the interpreter that it was made with, and has pip."""
        here = {"folder": str(self.folder), "python": identity()}
        in_place = Path(sys.prefix).resolve() == self.folder and sys.prefix != sys.base_prefix
        return in_place and here.items() <= self.notes.items() and importlib.util.find_spec("pip") is not None

    def begin(self) -> None:
        """Note where it is and what runs it, and nothing else so far."""
        self.notes = {"folder": str(self.folder), "python": identity(), "parts": {}}
        self._write()

    def has(self, part: str) -> bool:
        """Say whether a part was made from what it would be made from now, and is all there."""
        noted = self.notes["parts"].get(part)
        whole = noted is not None and noted["files"] == digests(FILES[part])
        return whole and noted["packages"] == packages(part) and (part != "runtime" or self._serves())

    def install(self, part: str) -> str | None:
        """Install a part; return the sentence that says why that failed, or None."""
        self.notes["parts"].pop(part, None)
        self._write()
        files = digests(FILES[part])
        for words in COMMANDS[part]:
            done = subprocess.run([sys.executable, *PIP, *words], cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return _reason(done.stdout + done.stderr)
        self.notes["parts"][part] = {"files": files, "packages": packages(part)}
        self._write()
        return None

    def _serves(self) -> bool:
        asked = "import tetherlight; print(tetherlight.__file__)"
        done = subprocess.run([sys.executable, "-I", "-c", asked], capture_output=True, text=True, check=False)
        command = self.folder / "bin" / "tetherlight"
        return done.stdout.strip() == str(SERVER) and os.access(command, os.X_OK)

    def _write(self) -> None:
        self._notes_file.write_text(json.dumps(self.notes, indent=1), encoding="utf-8")


def identity() -> str:
    """Name the interpreter that runs this: where it is installed, its version, and the machine's kind."""
    return f"{sys.base_prefix} {sys.implementation.cache_tag} {os.uname().machine}"


def digests(names: Sequence[str]) -> Mapping[str, str]:
    """Return a checksum of each file's content by its path below the checkout."""
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}


def packages(part: str) -> list[str]:
    """Return which packages of a part are installed, as the names of their folders of metadata, with the version."""
    pins = "".join((ROOT / name).read_text(encoding="utf-8") for name in FILES[part] if name.endswith(".txt"))
    wanted = {_normal(name) for name in re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)}
    places = {Path(place) for place in sys.path if place.endswith("site-packages")}
    found = [entry.name for place in places for entry in place.glob("*.dist-info")]
    return sorted(name for name in found if _normal(name.partition("-")[0]) in wanted)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_notes(path: Path) -> dict[str, Any]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) and isinstance(notes.get("parts"), dict) else {}


def _reason(said: str) -> str:
    """Return one sentence where it says all; else what was printed, and what may be the cause."""
    if UNREACHABLE.search(said):
        return NO_NETWORK
    if FULL.search(said):
        return NO_ROOM
    if refused := REFUSED.search(said):
        return NO_RIGHT.format(path=refused["path"])
    told = f"{said.rstrip()}\n{NOT_INSTALLED}"
    if sys.version_info[:2] > NEWEST:
        here, newest = ("{}.{}".format(*version[:2]) for version in (sys.version_info, NEWEST))
        told += f"\n{TOO_NEW.format(here=here, newest=newest)}"
    return told


def main() -> int:
    """Do what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("part", nargs="?", choices=["runtime", "dev"])
    parser.add_argument("--fresh", action="store_true", help="it has just been made")
    parser.add_argument("--like", help="the interpreter that it must have")
    parser.add_argument("--identity", action="store_true", help="only name the interpreter that runs this")
    wanted = parser.parse_args()
    if wanted.identity:
        print(identity())
        return 0
    try:
        return _made(wanted)
    except OSError as error:
        print(_reason(str(error)), file=sys.stderr)
        return 1


def _made(wanted: argparse.Namespace) -> int:
    """Bring the environment to what is wanted; return the exit status."""
    environment = Environment((ROOT / wanted.folder).resolve())
    if wanted.fresh:
        environment.begin()
    if not environment.works() or wanted.like not in {None, identity()}:
        return MADE_ANEW
    for part in ["runtime", "dev"] if wanted.part == "dev" else ["runtime"]:
        if environment.has(part):
            continue
        print(SAID[part].format(folder=wanted.folder), flush=True)
        problem = environment.install(part)
        if problem is None and not environment.has(part):
            problem = f"What was installed into {wanted.folder} is not all there; remove the folder and try again."
        if problem is not None:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
