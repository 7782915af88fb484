"""How fast the frames of a set follow each other: told over the connection, by a line each, and in a burst."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import median
from bench.processes import Simulator, server, simulator
from bench.table import Plan, Row, at_least
from bench.wire import Wire

LIGHTS = [f"light_{number:02d}" for number in range(12)]
BURST_FPS = 10.0
"""Of the simulated body, as of ordinary ones."""
SETTLE_S = 0.01
"""LEDs are at their level within a millisecond; the rest is reserve."""


def run(plan: Plan) -> list[Row]:
    """Take the same set by each of the three, in turn."""
    lights = LIGHTS[:4] if plan.quick else LIGHTS
    settings = {"PHOTOMETRIC_CAPTURE_DELAY": str(SETTLE_S)}
    took: dict[str, list[float]] = {"software": [], "line": [], "burst": []}
    rates: list[float] = []
    made: list[int] = []
    with (
        _rig() as rig,
        simulator("--width", "600", "--height", "400", cameras=1) as simulated,
        server(
            simulated, settings=settings | {"RIG_FILE": str(rig), "SIMULATOR_CONTROL": simulated.control_path}
        ) as serving,
        Wire(serving.url) as wire,
    ):
        wire.do("SELECT_CAMERA")
        simulated.control("quirks", burst_fps=BURST_FPS)
        for number in range(plan.rounds + 1):
            for trigger, seconds in took.items():
                plan.say(f"set of {len(lights)} lights by {trigger}, {number + 1} of {plan.rounds + 1}")
                before = _exposures(simulated)
                began = time.perf_counter()
                wire.do("CAPTURE_PHOTOMETRIC_SET", light_sequence=lights, trigger=trigger, retakes=0)
                if number or plan.quick:
                    seconds.append((time.perf_counter() - began) / len(lights))
                    if trigger == "burst":
                        made.append(_exposures(simulated) - before)
                        rates.append(_rate(simulated, made[-1]))
    each = {trigger: median(seconds) for trigger, seconds in took.items()}
    return [
        *(
            Row(
                f"frames of a set of {len(lights)} by {trigger}", f"{1 / each[trigger]:.2f} a second",
                f"{1 / each['software']:.2f} a second by software", each["software"] / each[trigger],
            )
            for trigger in ("line", "burst")
        ),
        Row(
            f"exposures of a burst, {median(made):g} for {len(lights)} frames",
            f"{median(rates):.2f} a second", f"{BURST_FPS:g} a second, as the body can",
            median(rates) / BURST_FPS, at_least(0.95),
        ),
    ]  # fmt: skip


def _exposures(simulated: Simulator) -> int:
    count: int = simulated.control("status")["cameras"][0]["events"]["exposure"]
    return count


def _rate(simulated: Simulator, count: int) -> float:
    """Return how many exposures a second the body made in the burst just now, by its own record."""
    opened: list[float] = [one["opened_s"] for one in simulated.control("exposures")["exposures"][-count:]]
    return (count - 1) / (opened[-1] - opened[0])


@contextlib.contextmanager
def _rig() -> Iterator[Path]:
    lights = "\n".join(f"{name} = {{ direction = [{number - 5.5}, 1, 3] }}" for number, name in enumerate(LIGHTS))
    trigger = "cameras = ['canon-eos-1300d-087000000001']\nfull_press = 5\nsync = 6"
    with tempfile.TemporaryDirectory(prefix="bench-rig-") as folder:
        path = Path(folder) / "rig.toml"
        path.write_text(f"driver = 'simulated'\n[lights]\n{lights}\n[triggers.line]\n{trigger}\n")
        yield path
