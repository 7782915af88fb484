"""Normals and albedo of a set of images under known lights.

In short, for an image set that lies in memory::

    check_lights(lights)                                # raises too_few_lights, lights_coplanar
    picked = choose(values, lights, usable=usable)      # choice.py: method, curve, why, figures
    solution = solve(values, lights, method=picked.method, curve=picked.curve, usable=usable)
    colours = colour_albedo(rgb, lights, solution)

Conventions: K lights, N pixels; values (K, N) linear, gray, without ambient light, divided by the lights' intensities;
lights (K, 3) unit vectors from the object to the light, x right, y up, z to the camera, or (K, N, 3) where they are
near, with the fall-off in their length. Each pixel is solved by itself, so any part of an image may be given: whole, by
rows, by tiles. Methods and what they are good for: `docs/explanations/accuracy.md`.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import LightsCoplanar, ShapesDiffer, TooFewLights
from tetherlight.photometric import kernel, solvers
from tetherlight.photometric.arrays import Floats, Mask, divided, median_where
from tetherlight.photometric.shading import LAMBERT, Curve
from tetherlight.photometric.solvers import Samples, Solver

Method: TypeAlias = Literal[
    "least-squares", "lit-huber", "l1", "lit-l1", "lit-cauchy", "windows", "lit-cauchy-curve", "windows-curve"
]
METHODS: tuple[Method, ...] = get_args(Method)
"""All methods, the simpler ones first."""
DEFAULT: Method = "lit-huber"

SOLVERS: dict[Method, Solver] = {
    "least-squares": solvers.least_squares,
    "lit-huber": solvers.lit_huber,
    "l1": solvers.l1,
    "lit-l1": solvers.lit_l1,
    "lit-cauchy": solvers.lit_cauchy,
    "windows": solvers.windows,
    "lit-cauchy-curve": solvers.lit_cauchy,
    "windows-curve": solvers.windows,
}
FAST: tuple[Method, ...] = ("least-squares", "lit-huber")
"""What `compiled.py` has, for distant lights."""
BLOCK = 1 << 15
"""As many pixels are solved at a time: all that is between input and output is of this size."""
FLAT = 1e3
"""The condition number of the lights' matrix above which they count as coplanar."""
AGREES = 0.25
"""How far a sample may be off the gray albedo, as a share of it, to count for the colours."""
UNKNOWN = 90.0
"""The predicted error, in degrees, of a pixel without a normal."""


@dataclass(frozen=True)
class Solution:
    """What is known of N pixels. An invalid pixel has zeros everywhere, and 90 degrees as its predicted error."""

    normals: NDArray[np.float32]
    """(N, 3), unit length."""
    albedo: NDArray[np.float32]
    """(N,): gray, brightness where the surface faces the light."""
    residual: NDArray[np.float32]
    """(N,): median |seen - predicted| over the used samples, as a share of the albedo; its root mean square for
    least squares."""
    predicted_error: NDArray[np.float32]
    """(N,): degrees, root mean square, by sigma^2 (L^T W L)^-1; sigma by the pixel's residuals, at least the noise."""
    used: NDArray[np.int32]
    """(N,): how many samples the normal was found from."""
    valid: Mask
    """(N,): whether enough samples were usable and the pixel is not black."""
    curve: Curve = LAMBERT


def needed(method: Method) -> int:
    """Return how many usable samples a pixel needs with this method."""
    return 3 if method == "least-squares" else solvers.ENOUGH


def check_lights(lights: Floats, *, least: int = 3) -> float:
    """Return the condition number of the lights' matrix, the figure cond(L) of the report.

    `lights` is (K, 3). Raises TooFewLights, LightsCoplanar, and ShapesDiffer where the array has another form or
    holds a value that is no number.
    """
    if lights.ndim != 2 or lights.shape[1] != 3 or not np.isfinite(lights).all():
        raise ShapesDiffer(f"The lights are no list of vectors of three numbers, but {lights.shape}.")
    if len(lights) < least:
        raise TooFewLights(
            f"There are {len(lights)} usable lights; at least {least} are needed.",
            hint="Take the set with more lights, 8 to 50 are useful.",
            details={"lights": len(lights), "needed": least},
        )
    if not np.linalg.norm(lights, axis=1).min() > 0:
        raise ShapesDiffer("A light has a direction of length zero.", hint="Correct that line of the list of lights.")
    sizes = np.linalg.svd(lights.astype(np.float64), compute_uv=False)
    condition = float(sizes[0] / sizes[2]) if sizes[2] > sizes[0] / 1e12 else float("inf")
    if condition > FLAT:
        raise LightsCoplanar(
            "The directions of all usable lights lie in one plane, so the surface cannot be told from them.",
            hint="Add a light that stands out of that plane.",
            details={"lights": len(lights)},
        )
    return condition


def solve(
    values: Floats,
    lights: Floats,
    *,
    method: Method = DEFAULT,
    usable: Mask | None = None,
    noise: float = 0.0,
    curve: Curve = LAMBERT,
    fast: bool | None = None,
) -> Solution:
    """Find normal and albedo of each pixel.

    values (K, N); lights (K, 3) or (K, N, 3); usable (K, N): false where a sample must not count (clipped in any
    channel, of a light that did not fire). `noise` is the level below which a sample tells nothing, in units of
    `values`, from the dark frame. `curve` counts only with a method whose name ends in `curve`.
    `fast` takes or forbids what is compiled; by default it is taken where it is installed and there are many samples.

    Raises ShapesDiffer, TooFewLights where K is too small for the method, LightsCoplanar.
    """
    _check_shapes(values, lights, usable, needed(method))
    if method in FAST and lights.ndim == 2 and _worth(values, fast):
        marks = np.ones(values.shape, bool) if usable is None else usable
        robust = method == "lit-huber"
        return Solution(**kernel.solve_fast(values.astype(np.float32, copy=False), lights, marks, noise, robust=robust))
    usable = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    if not method.endswith("curve"):
        curve = LAMBERT
    parts = []
    for start in range(0, max(1, values.shape[1]), BLOCK):
        some = slice(start, start + BLOCK)
        near = lights if lights.ndim == 2 else lights[:, some]
        block = Samples(_finite(values[:, some]), near, usable[:, some], noise, curve)
        parts.append(_solve_block(block, method))
    return _joined(parts, curve)


def colour_albedo(
    colours: Floats, lights: Floats, solution: Solution, *, usable: Mask | None = None, fast: bool | None = None
) -> Floats:
    """Return the albedo of each channel, (N, 3), for the normals of a solution.

    colours (K, N, 3), prepared as `values` were. Each channel is the least-squares fit over the samples that face the
    light and agree with the gray albedo within a quarter of it; where fewer than three do, over all that face it.
    `fast` is that of `solve`.
    """
    if lights.ndim == 2 and solution.curve.lambert and _worth(colours, fast):
        marks = np.ones(colours.shape[:2], bool) if usable is None else usable
        given, gray = colours.astype(np.float32, copy=False), solution.albedo
        return kernel.colours_fast(given, lights, marks, solution.normals, gray, near=AGREES)
    parts = []
    count = colours.shape[1]
    for start in range(0, max(1, count), BLOCK):
        some = slice(start, min(start + BLOCK, count))
        near = lights if lights.ndim == 2 else lights[:, some]
        shading = solution.curve.of(solvers.predict(near, solution.normals[some]))
        lit = shading > 0
        if usable is not None:
            lit &= usable[:, some]
        block = colours[:, some].astype(np.float32)
        gray = solution.albedo[some]
        off = np.abs(block.mean(axis=2) - shading * gray)
        agree = lit & (off <= AGREES * gray)
        weights = np.where(agree.sum(axis=0) >= 3, agree, lit) * shading
        parts.append(divided(np.einsum("kn,knc->nc", weights, block), (weights * shading).sum(axis=0)[:, None]))
    return np.concatenate(parts).astype(np.float32) * solution.valid[:, None]


def _check_shapes(values: Floats, lights: Floats, usable: Mask | None, least: int) -> None:
    """Raise where the arrays do not fit together."""
    if values.ndim != 2 or lights.ndim not in {2, 3} or len(values) != len(lights):
        raise ShapesDiffer(
            f"There are {len(values)} images and {len(lights)} lights.",
            hint="Each image needs its light: compare the list of lights with the files.",
        )
    if lights.ndim == 3 and lights.shape[1:] != (values.shape[1], 3):
        raise ShapesDiffer("The near lights are not given for each pixel.")
    if lights.ndim == 2:
        check_lights(lights, least=least)
    elif len(lights) < least:
        raise TooFewLights(f"There are {len(lights)} usable lights; at least {least} are needed.")
    if usable is not None and usable.shape != values.shape:
        raise ShapesDiffer("The marks of usable samples have another size than the images.")


def _worth(values: Floats, fast: bool | None) -> bool:
    """Say whether to take what is compiled."""
    return kernel.available() and (values.size >= kernel.LARGE if fast is None else fast)


def _finite(values: Floats) -> NDArray[np.float32]:
    return np.nan_to_num(values.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)


def _solve_block(samples: Samples, method: Method) -> Solution:
    """Solve one block; all of it is in memory."""
    g, weights = SOLVERS[method](samples)
    albedo = solvers.length(g)
    enough = samples.usable.sum(axis=0) >= needed(method)
    bright = np.where(samples.usable, samples.values, 0).max(axis=0) > samples.noise
    valid: Mask = enough & bright & np.isfinite(albedo) & (albedo > 0)
    normals = divided(g, albedo[:, None]) * valid[:, None]
    counted = weights > 0
    error = (samples.values - albedo * samples.curve.of(solvers.predict(samples.lights, normals))).astype(np.float32)
    typical = median_where(np.abs(error), counted)
    used = counted.sum(axis=0)
    sigma = _spread(error, counted, used, typical, plain=method == "least-squares")
    if method == "least-squares":
        typical = sigma * np.sqrt(_free(used))
    predicted = _angle(samples, normals, counted, divided(np.maximum(sigma, samples.noise), albedo))
    return Solution(
        normals=normals.astype(np.float32),
        albedo=(albedo * valid).astype(np.float32),
        residual=(divided(typical, albedo) * valid).astype(np.float32),
        predicted_error=np.where(valid, predicted, UNKNOWN).astype(np.float32),
        used=(used * valid).astype(np.int32),
        valid=valid,
        curve=samples.curve,
    )


def _spread(error: Floats, counted: Mask, used: NDArray[Any], typical: Floats, *, plain: bool) -> Floats:
    """Return the standard deviation of one sample: of all residuals, or of the middle ones where some may be wrong."""
    free = _free(used)
    if plain:
        return np.asarray(np.sqrt(divided((error * error * counted).sum(axis=0), used * free)))
    return np.asarray(1.4826 * typical / np.sqrt(free))


def _free(used: NDArray[Any]) -> Floats:
    """Return the share of the samples that is left over when a vector is fitted to them."""
    return np.asarray(np.maximum(used - 3, 1) / np.maximum(used, 1))


def _angle(samples: Samples, normals: Floats, counted: Mask, relative: Floats) -> Floats:
    """Return the predicted error of the normals in degrees: the part of cov(g) that turns them."""
    cov = solvers.inverse(solvers.moments(samples.lights, counted.astype(np.float32)))
    along = np.einsum("nc,nc->n", normals, solvers.times(cov, normals.astype(np.float64)))
    across = np.maximum(cov[:, 0] + cov[:, 3] + cov[:, 5] - along, 0)
    degrees = np.degrees(relative * np.sqrt(across))
    return np.where(across > 0, np.minimum(degrees, UNKNOWN), UNKNOWN)


def _joined(parts: list[Solution], curve: Curve) -> Solution:
    if len(parts) == 1:
        return parts[0]
    fields = ("normals", "albedo", "residual", "predicted_error", "used", "valid")
    return Solution(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}, curve=curve)
