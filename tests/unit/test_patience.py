"""Deadlines of tests stretch with the machine."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from support.patience import MOST, crowding, slowness, stretched


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Let so many programs want a processor."""
    programs = [subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def eventually(holds: Callable[[], bool]) -> bool:
    """Ask again and again: a program that was just started may still be read from the disk."""
    return any(holds() for _ in range(200_000))


def test_no_deadline_becomes_shorter_or_endless() -> None:
    assert 5 <= stretched(5) <= 5 * MOST
    assert slowness() >= 1
    assert slowness() == slowness()


def test_a_busy_machine_is_noticed_at_once() -> None:
    """Two programs for each processor, of which the average of the last minute knows nothing yet."""
    with busy_programs(2 * len(os.sched_getaffinity(0))):
        assert eventually(lambda: crowding() >= 2)
        assert eventually(lambda: stretched(10) >= 20)


def test_the_time_of_a_whole_test_is_stretched_too(request: pytest.FixtureRequest) -> None:
    """Except where the command line says how long it is."""
    if request.config.getoption("timeout") is None:
        marker = request.node.get_closest_marker("timeout")
        assert marker is not None
        assert float(request.config.getini("timeout")) <= marker.args[0]
