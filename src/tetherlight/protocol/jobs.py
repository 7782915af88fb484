"""Actions on jobs."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.models import Job
from tetherlight.protocol.names import Feature

JOB_EXAMPLE = {
    "job_id": "job-1", "kind": "photometric_set", "state": "running", "camera_id": "canon-eos-1300d-1",
    "set_name": "vase_20231027-150000", "set_folder": "photometric_sets/vase_20231027-150000", "index": 1, "total": 2,
    "current_light": "light_left", "started_at": "2023-10-27T13:00:00Z",
    "steps": [{"index": 1, "light": "light_left", "state": "running"}, {"index": 2, "light": "light_right"}],
}  # fmt: skip

COMPUTING = (
    errors.SetNotFound, errors.SetBusy, errors.CpuBusy, errors.ManifestNewer, errors.ImageNotFound,
    errors.ImageUnreadable, errors.ShapesDiffer, errors.StoreError, errors.WorkFailed, errors.WorkTimeout,
    errors.WorkMemory, errors.JobError,
)  # fmt: skip
"""What may be wrong with a set of which something is computed, or with the computation."""


class JobList(RootModel[list[Job]]):
    """The jobs under way and the last ones that ended, newest first."""


class JobId(Payload):
    """A job by its id."""

    job_id: str


FocusChoice = Literal["here", "again"]
"""What to believe of a lens whose place is unknown."""
Focus = Annotated[
    FocusChoice | None,
    Field(
        description=(
            "Where the place of the focus is unknown: here goes on as if the lens stood where the next step wants it, "
            "again takes every step again from where the lens stands."
        )
    ),
]


class ResumeJob(JobId):
    """A job by its id, and what to believe of its lens."""

    focus: Focus = None


class JobSteps(Payload):
    """A job, and which of its steps are meant; all failed ones where none is named."""

    job_id: str
    steps: list[int] | None = Field(default=None, description="Step indexes, from 1; 0 is the ambient frame.")


class RetrySteps(JobSteps):
    """Steps of a job, and what to believe of its lens."""

    focus: Focus = None


JOBS = Feature("jobs", "What takes long runs as a job that can be followed, paused and cancelled.")

GET_JOBS = Action(
    "GET_JOBS", NoPayload, JobList,
    right="read",
    summary="List the jobs under way and the last ones that ended.",
    repeatable=True,
    example_result=[JOB_EXAMPLE],
    feature=JOBS,
)  # fmt: skip
CANCEL_JOB = Action(
    "CANCEL_JOB", JobId, Job,
    right="control",
    summary="End a job after the exposure under way; what was captured is kept.",
    errors=(errors.JobNotFound, errors.JobConflict),
    timeout_s=180.0,
    example={"job_id": "job-1"},
    example_result=JOB_EXAMPLE | {"state": "cancelled"},
    feature=JOBS,
)  # fmt: skip
PAUSE_JOB = Action(
    "PAUSE_JOB", JobId, Job,
    right="control",
    summary="Stop a job after the exposure under way; camera and lights are free until it is resumed.",
    errors=(errors.JobNotFound, errors.JobConflict),
    timeout_s=180.0,
    example={"job_id": "job-1"},
    example_result=JOB_EXAMPLE | {"state": "paused"},
    feature=JOBS,
)  # fmt: skip
RESUME_JOB = Action(
    "RESUME_JOB", ResumeJob, Job,
    right="control",
    summary="Go on with a paused or interrupted job at its first step that is not done.",
    errors=(errors.JobNotFound, errors.JobConflict, errors.CameraBusy, errors.LightsBusy, errors.CameraNotFound,
            errors.FocusUnknown),
    example={"job_id": "job-1"},
    example_result=JOB_EXAMPLE,
    feature=JOBS,
)  # fmt: skip
RETRY_STEPS = Action(
    "RETRY_STEPS", RetrySteps, Job,
    right="control",
    summary="Take the named steps of a job again, or all that failed; while it runs those that are done, at its end.",
    errors=(errors.JobNotFound, errors.JobConflict, errors.CameraBusy, errors.LightsBusy, errors.FocusUnknown),
    example={"job_id": "job-1", "steps": [2]},
    example_result=JOB_EXAMPLE,
    feature=JOBS,
)  # fmt: skip
SKIP_STEPS = Action(
    "SKIP_STEPS", JobSteps, Job,
    right="control",
    summary="Leave the named steps of a job out, or all that failed.",
    errors=(errors.JobNotFound, errors.JobConflict),
    example={"job_id": "job-1", "steps": [2]},
    example_result=JOB_EXAMPLE,
    feature=JOBS,
)  # fmt: skip
