"""The benchmarks run: what they measure is no test."""

import asyncio
import sys
from pathlib import Path

from support.patience import stretched

ROOT = Path(__file__).parents[2]


async def test_a_benchmark_runs_and_prints_a_table():
    """One small benchmark runs to its end and prints ratios beside its comparator."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "--quick", "requests", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, said = await asyncio.wait_for(process.communicate(), stretched(150))
    assert process.returncode == 0, said.decode()
    rows = printed.decode().splitlines()
    assert rows[0].startswith("| what | Tetherlight | comparator |")
    assert any(row.startswith("| GET_CONFIG of one entry") for row in rows)


async def test_an_unknown_benchmark_is_refused_with_a_sentence():
    """A wrong name ends at once and names what was wrong."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "nonsense", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(process.communicate(), stretched(150))
    assert process.returncode == 2
    assert "there is no benchmark 'nonsense'" in said.decode()
