"""Valid and invalid messages in random order leave the rig as the model says."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.fuzz_machine import RigMachine, run_machine
from support.fuzz_world import World

EXAMPLES, STEPS = 15, 30


@pytest.mark.timeout(300)
def test_the_whole_protocol_in_random_order_agrees_with_a_model_of_the_rig(tmp_path: Path) -> None:
    """The same examples each time; `make fuzz` tries new ones for as long as one likes."""
    with World(tmp_path) as world:
        run_machine(
            partial(RigMachine, world),
            settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert world.tried["requests"] > EXAMPLES
