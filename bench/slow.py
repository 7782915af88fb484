"""One viewer that reads five frames a second among four that read all."""

from bench.figures import median
from bench.liveview import FPS, Studio, studio
from bench.table import Plan, Row, at_least, at_most

SLOW_FPS = 5.0


def run(plan: Plan) -> list[Row]:
    """Watch with and without the slow viewer, in turn."""
    seconds = plan.seconds * 2
    with studio(FPS) as place:
        ours = _round(plan, place, seconds)
        plan.say("slow viewer, a longer while")
        long = place.watch("binary", 4, 5 * seconds, slow=1, slow_fps=SLOW_FPS)
        theirs = place.watch_broadcast(4, 2 * seconds, slow=1, slow_fps=SLOW_FPS)
    growth, their_growth = long["grown_mb"] / (5 * seconds) * 60, theirs["grown_mb"] / (2 * seconds) * 60
    return [
        Row(
            "the four others beside a slow viewer", f"{median([with_ for _, with_, _ in ours]):.1f} fps",
            f"{median([without for without, _, _ in ours]):.1f} fps, five fast ones",
            median([with_ / without for without, with_, _ in ours]), at_least(0.98),
        ),
        Row(
            "memory beside a slow viewer", f"{growth:.1f} MB/min", f"{their_growth:.0f} MB/min, broadcast", growth,
            at_most(2, " MB/min"),
        ),
        Row(
            "age of the slow viewer's frames, 99 of 100", f"{median([age for *_, age in ours]):.2f} s",
            f"{theirs['slow_ms'] / 1000:.2f} s, broadcast", median([age for *_, age in ours]), at_most(1, " s"),
        ),
    ]  # fmt: skip


def _round(plan: Plan, place: Studio, seconds: float) -> list[tuple[float, float, float]]:
    """Return rates of a fast viewer without and with the slow one, and the age of its frames in seconds."""
    found = []
    for number in range(plan.rounds):
        plan.say(f"slow viewer, round {number + 1} of {plan.rounds}")
        without = place.watch("binary", 5, seconds)
        beside = place.watch("binary", 4, seconds, slow=1, slow_fps=SLOW_FPS)
        found.append((min(without["fps"]), min(beside["fps"][:4]), beside["slow_ms"] / 1000))
    return found
