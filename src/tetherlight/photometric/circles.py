"""Circles in a stack of images of one scene under different lights: found by their edges, then fitted to them.

A ball's outline is seen in parts: one light shows one side of it, a shadow another, and where the surroundings are as
dark as the ball it is not seen at all. So edges count by where they are and not by how strong they are, in each image
of the stack, and a circle needs only a share of its outline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

SMALLEST = 9.0
"""Pixels: no smaller circle is looked for."""
STEP = 1.05
"""Ratio of one radius that is tried to the next."""
EDGE_SHARE = 0.12
"""At most this share of the pixels are edges, the strongest ones."""
NOISES = 5.0
"""An edge is so many times steeper than the noise."""
AROUND = 0.03
"""Share of the image's longer side over which steepness is compared with what is around."""
ANGLES = 120
"""Directions from the centre in which an outline is looked at."""
LIGHTS = 8
"""At most so many images are looked at for edges; the others show no other circles."""
STEPS = 6
"""Tried on each side of a radius."""
SEEN = 0.34
"""An edge is sure that this share of the images shows."""
REAL = 0.12
"""Score of an outline below which it can be chance; those of real balls were 0.2 to 0.6."""
OUTER = 1.62
"""How much larger than a circle inside a ball its outline can be: the horizon is mirrored at 0.71 of the radius."""


@dataclass(frozen=True)
class Circle:
    """A circle in pixels, x right, y down, the centre of the first pixel (0, 0)."""

    x: float
    y: float
    r: float
    score: float = 1.0
    """How much better than chance edges agree with it, up to 1."""
    coverage: float = 1.0
    """Share of the outline on which an edge was found."""
    rms: float = 0.0
    """Root mean square distance of those edges from the circle, in pixels."""

    def scaled(self, factor: float) -> "Circle":
        """Return the same circle in an image that is larger by a factor."""
        shift = (factor - 1) / 2
        x, y, r = self.x * factor + shift, self.y * factor + shift, self.r * factor
        return replace(self, x=x, y=y, r=r, rms=self.rms * factor)

    def moved(self, x: float, y: float) -> "Circle":
        """Return the circle as it is in an image whose first pixel is (-x, -y) of this one."""
        return replace(self, x=self.x + x, y=self.y + y)


@dataclass(frozen=True)
class Edges:
    """The pixels of an image that are edges, one pixel wide, and their unit slopes."""

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    shape: tuple[int, int]


def views_of(stack: NDArray[np.generic]) -> list[Floats]:
    """Return what circles are looked for in, of linear images (K, H, W) of any type: roots, their mean and maximum.

    Roots make noise about even from dark to bright. At most LIGHTS of the images are taken, spread over all.
    """
    chosen = stack[np.unique(np.linspace(0, len(stack) - 1, LIGHTS).round().astype(int))]
    roots = [np.sqrt(np.maximum(image.astype(np.float32), 0)) for image in chosen]
    return [*roots, np.asarray(np.mean(roots, axis=0), np.float32), np.asarray(np.max(roots, axis=0), np.float32)]


def edges_of(image: Floats, sigma: float = 1.2) -> Edges:
    """Return the edges of an image (H, W): crests of its steepness against the noise and what is around."""
    dx = ndimage.gaussian_filter(image, sigma, order=(0, 1))
    dy = ndimage.gaussian_filter(image, sigma, order=(1, 0))
    steep = np.hypot(dx, dy)
    floor = _noise(steep) * NOISES
    around = np.sqrt(ndimage.gaussian_filter(steep * steep, AROUND * max(image.shape)))
    relative = steep / (around + floor + np.float32(1e-12))
    unit = np.float32(1) / np.maximum(steep, np.float32(1e-12))
    ux, uy = dx * unit, dy * unit
    crest = _crests(relative, ux, uy) & (steep > floor)
    strongest = relative[crest]
    most = int(EDGE_SHARE * image.size)
    if len(strongest) > most:
        crest &= relative >= np.partition(strongest, -most)[-most]
    rows, columns = np.nonzero(crest)
    return Edges(
        columns.astype(np.float32), rows.astype(np.float32), ux[crest], uy[crest], (image.shape[0], image.shape[1])
    )


def _noise(steep: Floats) -> np.float32:
    """Return the steepness of noise: that of the calmest quarter of the image, which is rarely without any."""
    some = steep[::3, ::3]
    return np.float32(max(float(np.quantile(some, 0.25)), 1e-3 * float(some.max(initial=0.0))))


def _crests(steep: Floats, ux: Floats, uy: Floats) -> NDArray[np.bool_]:
    """Say where the steepness is largest along its own direction."""
    across, down = np.rint(ux).astype(np.int8), np.rint(uy).astype(np.int8)
    crest = np.zeros(steep.shape, np.bool_)
    inner = steep[1:-1, 1:-1]
    for one_x, one_y in ((1, 0), (0, 1), (1, 1), (1, -1)):
        alike = (across == one_x) & (down == one_y) | (across == -one_x) & (down == -one_y)
        before = steep[1 - one_y : steep.shape[0] - 1 - one_y, 1 - one_x : steep.shape[1] - 1 - one_x]
        after = steep[1 + one_y : steep.shape[0] - 1 + one_y, 1 + one_x : steep.shape[1] - 1 + one_x]
        crest[1:-1, 1:-1] |= alike[1:-1, 1:-1] & (inner >= before) & (inner > after)
    return crest


def candidates(views: Sequence[Floats], most: int = 28, largest: float | None = None) -> list[Circle]:
    """Return circles that many edges of the views vote for, those with most of their outline first.

    Each edge votes for the centres along its slope (Kimme, Ballard and Sklansky 1975), with bins as wide as its
    direction is uncertain there. `largest` is the largest radius, by default half the shorter side.
    """
    edges = [edges_of(view) for view in views]
    x, y, dx, dy = (np.concatenate([getattr(one, name) for one in edges]) for name in ("x", "y", "dx", "dy"))
    together = Edges(x, y, dx, dy, edges[0].shape)
    largest = largest or min(together.shape) / 2
    found = [circle for r in _radii(largest) for circle in _voted(together, r)]
    found.sort(key=lambda circle: -circle.score)
    kept: list[Circle] = []
    for circle in found:
        if len(kept) == most:
            break
        if not any(_alike(circle, other) for other in kept):
            kept.append(circle)
    return kept


def _radii(largest: float) -> Iterator[float]:
    r = SMALLEST
    while r <= largest:
        yield r
        r *= STEP


def _alike(one: Circle, other: Circle) -> bool:
    apart = np.hypot(one.x - other.x, one.y - other.y) + abs(one.r - other.r)
    return bool(apart < 0.12 * max(one.r, other.r))


def _voted(edges: Edges, r: float, best: int = 6) -> list[Circle]:
    wide = max(1.0, r / 14)
    rows, columns = (int(side / wide) + 1 for side in edges.shape)
    votes = np.zeros(rows * columns, np.float32)
    for side in (-r, r):
        x, y = (edges.x + side * edges.dx) / wide, (edges.y + side * edges.dy) / wide
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        at = y[inside].astype(np.int64) * columns + x[inside].astype(np.int64)
        votes += np.bincount(at, minlength=rows * columns).astype(np.float32)
    near = ndimage.uniform_filter(votes.reshape(rows, columns), 3, mode="constant") * np.float32(9 / (2 * np.pi * r))
    peaks = np.flatnonzero((near == ndimage.maximum_filter(near, 5)) & (near > 0.2))
    strongest = peaks[np.argsort(-near.flat[peaks])[:best]]
    return [
        Circle((at % columns + 0.5) * wide, (at // columns + 0.5) * wide, r, float(near.flat[at]))
        for at in strongest.tolist()
    ]


def outlined(views: Sequence[Floats], circle: Circle, reach: float = 0.12, drift: float | None = None) -> Circle:
    """Return the circle near this one that most edges agree with, and its score.

    The radius is varied by up to `reach` of it, the centre by up to `drift`, by default the same. Along each of ANGLES
    directions the share of the views with an edge at the circle counts, against the mean share around it: edges all
    over the place give 0.
    """
    step = max(reach * circle.r / STEPS, 0.5)
    drift = reach if drift is None else drift
    most = (reach + 2 * drift) * circle.r + 3 * step
    radii = np.arange(circle.r - most, circle.r + most, min(step / 2, 1.0))
    radii = radii[radii > 2]
    seen = _seen(views, circle, radii, step)
    seen -= seen.mean(axis=1, keepdims=True)
    changes = np.arange(-STEPS, STEPS + 1) * step
    count = round(drift * circle.r / step)
    angles, rows = _angles(), np.arange(ANGLES)[:, None]
    best = replace(circle, score=-1.0)
    for dx, dy in product(np.arange(-count, count + 1) * step, repeat=2):
        wanted = circle.r + (dx * np.cos(angles) + dy * np.sin(angles))[:, None] + changes
        at = np.rint((wanted - radii[0]) / (radii[1] - radii[0])).astype(np.int64).clip(0, len(radii) - 1)
        scores = seen[rows, at].mean(axis=0)
        top = int(np.argmax(scores))
        if scores[top] > best.score:
            x, y, r = circle.x + float(dx), circle.y + float(dy), circle.r + float(changes[top])
            best = replace(circle, x=x, y=y, r=r, score=float(scores[top]))
    return best


def outermost(views: Sequence[Floats], circle: Circle) -> Circle:
    """Return the outline of the ball that shows this circle: itself, or a larger one with the same centre.

    A mirror ball shows the horizon of the table as a circle, often with more contrast than its outline has.
    """
    tried = [replace(circle, r=circle.r * 1.04**turn) for turn in range(2, 13)]
    found = [outlined(views, one, 0.05, 0.02) for one in tried]
    larger = [one for one in found if circle.r * 1.1 < one.r < circle.r * OUTER and one.score >= REAL]
    best = max((one.score for one in larger), default=0.0)
    return max((one for one in larger if one.score >= 0.7 * best), key=lambda one: one.r, default=circle)


def settled(views: Sequence[Floats], circle: Circle) -> Circle:
    """Fit a circle to the edges near it, sub-pixel: geometric least squares with Tukey's weights."""
    for near in (max(3.0, 0.02 * circle.r), max(2.0, 0.01 * circle.r), 2.0):
        radii = np.arange(circle.r - near - 3, circle.r + near + 3, 0.5)
        directions, places = [], []
        for view in views:
            steep, edge = _profile(view, circle, radii)
            rows, columns = np.nonzero(edge[:, 1:-1])
            before, here, after = (steep[rows, columns + shift] for shift in (0, 1, 2))
            bend = np.minimum(before + after - 2 * here, np.float32(-1e-12))
            directions.append(rows)
            places.append(radii[0] + (columns + 1 + np.clip((before - after) / (2 * bend), -1, 1)) * 0.5)
        circle = _fit(circle, np.concatenate(directions), np.concatenate(places), near)
    return circle


def _angles() -> Doubles:
    return np.asarray(np.arange(ANGLES) * (2 * np.pi / ANGLES), np.float64)


def _seen(views: Sequence[Floats], circle: Circle, radii: Doubles, step: float) -> Floats:
    """Return by direction and radius which share of the views has an edge there, from 0 to 1 (SEEN of them)."""
    share = np.zeros((ANGLES, len(radii)), np.float32)
    for view in views:
        share += _profile(view, circle, radii)[1]
    share = np.minimum(share / np.float32(SEEN * len(views)), 1)
    wide = max(2 * round(0.75 * step / float(radii[1] - radii[0])) + 1, 3)
    return np.asarray(ndimage.maximum_filter1d(share, wide, axis=1), np.float32)


def _profile(view: Floats, circle: Circle, radii: Doubles) -> tuple[Floats, NDArray[np.bool_]]:
    """Return by direction and radius how steep a view is along the radius, and where its edges are."""
    angles = _angles()[:, None]
    x, y = circle.x + radii * np.cos(angles), circle.y + radii * np.sin(angles)
    step = float(radii[1] - radii[0])
    sigma = max(1.2, circle.r / 200)
    values = ndimage.map_coordinates(view, (y, x), order=1, mode="nearest")
    steep = np.abs(ndimage.gaussian_filter1d(values, sigma / step, axis=1, order=1)) / np.float32(step)
    edge = steep > _floor(view, sigma)
    edge[:, 1:-1] &= (steep[:, 1:-1] > steep[:, :-2]) & (steep[:, 1:-1] >= steep[:, 2:])
    edge[:, [0, -1]] = False
    edge &= (x > 1) & (y > 1) & (x < view.shape[1] - 2) & (y < view.shape[0] - 2)
    return np.asarray(steep, np.float32), edge


def _floor(view: Floats, sigma: float) -> float:
    """Return the steepness that is above the noise of a view."""
    some = view[:: max(1, view.shape[0] // 40)]
    steep = np.abs(ndimage.gaussian_filter1d(some, sigma, axis=1, order=1))
    return float(max(3 * np.median(steep) / 0.67, 1e-3 * steep.max(initial=0.0)))


def _fit(circle: Circle, rows: NDArray[np.int64], places: Doubles, near: float) -> Circle:
    """Fit centre and radius to edges by the number of their direction and their radius."""
    angles = _angles()[rows]
    model = np.stack((np.cos(angles), np.sin(angles), np.ones_like(angles)), axis=1)
    change = np.zeros(3)
    scale = near
    off, weight = places - circle.r, np.ones_like(places)
    for _ in range(12):
        off = places - circle.r - model @ change
        weight = np.clip(1 - (off / scale) ** 2, 0, None) ** 2
        normal = (model * weight[:, None]).T @ model
        if np.count_nonzero(weight) < 12 or np.linalg.cond(normal) > 1e5:
            return circle
        change = np.linalg.solve(normal, (model * weight[:, None]).T @ (places - circle.r))
        scale = max(scale * 0.8, 1.0)
    on = np.abs(off) < 1
    x, y, r = (value + float(part) for value, part in zip((circle.x, circle.y, circle.r), change, strict=True))
    rms = float(np.sqrt(np.mean(off[on] ** 2))) if on.any() else 0.0
    return replace(circle, x=x, y=y, r=r, coverage=len(np.unique(rows[on])) / ANGLES, rms=rms)
