"""Which method suits a set: the one that predicts left-out lights best.

Nothing else told it where it was measured: the condition number of the lights is about the same for all sets, and the
residual of a fit is smallest for the method that leaves out most.
"""

from dataclasses import dataclass, field
from typing import Any

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
MIRROR = 0.15
"""The same above which the surface is a metal: no selection of samples helps, least squares does least harm."""
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
    some = sample((values > noise) & usable, pixels, seed)
    values, usable = values[:, some], usable[:, some]
    lights = lights if lights.ndim == 2 else lights[:, some]
    curves = {method: object_curve(values, lights, method, usable=usable, noise=noise) for method in METHODS[-2:]}
    found: dict[Method, Prediction] = {}
    for method in METHODS:
        curve = curves.get(method, LAMBERT)
        if method in curves and not curve.applies:
            continue
        found[method] = predict_left_out(values, lights, method, usable=usable, noise=noise, curve=curve)
    return _decide(found, curves)


def check_least(lights: Floats) -> None:
    """Raise where the lights are not enough for any method."""
    check_lights(lights if lights.ndim == 2 else lights.mean(axis=1))


def object_curve(values: Floats, lights: Floats, method: Method, *, usable: Mask, noise: float = 0.0) -> Curve:
    """Fit one shading curve to an object: solve, take the medians of brightness by cosine, fit, and solve again.

    Lambert's law is the answer where no curve can be fitted, and for near lights.
    """
    curve = LAMBERT
    # The fall-off of near lights is in their length, so their product with a normal is no cosine.
    for _ in range(ROUNDS if lights.ndim == 2 else 0):
        solution = solve(values, lights, method=method, usable=usable, noise=noise, curve=curve)
        cosines = predict(lights, solution.normals)
        seen = divided(values, solution.albedo[None])
        good = usable & solution.valid & (cosines > 0.02) & (seen > DARK)
        curve = fit_curve(cosines[good], seen[good])
        if curve.lambert:
            break
    return curve


@dataclass(frozen=True)
class Prediction:
    """|prediction - seen| / albedo over the lit samples of lights that were left out."""

    median: float
    most: float
    """What nine of ten samples stay below."""

    @property
    def score(self) -> float:
        """What methods are compared by: the typical sample, and how far the worse ones are led astray."""
        return float(np.sqrt(self.median * self.most))


def predict_left_out(
    values: Floats, lights: Floats, method: Method, *, usable: Mask, noise: float = 0.0, curve: Curve = LAMBERT
) -> Prediction:
    """Leave a quarter of the lights out, four times, and predict what they show; infinite where nothing can be told."""
    order = np.arange(len(lights)) % FOLDS
    off: list[NDArray[np.floating[Any]]] = []
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
    if not len(joined):
        return Prediction(float("inf"), float("inf"))
    return Prediction(*(float(part) for part in np.quantile(joined, (0.5, 0.9))))


def prediction_error(
    values: Floats, lights: Floats, method: Method, *, usable: Mask, noise: float = 0.0, curve: Curve = LAMBERT
) -> float:
    """Return the median of `predict_left_out`."""
    return predict_left_out(values, lights, method, usable=usable, noise=noise, curve=curve).median


def _flat(lights: Floats) -> bool:
    spread = np.linalg.svd((lights if lights.ndim == 2 else lights.mean(axis=1)).astype(np.float64), compute_uv=False)
    return bool(spread[-1] < 1e-3 * spread[0])


def sample(bright: Mask, pixels: int, seed: int = 0) -> NDArray[np.intp]:
    """Choose some of the pixels that are bright (K, N) under enough lights; return their places."""
    found = np.flatnonzero(bright.sum(axis=0) >= LEAST_LIGHTS)
    if len(found) > pixels:
        return np.sort(np.random.default_rng(seed).choice(found, pixels, replace=False))
    return found if len(found) else np.arange(min(pixels, bright.shape[1]))


def _decide(found: dict[Method, Prediction], curves: dict[Method, Curve]) -> Choice:
    figures: dict[str, float] = {method: one.median for method, one in found.items()}
    smallest = min(figures.values())
    if not smallest <= NOT_LAMBERTIAN:
        method: Method = "windows" if smallest <= MIRROR else "least-squares"
        why = (
            f"{method}: even the best method predicts left-out lights only to {smallest:.1%} of the albedo, so the "
            "surface is not nearly matte (metal, gloss, light between its parts); expect larger errors."
        )
        return Choice(method, why, figures=figures, nearly_lambertian=False)
    best = min(one.score for one in found.values())
    method = next(name for name, one in found.items() if one.score <= best * (1 + TIE))
    other = min(found.keys() - {method}, key=lambda name: found[name].score)
    why = (
        f"{method}: it predicts left-out lights to {_said(found[method])}; "
        f"next is {other} with {_said(found[other])}. A difference below 5 % goes to the simpler one."
    )
    return Choice(method, why, curves.get(method, LAMBERT), figures, nearly_lambertian=True)


def _said(one: Prediction) -> str:
    return f"{one.median:.2%} of the albedo ({one.most:.1%} for nine of ten samples)"
