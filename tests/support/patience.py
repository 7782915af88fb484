"""How long tests wait: longer on a slow machine, and longer on a busy one.

A deadline in a test turns a hang into a failure and costs nothing while all is well. So each is written for a quiet and
ordinary machine, generously, and stretched where it is used: by how much slower this machine was when the session (or
the worker, or the program) began, or by how many programs want each of its processors now, whichever is more.
"""

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

QUIET_S = 0.09
"""What `_work` takes on a quiet machine whose processors are ordinary ones."""
MOST = 12.0
"""Beyond this a test fails as well as it hangs."""


def stretched(seconds: float) -> float:
    """Return how long to wait here and now for what takes less than `seconds` on a quiet machine."""
    return seconds * min(MOST, max(slowness(), crowding()))


@cache
def slowness() -> float:
    """Return how many times slower than a quiet ordinary machine this one was when it was first asked; at least 1."""
    began = time.perf_counter()
    _work()
    return max(1.0, (time.perf_counter() - began) / QUIET_S)


def crowding() -> float:
    """Return how many programs want each processor now or wanted it in the last minute; 0 where nobody tells."""
    try:
        lately, _, _, now, *_ = Path("/proc/loadavg").read_text().split()
    except (OSError, ValueError):
        return 0.0
    return max(float(lately), float(now.partition("/")[0])) / len(os.sched_getaffinity(0))


def _work() -> None:
    """Start Python three times and count a little: what tests do most."""
    for _ in range(3):
        subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    total = 0
    for number in range(300_000):
        total = (total * 31 + number) & 0xFFFFFFFF
