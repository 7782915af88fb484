"""A look at some pixels of all images before the surface is solved: noise, clipping, ambient light, the object.

All of it decides, so it is the same for the whole image; what it looks at is a grid of some ten thousand pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import ImagesBlack, ImagesClipped, TooFewLights
from tetherlight.photometric.normals import check_lights
from tetherlight.pixels.response import FULL
from tetherlight.reconstruct.inputs import NEEDED, Frame
from tetherlight.reconstruct.spool import WEIGHTS, Floats, Stack, gray_of

PIXELS = 60_000
WHITE = 0.95
"""Share of clipped pixels from which on an image is white."""
OBJECT = 0.01
"""Of the brightest pixels: what is darker by mean is no object."""
WHOLE = 0.98
"""Share of the pixels from which on the object is the whole image."""
SPECK = 0.0005
"""Share of the image below which a part of the object is none."""
AMBIENT_WARNS, AMBIENT_FAILS = 0.02, 0.10
CLIPPING_WARNS = 0.01


@dataclass(frozen=True)
class Finding:
    """Something about a set, or one of its images, that should be looked at."""

    code: str
    """One of those that `ResultFinding` of the manifest tells."""
    message: str
    filename: str | None = None
    light: str | None = None
    figure: float | None = None
    """The measure that it was found by."""
    limit: float | None = None
    """What the measure should not be beyond."""
    unit: str | None = None
    """One of those that the manifest names."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What a grid of pixels tells of a set; N pixels of a (h, w) grid, K images in use."""

    stack: Stack
    """With the images that are of use."""
    step: int
    shape: tuple[int, int]
    values: Floats
    """(K, N): gray light."""
    usable: NDArray[np.bool_]
    """(K, N): not clipped."""
    inside: NDArray[np.bool_]
    """(N,): where the object is."""
    noise: float
    threshold: float
    """The mean light from which on a pixel shows something."""
    clipped: tuple[float, ...]
    """Of each image in use: the share of the object's samples that are clipped."""
    ambient: float | None
    """Ambient light as a share of the median light of the lamps; None where it was not taken."""
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences of the findings."""
        return tuple(one.message for one in self.findings)

    @property
    def of_object(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Values and usable samples of the object alone."""
        return self.values[:, self.inside], self.usable[:, self.inside]


def survey(stack: Stack, frames: Sequence[Frame], lights: Floats, given: NDArray[np.bool_] | None) -> Survey:
    """Look at a grid of pixels; `given` is a mask (H, W) of the object, else it is looked for.

    Raises ImagesBlack, ImagesClipped, TooFewLights and LightsCoplanar.
    """
    height, width = stack.size
    step = max(1, int(np.ceil(np.sqrt(height * width / PIXELS))))
    rows = slice(0, height, step)
    light, clipped = stack.light(rows, step)
    gray = gray_of(light)
    noise = noise_of(stack, rows, step)
    kept, findings = _useful(gray, stack.scales[stack.kept], clipped, frames, noise)
    check_lights(lights[kept], least=NEEDED)
    gray, clipped = gray[kept], clipped[kept]
    signal = gray.mean(axis=0)
    threshold = max(3 * noise, OBJECT * float(np.quantile(signal, 0.99)))
    inside = _object(signal > threshold) if given is None else given[::step, ::step] & (signal > 0)
    if not inside.any():
        raise ImagesBlack("The images show no light where the object is.", hint="Look at the mask and at the lamps.")
    shares = tuple(float(share) for share in clipped[:, inside].mean(axis=1))
    ambient = _ambient_share(stack, rows, step, gray[:, inside])
    return Survey(
        stack=replace(stack, kept=stack.kept[kept]),
        step=step,
        shape=signal.shape,
        values=gray.reshape(len(kept), -1),
        usable=~clipped.reshape(len(kept), -1),
        inside=inside.ravel(),
        noise=noise,
        threshold=threshold,
        clipped=shares,
        ambient=ambient,
        findings=(*findings, *_said(shares, ambient, [frames[one] for one in kept])),
    )


def noise_of(stack: Stack, rows: slice, step: int) -> float:
    """Return the light below which a sample tells nothing: by the dark frame where there is one.

    That is three standard deviations of neighbouring pixels' differences, at least one step of the values; two steps
    where there is no dark frame.
    """
    top = FULL.get(stack.frames.dtype.name)
    level = stack.grain
    if level is None:
        level = 0.0 if top is None else float(stack.response.linear(np.array([1], stack.frames.dtype))[0])
    if stack.ambient is None:
        return 2 * level
    dark = stack.response.linear(stack.ambient[rows, :])
    dark = dark @ WEIGHTS if dark.ndim == 3 else dark
    spread = np.median(np.abs(np.diff(dark, axis=1))) / (0.6745 * np.sqrt(2)) if dark.shape[1] > step else 0.0
    return max(3 * float(spread), level)


def _useful(
    gray: Floats, scales: Floats, clipped: NDArray[np.bool_], frames: Sequence[Frame], noise: float
) -> tuple[NDArray[np.intp], list[Finding]]:
    """Return which images show something, and what is said of the others; raise where too few do."""
    # What an image shows is in its own values: those of a weak lamp were exposed for longer.
    brightest = scales * np.quantile(gray.reshape(len(gray), -1), 0.999, axis=1)
    black = brightest <= 3 * noise
    shares = clipped.reshape(len(clipped), -1).mean(axis=1)
    white = shares > WHITE
    if black.all():
        raise ImagesBlack("All images are black.", hint="Did the lamps shine, and was the exposure long enough?")
    if (white | black).all():
        raise ImagesClipped("All images are white.", hint="Take the set again with a shorter exposure.")
    kept = np.flatnonzero(~(white | black))
    found = [
        _black(frames[number], float(brightest[number]), 3 * noise)
        if black[number]
        else _white(frames[number], float(shares[number]))
        for number in np.flatnonzero(white | black).tolist()
    ]
    if len(kept) < NEEDED:
        raise TooFewLights(
            f"Only {len(kept)} of {len(frames)} images can be used; at least {NEEDED} are needed. {found[0].message}",
            details={"lights": len(kept), "needed": NEEDED},
        )
    return kept, found


def _black(frame: Frame, brightest: float, least: float) -> Finding:
    said = f"'{frame.name}' is black: its lamp did not shine; it was left out."
    figure, limit = (float(f"{value:.4g}") for value in (brightest, least))
    return Finding("image_black", said, frame.name, frame.light, figure, limit, "share")


def _white(frame: Frame, share: float) -> Finding:
    said = f"'{frame.name}' is white: it was exposed for too long; it was left out."
    return Finding("image_white", said, frame.name, frame.light, round(share, 6), WHITE, "share")


def _object(lit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where the object is (h, w), with its holes and without specks, one pixel larger."""
    if lit.mean() > WHOLE:
        return np.ones_like(lit)
    filled = ndimage.binary_fill_holes(ndimage.binary_closing(lit))
    labels, count = ndimage.label(filled)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        filled = (sizes >= max(4.0, SPECK * lit.size))[labels]
        if not filled.any():
            filled = labels == sizes.argmax()
    return np.asarray(ndimage.binary_dilation(filled), np.bool_)


def _ambient_share(stack: Stack, rows: slice, step: int, values: Floats) -> float | None:
    if stack.ambient is None:
        return None
    dark = stack.response.linear(stack.ambient[rows, ::step])
    signal = float(np.median(values.mean(axis=0)))
    return float(np.median(dark)) / stack.ambient_exposure / signal if signal > 0 else None


def _said(shares: Sequence[float], ambient: float | None, frames: Sequence[Frame]) -> list[Finding]:
    said = [
        Finding(
            "clipped",
            f"{share:.0%} of the object is clipped in '{frame.name}'; those samples are left out.",
            frame.name,
            frame.light,
            round(share, 6),
            CLIPPING_WARNS,
            "share",
        )
        for share, frame in zip(shares, frames, strict=True)
        if share > CLIPPING_WARNS
    ]
    if ambient is not None and ambient > AMBIENT_WARNS:
        failed = ambient > AMBIENT_FAILS
        much, limit = ("too much", AMBIENT_FAILS) if failed else ("much", AMBIENT_WARNS)
        sentence = f"The ambient light is {ambient:.0%} of the lamps', which is {much}; it was subtracted."
        said.append(Finding("ambient_strong", sentence, figure=round(ambient, 6), limit=limit, unit="share"))
    return said
