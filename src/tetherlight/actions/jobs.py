"""Handlers of the actions on jobs."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.jobs import (
    CANCEL_JOB,
    GET_JOBS,
    PAUSE_JOB,
    RESUME_JOB,
    RETRY_STEPS,
    SKIP_STEPS,
    JobId,
    JobList,
    JobSteps,
    ResumeJob,
    RetrySteps,
)
from tetherlight.protocol.models import Job


async def get_jobs(context: Context, _: NoPayload) -> JobList:
    """List the jobs, newest first."""
    return JobList(context.rig.jobs.list())


async def cancel_job(context: Context, payload: JobId) -> Job:
    """End a job after the exposure under way."""
    return await context.rig.jobs.cancel(payload.job_id)


async def pause_job(context: Context, payload: JobId) -> Job:
    """Stop a job after the exposure under way."""
    return await context.rig.jobs.pause(payload.job_id)


async def resume_job(context: Context, payload: ResumeJob) -> Job:
    """Go on with a paused or interrupted job."""
    context.rig.shooting.choose_focus(payload.job_id, payload.focus)
    return await context.rig.jobs.resume(payload.job_id)


async def retry_steps(context: Context, payload: RetrySteps) -> Job:
    """Take steps of a job again."""
    context.rig.shooting.choose_focus(payload.job_id, payload.focus, payload.steps)
    return await context.rig.jobs.retry(payload.job_id, payload.steps)


async def skip_steps(context: Context, payload: JobSteps) -> Job:
    """Leave steps of a job out."""
    return await context.rig.jobs.skip(payload.job_id, payload.steps)


PAIRS: tuple[Pair, ...] = (
    bind(GET_JOBS, get_jobs),
    bind(CANCEL_JOB, cancel_job),
    bind(PAUSE_JOB, pause_job),
    bind(RESUME_JOB, resume_job),
    bind(RETRY_STEPS, retry_steps),
    bind(SKIP_STEPS, skip_steps),
)
