"""Drive the whole protocol in random order for as long as one likes.

`python tests/endurance/fuzz.py --minutes 10` tries new examples until the time is up and prints what was sent. The
first disagreement with the model ends it and prints the example, with `--shrink` the shortest one.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fuzz_machine import RigMachine, run_machine
from support.fuzz_world import World

BATCH = 20
"""Examples between two looks at the clock."""


def fuzz(world: World, minutes: float, first_seed: int, *, shrink: bool) -> int:
    """Try batches of examples until the time is up, one at least; return how many that were."""
    end, batches = time.monotonic() + 60 * minutes, 0
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    wanted = settings(
        phases=phases,
        max_examples=BATCH, stateful_step_count=50, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    while batches == 0 or time.monotonic() < end:
        run_machine(seed(first_seed + batches)(partial(RigMachine, world)), wanted)
        batches += 1
    return batches


def main() -> None:
    """Run from the command line and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--shrink", action="store_true", help="look for the shortest example; that can take minutes")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tetherlight-fuzz-") as folder, World(Path(folder)) as world:
        batches = fuzz(world, wanted.minutes, wanted.seed, shrink=wanted.shrink)
        done = ", ".join(f"{count} {name}" for name, count in sorted(world.tried.items()))
        assert world.tried["requests"] > batches * BATCH, f"hardly anything was tried: {done}"
        print(f"seed {wanted.seed}: {batches * BATCH} examples; {done}; 0 disagreements")


if __name__ == "__main__":
    main()
