"""Camera files whose light is bent: found by how well the images of left-out lights are predicted, and undone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tetherlight.photometric.choice import LEAST_LIGHTS, choose, sample
from tetherlight.photometric.normals import DEFAULT
from tetherlight.photometric.radiometric import Bent, Unbent, unbent
from tetherlight.pixels.response import FULL, SRGB, Response, linear_to_srgb
from tetherlight.reconstruct.coding import prediction_error
from tetherlight.reconstruct.spool import Floats, Stack
from tetherlight.reconstruct.survey import Finding, Survey

ESTIMATED = "estimated"
"""What a curve is called that was found from the set itself."""
PIXELS = 1500
"""Samples of each image that the curve is found from."""
LIKELY, CLEARLY, PERHAPS = 0.85, 0.65, 0.8
"""Shares of the prediction error that are left: that a curve is looked at more closely for, is taken for, is told for.

An object that is not quite matte looks like a bend, and predicts up to a third better with one."""
BRIGHT = 0.4
"""Light, of white, from which on cameras bend it."""
MUCH = 0.05
"""Share of the object's samples above that which is told where nothing can be found out."""
HIGH = 0.98
"""The share of the samples up to which the bend is told: above, the curve is hardly known."""


def straightened(
    look: Survey, lights: Floats, again: Callable[[Stack], Survey], even: Callable[[Survey], Survey]
) -> tuple[Survey, list[Finding]]:
    """Return the survey with the camera's own curve in the place of sRGB, where that explains the set far better.

    `lights` are those of all images (K, 3); `again` looks at a set anew; `even` divides one by the strengths of its
    lamps where those are to be found, too, for lamps that differ look like a bend.
    """
    stack = look.stack
    if stack.response is not SRGB or stack.frames.dtype.name not in FULL:
        return look, []
    used = lights[stack.kept]
    if len(used) < LEAST_LIGHTS:
        return look, _unknown(look)
    found = _tried(look, used, again, even)
    if found is None:
        return look, []
    other, curve, left = found
    taken = left < CLEARLY
    return (other if taken else look), [_found(look, curve, left, taken=taken)]


def _tried(
    look: Survey, used: Floats, again: Callable[[Stack], Survey], even: Callable[[Survey], Survey]
) -> tuple[Survey, Unbent, float] | None:
    """Return the survey with a curve, the curve, and the share of the prediction error that is left; None for none."""
    curve = unbent(_samples(look), used)
    if curve is None:
        return None
    other = again(_with(look.stack, curve))
    if not np.array_equal(other.stack.kept, look.stack.kept):
        return None
    before, after = even(look), even(other)
    if not prediction_error(after, used) < LIKELY * prediction_error(before, used):
        return None
    left = _best_error(after, used) / max(_best_error(before, used), 1e-9)
    return (other, curve, left) if left < PERHAPS else None


def _samples(look: Survey) -> Bent:
    """Return the channels of some pixels of the object as samples of their own: each was bent by itself."""
    stack = look.stack
    values, usable = look.of_object
    channels = 3 if stack.colour else 1
    some = np.flatnonzero(look.inside)[sample((values > look.noise) & usable, PIXELS // channels)]
    step = look.step

    def of(coded: Floats) -> Floats:
        return coded.reshape(len(coded), -1, channels)[:, some].reshape(len(coded), -1)

    coded = of(stack.frames[stack.kept, ::step, ::step])
    dark = None if stack.ambient is None else of(stack.ambient[None, ::step, ::step])
    full = FULL[stack.frames.dtype.name]
    scales = np.repeat(stack.scales[stack.kept, None], coded.shape[1], axis=1)
    if (maps := stack.falloffs(slice(0, stack.size[0], step), step)) is not None:
        scales = scales * of(np.repeat(maps[..., None], channels, axis=-1))
    share = np.asarray(stack.exposures[stack.kept] / stack.ambient_exposure, np.float32)
    return Bent(
        values=np.asarray(coded / full, np.float32),
        usable=(coded < stack.full) & (SRGB.linear(coded, colour=False) > look.noise),
        scales=scales,
        dark=None if dark is None else np.asarray(dark[0] / full, np.float32),
        share=None if dark is None else share,
    )


def _with(stack: Stack, curve: Unbent) -> Stack:
    return replace(stack, response=Response(ESTIMATED, curve.levels, curve.shown[:, None]))


def _best_error(look: Survey, lights: Floats) -> float:
    """Return the prediction error of what suits a set: some methods explain by their curve what looks like a bend."""
    values, usable = look.of_object
    choice = choose(values, lights, usable=usable, noise=look.noise)
    return min(prediction_error(look, lights, method, choice.curve) for method in {DEFAULT, choice.method})


def _found(look: Survey, curve: Unbent, left: float, *, taken: bool) -> Finding:
    bright = float(np.quantile(_gray(look), HIGH))
    bend = curve.bend(float(linear_to_srgb(np.array(bright))))
    said = (
        f"The images are not coded as sRGB: where that says {bright:.0%} of white, there was {bend:.2g} times as much "
        f"light. With a curve for it left-out lights are predicted with {left:.0%} of the error. "
    )
    if taken:
        said += "That curve was found from the set and used; it is in response.txt. RAW files are more exact."
        return Finding("response_estimated", said, figure=round(left, 4), limit=CLEARLY, unit="ratio")
    said += "That is not sure enough, so it was not used: take RAW files, or expose a stop shorter."
    return Finding("response_bent", said, figure=round(left, 4), limit=PERHAPS, unit="ratio")


def _unknown(look: Survey) -> list[Finding]:
    """Tell of bright samples where the lights are too few to find out what became of them."""
    share = float((_gray(look) > BRIGHT).mean())
    if share <= MUCH:
        return []
    said = (
        f"{share:.0%} of the object's samples are brighter than {BRIGHT:.0%} of white, where cameras bend the light of "
        f"their JPEGs, and {len(look.stack.kept)} lights are too few to find out how ({LEAST_LIGHTS} are needed). The "
        "normals may be ten degrees off: take RAW files, or expose shorter."
    )
    return [Finding("response_bent", said, figure=round(share, 4), limit=MUCH, unit="share")]


def _gray(look: Survey) -> Floats:
    """Return the object's samples as shares of white."""
    return look.of_object[0] * look.stack.scales[look.stack.kept, None]
