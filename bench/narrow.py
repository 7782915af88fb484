"""One viewer behind a way of 1.5 Mbit/s whose frames become smaller, among four near ones."""

from typing import Any

from bench.figures import median
from bench.liveview import FPS, studio
from bench.processes import helper
from bench.table import Plan, Row, at_least, at_most

BYTES_PER_S = 1.5e6 / 8
DELAY_S = 0.01
SETTLE_S = 12.0
NEAR = 4


def run(plan: Plan) -> list[Row]:
    """Watch near with and without the one far away, in turn."""
    seconds = plan.seconds * 3
    way = {"bytes_per_s": BYTES_PER_S, "delay_s": DELAY_S, "settle_s": 1.0 if plan.quick else SETTLE_S}
    near: list[tuple[float, float]] = []
    far: list[dict[str, Any]] = []
    with studio(FPS) as place, helper("bench.narrow_viewer") as viewer:
        for number in range(plan.rounds):
            plan.say(f"narrow way, round {number + 1} of {plan.rounds}")
            without = place.watch("binary", NEAR, seconds)
            viewer.tell("watch", port=place.server.port, seconds=seconds, adaptive=True, **way)
            beside = place.watch("binary", NEAR, seconds + way["settle_s"])
            far.append(viewer.answer() | {"near_ms": beside["p50_ms"]})
            near.append((min(beside["fps"]), min(without["fps"])))
        plain = viewer.ask("watch", port=place.server.port, seconds=seconds, adaptive=False, **way)
    added = median([(one["p50_ms"] - one["near_ms"]) / 1000 * FPS for one in far])
    newest = far[-1]
    return [
        Row(
            "frames of a viewer at 1.5 Mbit/s",
            f"{newest['width']:.0f} pixels wide, {newest['bytes'] / 1000:.1f} kB",
            f"{plain['fps']:.1f} fps of {plain['bytes'] / 1000:.1f} kB, whole ones",
            median([one["fps"] for one in far]), at_least(10, " fps"),
        ),
        Row(
            "age added to its frames, half of them", f"{newest['p50_ms']:.0f} ms",
            f"{newest['near_ms']:.1f} ms, the near ones; {plain['p50_ms']:.0f} ms, whole ones", added,
            at_most(2, " frames"),
        ),
        Row(
            "the four near ones beside it", f"{median([with_ for with_, _ in near]):.1f} fps",
            f"{median([without for _, without in near]):.1f} fps without it",
            median([with_ / without for with_, without in near]), at_least(0.98),
        ),
    ]  # fmt: skip
