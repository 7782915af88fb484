"""Functions that run in a child, of every kind: quick, endless, greedy, mute, crashing."""

import ctypes
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from tetherlight.errors import DiskFull, SetNotFound
from tetherlight.process.child import Progress


def add(_: Progress, *, a: int, b: int) -> int:
    """Return the sum."""
    return a + b


def raw(_: Progress, size: int) -> bytes:
    """Return bytes, and nothing else."""
    return bytes(range(250)) * (size // 250)


def echo(_: Progress, **given: Any) -> dict[str, Any]:
    """Return what was given."""
    return given


def brighten(_: Progress, *, source: str, target: str) -> list[int]:
    """Add one to all numbers of a file of them, and return its shape."""
    numbers = np.load(source, mmap_mode="r")
    np.save(target, numbers + 1)
    return list(numbers.shape)


def count(progress: Progress, *, upto: int, pause_s: float) -> int:
    """Count, and tell it."""
    for number in range(upto):
        progress(number, upto, f"image {number + 1} of {upto}")
        time.sleep(pause_s)
    return upto


def endless(progress: Progress, *, mark: str | None = None) -> None:
    """Compute for ever, and leave one's process id in a file once that has begun."""
    progress(0, 1)
    if mark is not None:
        draft = Path(f"{mark}.new")
        draft.write_text(str(os.getpid()))
        draft.rename(mark)
    while True:
        pass


def stubborn(progress: Progress, *, mark: str | None = None) -> None:
    """Listen to no signal that can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    endless(progress, mark=mark)


def parent(_: Progress, *, mark: str) -> None:
    """Start a process of one's own that never ends, and wait for it."""
    subprocess.run(
        [sys.executable, "-c", f"import os,time; open({mark!r}, 'w').write(str(os.getpid())); time.sleep(3600)"],
        check=True,
    )


def greedy(_: Progress, *, piece: int) -> int:
    """Take piece after piece of memory."""
    kept = []
    while True:
        kept.append(np.ones(piece, np.uint8))


def reserving(_: Progress, *, folder: str, size: int) -> int:
    """Map a large file of which nothing has to be kept in memory."""
    path = Path(folder, "large")
    with path.open("wb") as file:
        file.truncate(size)
    mapped = np.memmap(path, np.uint8, "r")
    return int(mapped[:: 1 << 12].sum())


def refuses(_: Progress, *, reason: str) -> None:
    """Raise an error of ours."""
    if reason == "unsendable":
        raise SetNotFound("No such set.", details={"not JSON": object()})
    raise DiskFull("The disk is full.", hint="Delete something.", details={"free_bytes": 5})


def fails(_: Progress) -> None:
    """Make a mistake."""
    raise ZeroDivisionError


def crashes(_: Progress, *, how: str) -> None:
    """End without an answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if how == "segv":
        ctypes.string_at(0)
    elif how == "exit":
        os._exit(3)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "mute":
        os.closerange(3, 64)
        threading.Event().wait()


def says(_: Progress, *, lines: int) -> None:
    """Write into the log, and to standard output."""
    logging.getLogger("working").info("It begins.")
    for number in range(lines):
        print(f"line {number}")  # noqa: T201 - that is what is looked at


def large(_: Progress, *, size: int) -> str:
    """Return too much."""
    return "x" * size


def no_number(_: Progress) -> float:
    """Return what JSON does not have."""
    return float("nan")


def surroundings(_: Progress) -> dict[str, Any]:
    """Tell what this process was given."""
    files = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.exists()]
    return {
        "descriptors": len(files),
        "nice": os.nice(0),
        "cores": len(os.sched_getaffinity(0)),
        "threads": os.environ["OMP_NUM_THREADS"],
        "secret": os.environ.get("API_TOKEN"),
        "oom_score_adj": int(Path("/proc/self/oom_score_adj").read_text()),
    }  # fmt: skip
