"""What is computed at a command: in a child of its own, or as a job of the server; with a bar, and Ctrl-C in words."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import INTERRUPTED, note
from tetherlight.cli.progress import counting_share, left_running
from tetherlight.protocol.models import Job, JobState

if TYPE_CHECKING:
    from tetherlight import Client, SyncClient
    from tetherlight.process import run as process
else:
    process = Later("tetherlight.process.run")

R = TypeVar("R")


@contextlib.contextmanager
def interruptible(sentence: str) -> Iterator[None]:
    """Let Ctrl-C end the command with a sentence and the exit code that stands for it."""
    try:
        yield
    except KeyboardInterrupt:
        note(sentence)
        raise typer.Exit(INTERRUPTED) from None


def in_child(function: str, arguments: Mapping[str, Any], *, deadline: float, memory: int, quiet: bool) -> Any:
    """Run a function in a child, with a bar, and return its result; raise its error."""
    with counting_share(quiet=quiet) as move:
        return asyncio.run(
            process.run(
                function,
                arguments,
                deadline=deadline,
                memory=memory,
                on_progress=lambda one: move(one.share, one.activity),
            )
        )


def at_server(rig: "SyncClient", set_name: str, ask: Callable[["Client"], Coroutine[Any, Any, R]], *, quiet: bool) -> R:
    """Ask a server for a computation of a set, with a bar, and return its answer; Ctrl-C leaves it running there."""
    seen: list[str] = []

    def hear(job: Job) -> None:
        if job.set_name == set_name and job.kind == "computation" and job.state is JobState.RUNNING:
            seen.append(job.job_id)
            move(job.progress or 0.0, job.activity)

    try:
        with counting_share(quiet=quiet) as move:
            return rig.wait_for(_heard(rig.asynchronous, ask, hear))
    except KeyboardInterrupt:
        raise left_running(seen[-1] if seen else None) from None


async def _heard(client: "Client", ask: Callable[["Client"], Coroutine[Any, Any, R]], hear: Callable[[Job], None]) -> R:
    watching = asyncio.create_task(_watch(client, hear))
    try:
        return await ask(client)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(client: "Client", hear: Callable[[Job], None]) -> None:
    async with contextlib.aclosing(client.events("job")) as events:
        async for event in events:
            if isinstance(event.data, Job):
                hear(event.data)
