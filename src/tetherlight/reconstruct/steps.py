"""Which steps of a set are computed from, and which image of each: pictures that differ in nothing but their light."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from tetherlight.errors import ImageNotFound
from tetherlight.files.types import is_raw, standing_for
from tetherlight.protocol.manifest import LIGHT, FileRecord, Manifest, StepRecord
from tetherlight.protocol.models import StepState
from tetherlight.reconstruct.options import Options

FOCUS, EXPOSURE = "focus", "exposure"
"""The axis that most merged images are made of, and the one whose pictures of one light are merged on the way."""
OF_SEVERAL = "The set has"
"""How it is told that a set has several pictures of each light."""


def taken(manifest: Manifest) -> list[StepRecord]:
    """Return the steps whose picture is there."""
    return [step for step in manifest.steps if step.state is StepState.DONE and step.files]


def alike_but_for_light(steps: Sequence[StepRecord]) -> tuple[list[StepRecord], list[str]]:
    """Take the pictures of each light: in a plan of more axes, those of one value of each that has the most lights.

    Exposures of one light are all taken: they are merged.
    """
    groups: dict[str, list[StepRecord]] = defaultdict(list)
    for step in steps:
        groups[repr(sorted(_others(step).items(), key=str))].append(step)
    if len(groups) <= 1:
        return list(steps), []
    best = max(groups.values(), key=lambda group: len({step.light for step in group if step.light}))
    at = ", ".join(f"{axis} {value}" for axis, value in _others(best[0]).items())
    merging = " `MERGE_FOCUS` makes one sharp picture of them." if FOCUS in best[0].at else ""
    return best, [f"{OF_SEVERAL} {len(groups)} pictures of each light; those with {at} were taken.{merging}"]


def _others(step: StepRecord) -> dict[str, JsonValue]:
    return {axis: value for axis, value in step.at.items() if axis not in {LIGHT, EXPOSURE}}


def brackets_of(steps: Iterable[StepRecord]) -> list[list[StepRecord]]:
    """Return the steps that belong together: the exposures of one light, which may come several times."""
    seen, found = Counter[str](), defaultdict[tuple[str | None, int], list[StepRecord]](list)
    for step in steps:
        key = repr((step.light, step.at.get(EXPOSURE)))
        found[step.light, seen[key]].append(step)
        seen[key] += 1
    return list(found.values())


def file_of(step: StepRecord, options: Options) -> str:
    """Return the image of a step: its RAW where that is wished, else what stands for all; raise ImageNotFound."""

    def name(file: FileRecord) -> str:
        return file.filename

    raw = next((file.filename for file in step.files if is_raw(file.filename)), None)
    if options.raw:
        if raw is None:
            raise ImageNotFound(f"There is no RAW file of light '{step.light}'.", hint="Use the JPEGs.")
        return raw
    image = standing_for(step.files, name)
    return step.files[0].filename if image is None else image.filename


def image_of(step: StepRecord, options: Options) -> str | None:
    """Return the image of a step that is taken; None where there is none."""
    try:
        return file_of(step, options) if step.files else None
    except ImageNotFound:
        return None


def ambient_of(steps: Iterable[StepRecord], options: Options) -> str | None:
    """Return the image without a light, None where there is none."""
    found = next((step for step in steps if step.light is None), None)
    return None if found is None else file_of(found, options)
