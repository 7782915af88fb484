"""`tetherlight jobs list|watch|cancel|pause|resume|retry|skip`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.options import FAILED, INTERRUPTED, connected, note, options_of
from tetherlight.cli.output import say, show, show_json

if TYPE_CHECKING:
    from tetherlight.protocol.models import Job

app = typer.Typer(help="Follow and steer long work at the server.", no_args_is_help=True, rich_markup_mode=None)

KINDS = {"photometric_set": "set", "series": "series", "computation": "computation"}

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=completion.jobs)]


class FocusChoice(StrEnum):
    """What to believe of a lens whose place is unknown."""

    HERE = "here"
    AGAIN = "again"


Focus = Annotated[
    FocusChoice | None,
    typer.Option(
        help="Where the place of the focus is unknown: go on as if the lens stood right for the next step, or take "
        "every step again from where it stands."
    ),
]
Steps = Annotated[list[int] | None, typer.Argument(help="Steps by number; all that failed where none is named.")]


@app.command("list")
def list_jobs(context: typer.Context) -> None:
    """List the jobs under way and the last ones that ended."""
    with connected(context) as rig:
        found = rig.jobs()
    rows = [
        (one.job_id, KINDS[one.kind], one.state.value, f"{one.index} of {one.total}", one.set_name, one.error)
        for one in found
    ]
    show(context, found, ("JOB", "KIND", "STATE", "STEP", "SET", "ERROR"), rows, empty="No job runs.")


@app.command("watch")
def watch(context: typer.Context, job: JobId) -> None:
    """Follow a job to its end; the exit code is 1 where it was not completed."""
    state = None
    with connected(context) as rig:
        try:
            for found in rig.follow_job(job):
                state = found.state.value
                if options_of(context).json:
                    show_json(found, indent=None)
                else:
                    typer.echo(_line(found))
        except KeyboardInterrupt:
            note(f"Job {job} goes on at the server. `tetherlight jobs cancel {job}` cancels it.")
            raise typer.Exit(INTERRUPTED) from None
    if state != "completed":
        raise typer.Exit(FAILED)


@app.command("cancel")
def cancel(context: typer.Context, job: JobId) -> None:
    """End a job after the exposure under way; what was captured is kept."""
    with connected(context) as rig:
        _tell(context, rig.cancel_job(job))


@app.command("pause")
def pause(context: typer.Context, job: JobId) -> None:
    """Stop a job after the exposure under way; camera and lights are free until it is resumed."""
    with connected(context) as rig:
        _tell(context, rig.pause_job(job))


@app.command("resume")
def resume(context: typer.Context, job: JobId, focus: Focus = None) -> None:
    """Go on with a paused or interrupted job."""
    with connected(context) as rig:
        _tell(context, rig.resume_job(job, focus.value if focus else None))


@app.command("retry")
def retry(context: typer.Context, job: JobId, steps: Steps = None, focus: Focus = None) -> None:
    """Take steps of a job again."""
    with connected(context) as rig:
        _tell(context, rig.retry_steps(job, steps or None, focus=focus.value if focus else None))


@app.command("skip")
def skip(context: typer.Context, job: JobId, steps: Steps = None) -> None:
    """Leave steps of a job out."""
    with connected(context) as rig:
        _tell(context, rig.skip_steps(job, steps or None))


def _tell(context: typer.Context, job: "Job") -> None:
    say(context, job, _line(job))


def _line(job: "Job") -> str:
    reason = f": {job.error}" if job.error else ""
    under_way = next((step.light or step.value for step in job.steps if step.state.value == "running"), None)
    named = f" ({job.current_light or under_way})" if job.current_light or under_way else ""
    return f"{job.job_id} is {job.state.value}, step {job.index} of {job.total}{named}{reason}"
