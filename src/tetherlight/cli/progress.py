"""Progress bars, on standard error so that results can be piped."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tetherlight.cli.options import INTERRUPTED, note
from tetherlight.client.capturing import Capturing, PlanCapture, RecipeCapture, SeriesCapture, SetCapture
from tetherlight.client.sync import Client
from tetherlight.errors import SequenceFailed
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.events import PhotometricProgress, SeriesProgress
from tetherlight.protocol.recipes import Recipe
from tetherlight.protocol.sets import PhotometricSetResult

S = TypeVar("S", PhotometricProgress, SeriesProgress)


def follow_set(rig: Client, plan: dict[str, Any], *, quiet: bool) -> PhotometricSetResult:
    """Capture a set with a bar that moves at each image; Ctrl-C leaves it running."""

    async def begin() -> SetCapture | PlanCapture:
        client = rig.asynchronous
        return client.capture_axes(**plan) if "axes" in plan else client.capture_set(**plan)

    return _followed(rig, rig.wait_for(begin()), quiet=quiet, pauses=plan["on_failure"] == "pause")


def follow_recipe(rig: Client, recipe: Recipe, plan: dict[str, Any], *, quiet: bool) -> PhotometricSetResult:
    """Capture the set of a recipe, told as `follow_set` tells."""

    async def begin() -> RecipeCapture:
        return rig.asynchronous.capture_recipe(recipe.name, **plan)

    return _followed(rig, rig.wait_for(begin()), quiet=quiet, pauses=recipe.on_failure == "pause")


def _followed(
    rig: Client, capture: SetCapture | PlanCapture | RecipeCapture, *, quiet: bool, pauses: bool
) -> PhotometricSetResult:
    with _steps(None, capture, quiet=quiet) as move:
        for step in _each(rig, capture):
            move(**_shown(step))
            if step.error_detail is not None and pauses:
                raise _paused(step)
    return capture.result


def follow_series(rig: Client, plan: dict[str, Any], exposures: int, *, quiet: bool) -> SeriesResult:
    """Take a series with a bar that moves at each exposure; Ctrl-C leaves it running."""

    async def begin() -> SeriesCapture:
        return rig.asynchronous.capture_series(**plan)

    capture = rig.wait_for(begin())
    try:
        with _steps(exposures, capture, quiet=quiet) as move:
            for step in _each(rig, capture):
                move(**_exposed(step))
    except SequenceFailed as failed:
        if isinstance(failed.data, SeriesResult) and not quiet:
            _warn(failed.data)
            note(f"{failed.data.image_count} of {exposures} images were taken.")
        raise
    if not quiet:
        _warn(capture.result)
    return capture.result


def _warn(result: SeriesResult) -> None:
    for warning in result.warnings:
        note(f"Warning: {warning}")


@contextlib.contextmanager
def _steps(total: int | None, capture: Capturing[Any, Any, Any], *, quiet: bool) -> Iterator[Callable[..., None]]:
    """Show a bar for so many steps, and give what moves it; an interrupted command says what becomes of the job."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(*columns, quiet=quiet) as bar:
        task = bar.add_task("starting", total=total)
        try:
            yield lambda **changes: bar.update(task, **changes)
        except KeyboardInterrupt:
            bar.stop()
            raise left_running(capture.job_id) from None


def _each(rig: Client, capture: Capturing[Any, S, Any]) -> Iterator[S]:
    steps = aiter(capture)
    while (step := rig.wait_for(_next(steps))) is not None:
        yield step


async def _next(steps: AsyncIterator[S]) -> S | None:
    return await anext(steps, None)


def _shown(step: PhotometricProgress) -> dict[str, Any]:
    if step.status.startswith(("captured_light", "captured_step")):
        return {"completed": step.index, "total": step.total}
    # A picture may still be on its way from the camera when the next lamp is on: the bar names the lamp.
    what = step.current_light or ("ambient frame" if step.status.endswith("ambient") else "exposing")
    return {"description": what, "total": step.total}


def _exposed(step: SeriesProgress) -> dict[str, Any]:
    match step.status:
        case "captured":
            return {"completed": step.index}
        case "waiting":
            due = datetime.now().astimezone() + timedelta(seconds=step.next_in_s or 0.0)
            return {"description": f"next at {due:%H:%M:%S}"}
        case "paused":
            return {"description": f"paused; `tetherlight jobs resume {step.job_id}` goes on"}
        case _:
            return {"description": step.value or "exposing"}


def _paused(step: PhotometricProgress) -> SequenceFailed:
    again = f"`tetherlight jobs retry {step.job_id}` takes the failed step again, `tetherlight jobs cancel` ends it."
    return SequenceFailed(f"The set is paused: {step.error_detail}", hint=again, details={"job_id": step.job_id})


def left_running(job_id: str | None) -> typer.Exit:
    """Say what becomes of a job whose command was interrupted, and return what ends the command."""
    if job_id is None:
        note("Interrupted before it was confirmed; `tetherlight jobs list` tells whether it runs.")
    else:
        note(
            f"Job {job_id} goes on at the server. `tetherlight jobs cancel {job_id}` cancels it, "
            f"`tetherlight jobs watch {job_id}` follows it."
        )
    return typer.Exit(INTERRUPTED)


@contextlib.contextmanager
def counting_bytes(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar for so many bytes, and give what advances it."""
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(*columns, quiet=quiet) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.update(task, advance=count)


@contextlib.contextmanager
def counting_share(*, quiet: bool) -> Iterator[Callable[[float, str | None], None]]:
    """Show a bar for one whole, and give what moves it to a share and says what is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with _bar(*columns, quiet=quiet) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda share, activity: bar.update(task, completed=share, description=activity or "computing")


def _bar(*columns: Any, quiet: bool) -> Progress:
    console = Console(stderr=True, highlight=False)
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
