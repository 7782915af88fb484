"""What the simulator costs: its start, its first pictures and the later ones, in processor time at the default size."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import median, process_seconds
from bench.processes import Helper, Simulator, helper, simulator
from bench.table import Plan, Row, at_most
from tetherlight.rigfile.lights import DEFAULT_LIGHTS

LATER = ("light_left", "light_rear", "light_right")
"""Each of these lights is new to the simulator: a set does the same."""


@dataclass(frozen=True)
class Costs:
    """Processor seconds of one simulator."""

    start: float
    first_preview: float
    first_capture: float
    later_captures: tuple[float, ...]


def run(plan: Plan) -> list[Row]:
    """Start with an empty cache once, then several times with what that left there."""
    size = ("--width", "600", "--height", "400") if plan.quick else ()
    with _private_cache(), helper("bench.bare") as bare:
        plan.say("simulator, with an empty cache")
        empty = _costs(bare, *size)
        found = []
        for number in range(plan.rounds):
            plan.say(f"simulator, {number + 1} of {plan.rounds}")
            found.append(_costs(bare, *size))
    first, preview = median([each.first_capture for each in found]), median([each.first_preview for each in found])
    later = median([cost for each in found for cost in each.later_captures])
    start = median([each.start for each in found])
    return [
        _row("simulator, start", start, empty.start, None),
        _row("simulator, first preview", preview, empty.first_preview, 0.15),
        _row("simulator, first capture", first, empty.first_capture, 1.5),
        _row("simulator, later captures", later, median(empty.later_captures), 0.5),
    ]


def _row(what: str, value: float, empty: float, limit: float | None) -> Row:
    goal = None if limit is None else at_most(limit, " s")
    return Row(f"{what}, processor time", f"{value:.2f} s", f"{empty:.2f} s, the first time ever", value, goal)


@contextmanager
def _private_cache() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tetherlight-bench-cache-") as folder:
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["XDG_CACHE_HOME"]
            else:
                os.environ["XDG_CACHE_HOME"] = before


def _costs(bare: Helper, *arguments: str) -> Costs:
    with simulator(*arguments, cameras=1, warm=True) as simulated:
        clock = _Clock(simulated)
        start = clock.lap()
        lights = {light.name: {"direction": list(light.unit_direction or (0, 0, 1))} for light in DEFAULT_LIGHTS}
        simulated.control("define_lights", lights=lights)
        simulated.control("set_lights", lights={"light_front": True})
        port = simulated.port()
        bare.ask("open", port=port)
        clock.lap()
        bare.ask("preview", port=port)
        first_preview = clock.lap()
        bare.ask("capture", port=port)
        first_capture = clock.lap()
        later = []
        for name in LATER:
            simulated.control("set_lights", lights={light: light == name for light in lights})
            bare.ask("capture", port=port)
            later.append(clock.lap())
        bare.ask("close", port=port)
        return Costs(start, first_preview, first_capture, tuple(later))


class _Clock:
    """The processor time of a simulator since it was last asked."""

    def __init__(self, simulated: Simulator) -> None:
        self._pid = simulated.process.pid
        self._before = 0.0

    def lap(self) -> float:
        now = process_seconds(self._pid)
        spent, self._before = now - self._before, now
        return spent
