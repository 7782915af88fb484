"""From the images of a set to normals, albedo and errors: chosen on a few pixels, solved a few rows at a time."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric import kernel
from tetherlight.photometric.choice import Choice, choose
from tetherlight.photometric.height import surface
from tetherlight.photometric.intensities import Intensities, estimate
from tetherlight.photometric.near import NearLights, VectorField, solve_near
from tetherlight.photometric.normals import METHODS, UNKNOWN, Method, Solution, colour_albedo, solve
from tetherlight.photometric.shading import LAMBERT
from tetherlight.pixels.png import PngWriter, png_rows
from tetherlight.pixels.tiff import TiffWriter, tiff_rows
from tetherlight.reconstruct.pictures import Thumb, coded_albedo, coded_error, coded_normals
from tetherlight.reconstruct.spool import WEIGHTS, Floats, Sheets, Stack, Tell
from tetherlight.reconstruct.strips import strip_of
from tetherlight.reconstruct.survey import Survey
from tetherlight.reconstruct.views import Views

THUMB = 900
"""Pixels of the longer edge of what is shown on a page."""
WORTH = 0.8
"""Strengths that were estimated are used where they predict so much better: a surface can look like them."""
BRIGHT = 0.9
"""Where the brightest albedo comes to in the picture for looking."""


@dataclass(frozen=True, eq=False)
class Decided:
    """What was decided about a set before all of it is solved."""

    survey: Survey
    lights: Floats
    """(K, 3), of the images in use."""
    choice: Choice
    intensities: Intensities | None
    """The strengths of the lamps where they were estimated and are used."""
    field: VectorField | None
    """Of near lights."""
    albedo_scale: float
    residuals: tuple[float, ...]
    """Of each image in use: the median |seen - predicted| of its lit samples, as a share of the albedo."""

    def lights_of(self, rows: slice, inside: NDArray[np.bool_]) -> Floats:
        """Return the lights (K, 3), or (K, N, 3) of the pixels that are inside some rows."""
        return self.lights if self.field is None else self.field.rows(rows.start, rows.stop)[:, inside]


def decide(survey: Survey, lights: Floats, method: str, *, near: bool, measured: bool) -> Decided:
    """Choose the method and find the lamps' intensities where nobody has `measured` them, on the survey's pixels."""
    field, grid = None, lights
    if near:
        field, grid = _near_field(survey, lights)
    inner = grid if grid.ndim == 2 else grid[:, survey.inside]
    survey, found = (survey, None) if measured else evened(survey, inner)
    values, usable = survey.of_object
    named = next((known for known in METHODS if known == method), None)
    choice = _named(named) if named else choose(values, inner, usable=usable, noise=survey.noise)
    few = solve(values[:, ::4], inner if inner.ndim == 2 else inner[:, ::4], method=choice.method, curve=choice.curve,
                usable=usable[:, ::4], noise=survey.noise)  # fmt: skip
    bright = float(np.quantile(few.albedo[few.valid], 0.995)) if few.valid.any() else 1.0
    scale = BRIGHT / max(bright, 1e-6)
    told = residuals_of(few, values[:, ::4], inner if inner.ndim == 2 else inner[:, ::4], usable[:, ::4])
    return Decided(survey, lights, choice, found, field, scale, told)


def evened(survey: Survey, lights: Floats) -> tuple[Survey, Intensities | None]:
    """Divide a survey by the strengths of its lamps, and return them, where they are found from it; else None.

    `lights` are those of the images in use: (K, 3), or (K, N, 3) of the object's pixels.
    """
    values, usable = survey.of_object
    found = estimate(values, lights, usable=usable, noise=survey.noise)
    if not found.useful or found.after >= WORTH * found.before:
        return survey, None
    strengths = found.strengths.astype(np.float32)
    stack = _divided(survey.stack, strengths)
    return replace(survey, stack=stack, values=survey.values / strengths[:, None]), found


def residuals_of(found: Solution, values: Floats, lights: Floats, usable: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the median |seen - predicted| / albedo of each light's lit samples (K, N); 1 where it has none."""
    normals, albedo = found.normals[found.valid], np.maximum(found.albedo[found.valid], np.float32(1e-9))
    told = []
    for number, seen in enumerate(values):
        light = lights[number] if lights.ndim == 2 else lights[number][found.valid]
        facing = (normals * light).sum(axis=-1)
        lit = (facing > 0) & usable[number][found.valid]
        off = np.abs(seen[found.valid] / albedo - found.curve.of(facing))[lit]
        told.append(float(np.median(off)) if off.size else 1.0)
    return tuple(told)


def _named(method: Method) -> Choice:
    return Choice(method, f"{method}: it was asked for.", LAMBERT)


def _divided(stack: Stack, strengths: Floats) -> Stack:
    intensities = stack.intensities.copy()
    intensities[stack.kept] *= strengths
    return replace(stack, intensities=intensities)


def _near_field(survey: Survey, positions: Floats) -> tuple[VectorField, Floats]:
    """Return the vectors of near lights for the whole image, and those of the survey's pixels (K, N, 3)."""
    lamps, shape = NearLights(positions), survey.shape
    _, field = solve_near(
        survey.values,
        lamps,
        shape,
        lambda normals, mask: surface(normals, mask, method="poisson").height,  # its light is what counts
        mask=survey.inside.reshape(shape),
        usable=survey.usable,
        noise=survey.noise,
    )
    grid = field.rows(0, shape[0])
    return field_of_image(field, survey), grid


def field_of_image(field: VectorField, survey: Survey) -> VectorField:
    """Return the field of the small image as one of the whole image: the same places lie further apart."""
    return VectorField(field.grid, survey.stack.size, field.step * survey.step)


@dataclass(eq=False)
class Sums:
    """What is added up while rows go by."""

    pixels: int = 0
    valid: int = 0
    few_samples: int = 0
    error: list[Floats] = field(default_factory=list)
    residual: list[Floats] = field(default_factory=list)

    def add(self, solution: Solution) -> None:
        """Add a solution."""
        self.pixels += len(solution.valid)
        self.valid += int(solution.valid.sum())
        self.few_samples += int((solution.used < 4).sum())
        some = np.flatnonzero(solution.valid)[:: max(1, len(solution.valid) // 400)]
        # Taken by their numbers, for a slice would keep all of the rows in memory.
        self.error.append(solution.predicted_error[some])
        self.residual.append(solution.residual[some])

    def figures(self) -> dict[str, float]:
        """Return them as figures of the report."""
        error, residual = np.concatenate([*self.error, []]), np.concatenate([*self.residual, []])
        return {
            "pixels": self.pixels,
            "valid_share": self.valid / max(1, self.pixels),
            "few_samples_share": self.few_samples / max(1, self.pixels),
            "predicted_error_median_deg": float(np.median(error)) if error.size else 90.0,
            "predicted_error_95_deg": float(np.quantile(error, 0.95)) if error.size else 90.0,
            "residual_median": float(np.median(residual)) if residual.size else 1.0,
        }


@dataclass(frozen=True, eq=False)
class Solved:
    """A surface without its height."""

    normals: Floats
    """(H, W, 3), mapped."""
    valid: NDArray[np.bool_]
    """(H, W), mapped."""
    error: Floats
    """(H, W), mapped: the predicted error in degrees, 90 where there is no normal."""
    thumbs: dict[str, NDArray[Any]]
    views: Views
    sums: Sums


class _Sinks:
    """The files that are written while rows go by, and the small versions of them."""

    def __init__(self, folder: Path, size: tuple[int, int], colour: bool, stack: ExitStack) -> None:
        height, width = size
        channels = 3 if colour else 1

        def png(name: str, channels: int, deep: bool) -> PngWriter:
            return stack.enter_context(png_rows(folder / name, width, height, channels=channels, deep=deep))

        self._normals = png("normals.png", 3, deep=True)
        self._albedo = png("albedo.png", channels, deep=False)
        self._mask, self._error = png("mask.png", 1, deep=False), png("error.png", 1, deep=False)
        self._residual = png("residual.png", 1, deep=False)
        self._light: TiffWriter = stack.enter_context(
            tiff_rows(folder / "albedo.tiff", width, height, channels=channels, description="linear reflectance")
        )
        self.views = Views(folder, size, colour=colour, files=stack)
        step = max(1, -(-max(size) // THUMB))
        self.thumbs = {name: Thumb(step) for name in ("normals", "albedo", "error", "residual", "valid")}

    def write(self, start: int, rows: "_Rows", scale: float) -> None:
        """Write the next rows."""
        normals = coded_normals(rows.normals, rows.valid)
        albedo = coded_albedo(rows.albedo, scale)
        self._normals.write(normals)
        self._albedo.write(albedo)
        self._light.write(rows.albedo)
        self._mask.write(rows.valid.astype(np.uint8) * np.uint8(255))
        self._error.write(coded_error(rows.error))
        residual = coded_error(rows.residual * 100)
        self._residual.write(residual)
        self.views.take(rows.normals, albedo, residual, rows.valid, normals)
        kept: tuple[NDArray[Any], ...] = (normals, albedo, rows.error, rows.residual, rows.valid)
        for thumb, values in zip(self.thumbs.values(), kept, strict=True):
            thumb.keep(start, values)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some rows of a surface: (h, W) or (h, W, 3)."""

    normals: Floats
    albedo: Floats
    error: Floats
    residual: Floats
    valid: NDArray[np.bool_]


def solve_all(decided: Decided, given: NDArray[np.bool_] | None, folder: Path, sheets: Sheets, tell: Tell) -> Solved:
    """Solve the whole image, some rows at a time, and write all of it but the height; raise DiskFull."""
    stack = decided.survey.stack
    size = stack.size
    normals, valid = sheets.sheet((*size, 3), np.float32), sheets.sheet(size, np.bool_)
    error = sheets.sheet(size, np.float32)
    sums = Sums()
    with ExitStack() as files:
        sinks = _Sinks(folder, size, stack.frames.ndim == 4, files)
        for rows in stack.strips(1 if decided.field is None else 3):
            tell(rows.start, size[0], "solving")
            solved = _solve_rows(decided, rows, None if given is None else given[rows], sums)
            normals[rows], valid[rows] = solved.normals, solved.valid
            error[rows] = np.where(solved.valid, solved.error, UNKNOWN)
            sinks.write(rows.start, solved, decided.albedo_scale)
    return Solved(
        normals, valid, error, {name: thumb.whole() for name, thumb in sinks.thumbs.items()}, sinks.views, sums
    )


def _solve_rows(decided: Decided, rows: slice, given: NDArray[np.bool_] | None, sums: Sums) -> _Rows:
    survey, stack = decided.survey, decided.survey.stack
    # The whole image says whether compiling is worth it, not a strip of it.
    fast = kernel.available() and len(stack.kept) * stack.frames[0].size >= kernel.LARGE
    strip = strip_of(stack, rows, fast=fast)
    size = rows.stop - rows.start, stack.size[1]
    found = given is None and _coarse(survey, rows, size[1]).ravel() & (strip.gray.mean(axis=0) > survey.threshold)
    inside = np.asarray(found if given is None else given.ravel(), np.bool_)
    places, whole = np.flatnonzero(inside), bool(inside.all())
    usable = strip.usable if whole else strip.usable.take(places, axis=1)
    lights = decided.lights_of(rows, inside)
    solution = solve(
        strip.gray if whole else strip.gray.take(places, axis=1),
        lights,
        method=decided.choice.method,
        usable=usable,
        noise=survey.noise,
        curve=decided.choice.curve,
        fast=fast,
    )
    sums.add(solution)
    albedo = solution.albedo
    if stack.colour:
        # The fit compares gray with the mean of the channels: they are weighted for it as gray is.
        weights = 3 * WEIGHTS
        albedo = colour_albedo(strip.colours(weights, places), lights, solution, usable=usable) / weights

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        spaced = values if whole else np.zeros((inside.size, *values.shape[1:]), values.dtype)
        if not whole:
            spaced[places] = values
        return spaced.reshape(*size, *values.shape[1:])

    return _Rows(
        normals=spread(solution.normals),
        albedo=spread(albedo),
        error=spread(solution.predicted_error),
        residual=spread(solution.residual),
        valid=spread(solution.valid),
    )


def _coarse(survey: Survey, rows: slice, wide: int) -> NDArray[np.bool_]:
    """Return where the survey found the object, for some rows of the whole image."""
    grid = survey.inside.reshape(survey.shape)
    down = np.minimum((np.arange(rows.start, rows.stop) + survey.step // 2) // survey.step, survey.shape[0] - 1)
    right = np.minimum((np.arange(wide) + survey.step // 2) // survey.step, survey.shape[1] - 1)
    return np.asarray(grid[down][:, right])
