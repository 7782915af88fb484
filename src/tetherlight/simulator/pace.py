"""How large pictures are by default: as large as this machine can take them without making anybody wait."""

import os
from dataclasses import dataclass
from pathlib import Path

FAST_SIZE = 3000, 2000
SLOW_SIZE = 1500, 1000

_CORES = 2
_KHZ = 2_000_000
"""A Raspberry Pi 4 runs at 1.5 or 1.8 GHz, and needs over a second for a picture of `FAST_SIZE`; a Pi 5 at 2.4 GHz."""
_MEMORY_BYTES = 1_500_000_000
_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")


@dataclass(frozen=True)
class Machine:
    """What decides the size; `khz` is the fastest that a core runs, None where that is not known."""

    cores: int
    khz: int | None
    memory_bytes: int

    @classmethod
    def this(cls) -> "Machine":
        """Look at this machine. Nothing is measured: the size shall not depend on what else runs."""
        try:
            khz = int(_FREQUENCY.read_text())
        except (OSError, ValueError):  # virtual machines have none
            khz = None
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(cores, khz, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))

    @property
    def is_slow(self) -> bool:
        """Whether a large picture would take too long, or too much of the memory."""
        slow_core = self.khz is not None and self.khz < _KHZ
        return slow_core or self.cores < _CORES or self.memory_bytes < _MEMORY_BYTES


def default_size(machine: Machine | None = None) -> tuple[int, int]:
    """Choose the size (width, height) of captures."""
    return SLOW_SIZE if (machine or Machine.this()).is_slow else FAST_SIZE
