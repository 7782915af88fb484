"""The surface of an object by images under known lights: what runs in the child process.

Images are decoded once, into a file that is mapped; all else goes by rows. What is made lies in a folder of the
caller's, who puts it in its place when it is whole.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ShapesDiffer
from tetherlight.files.durable import store_errors, write_atomically
from tetherlight.photometric import height as heights
from tetherlight.photometric.normals import DEFAULT
from tetherlight.photometric.trust import correction
from tetherlight.pixels.decode import decode
from tetherlight.pixels.png import write_png
from tetherlight.pixels.response import LINEAR, SRGB, Response, response_of_file, written
from tetherlight.pixels.tiff import tiff_rows
from tetherlight.reconstruct.ahead import Ahead
from tetherlight.reconstruct.bends import ESTIMATED, straightened
from tetherlight.reconstruct.brackets import merged_frames
from tetherlight.reconstruct.coding import likeliest
from tetherlight.reconstruct.flatfield import falloff_of
from tetherlight.reconstruct.inputs import MANIFEST_SOURCE, Inputs, find_inputs
from tetherlight.reconstruct.mesh import mesh_of, write_meshes
from tetherlight.reconstruct.moving import moves
from tetherlight.reconstruct.options import AUTO, Options
from tetherlight.reconstruct.pictures import relief
from tetherlight.reconstruct.report import Facts, page_of, report_of
from tetherlight.reconstruct.solving import Decided, Solved, decide, evened, solve_all
from tetherlight.reconstruct.spool import Floats, Plan, Ready, Sheets, Stack, Tell, decoded, plan_of, sheets_in
from tetherlight.reconstruct.survey import Finding, Survey, survey

REPORT, PAGE, RESPONSE = "report.json", "report.html", "response.txt"
_ROWS = 256
_SHARES = {"read": (0.0, 0.4), "solve": (0.4, 0.85), "height": (0.85, 0.95), "report": (0.95, 1.0)}
"""Of the whole work, from and to."""


class Stopwatch:
    """Seconds of each part, in their order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure what is done meanwhile."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0) + time.perf_counter() - began, 3)


def reconstruct(
    progress: Tell, *, folder: str, into: str, options: Mapping[str, Any], within: str | None = None
) -> dict[str, Any]:
    """Compute the surface of a folder's images into another folder; return what a list of results tells of it.

    `within` is the folder below which no link is followed. A preview of a set that is being captured decodes its images
    as they come, and waits for the end. Raises what `find_inputs` raises, and ImageUnreadable,
    ShapesDiffer, ImagesBlack, ImagesClipped, TooFewLights, LightsCoplanar, InvalidSetting, DiskFull and StoreError.
    """
    chosen, top = Options.of(options), None if within is None else Path(within)
    ahead = Ahead(Path(folder), chosen, top) if chosen.preview else None
    if ahead is not None:
        ahead.follow(_telling(progress, "read"))
    inputs = find_inputs(Path(folder), chosen, top)
    watch = Stopwatch()
    with sheets_in(Path(into)) as sheets:
        with watch.part("read"):
            plan = plan_of(inputs.folder, inputs.names, chosen.shrink, top)
            stacks, sums = stacks_of(
                inputs, plan, chosen, sheets, tell=_telling(progress, "read"), within=top, ready=ahead
            )
        given = _given_mask(chosen, plan)
        with watch.part("choose"):
            decided, said = _decided(stacks, inputs, chosen, lights_of(inputs, plan), given)
        checked = inputs.source == MANIFEST_SOURCE and not inputs.near and not chosen.preview
        with watch.part("choose"):
            said += moves(decided.survey.stack, inputs.frames) if checked else []
        with watch.part("solve"):
            solved = solve_all(decided, given, Path(into), sheets, _telling(progress, "solve"))
        with watch.part("height"):
            found = _integrated(solved, chosen, sheets, _telling(progress, "height"))
            scale = inputs.scale_mm_per_pixel and inputs.scale_mm_per_pixel * plan.shrink
            small = _write_height(found.height, Path(into), solved, scale)
            unit = "mm" if scale else "pixels"
            solved.views.write(Path(into), found.height, shrunk=plan.shrink, unit=unit, factor=scale or 1.0)
            if not chosen.preview:
                write_meshes(Path(into), mesh_of(found.height, solved.normals, solved.valid), scale)
    facts = Facts(
        inputs=inputs,
        plan=plan,
        options=chosen,
        decided=decided,
        solved=solved,
        response=decided.survey.stack.response.name,
        unit=unit,
        height_range=_range(found.height) * (scale or 1.0),
        height_method=found.method,
        height_why=found.why,
        sums=sums,
        findings=tuple(said),
        seconds=watch.seconds,
    )
    _telling(progress, "report")(0, 1, "writing the report")
    return _write_report(facts, small, Path(into))


def _write_report(facts: Facts, small: NDArray[np.uint8], into: Path) -> dict[str, Any]:
    report = report_of(facts)
    with store_errors("The report could not be written"):
        write_atomically(into / REPORT, json.dumps(report, indent=2, ensure_ascii=False).encode() + b"\n")
        if facts.decided.survey.stack.response.name == ESTIMATED:
            write_atomically(into / RESPONSE, written(facts.decided.survey.stack.response).encode())
        write_atomically(into / PAGE, page_of(facts, report, small).encode())
    told = ("kind", "method", "why", "figures", "warnings", "findings", "timings_s")
    return {name: report[name] for name in told} | {
        "inputs": report["inputs_sha256"] | dict(facts.inputs.origins),
        "parameters": report["options"] | {"response": report["response"], "lights_source": report["lights_source"]},
        "versions": report["software"],
        "scale_mm_per_pixel": report["scale_mm_per_pixel"],
    }


def _range(height: Floats) -> float:
    """Return the difference of the highest and the lowest place; 0 where there is none."""
    low, high = np.nanmin(height, initial=np.inf), np.nanmax(height, initial=-np.inf)
    return float(high - low) if high >= low else 0.0


def _decided(
    stacks: Sequence[Stack], inputs: Inputs, chosen: Options, lights: Floats, given: NDArray[np.bool_] | None
) -> tuple[Decided, list[Finding]]:
    """Decide about a set, and between its stacks, which differ in how their values were coded."""
    looks = [survey(stack, inputs.frames, lights, given) for stack in stacks]
    first = looks[0] if inputs.near else likeliest(looks, lights)
    found: list[Finding] = []
    measured = bool(np.ptp(first.stack.intensities) > 0)
    if chosen.response == AUTO and not (inputs.near or chosen.preview):

        def look(stack: Stack) -> Survey:
            return survey(stack, inputs.frames, lights, given)

        def even(one: Survey) -> Survey:
            return one if measured else evened(one, lights[one.stack.kept])[0]

        first, found = straightened(first, lights, look, even)
    # A preview takes the default: to choose takes longer than to solve it.
    method = DEFAULT if chosen.preview and chosen.method == AUTO else chosen.method
    measured = measured or chosen.preview
    return decide(first, lights[first.stack.kept], method, near=inputs.near, measured=measured), found


def _telling(progress: Tell, part: str) -> Tell:
    """Return what tells the progress of one part as that of the whole."""
    begin, end = _SHARES[part]

    def tell(done: float, total: float, activity: str | None = None) -> None:
        progress(begin + (end - begin) * done / max(total, 1e-9), 1.0, activity)

    return tell


def stacks_of(
    inputs: Inputs,
    plan: Plan,
    chosen: Options,
    sheets: Sheets,
    *,
    tell: Tell,
    within: Path | None,
    ready: Ready | None = None,
) -> tuple[list[Stack], dict[str, str]]:
    """Decode all images; return them as light, for each way in which they may be coded, and the sha256 of the files."""
    responses, grain = _responses(inputs, plan, chosen), None
    if inputs.merged:
        made = merged_frames(inputs.folder, inputs.series, plan, responses[0], sheets, tell=tell, within=within)
        pixels, sums, responses, grain = made.frames, made.sums, [made.response], made.grain
    else:
        pixels, sums = decoded(inputs.folder, inputs.names, plan, sheets, tell=tell, within=within, ready=ready)
    count, field = len(inputs.frames), None
    intensities = np.array([frame.intensity for frame in inputs.frames], np.float32)
    exposures = np.array([frame.exposure for frame in inputs.frames], np.float64)
    if chosen.flat is not None:
        field = falloff_of(inputs, plan, Path(chosen.flat), within)
        intensities = field.strengths
    # The geometric mean: lamps whose exposure makes up for their strength keep their values, and so their noise.
    usual = float(np.exp(np.log(exposures).mean()))
    return [
        Stack(
            frames=pixels[:count],
            ambient=pixels[count] if inputs.ambient else None,
            response=response,
            intensities=intensities / np.float32(intensities.mean()),
            exposures=np.asarray(exposures / usual, np.float32),
            ambient_exposure=inputs.ambient_exposure / usual,
            kept=np.arange(count),
            grain=grain,
            falloff=field,
        )
        for response in responses
    ], sums


def _responses(inputs: Inputs, plan: Plan, chosen: Options) -> list[Response]:
    """Return how the values may be coded, what is likelier first."""
    if inputs.coded == SRGB.name:
        return [SRGB]
    if chosen.response != AUTO:
        return [{SRGB.name: SRGB, LINEAR.name: LINEAR}.get(chosen.response) or response_of_file(Path(chosen.response))]
    if plan.linear:
        return [LINEAR]
    # A camera's own JPEGs are sRGB; of other files nobody knows.
    return [SRGB] if chosen.preview or inputs.source == MANIFEST_SOURCE else [SRGB, LINEAR]


def lights_of(inputs: Inputs, plan: Plan) -> Floats:
    """Return directions, or positions in image widths, (K, 3)."""
    vectors = np.array([frame.vector for frame in inputs.frames], np.float32)
    if inputs.near and inputs.millimetres:
        width = plan.shape[1] * plan.shrink
        vectors /= np.float32((inputs.scale_mm_per_pixel or 1.0) * width)
    return vectors


def _given_mask(chosen: Options, plan: Plan) -> NDArray[np.bool_] | None:
    """Return the mask that was given (H, W), None where there is none; raise ImageUnreadable and ShapesDiffer."""
    if chosen.mask is None:
        return None
    path = Path(chosen.mask)
    pixels = decode(path, gray=True, shrink=plan.shrink)
    if pixels.shape != plan.shape[:2]:
        raise ShapesDiffer(
            f"The mask {path.name} has {pixels.shape[1]} x {pixels.shape[0]} pixels, and the images "
            f"{plan.shape[1]} x {plan.shape[0]}."
        )
    mask = np.asarray(pixels > pixels.max() / 2, np.bool_)
    if not mask.any():
        raise ShapesDiffer(f"The mask {path.name} is black everywhere.", hint="It is white where the object is.")
    return mask


def _integrated(solved: Solved, options: Options, sheets: Sheets, tell: Tell) -> heights.Surface:
    """Return the height; that of a full frame is put right where normals are known to be wrong."""
    tell(0, 1, "integrating the height")
    # A preview is there in a moment, so it does without jumps.
    method: heights.Integration | None = "poisson" if options.preview else None
    found = heights.surface(
        solved.normals,
        solved.valid,
        method=method,
        tell=lambda share: tell(share, 1, "integrating the height"),
        room=lambda size: sheets.sheet(size, np.float32),
    )
    if options.preview or found.method != "poisson":
        return found
    lacks = correction(found.height, solved.normals, solved.error)
    for start in range(0, len(found.height), _ROWS):
        rows = slice(start, min(start + _ROWS, len(found.height)))
        found.height[rows] += lacks.rows(rows.start, rows.stop, found.height.shape[1])
    return replace(found, why=f"{found.why} Normals count as far as they can be trusted.")


def _write_height(height: Floats, into: Path, solved: Solved, scale: float | None) -> NDArray[np.uint8]:
    """Write height map and shaded relief; return the relief in small. `scale` is in mm per pixel of the result."""
    unit, factor = ("mm", scale) if scale else ("pixels", 1.0)
    with tiff_rows(into / "height.tiff", height.shape[1], height.shape[0], description=f"height in {unit}") as tiff:
        for start in range(0, len(height), _ROWS):
            tiff.write(np.asarray(height[start : start + _ROWS] * np.float32(factor), np.float32))
    step = max(1, -(-max(height.shape) // solved.thumbs["valid"].shape[int(height.shape[1] > height.shape[0])]))
    small = relief(height[::step, ::step], step)
    write_png(into / "relief.png", small)
    return small
