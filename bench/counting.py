"""What it costs to count: an update of a figure, beside the usual library, its labels looked up before."""

import time
import timeit
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Histogram

from bench.table import Plan, Row, at_most
from tetherlight.measures import Counter as OurCounter
from tetherlight.measures import Times

RUN = 20_000
"""Updates in one run."""


def run(plan: Plan) -> list[Row]:
    """Count with both in turn, the fastest of some rounds, in this process alone."""
    registry = CollectorRegistry()
    counter, theirs = OurCounter(), Counter("captures", "Captures.", ["result"], registry=registry)
    times, histogram = Times(), Histogram("calls", "Calls.", ["call"], registry=registry)
    pairs: list[tuple[str, Callable[[], None], Callable[[], None]]] = [
        ("a figure counts one more", partial(counter.add, "ok"), theirs.labels("ok").inc),
        ("a figure takes a time", partial(times.add, "preview", 0.03), partial(histogram.labels("call").observe, 0.03)),
    ]
    return [_row(what, ours, usual, plan.rounds) for what, ours, usual in pairs]


def _row(what: str, ours: Callable[[], None], usual: Callable[[], None], rounds: int) -> Row:
    # Short runs, of which the fastest counts: in a long one other programs always have their turn.
    mine, theirs = (
        min(timeit.repeat(work, number=RUN, repeat=10 * rounds, timer=time.process_time)) / RUN * 1e6
        for work in (ours, usual)
    )
    return Row(what, f"{mine:.2f} µs", f"prometheus-client: {theirs:.2f} µs", mine, at_most(1.0, " µs"))
