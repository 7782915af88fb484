"""What the kernel says about processes, and what many numbers come down to."""

import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Add up what processes have used so far, in user and system mode."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    # The scheduler counts nanoseconds, where it counts at all; the other figure has steps of 10 ms.
    exact = [task.read_text().split()[0] for task in Path("/proc", str(pid), "task").glob("*/schedstat")]
    if exact:
        return sum(map(int, exact)) / 1e9
    return process_seconds(pid)


def process_seconds(pid: int) -> float:
    """Return what a process has used so far in steps of 10 ms, threads that have ended included."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pids: Iterable[int]) -> float:
    """Add up resident memory; pages that two of them share count twice."""
    return sum(_memory(pid, "status", "VmRSS") for pid in pids)


def own_mb(pids: Iterable[int]) -> float:
    """Add up memory, shared pages divided among those that share them (PSS)."""
    return sum(_memory(pid, "smaps_rollup", "Pss") for pid in pids)


def _memory(pid: int, file: str, field: str) -> float:
    for line in Path("/proc", str(pid), file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise LookupError(f"{field} of {pid}")


def family(pid: int) -> list[int]:
    """Return a process and all that it started and that still run."""
    found = [pid]
    for listed in Path("/proc", str(pid), "task").glob("*/children"):
        for child in listed.read_text().split():
            found += family(int(child))
    return found


def median(values: Sequence[float]) -> float:
    """Return the median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which so many percent lie; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0
