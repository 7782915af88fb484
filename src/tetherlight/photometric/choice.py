"""Which method suits a set: the one that predicts left-out lights best.

Nothing else told it where it was measured: the condition number of the lights is about the same for all sets, and the
residual of a fit is smallest for the method that leaves out most.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.arrays import Floats, Mask, divided
from tetherlight.photometric.normals import METHODS, Method, check_lights, needed, solve
from tetherlight.photometric.shading import LAMBERT, Curve, fit_curve
from tetherlight.photometric.solvers import DARK, predict

PIXELS = 1000
FOLDS = 4
TIE = 0.05
"""A method must predict this much better than a simpler one."""
NOT_LAMBERTIAN = 0.05
"""The median prediction error, as a share of the albedo, above which an object is not nearly Lambertian."""
ROUNDS = 4
LEAST_LIGHTS = 6
"""With fewer lights, leaving some out tells more of those that are left than of the methods."""


@dataclass(frozen=True)
class Choice:
    """What was chosen for a set and why."""

    method: Method
    why: str
    """A plain sentence for people."""
    curve: Curve = LAMBERT
    figures: dict[str, float] = field(default_factory=dict)
    """Of each candidate: median |prediction - seen| / albedo of left-out lights."""
    nearly_lambertian: bool | None = None
    """None where there are too few lights to tell."""


def choose(
    values: Floats,
    lights: Floats,
    *,
    usable: Mask | None = None,
    noise: float = 0.0,
    pixels: int = PIXELS,
    seed: int = 0,
) -> Choice:
    """Choose the method for a set from some of its pixels; shapes and errors are those of `solve`.

    Give a small version of the whole image, or any fair sample of its object; of more than `pixels` some are taken.
    """
    if len(lights) < LEAST_LIGHTS:
        check_least(lights)
        return Choice("least-squares", f"Least squares, for {len(lights)} lights are too few to compare methods.")
    usable = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    some = _sampled((values > noise) & usable, pixels, seed)
    values, usable = values[:, some], usable[:, some]
    lights = lights if lights.ndim == 2 else lights[:, some]
    curves = {method: object_curve(values, lights, method, usable=usable, noise=noise) for method in METHODS[-2:]}
    figures: dict[str, float] = {}
    for method in METHODS:
        curve = curves.get(method, LAMBERT)
        if method in curves and (curve.lambert or curve.at_limit):
            continue
        figures[method] = prediction_error(values, lights, method, usable=usable, noise=noise, curve=curve)
    return _decide(figures, curves)


def check_least(lights: Floats) -> None:
    """Raise where the lights are not enough for any method."""
    check_lights(lights if lights.ndim == 2 else lights.mean(axis=1))


def object_curve(values: Floats, lights: Floats, method: Method, *, usable: Mask, noise: float = 0.0) -> Curve:
    """Fit one shading curve to an object: solve, take the medians of brightness by cosine, fit, and solve again."""
    curve = LAMBERT
    for _ in range(ROUNDS):
        solution = solve(values, lights, method=method, usable=usable, noise=noise, curve=curve)
        cosines = predict(lights, solution.normals)
        seen = divided(values, solution.albedo[None])
        good = usable & solution.valid & (cosines > 0.02) & (seen > DARK)
        curve = fit_curve(cosines[good], seen[good])
        if curve.lambert:
            break
    return curve


def prediction_error(
    values: Floats, lights: Floats, method: Method, *, usable: Mask, noise: float = 0.0, curve: Curve = LAMBERT
) -> float:
    """Return the median |prediction - seen| / albedo over the lit samples of left-out lights, by four folds."""
    order = np.arange(len(lights)) % FOLDS
    off: list[NDArray[np.floating]] = []
    for fold in range(FOLDS):
        kept = order != fold
        if np.count_nonzero(kept) < needed(method) or _flat(lights[kept]):
            continue
        solution = solve(values[kept], lights[kept], method=method, usable=usable[kept], noise=noise, curve=curve)
        cosines = predict(lights[~kept], solution.normals)
        lit = usable[~kept] & solution.valid & (cosines > 0)
        seen = divided(values[~kept], solution.albedo[None])
        off.append(np.abs(curve.of(cosines) - seen)[lit])
    joined = np.concatenate(off) if off else np.zeros(0)
    return float(np.median(joined)) if len(joined) else float("inf")


def _flat(lights: Floats) -> bool:
    spread = np.linalg.svd((lights if lights.ndim == 2 else lights.mean(axis=1)).astype(np.float64), compute_uv=False)
    return bool(spread[-1] < 1e-3 * spread[0])


def _sampled(bright: Mask, pixels: int, seed: int) -> NDArray[np.intp]:
    """Take some of the pixels that are bright under enough lights."""
    found = np.flatnonzero(bright.sum(axis=0) >= LEAST_LIGHTS)
    if len(found) > pixels:
        return np.sort(np.random.default_rng(seed).choice(found, pixels, replace=False))
    return found if len(found) else np.arange(min(pixels, bright.shape[1]))


def _decide(figures: dict[str, float], curves: dict[Method, Curve]) -> Choice:
    smallest = min(figures.values())
    if not smallest <= NOT_LAMBERTIAN:
        method: Method = "windows"
        why = (
            f"Best window of ranks: even the best method predicts left-out lights only to {smallest:.1%} of the "
            "albedo, so the surface is not nearly matte (metal, gloss, light between its parts); expect larger errors."
        )
        return Choice(method, why, figures=figures, nearly_lambertian=False)
    method = next(name for name in METHODS if figures.get(name, np.inf) <= smallest * (1 + TIE))
    others = min((value for name, value in figures.items() if name != method), default=smallest)
    why = f"{method}: it predicts left-out lights to {figures[method]:.2%} of the albedo, the best other {others:.2%}."
    if others < figures[method]:
        why += " A difference of less than 5 % goes to the simpler one."
    return Choice(method, why, curves.get(method, LAMBERT), figures, nearly_lambertian=True)
