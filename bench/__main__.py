"""`python -m bench [--quick] [NAME ...]`: run all benchmarks, or some, and print their table."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable

from bench import (
    archive,
    browser,
    computation,
    counting,
    extras,
    house,
    lamps,
    liveview,
    narrow,
    replug,
    requests,
    sequence,
    simulator,
    slow,
    start,
    triggers,
    worker,
)
from bench.table import Plan, Row, markdown

BENCHMARKS: dict[str, Callable[[Plan], list[Row]]] = {
    "liveview": liveview.run,
    "computation": computation.run,
    "worker": worker.run,
    "slow": slow.run,
    "narrow": narrow.run,
    "requests": requests.run,
    "counting": counting.run,
    "sequence": sequence.run,
    "start": start.run,
    "archive": archive.run,
    "replug": replug.run,
    "house": house.run,
    "extras": extras.run,
    "lamps": lamps.run,
    "triggers": triggers.run,
    "simulator": simulator.run,
    "browser": browser.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and print ratios.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="once and briefly, to see that it works")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}")
    # So that the processes which were started end as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rounds, seconds = (1, 0.5) if arguments.quick else (3, 2.0)
    plan = Plan(rounds, seconds, _say, quick=arguments.quick)
    began = time.monotonic()
    _say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before it begins")
    rows = [row for name in arguments.names or BENCHMARKS for row in BENCHMARKS[name](plan)]
    _say(f"took {time.monotonic() - began:.0f} s")
    print(markdown(rows))
    return 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
