"""Progress bars, on standard error so that results can be piped."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tetherlight.cli.options import INTERRUPTED, note
from tetherlight.client.sets import SetCapture
from tetherlight.client.sync import Client
from tetherlight.errors import SequenceFailed
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.sets import PhotometricSetResult


def follow_set(rig: Client, plan: dict[str, Any], lights: int, *, quiet: bool) -> PhotometricSetResult:
    """Capture a set with a bar that moves at each light; Ctrl-C leaves it running."""
    capture = rig.wait_for(_capture(rig, plan))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(*columns, quiet=quiet) as bar:
        task = bar.add_task("starting", total=lights)
        steps = aiter(capture)
        try:
            while (step := rig.wait_for(_next(steps))) is not None:
                bar.update(task, **_shown(step))
                if step.error_detail is not None and plan["on_failure"] == "pause":
                    raise _paused(step)
        except KeyboardInterrupt:
            bar.stop()
            raise _left_running(capture) from None
    return capture.result


async def _capture(rig: Client, plan: dict[str, Any]) -> SetCapture:
    fields = {name: value for name, value in plan.items() if name not in {"light_sequence", "set_name_prefix"}}
    return rig.asynchronous.capture_set(plan["light_sequence"], prefix=plan["set_name_prefix"], **fields)


async def _next(steps: AsyncIterator[PhotometricProgress]) -> PhotometricProgress | None:
    return await anext(steps, None)


def _shown(step: PhotometricProgress) -> dict[str, Any]:
    if step.status.startswith("captured_light"):
        return {"completed": step.index}
    # A picture may still be on its way from the camera when the next lamp is on: the bar names the lamp.
    return {"description": step.current_light or "ambient frame"}


def _paused(step: PhotometricProgress) -> SequenceFailed:
    again = f"`tetherlight jobs retry {step.job_id}` takes the failed step again, `tetherlight jobs cancel` ends it."
    return SequenceFailed(f"The set is paused: {step.error_detail}", hint=again, details={"job_id": step.job_id})


def _left_running(capture: SetCapture) -> typer.Exit:
    if capture.job_id is None:
        note("Interrupted before the set was confirmed; `tetherlight jobs list` tells whether it runs.")
    else:
        note(
            f"Job {capture.job_id} goes on at the server. `tetherlight jobs cancel {capture.job_id}` cancels it, "
            f"`tetherlight jobs watch {capture.job_id}` follows it."
        )
    return typer.Exit(INTERRUPTED)


@contextlib.contextmanager
def counting_bytes(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar for so many bytes, and give what advances it."""
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(*columns, quiet=quiet) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.update(task, advance=count)


def _bar(*columns: Any, quiet: bool) -> Progress:
    console = Console(stderr=True, highlight=False)
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
