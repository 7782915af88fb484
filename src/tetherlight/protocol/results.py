"""Actions on what is computed of sets."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.jobs import COMPUTING
from tetherlight.protocol.manifest import ResultRecord
from tetherlight.protocol.models import Model
from tetherlight.protocol.names import Feature
from tetherlight.protocol.routes import EXPORTS, SET_EXPORT

Method = Literal[
    "auto", "least-squares", "lit-huber", "l1", "lit-l1", "lit-cauchy", "windows", "lit-cauchy-curve", "windows-curve"
]
CodedAs = Literal["auto", "srgb", "linear"]
Excluded = Annotated[str, Field(min_length=1, max_length=255)]
ExportForm = Literal["textures", "lp", "relightlab", "meshroom", "lino", "colmap", "iiif", "bagit"]
EXPORT_FORMS: tuple[ExportForm, ...] = get_args(ExportForm)
RelightBasis = Literal["auto", "ptm", "lptm", "hsh", "rbf"]


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
    flat_set_name: str | None = Field(
        default=None,
        description="A set of a matte white plane under the same lights: it takes their strength and fall-off away.",
    )
    preview: bool = Field(default=False, description="Make a small and quick version, beside the whole one.")


class RelightSet(Payload):
    """A set, and in which form it can be lit anew."""

    set_name: str
    basis: RelightBasis = Field(
        default="auto",
        description=(
            "ptm: a polynomial for each colour; lptm: one for the luminance; hsh: harmonics; rbf: principal components "
            "between the lights. `auto` takes what predicts left-out lights best."
        ),
    )
    planes: int = Field(
        default=9, ge=3, le=27, multiple_of=3, description="Of rbf; the others have as many as they have."
    )
    files: Literal["jpeg", "raw"] = Field(default="jpeg", description="Which images of a step are taken.")
    ptm: bool = Field(default=False, description="Also write relight.ptm, which older viewers read.")


class MadeResult(Model):
    """What was made of a set, as it lies in the set's folder."""

    message: str
    set_name: str
    job_id: str
    result: ResultRecord


class MergeFocus(Payload):
    """A set with several images of each light: by its focus, exposure, ISO or repeat axis."""

    set_name: str
    files: Literal["jpeg", "raw"] = Field(default="jpeg", description="Which images of a step are taken.")


class ExportSet(Payload):
    """A set, and for which tool it is wanted."""

    set_name: str
    to: ExportForm = Field(
        description=(
            "textures: maps of the surface with both conventions of normals, and OpenEXR; "
            "lp, relightlab: images with a light file; meshroom: SfMData; lino: the folder of universal methods; "
            "colmap: a text model; iiif: a Presentation 3 manifest with tiles; bagit: a bag."
        )
    )
    base_url: str | None = Field(
        default=None,
        max_length=500,
        description="Where the folder of iiif is going to be served; its addresses begin so.",
    )


class Exported(MadeResult):
    """An export of a set, and where it comes as a zip."""

    url: str = Field(description="Gives the zip over HTTP.")


class Reconstructed(Model):
    """The surface of a set as it lies in the set's folder."""

    message: str
    set_name: str
    job_id: str
    result: ResultRecord


RESULTS = Feature("results", "Surfaces are computed of sets: normals, albedo, height, and how sure they are.")
MERGED_FOCUS = Feature("merged_focus", "Focus stacks under every light become one sharp image of each light.")
RELIGHTING = Feature("relighting", "Sets become pictures that can be lit anew.")
_EXAMPLE = "vase_20231027-150000"
_OF_IMAGES = (
    *COMPUTING, errors.LightsUnknown, errors.LightsFileInvalid, errors.TooFewLights, errors.LightsCoplanar,
    errors.ImagesBlack, errors.ImagesClipped, errors.DiskFull, errors.StoreFull,
)  # fmt: skip
"""What may be wrong with the images of a set, with their lights, or with a computation."""

RECONSTRUCT_SET = Action(
    "RECONSTRUCT_SET", ReconstructSet, Reconstructed,
    right="control",
    summary=(
        "Compute normals, albedo and height of a set and put them into its folder. Where the set has a focus stack, "
        "repeated images or several ISOs of each light, these are merged first, as MERGE_FOCUS does. It runs as a job, "
        "told by job_changed; the answer comes at its end."
    ),
    errors=(*_OF_IMAGES, errors.CalibrationError),
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
RELIGHT_SET = Action(
    "RELIGHT_SET", RelightSet, MadeResult,
    right="control",
    summary=(
        "Make a picture of a set that can be lit anew, as OpenLIME and RelightLab read it, with a page that shows it. "
        "What RECONSTRUCT_SET would merge first is merged here, too. "
        "It runs as a job, told by job_changed; the answer comes at its end."
    ),
    errors=_OF_IMAGES,
    timeout_s=None,
    example={"set_name": _EXAMPLE},
    example_result={
        "message": f"Set '{_EXAMPLE}' can be lit anew.",
        "set_name": _EXAMPLE,
        "job_id": "job-2",
        "result": {
            "kind": "relight", "folder": "results/relight", "method": "rbf",
            "why": "rbf: it predicts left-out lights best, or as well as others.",
            "figures": {"psnr": 36.2, "psnr_ptm": 35.1, "planes": 9, "lights": 20},
            "files": [{"filename": "results/relight/info.json", "size": 18211}]}},
    feature=RELIGHTING,
)  # fmt: skip
MERGE_FOCUS = Action(
    "MERGE_FOCUS", MergeFocus, MadeResult,
    right="control",
    summary=(
        "Merge the images of each light into one: a focus stack into a sharp one, all lights by the same map; repeated "
        "images into their mean; exposures and ISOs in linear light. Surfaces and pictures that can be lit anew are "
        "made of these then. It runs as a job, told by job_changed."
    ),
    errors=(*_OF_IMAGES, errors.NoFocusStack),
    timeout_s=None,
    example={"set_name": _EXAMPLE},
    example_result={
        "message": f"The images of set '{_EXAMPLE}' are merged.",
        "set_name": _EXAMPLE,
        "job_id": "job-4",
        "result": {"kind": "merged", "folder": "merged", "figures": {"lights": 9, "places": 8}}},
    feature=MERGED_FOCUS,
)  # fmt: skip
EXPORT_SET = Action(
    "EXPORT_SET", ExportSet, Exported,
    right="control",
    summary=(
        "Make a set into what another tool opens; the zip comes over HTTP then. It runs as a job, told by job_changed; "
        "the answer comes at its end. What was exported in this form before is replaced."
    ),
    errors=_OF_IMAGES,
    timeout_s=None,
    example={"set_name": _EXAMPLE, "to": "meshroom"},
    example_result={
        "message": f"Set '{_EXAMPLE}' is exported.",
        "set_name": _EXAMPLE,
        "job_id": "job-3",
        "result": {"kind": "export", "folder": "exports/meshroom", "method": "meshroom"},
        "url": SET_EXPORT.url(name=_EXAMPLE, to="meshroom")},
    feature=EXPORTS,
)  # fmt: skip
