"""The lights of a folder of images from the mirror spheres in them: what runs in the child."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CalibrationError, SphereNotFound, SphereTooSmall
from tetherlight.files.lp import read_lp
from tetherlight.photometric.circles import Circle
from tetherlight.photometric.flat import Strengths, of_flat_field, of_matte_ball
from tetherlight.photometric.highlights import Highlight, highlights
from tetherlight.photometric.positions import Positions, meeting_points, sphere_rays, turned_into_place
from tetherlight.photometric.spheres import (
    AROUND,
    SMALL,
    TOO_SMALL,
    Sphere,
    directions,
    error_degrees,
    find_spheres,
    refine,
)
from tetherlight.reconstruct.calibration_work import Given
from tetherlight.reconstruct.frames import Floats, Frames, LitImage, Window

SEARCHED_IMAGES = 16
REFINED_IMAGES = 8
VAGUE = 80.0
"""Radius in pixels below which the outline that is found may be off by more than a highlight."""
UNSURE = 0.3
"""Confidence below which somebody should look at the circle."""
APART = 3.0
"""Degrees between what two spheres say of a distant light, from which on it is near."""
SURE_ANGLE = 1 / 3
"""What a pixel is worth against the angle between two rays, from which on a position is not believed."""
SURE_PLACE = 0.05
"""Residual of a position against its distance, from which on it is not believed."""

Tell = Callable[..., None]


@dataclass(frozen=True)
class _Seen:
    """The highlights of all images on one sphere, in pixels of the whole images."""

    sphere: Sphere
    given: bool
    pixel: float
    """Pixels of the image in one of what was looked at."""

    @property
    def circle(self) -> Circle:
        return self.sphere.circle

    @property
    def clear(self) -> list[Highlight | None]:
        """The highlights that are sure: a direction that is wrong is worse than none."""
        return [one if one is not None and one.clear else None for one in self.sphere.highlights]


def calibrate(
    progress: Tell,
    folder: str,
    *,
    spheres: Sequence[Given] = (),
    matte: Given | None = None,
    flat: str | None = None,
    dome: str | None = None,
    places: Mapping[str, Sequence[float]] | None = None,
    within: str | None = None,
) -> dict[str, Any]:
    """Return what the images of a folder tell of their lights, as `protocol.calibration.LightCalibration` has it.

    Without `spheres` they are looked for. `matte` is a matte ball in the same images, `flat` the folder of a flat
    field, `dome` a light file with the known places of a dome's lamps, which is turned into place, or `places` has
    them by the names of lights or images. Raises SphereNotFound, SphereTooSmall, CalibrationError, and what `Frames`
    raises.
    """
    frames = Frames.of(Path(folder), None if within is None else Path(within))
    seen = [_looked_at(frames, Circle(*one), progress, given=True) for one in spheres] or _found(frames, progress)
    lights = _together(seen)
    if dome is not None:
        path = Path(dome)
        lights = _in_dome(
            frames, lights, {one.basename: one.vector for one in read_lp(path, positions=True)}, path.name
        )
    elif places is not None:
        lights = _in_dome(frames, lights, places, "The dome")
    strengths, said = _strengths(frames, lights, matte, flat, within)
    told = _told(frames, seen, lights, strengths, matte)
    return told | {"warnings": [*told["warnings"], *said]}


def _found(frames: Frames, progress: Tell) -> list[_Seen]:
    """Look for mirror spheres, in small versions of some of the images, and then closely; raise SphereNotFound."""
    if len(frames.images) < 3:
        raise SphereNotFound(
            f"There are {len(frames.images)} images; a sphere is found by itself in three or more.",
            hint="Say where it is (--sphere X,Y,R).",
        )
    seen: list[_Seen] = []
    for shrink in frames.shrinks:
        seen += [_looked_at(frames, circle, progress, given=False) for circle in _roughly(frames, shrink, progress)]
        sure = [one for one in seen if one.sphere.is_mirror and one.circle.r >= TOO_SMALL]
        if sure:
            return sure
    mirrors = [one.circle.r for one in seen if one.sphere.is_mirror]
    if mirrors:
        raise SphereTooSmall(
            f"The largest sphere has a radius of {max(mirrors):.0f} pixels, and needs {TOO_SMALL:.0f}.",
            hint="Use a larger sphere, go nearer, or take larger pictures.",
        )
    raise SphereNotFound(
        f"No mirror sphere was found in the {len(frames.images)} images of '{frames.folder.name}'.",
        hint="Say where it is (--sphere X,Y,R), or put one in: it must show a point of light in each image.",
    )


def _roughly(frames: Frames, shrink: int, progress: Tell) -> list[Circle]:
    chosen, small = frames.spread(SEARCHED_IMAGES), list[Floats]()
    for number, image in enumerate(chosen):
        progress(number, 4 * len(chosen), f"looking at image {number + 1} of {len(chosen)}")
        small.append(frames.whole(image, shrink))
    progress(1, 4, "looking for spheres")
    return [one.circle.scaled(shrink) for one in find_spheres(np.stack(small))]


def _looked_at(frames: Frames, circle: Circle, progress: Tell, *, given: bool) -> _Seen:
    """Find the exact outline of a sphere, unless it was given, and its highlight in each image."""
    exact = circle if given else _outline(frames, circle)
    window = Window.around(exact, 1.02, frames.shape)
    parts = []
    for number, image in enumerate(frames.images):
        progress(len(frames.images) + number, 2 * len(frames.images), f"highlight {number + 1} of {len(frames.images)}")
        parts.append(frames.part(image, window))
    found = highlights(np.stack(parts), window.inside(exact))
    return _Seen(Sphere(exact, tuple(_outside(one, window) for one in found)), given, window.shrink)


def _outline(frames: Frames, circle: Circle) -> Circle:
    window = Window.around(circle, AROUND, frames.shape)
    parts = np.stack([frames.part(image, window) for image in frames.spread(REFINED_IMAGES)])
    return window.outside(refine(parts, window.inside(circle)))


def _outside(one: Highlight | None, window: Window) -> Highlight | None:
    if one is None:
        return None
    place = window.outside(Circle(one.x, one.y, one.size))
    return Highlight(place.x, place.y, place.r, one.strength, one.clearness)


@dataclass(frozen=True)
class _Lights:
    """What all spheres say together; rows are images."""

    directions: NDArray[np.float64]
    errors: NDArray[np.float64]
    apart: NDArray[np.float64]
    """Largest angle between two spheres' directions, in degrees; 0 with one."""
    positions: Positions | None
    dome_off: NDArray[np.float64] | None = None
    """Angles in degrees between what was seen and the dome as it is turned; directions are then those of the dome."""


def _together(seen: Sequence[_Seen]) -> _Lights:
    each = np.stack([directions(one.circle, one.clear) for one in seen])
    errors = np.stack([error_degrees(one.circle, one.clear) * one.pixel for one in seen])
    known = np.asarray(np.isfinite(each).all(axis=2), np.bool_)
    sums = np.nansum(each, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    some = np.asarray(known.any(axis=0), np.bool_)
    mean = np.where(some[:, None], sums / np.where(lengths > 0, lengths, 1), np.nan)
    cosines = np.einsum("skc,tkc->stk", np.nan_to_num(each), np.nan_to_num(each))
    both = known[:, None] & known[None]
    apart = np.degrees(np.arccos(np.clip(np.where(both, cosines, 1).min(axis=(0, 1)), -1, 1)))
    counts = np.maximum(known.sum(axis=0), 1)
    error = np.where(some, np.sqrt(np.nansum(errors**2, axis=0)) / counts, np.nan)
    rays = [sphere_rays(one.circle, one.clear) for one in seen]
    places = None
    if len(rays) > 1:
        places = meeting_points(np.stack([point for point, _ in rays]), np.stack([ray for _, ray in rays]))
    return _Lights(mean, error, apart, places)


def _in_dome(frames: Frames, lights: _Lights, known: Mapping[str, Sequence[float]], source: str) -> _Lights:
    """Return the lights as a dome of known geometry has them, turned by what was seen; raise CalibrationError."""
    found = [known.get(one.filename) or known.get(one.light or "") for one in frames.images]
    missing = [one.light or one.filename for one, place in zip(frames.images, found, strict=True) if place is None]
    if missing:
        raise CalibrationError(
            f"{source} has no place for '{missing[0]}'.", hint="It has one for each light, or for each image."
        )
    places = np.array(found, np.float64)
    if not places.any(axis=1).all():
        raise CalibrationError(f"{source} has a lamp in its middle.", hint="Places are from the middle of the dome.")
    turn = turned_into_place(places, lights.directions)
    units = places / np.linalg.norm(places, axis=1, keepdims=True)
    # What all lights agree on is surer than each highlight.
    error = float(np.sqrt(np.nanmean(turn.residuals**2) / np.count_nonzero(np.isfinite(turn.residuals))))
    return replace(
        lights, directions=units @ turn.rotation.T, errors=np.full(len(places), error), dome_off=turn.residuals
    )


def _strengths(
    frames: Frames, lights: _Lights, matte: Given | None, flat: str | None, within: str | None
) -> tuple[Strengths | None, tuple[str, ...]]:
    """Return how strong the lights are, where a matte ball or a flat field tells it, and what is to be said of that."""
    if matte is None and flat is None:
        return None, ()
    known = np.isfinite(lights.directions).all(axis=1)
    if not known.all():
        missing = frames.images[int(np.argmin(known))].filename
        raise CalibrationError(
            f"'{missing}' has no clear highlight, so nothing can be said of how strong the lights are.",
            hint="Take it out of the folder, or leave the matte sphere and the flat field out.",
        )
    if matte is not None:
        circle = Circle(*matte)
        window = Window.around(circle, 1.0, frames.shape)
        parts = np.stack([frames.part(image, window) for image in frames.images])
        found = of_matte_ball(parts, window.inside(circle), lights.directions)
        return found.exposed([image.exposure for image in frames.images]), frames.warnings
    field = Frames.of(Path(flat or ""), None if within is None else Path(within))
    matching = _matching(field, frames)
    stack = np.stack([field.whole(one, field.shrinks[0]) for one in matching])
    return of_flat_field(stack, lights.directions).exposed([one.exposure for one in matching]), field.warnings


def _matching(field: Frames, frames: Frames) -> list[LitImage]:
    """Return the images of a flat field in the order of the lights: by name where both have names, else as they are."""
    by_light = {one.light: one for one in field.images}
    named = None not in by_light
    chosen = [by_light.get(one.light) for one in frames.images] if named else list(field.images)
    if len(chosen) != len(frames.images) or None in chosen:
        raise CalibrationError(
            f"The flat field '{field.folder.name}' has not the same lights as '{frames.folder.name}'.",
            hint="Capture it with the same lights in the same order.",
        )
    return [one for one in chosen if one is not None]


def _told(
    frames: Frames, seen: Sequence[_Seen], lights: _Lights, strengths: Strengths | None, matte: Given | None
) -> dict[str, Any]:
    """Return all of it as JSON has it."""
    height, width = frames.shape
    return {
        "width": width,
        "height": height,
        "spheres": [_sphere_told(one) for one in seen],
        "matte": None if matte is None else dict(zip(("x", "y", "r"), map(float, matte), strict=True)),
        "lights": [_light_told(index, frames, seen, lights, strengths) for index in range(len(frames.images))],
        "warnings": _warnings(frames, seen, lights),
    }


def _sphere_told(one: _Seen) -> dict[str, Any]:
    circle = one.circle
    return {
        "x": circle.x,
        "y": circle.y,
        "r": circle.r,
        "given": one.given,
        "confidence": None if one.given else one.sphere.confidence,
        "outline_coverage": None if one.given else circle.coverage,
        "outline_rms": None if one.given else circle.rms,
        "highlights_share": one.sphere.shown,
    }


def _light_told(
    index: int, frames: Frames, seen: Sequence[_Seen], lights: _Lights, strengths: Strengths | None
) -> dict[str, Any]:
    image = frames.images[index]
    found = [one.sphere.highlights[index] for one in seen]
    return {
        "filename": image.filename,
        "light": image.light,
        "direction": _vector(lights.directions[index]),
        "error_deg": _number(lights.errors[index]),
        "spheres_apart_deg": _number(lights.apart[index]) if len(seen) > 1 else None,
        "dome_off_deg": None if lights.dome_off is None else _number(lights.dome_off[index]),
        "highlights": [None if one is None else {"x": one.x, "y": one.y, "clearness": one.clearness} for one in found],
        "intensity": None if strengths is None else _number(strengths.intensities[index]),
        "intensity_spread": None if strengths is None else _number(strengths.spread[index]),
        "matte_off_deg": None if strengths is None or strengths.off_degrees is None
        else _number(strengths.off_degrees[index]),
        **_place_told(index, frames, lights),
    }  # fmt: skip


def _place_told(index: int, frames: Frames, lights: _Lights) -> dict[str, Any]:
    """Return a position in image widths from the image's centre, the table 0; None where it is not sure.

    Rays of a distant light meet somewhere, too: by how much a highlight may be off. So they must differ by more.
    """
    places = lights.positions
    nothing: dict[str, Any] = {"position": None, "position_error": None}
    if places is None or not np.isfinite(places.places[index]).all():
        return nothing
    height, width = frames.shape
    place = places.places[index] - ((width - 1) / 2, -(height - 1) / 2, 0)
    distance = float(np.linalg.norm(place))
    # The mean's error is half of that of the difference of two.
    share = 2 * float(lights.errors[index]) / float(places.angles[index])
    if share > SURE_ANGLE or places.residuals[index] > SURE_PLACE * distance or place[2] <= 0:
        return nothing
    error = max(share * distance, float(places.residuals[index]))
    return {"position": _vector(place / width), "position_error": error / width}


def _vector(values: NDArray[np.floating]) -> list[float] | None:
    return [float(value) for value in values] if np.isfinite(values).all() else None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _warnings(frames: Frames, seen: Sequence[_Seen], lights: _Lights) -> list[str]:
    said = []
    for one in seen:
        where = f"The sphere at ({one.circle.x:.0f}, {one.circle.y:.0f})"
        if one.circle.r < SMALL:
            said.append(f"{where} has a radius of {one.circle.r:.0f} pixels; {SMALL:.0f} or more give good directions.")
        if not one.given and one.circle.r < VAGUE:
            said.append(f"{where} is small, and its outline may be off by pixels: look whether the circle is on it.")
        if not one.given and one.sphere.confidence < UNSURE:
            said.append(f"{where} is not sure: look whether the circle is on it.")
    said += [_unclear(image.filename, index, seen, lights) for index, image in enumerate(frames.images)]
    return [sentence for sentence in said if sentence]


def _unclear(name: str, index: int, seen: Sequence[_Seen], lights: _Lights) -> str:
    found = [one.sphere.highlights[index] for one in seen]
    if lights.dome_off is not None:
        off = lights.dome_off[index]
        return f"{name}: its light is {off:.1f} degrees from where the dome has it." if off > APART else ""
    if all(one is None for one in found):
        return f"{name}: no highlight was found, so its light stays unknown."
    if not any(one is not None and one.clear for one in found):
        return f"{name}: another reflection is as strong as the highlight, so its light stays unknown."
    if lights.apart[index] > APART:
        return f"{name}: the spheres differ by {lights.apart[index]:.1f} degrees, so the light is near."
    return ""
