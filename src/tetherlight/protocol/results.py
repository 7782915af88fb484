"""Actions on what is computed of sets."""

from typing import Annotated, Literal

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.manifest import ResultRecord
from tetherlight.protocol.models import Model
from tetherlight.protocol.names import Feature

Method = Literal[
    "auto", "least-squares", "lit-huber", "l1", "lit-l1", "lit-cauchy", "windows", "lit-cauchy-curve", "windows-curve"
]
CodedAs = Literal["auto", "srgb", "linear"]
Excluded = Annotated[str, Field(min_length=1, max_length=255)]


class ReconstructSet(Payload):
    """A set, and how its surface is computed."""

    set_name: str
    method: Method = Field(default="auto", description="How normals are found; `auto` chooses and says why.")
    response: CodedAs = Field(default="auto", description="How the values of the images were coded.")
    near: bool = Field(default=False, description="Take the lights' positions instead of their directions.")
    files: Literal["jpeg", "raw"] = Field(default="jpeg", description="Which images of a step are taken.")
    exclude: list[Excluded] = Field(
        default_factory=list,
        max_length=1000,
        description="Lights that are left out, by their names or by those of their images.",
    )
    preview: bool = Field(default=False, description="Make a small and quick version, beside the whole one.")


class Reconstructed(Model):
    """The surface of a set as it lies in the set's folder."""

    message: str
    set_name: str
    job_id: str
    result: ResultRecord


RESULTS = Feature("results", "Surfaces are computed of sets: normals, albedo, height, and how sure they are.")
_EXAMPLE = "vase_20231027-150000"

RECONSTRUCT_SET = Action(
    "RECONSTRUCT_SET", ReconstructSet, Reconstructed,
    right="control",
    summary=(
        "Compute normals, albedo and height of a set and put them into its folder. It runs as a job, told by "
        "job_changed; the answer comes at its end."
    ),
    errors=(errors.SetNotFound, errors.SetBusy, errors.CpuBusy, errors.ManifestNewer, errors.ImageNotFound,
            errors.ImageUnreadable, errors.LightsUnknown, errors.LightsFileInvalid, errors.TooFewLights,
            errors.LightsCoplanar, errors.ShapesDiffer, errors.ImagesBlack, errors.ImagesClipped, errors.DiskFull,
            errors.StoreFull, errors.StoreError, errors.WorkFailed, errors.WorkTimeout, errors.WorkMemory,
            errors.JobError),
    timeout_s=None,
    example={"set_name": _EXAMPLE},
    example_result={
        "message": f"The surface of set '{_EXAMPLE}' is computed.",
        "set_name": _EXAMPLE,
        "job_id": "job-1",
        "result": {
            "kind": "surface", "folder": "results", "method": "lit-l1",
            "why": "lit-l1: it predicts left-out lights to 1.10% of the albedo, the best other 1.08%.",
            "figures": {"predicted_error_median_deg": 0.4, "lights": 20},
            "files": [{"filename": "results/normals.png", "size": 1048576}]}},
    feature=RESULTS,
)  # fmt: skip
