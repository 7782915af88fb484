"""What starts containers here: podman or docker, where one of them can.

podman is given what it lacks on some machines: control groups that are not of both kinds, in a view of the file
systems of its own, and limits that nobody has to raise.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.patience import stretched

HYBRID = Path("/sys/fs/cgroup/unified")
LIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
CALL_S = 120.0


class NoContainers(Exception):
    """Why no container can be started here, as one sentence."""


@dataclass(frozen=True)
class Containers:
    """Where containers are started: what stands before a command, and its environment."""

    tool: str
    before: tuple[str, ...]
    environment: dict[str, str]

    def run(self, words: Sequence[str], timeout_s: float = CALL_S) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, whatever that is."""
        return subprocess.run(
            [*self.before, *words], env=self.environment, capture_output=True, text=True, check=False,
            timeout=stretched(timeout_s),
        )  # fmt: skip

    def ask(self, *words: str) -> str:
        """Return what the tool prints; a command that fails fails the test."""
        done = self.run([self.tool, *words])
        assert done.returncode == 0, f"{self.tool} {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def until(self, container: str, told: str) -> None:
        """Wait until a container has told something; a container that ends before fails the test."""
        follow = [*self.before, self.tool, "logs", "--follow", container]
        with subprocess.Popen(
            follow, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as log:
            assert log.stdout is not None
            lines: list[str] = []
            try:
                while told not in "".join(lines):
                    lines.append(log.stdout.readline())
                    assert lines[-1], f"It ended and told only: {''.join(lines)}"
            finally:
                log.kill()


@contextlib.contextmanager
def containers(folder: Path) -> Iterator[Containers]:
    """Give the first tool that can be used; raise NoContainers where there is none."""
    configuration = folder / "containers.conf"
    configuration.write_text(LIMITS)
    environment = os.environ | {"CONTAINERS_CONF": str(configuration)}
    with contextlib.ExitStack() as view:
        for tool in ("podman", "docker"):
            own = tool == "podman" and HYBRID.is_dir() and os.geteuid() == 0
            found = Containers(tool, view.enter_context(_of_one_kind()) if own else (), environment)
            if shutil.which(tool) and found.run([tool, "info"]).returncode == 0:
                yield found
                return
    raise NoContainers("Neither podman nor docker can be used here.")


@contextlib.contextmanager
def _of_one_kind() -> Iterator[tuple[str, ...]]:
    """Keep a view of the file systems without the second kind of control groups, and give what enters it.

    It is the same one for all commands: what podman mounts for a container is seen there alone, and goes with it.
    """
    hold = f"umount {HYBRID} && echo ready && exec cat"
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        told = holder.stdout.readline()
        enter = ("nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", f"--wdns={Path.cwd()}")
        yield enter if told else ()
        holder.stdin.close()


@contextlib.contextmanager
def started_from(image: str, folder: Path) -> Iterator[Containers]:
    """Give what starts containers of an image; raise NoContainers where it is not there, or none can be started."""
    with containers(folder) as found:
        if found.run([found.tool, "image", "inspect", image]).returncode != 0:
            raise NoContainers(f"There is no image {image} here: make image.")
        tried = found.run([found.tool, "run", "--rm", "--entrypoint", "true", image])
        if tried.returncode != 0:
            raise NoContainers(f"{found.tool} starts no container here: {tried.stderr.strip().splitlines()[-1]}")
        yield found
