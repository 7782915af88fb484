"""The simulator beside the server is started again when it crashes, however often."""

import logging
import os
import queue
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tetherlight.cli.keeper import RunningSimulator, running_simulator
from tetherlight.errors import StartFailed

TOLD_S = 90


class Told(logging.Handler):
    """What the keeper says, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self._said: queue.Queue[str] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self._said.put(record.getMessage())

    def next(self) -> str:
        return self._said.get(timeout=TOLD_S)


@pytest.fixture
def told() -> Iterator[Told]:
    handler, keeper = Told(), logging.getLogger("tetherlight.cli.keeper")
    before = keeper.level
    keeper.addHandler(handler)
    keeper.setLevel(logging.INFO)
    yield handler
    keeper.setLevel(before)
    keeper.removeHandler(handler)


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator({"--width": "600"}) as running:
        yield running


def kill() -> None:
    """Kill the simulator, which is our only child of that name."""
    children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    (pid,) = (pid for pid in children if b"tetherlight.simulator" in Path("/proc", pid, "cmdline").read_bytes())
    os.kill(int(pid), signal.SIGKILL)


def test_each_crash_in_a_row_doubles_the_pause(simulator: RunningSimulator, told: Told) -> None:
    """A simulator that keeps crashing does not take the machine with it."""
    assert len(simulator.addresses) == 2
    for pause in ("0.5", "1"):
        kill()
        assert told.next() == f"The simulator has ended (SIGKILL); it is started again in {pause} s."
        assert told.next() == "The simulator is back."


def test_a_start_that_fails_is_tried_again(simulator: RunningSimulator, told: Told, tmp_path: Path) -> None:
    """What stood in the way may be gone the next time."""
    simulator.control.unlink()
    simulator.control.mkdir()
    kill()
    assert "(SIGKILL)" in told.next()
    assert told.next().startswith("The simulator could not be started again: The simulator ended before it was ready")
    simulator.control.rename(tmp_path / "obstacle")
    assert told.next() == "The simulator has ended (exit code 1); it is started again in 1 s."
    while told.next() != "The simulator is back.":
        pass


def test_a_simulator_that_does_not_start_is_one_sentence() -> None:
    """The server does not start either; its own lines above say more."""
    with pytest.raises(StartFailed, match="ended before it was ready"), running_simulator({"--vendor": "nonsense"}):
        pass
