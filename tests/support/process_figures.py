"""What the kernel says about a process: memory, open descriptors and children."""

from dataclasses import dataclass
from pathlib import Path

WORKER = b"tetherlight.camera.worker\0"
OURS = (WORKER, b"tetherlight.camera.worker.scanner\0")


@dataclass(frozen=True)
class Figures:
    """A process at one moment."""

    memory_mb: float
    """Resident, shared pages counted in full."""
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory_mb:.0f} MB, {self.descriptors} descriptors, {self.threads} threads"


def figures(pid: int) -> Figures:
    """Return how a process stands; raise ProcessLookupError where it has ended, reaped or not."""
    try:
        lines = Path("/proc", str(pid), "status").read_text().splitlines()
        descriptors = sum(1 for _ in Path("/proc", str(pid), "fd").iterdir())
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in status:
        raise ProcessLookupError(pid)
    return Figures(int(status["VmRSS"].split()[0]) / 1024, descriptors, int(status["Threads"]))


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and not reaped."""
    found = []
    for listed in Path("/proc", str(pid), "task").glob("*/children"):
        found += [int(child) for child in listed.read_text().split()]
    return found


def workers(server_pid: int) -> list[int]:
    """Return the camera workers of a server."""
    return [child for child in children(server_pid) if WORKER in command(child)]


def command(pid: int) -> bytes:
    """Return the command line of a process; nothing where it has gone or is a zombie."""
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return b""
