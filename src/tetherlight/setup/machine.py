"""The machine that is set up: its files, its programs, and the note of what was done to it."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tetherlight.errors import SetupFailed
from tetherlight.files.durable import write_atomically

NOTE = "var/lib/tetherlight-setup.json"
RUN_S = 120.0


class Machine:
    """A Linux machine, or a folder that stands for one."""

    def __init__(self, root: Path = Path("/"), *, programs: str | None = None) -> None:
        """Take `programs`, as PATH has them, before those of the environment."""
        self._root = root
        sbin = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        self._environment = os.environ | {"PATH": f"{programs}:{sbin}" if programs else sbin, "LC_ALL": "C"}

    def path(self, name: str) -> Path:
        """Return where a file of the machine is, by its absolute path."""
        return self._root / name.lstrip("/")

    def members(self) -> Mapping[str, frozenset[str]]:
        """Return who is listed in each group."""
        lines = [line.split(":") for line in self._read("/etc/group").splitlines()]
        return {line[0]: frozenset(filter(None, line[3].split(","))) for line in lines if len(line) == 4}

    def users(self) -> frozenset[str]:
        """Return the names of all users."""
        return frozenset(line.partition(":")[0] for line in self._read("/etc/passwd").splitlines())

    def run(self, *words: str) -> None:
        """Run a program; raise SetupFailed with what it said."""
        try:
            done = subprocess.run(
                words, env=self._environment, capture_output=True, text=True, check=False, timeout=RUN_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupFailed(f"'{' '.join(words)}' could not be run: {error}.") from None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SetupFailed(f"'{' '.join(words)}' failed: {said[-1] if said else done.returncode}.")

    def write(self, name: str, text: str) -> None:
        """Write a file that everybody may read; raise SetupFailed."""
        try:
            write_atomically(self.path(name), text.encode(), mode=0o644)
        except OSError as error:
            raise SetupFailed(f"{name} cannot be written: {error.strerror}.") from None

    def content(self, name: str) -> str | None:
        """Return what a file holds, None where it is not there."""
        try:
            return self._read(name)
        except FileNotFoundError:
            return None

    def noted(self) -> list[list[str]]:
        """Return what was done to this machine, in that order: the words of each step."""
        try:
            noted: list[list[str]] = json.loads(self._read(f"/{NOTE}"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise SetupFailed(f"The note of what was done, /{NOTE}, cannot be read: {error}.") from None
        return noted

    def note(self, done: Sequence[Sequence[str]]) -> None:
        """Keep what was done; nothing done leaves no note."""
        if done:
            self.write(f"/{NOTE}", json.dumps([list(words) for words in done], indent=1) + "\n")
        else:
            self.path(NOTE).unlink(missing_ok=True)

    def _read(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")
