"""The commands of the documentation that change a machine, played against a folder that stands for a plain Debian.

Each is called by its own name; a link by that name leads here. They are as strict as the real ones where the
documentation was wrong before: groups that are not there, files that are not there, rules that name no group.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

GROUPS = ("root", "adm", "dialout", "cdrom", "sudo", "audio", "video", "plugdev", "users", "nogroup")
"""Some of what base-passwd makes; there is no gpio among them."""
PACKAGES = {"git", "make", "python3-venv", "libgphoto2-dev", "build-essential", "python3-dev"}
CHECKOUT = Path(__file__).parents[2]
ROOT = Path(os.environ.get("PLAIN_DEBIAN", "/nonexistent"))


def prepare(root: Path) -> Path:
    """Make the folder that stands for the machine, with its commands; return the folder of these."""
    for folder in ("etc/udev/rules.d", "etc/systemd/system", "etc/default", "opt", "var/lib", "run/udev", "bin"):
        (root / folder).mkdir(parents=True)
    # By this it is told that udev runs.
    (root / "run" / "udev" / "control").touch()
    (root / "etc" / "group").write_text("".join(f"{name}:x:{number}:\n" for number, name in enumerate(GROUPS)))
    (root / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/bash\nphotographer:x:1000:1000::/home/x:/bin/bash\n")
    for name in COMMANDS:
        program = root / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P {__file__} {name} "$@"\n')
        program.chmod(0o755)
    return root / "bin"


class Refused(Exception):
    """What the real command would say before it fails."""


def inside(path: str) -> Path:
    """Return where a path of the machine lies; relative ones are those of the working folder."""
    return ROOT / path.lstrip("/") if path.startswith("/") else Path(path)


def groups() -> dict[str, set[str]]:
    lines = (line.split(":") for line in (ROOT / "etc" / "group").read_text().splitlines())
    return {line[0]: {name for name in line[3].split(",") if name} for line in lines}


def keep(known: Mapping[str, set[str]]) -> None:
    text = "".join(f"{name}:x:{number}:{','.join(sorted(who))}\n" for number, (name, who) in enumerate(known.items()))
    (ROOT / "etc" / "group").write_text(text)


def users() -> set[str]:
    return {line.split(":")[0] for line in (ROOT / "etc" / "passwd").read_text().splitlines()}


def join(user: str, wanted: str) -> None:
    known = groups()
    for name in wanted.split(","):
        if name not in known:
            raise Refused(f"group '{name}' does not exist")
        known[name].add(user)
    keep(known)


def sudo(*words: str) -> None:
    """Play another command; never one of this machine."""
    if words[0] not in COMMANDS:
        raise Refused(f"{words[0]}: command not found")
    COMMANDS[words[0]](*words[1:])


def groupadd(*words: str) -> None:
    name = words[-1]
    if name in groups() and "--force" not in words:
        raise Refused(f"group '{name}' already exists")
    keep({name: set(), **groups()})


def groupdel(name: str) -> None:
    known = groups()
    if name not in known:
        raise Refused(f"group '{name}' does not exist")
    keep({group: who for group, who in known.items() if group != name})


def gpasswd(option: str, user: str, name: str) -> None:
    if option != "--delete" or user not in groups().get(name, ()):
        raise Refused(f"user '{user}' is not a member of '{name}'")
    keep({group: who - ({user} if group == name else set()) for group, who in groups().items()})


def userdel(user: str) -> None:
    if user not in users():
        raise Refused(f"user '{user}' does not exist")
    lines = (ROOT / "etc" / "passwd").read_text().splitlines(keepends=True)
    (ROOT / "etc" / "passwd").write_text("".join(line for line in lines if line.split(":")[0] != user))
    keep({group: who - {user} for group, who in groups().items()})


def usermod(option: str, wanted: str, user: str) -> None:
    if option != "-aG" or user not in users():
        raise Refused(f"user '{user}' does not exist")
    join(user, wanted)


def useradd(*words: str) -> None:
    user, options = words[-1], dict(pairwise(words))
    if user in users():
        raise Refused(f"user '{user}' already exists")
    join(user, options["--groups"])
    with (ROOT / "etc" / "passwd").open("a") as file:
        file.write(f"{user}:x:999:999::{options['--home-dir']}:/bin/sh\n")


def install(*words: str) -> None:
    source, target = inside(words[-2]), inside(words[-1])
    if not source.is_file() or not target.parent.is_dir():
        raise Refused(f"cannot install '{source}' as '{target}'")
    shutil.copy(source, target / source.name if target.is_dir() else target)


def udevadm(verb: str, *words: str) -> None:
    if verb == "control" and words == ("--reload",):
        for file in (ROOT / "etc" / "udev" / "rules.d").iterdir():
            check_rules(file)
    elif verb != "trigger" or any(not re.fullmatch(r"--subsystem-match=\w+", word) for word in words):
        raise Refused(f"unknown: {verb} {' '.join(words)}")


def check_rules(file: Path) -> None:
    for name in re.findall(r'GROUP="([^"]*)"', file.read_text()):
        if name not in groups():
            raise Refused(f"{file.name}: Unknown group '{name}', ignoring.")


def git(verb: str, source: str, target: str) -> None:
    if (verb, source) != ("clone", "REPOSITORY"):
        raise Refused(f"unknown: {verb} {source}")
    folder = inside(target)
    folder.mkdir()
    for name in ("Makefile", "deploy", "docs", "scripts"):
        (folder / name).symlink_to(CHECKOUT / name)


def make(*words: str) -> None:
    """Say what would be made: targets that are not there fail."""
    words = tuple(str(inside(word)) if before == "-C" else word for before, word in pairwise(("", *words)))
    program = shutil.which("make", path=os.defpath) or "/usr/bin/make"
    sys.exit(subprocess.run([program, "--dry-run", *words], stdout=subprocess.DEVNULL, check=False).returncode)


def apt(verb: str, *packages: str) -> None:
    if verb != "install" or not set(packages) <= PACKAGES:
        raise Refused(f"unable to locate one of {packages}")


def systemctl(*words: str) -> None:
    if words in {("daemon-reload",), ("disable", "--now", "tetherlight")}:
        return
    if words[:2] != ("enable", "--now"):
        raise Refused(f"unknown: {words}")
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "etc" / "systemd" / "system" / f"{words[2]}.service")
    service = unit["Service"]
    if service["User"] not in users() or not set(service["SupplementaryGroups"].split()) <= groups().keys():
        raise Refused(f"{words[2]}: failed to determine user or supplementary groups")
    # Of several lines Environment= the parser keeps the last one.
    text = (ROOT / "etc" / "systemd" / "system" / f"{words[2]}.service").read_text()
    home = re.search(r"^Environment=HOME=(.+)$", text, re.MULTILINE)
    assert home is not None
    state = inside(home[1]) / ".local" / "state" / "tetherlight"
    state.mkdir(parents=True)
    (state / "token").write_text("the token\n")


def cat(path: str) -> None:
    if not inside(path).is_file():
        raise Refused(f"{path}: No such file or directory")
    sys.stdout.write(inside(path).read_text())


COMMANDS: Mapping[str, Callable[..., None]] = {
    one.__name__: one
    for one in (sudo, groupadd, groupdel, gpasswd, usermod, useradd, userdel, install, udevadm, git, make, apt,
                systemctl, cat)
}  # fmt: skip


def main(name: str, *words: str) -> None:
    """Play one command."""
    try:
        COMMANDS[name](*words)
    except Refused as refusal:
        sys.exit(f"{name}: {refusal}")


def run(words: Sequence[str], root: Path) -> "subprocess.CompletedProcess[str]":
    """Run one of the commands on the machine in a folder."""
    environment = os.environ | {"PLAIN_DEBIAN": str(root), "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    return subprocess.run(
        [str(root / "bin" / words[0]), *words[1:]], env=environment, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
