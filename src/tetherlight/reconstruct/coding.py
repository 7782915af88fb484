"""How the values of images were coded, where nobody says so: what predicts the images of left-out lights best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.choice import FOLDS, LEAST_LIGHTS, sample
from tetherlight.photometric.normals import DEFAULT, Method, needed, solve
from tetherlight.photometric.shading import LAMBERT, Curve
from tetherlight.photometric.solvers import predict
from tetherlight.reconstruct.spool import Floats
from tetherlight.reconstruct.survey import Survey

PIXELS = 1500
CLEARLY = 0.95
"""What is less likely wins where it predicts so much better; a tie of less goes to what is likelier."""
TYPICAL = 0.95
"""The share of the samples that count, those predicted worst left out: highlights and shadows are no coding."""


def likeliest(looks: Sequence[Survey], lights: Floats) -> Survey:
    """Return the one of several surveys, which differ in the response, that explains its set; `lights` are (K, 3)."""
    first = looks[0]
    if len(looks) == 1 or len(first.stack.kept) < max(LEAST_LIGHTS, needed(DEFAULT)):
        return first
    errors = [prediction_error(look, lights[look.stack.kept]) for look in looks]
    best = int(np.argmin(errors))
    return looks[best] if errors[best] < CLEARLY * errors[0] else first


def prediction_error(look: Survey, lights: Floats, method: Method = DEFAULT, curve: Curve = LAMBERT) -> float:
    """Return the mean error of predicted images, in the values of the files, so that noise counts alike in all codings.

    In light the noise of sRGB values is 2.2 times as large, relative to them, and a comparison there would be unfair.
    """
    values, usable = look.of_object
    some = sample((values > look.noise) & usable, PIXELS)
    values, usable = values[:, some], usable[:, some]
    order, off = np.arange(len(lights)) % FOLDS, []
    for fold in range(FOLDS):
        kept = order != fold
        if np.count_nonzero(kept) < needed(method) or np.linalg.cond(lights[kept]) > 100:
            continue
        found = solve(values[kept], lights[kept], method=method, curve=curve, usable=usable[kept], noise=look.noise)
        predicted = found.albedo * found.curve.of(predict(lights[~kept], found.normals))
        lit = usable[~kept] & found.valid & (predicted > look.noise)
        off.append(np.abs(_coded(look, predicted) - _coded(look, values[~kept]))[lit])
    joined = np.sort(np.concatenate(off)) if off else np.zeros(0)
    return float(joined[: max(1, int(TYPICAL * joined.size))].mean()) if joined.size else float("inf")


def _coded(look: Survey, light: NDArray[np.floating[Any]]) -> Floats:
    return look.stack.response.coded(np.asarray(light, np.float32))
