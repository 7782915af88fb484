"""Where lights stand: positions from rays of several spheres, and a dome whose geometry is known, turned into place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CalibrationError
from tetherlight.photometric.circles import Circle, Doubles
from tetherlight.photometric.highlights import Highlight
from tetherlight.photometric.spheres import directions

PARALLEL = 0.5
"""Degrees: rays that meet at a smaller angle tell nothing of how far away a light is."""


@dataclass(frozen=True)
class Positions:
    """Positions of lights and how sure they are."""

    places: Doubles
    """(K, 3) in the unit of the spheres' centres; NaN where the rays do not tell."""
    residuals: Doubles
    """(K,) root mean square distance of a position from its rays, in the same unit."""
    angles: Doubles
    """(K,) largest angle between two rays of a light, in degrees: the smaller, the less sure is the distance."""


@dataclass(frozen=True)
class Turn:
    """A rotation and what is left of the angles after it."""

    rotation: Doubles
    """(3, 3), so that `rotation @ known` is what was seen."""
    residuals: Doubles
    """(K,) angles in degrees between the turned and the seen directions; NaN where nothing was seen."""


def sphere_rays(circle: Circle, found: Sequence[Highlight | None]) -> tuple[Doubles, Doubles]:
    """Return where the rays to the lights leave a ball that lies on the plane z = 0, (K, 3), and their directions.

    In pixels: x right, y up, z to the camera, from the centre of the first pixel. NaN without highlight.
    """
    rays = directions(circle, found)
    points = np.full_like(rays, np.nan)
    for index, one in enumerate(found):
        if one is not None:
            nx, ny = (one.x - circle.x) / circle.r, -(one.y - circle.y) / circle.r
            up = circle.r * (1 + np.sqrt(max(0.0, 1 - nx * nx - ny * ny)))
            points[index] = one.x, -one.y, up
    return points, rays


def meeting_points(points: NDArray[np.floating], rays: NDArray[np.floating]) -> Positions:
    """Return the points nearest to rays: points and unit directions (S, K, 3) of S spheres, by least squares.

    `X = (sum(I - d d^T))^-1 sum((I - d d^T) p)`. Raises CalibrationError where fewer than two spheres are given.
    """
    if len(points) < 2:
        raise CalibrationError("Positions need two spheres or more.", hint="One sphere gives directions.")
    count = points.shape[1]
    result = Positions(np.full((count, 3), np.nan), np.full(count, np.nan), np.full(count, np.nan))
    for index in range(count):
        seen = np.isfinite(points[:, index]).all(axis=1) & np.isfinite(rays[:, index]).all(axis=1)
        start, along = points[seen, index].astype(np.float64), rays[seen, index].astype(np.float64)
        if len(along) < 2:
            continue
        result.angles[index] = np.degrees(np.arccos(np.clip((along @ along.T).min(), -1, 1)))
        if result.angles[index] < PARALLEL:
            continue
        across = np.eye(3) - along[:, :, None] * along[:, None, :]
        place = np.linalg.solve(across.sum(axis=0), np.einsum("sij,sj->i", across, start))
        off = np.einsum("sij,sj->si", across, place - start)
        result.places[index] = place
        result.residuals[index] = np.sqrt(np.mean(np.sum(off * off, axis=1)))
    return result


def turned_into_place(known: NDArray[np.floating], seen: NDArray[np.floating]) -> Turn:
    """Return the rotation that turns the known places of a dome's lights (K, 3) into the directions seen (K, 3).

    Kabsch 1976, on unit vectors; rows of `seen` may be NaN. Raises CalibrationError where the directions that were seen
    do not tell a rotation.
    """
    there = np.isfinite(seen).all(axis=1)
    units = known / np.linalg.norm(known, axis=1, keepdims=True)
    left, sizes, right = np.linalg.svd(seen[there].T.astype(np.float64) @ units[there])
    if np.count_nonzero(there) < 2 or sizes[1] < 1e-3 * sizes[0]:
        raise CalibrationError(
            "The directions that were seen do not tell how the dome is turned.",
            hint="Two lights in different directions are needed at least.",
        )
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ mirror @ right
    cosines = np.einsum("ki,ki->k", units @ rotation.T, seen)
    return Turn(rotation, np.degrees(np.arccos(np.clip(cosines, -1, 1))))


def moved(directions_now: NDArray[np.floating], directions_rig: NDArray[np.floating]) -> float:
    """Return the largest angle in degrees between lights (K, 3) as seen now and as the rig knows them.

    Rows that are NaN in either are left out; NaN where none is left.
    """
    now, rig = np.asarray(directions_now, np.float64), np.asarray(directions_rig, np.float64)
    lengths = np.linalg.norm(now, axis=1) * np.linalg.norm(rig, axis=1)
    cosines = np.sum(now * rig, axis=1) / np.where(lengths > 0, lengths, np.nan)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    return float(np.nanmax(angles)) if np.isfinite(angles).any() else float("nan")
