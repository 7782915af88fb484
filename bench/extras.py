"""What each bridge and its extra cost, loaded and idle, beside a server whose rig file wants none of them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench import house
from bench.figures import cpu_seconds, median, own_mb
from bench.processes import Server, Simulator, server, simulator, until_open
from bench.table import Plan, Row
from bench.wire import Wire

IMPORTS = {
    "mqtt": "tetherlight.bridges.mqtt.bridge",
    "mdns": "tetherlight.bridges.mdns",
    "metrics": "tetherlight.bridges.metrics.collector",
    "hooks, programs": "tetherlight.bridges.hooks.bridge",
    "hooks, addresses": "tetherlight.bridges.hooks.webhook",
}
"""What each loads, beyond what a server has loaded anyway."""
TIMED = """
import time, tetherlight.server.app
before = time.process_time()
import {module}
print(time.process_time() - before)
"""
HOOK = '[hooks.a]\non = ["set_finished"]\n'
REST_S = 3.0
"""Seconds behind a start: everything has been loaded and told by then."""


@dataclass(frozen=True)
class Case:
    """A rig file, and what is asked of the server before it is weighed."""

    text: str = ""
    ask: Callable[[Server], object] = lambda _: None


@dataclass(frozen=True)
class Weight:
    """What one start gave."""

    cpu_s: float
    """Processor time up to the end of the rest behind the start."""
    memory_mb: float


def run(plan: Plan) -> list[Row]:
    """Start the server without any, then with one after the other, in turn."""
    with _broker() as port, simulator(cameras=1) as simulated, TemporaryDirectory() as folder:
        cases = _cases(port)
        found: dict[str, list[Weight]] = {name: [] for name in cases}
        for number in range(plan.rounds):
            plan.say(f"{len(cases)} starts, {number + 1} of {plan.rounds}")
            for name, case in cases.items():
                found[name].append(_weighed(simulated, case, Path(folder)))
    bare = Weight(*(median([getattr(one, name) for one in found[""]]) for name in ("cpu_s", "memory_mb")))
    rows = []
    for name in filter(None, cases):
        memory = median([one.memory_mb for one in found[name]])
        cpu = median([one.cpu_s for one in found[name]])
        loading = median([_import_s(IMPORTS[name]) for _ in range(plan.rounds)]) * 1e3
        rows.append(
            Row(
                f"{name}: memory, and processor time of the start",
                f"{memory:.1f} MB, {cpu:.2f} s; loading alone takes {loading:.0f} ms",
                f"{bare.memory_mb:.1f} MB, {bare.cpu_s:.2f} s, without any bridge",
                memory / bare.memory_mb,
            )
        )
    return rows


def _cases(port: int | None) -> dict[str, Case]:
    cases = {
        "": Case(),
        "mdns": Case('[bridges]\nid = "bench"\n[bridges.mdns]\ninterfaces = ["127.0.0.1"]\n'),
        "metrics": Case(ask=lambda one: httpx.get(f"http://127.0.0.1:{one.port}/metrics").raise_for_status()),
        "hooks, programs": Case(f'{HOOK}command = ["true"]\n'),
        "hooks, addresses": Case(f'{HOOK}url = "http://127.0.0.1:9/"\n'),
    }
    return cases if port is None else cases | {"mqtt": Case(house.RIG.format(port=port))}


@contextlib.contextmanager
def _broker() -> Iterator[int | None]:
    if house.BROKER is None:
        yield None
    else:
        with house.broker() as (port, _):
            yield port


def _weighed(simulated: Simulator, case: Case, folder: Path) -> Weight:
    rig_file = folder / "rig.toml"
    rig_file.write_text(case.text)
    with server(simulated, wait=False, settings={"RIG_FILE": str(rig_file)}) as serving:
        until_open(serving.port)
        with Wire(serving.url) as wire:
            wire.do("GET_SERVER_INFO")
        case.ask(serving)
        time.sleep(REST_S)
        return Weight(cpu_seconds(serving.pids), own_mb(serving.pids))


def _import_s(module: str) -> float:
    command = [sys.executable, "-c", TIMED.format(module=module)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout)
