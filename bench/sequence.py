"""What the server adds to a photometric set, light by light."""

import time

from bench.figures import median
from bench.processes import Helper, Simulator, helper, server, simulator
from bench.table import Plan, Row, at_most
from bench.wire import Wire

SETTLE_S = 0.5
"""The default of PHOTOMETRIC_CAPTURE_DELAY."""
LIGHTS = 6


def run(plan: Plan) -> list[Row]:
    """Take sets by the server and by a script that does nothing but what must be done, in turn."""
    size = ("--width", "600", "--height", "400") if plan.quick else ()
    settle = 0.05 if plan.quick else SETTLE_S
    ours, theirs, exposures = [], [], []
    with (
        simulator(*size, cameras=2) as simulated,
        helper("bench.bare") as bare,
        server(
            simulated,
            settings={"SIMULATOR_CONTROL": simulated.control_path, "PHOTOMETRIC_CAPTURE_DELAY": str(settle)},
        ) as serving,
        Wire(serving.url) as wire,
    ):
        wire.do("SELECT_CAMERA")
        bare.ask("open", port=simulated.port(1))
        lights = list(wire.do("GET_LIGHT_STATES")["states"])[:LIGHTS]
        for number in range(plan.rounds + 1):
            plan.say(f"set of {len(lights)} lights, {number + 1} of {plan.rounds + 1}")
            our = _server_set(wire, lights)
            their, exposure = _script_set(simulated, bare, lights, settle)
            if number == 0 and not plan.quick:
                continue  # the simulator has looked at each light for the first time
            ours.append(our)
            theirs.append(their)
            exposures.append(exposure)
    per_light = [seconds / len(lights) for seconds in ours]
    needed = settle + median(exposures)
    return [
        Row(
            f"photometric set, per light of {len(lights)}", f"{median(per_light):.3f} s",
            f"{needed:.3f} s: {settle:g} s settling, exposure and transfer", median(per_light) / needed,
            at_most(1.05),
        ),
        Row(
            "the same beside a bare script", f"{median(ours):.2f} s", f"{median(theirs):.2f} s",
            median([our / their for our, their in zip(ours, theirs, strict=True)]),
        ),
    ]  # fmt: skip


def _server_set(wire: Wire, lights: list[str]) -> float:
    began = time.perf_counter()
    wire.do("CAPTURE_PHOTOMETRIC_SET", light_sequence=lights)
    return time.perf_counter() - began


def _script_set(simulated: Simulator, bare: Helper, lights: list[str], settle: float) -> tuple[float, float]:
    """Return the seconds of a set, and those of one exposure with its transfer and durable write."""
    began, exposures = time.perf_counter(), []
    for light in lights:
        simulated.control("set_lights", lights={name: name == light for name in lights})
        time.sleep(settle)
        exposures.append(bare.ask("capture", port=simulated.port(1))["seconds"])
    simulated.control("set_lights", lights=dict.fromkeys(lights, False))
    return time.perf_counter() - began, median(exposures)
