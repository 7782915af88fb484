"""`tetherlight simulate`, and the simulator that `serve --simulate` runs beside itself."""

import contextlib
import json
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import typer

from tetherlight.errors import StartFailed

Vendor = Literal["canon", "nikon", "generic", "both"]

START_SECONDS = 30.0
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class RunningSimulator:
    """Where a simulator that was started can be found."""

    control: Path
    addresses: tuple[str, ...]


def command(context: typer.Context) -> None:
    """Run simulated cameras in front of a lit scene; --help lists the options."""
    from tetherlight.simulator.program import main  # noqa: PLC0415 - the scene's libraries take long to load

    raise typer.Exit(main(context.args))


@contextlib.contextmanager
def running_simulator(cameras: int, vendor: Vendor) -> Iterator[RunningSimulator]:
    """Run a simulator for a while; it also ends by itself when this process does."""
    options = ("--cameras", str(cameras), "--vendor", vendor)
    arguments = (sys.executable, "-m", "tetherlight.simulator", "--exit-with-stdin", *options)
    # In a session of its own it outlives Ctrl-C until the server has switched the lights off.
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield _announcement(cast("IO[bytes]", process.stdout))
    finally:
        _end(process)


def _announcement(stdout: IO[bytes]) -> RunningSimulator:
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        if not selector.select(START_SECONDS):
            raise StartFailed(f"The simulator did not start within {START_SECONDS:.0f} s.")
    line = stdout.readline()
    if not line:
        raise StartFailed("The simulator ended before it was ready; the lines above say why.")
    found = json.loads(line)
    addresses = tuple(address for camera in found["cameras"] for address in camera["addresses"])
    return RunningSimulator(Path(found["control"]), addresses)


def _end(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    for how in (process.terminate, process.kill):
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            how()
    process.wait()
