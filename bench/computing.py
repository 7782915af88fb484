"""A server that computes when it is told: SIGUSR1 begins a computation, SIGUSR2 ends it. Run as a server."""

import asyncio
import contextlib
import functools
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from tetherlight.jobs import claims
from tetherlight.jobs.computation import ComputationJob, Work
from tetherlight.protocol.models import Model
from tetherlight.rig.rig import Rig
from tetherlight.server import serve
from tetherlight.server.app import create_app
from tetherlight.settings import Settings

JOB = "job-bench"
SIDE = 1024
HOUR_S = 3600.0
WORK = Work("bench.computing:grind", {"side": SIDE}, HOUR_S, 1 << 30)


def grind(progress: Callable[[float, float, str], None], *, side: int) -> None:
    """Multiply and sort large arrays and count in Python for ever, on every core that it may use."""
    numbers = np.random.default_rng(1).random((side, side), np.float32)
    rounds = 0
    while True:
        product = numbers @ numbers
        numbers = np.sort(product / product.max(), axis=rounds % 2)
        sum(range(200_000))
        rounds += 1
        progress(rounds, 1_000_000, f"round {rounds}")


class Grinding(ComputationJob):
    """The computation."""

    async def _keep(self, result: Any) -> Model:
        raise NotImplementedError  # it never ends by itself


async def _begin(rig: Rig) -> None:
    async with rig.jobs.starting(JOB, {claims.CPU}) as start:
        rig.jobs.begin(Grinding(JOB, WORK, rig.publisher), start)


async def _end(rig: Rig) -> None:
    await rig.jobs.cancel(JOB)


@contextlib.asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Rig]:
    loop = asyncio.get_running_loop()
    async with Rig.open(settings) as rig:
        loop.add_signal_handler(signal.SIGUSR1, lambda: rig.background(_begin(rig)))
        loop.add_signal_handler(signal.SIGUSR2, lambda: rig.background(_end(rig)))
        yield rig


if __name__ == "__main__":
    serve.create_app = functools.partial(create_app, open_rig=_open)  # type: ignore[attr-defined]
    serve.serve(Settings(), serve.Address(port=int(sys.argv[-1])))
