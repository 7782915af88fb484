"""What a folder gives to reconstruct from: its images and their lights, by its manifest or by a light file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from tetherlight.errors import ImageNotFound, LightsFileInvalid, LightsUnknown, SetBusy, SetNotFound, TooFewLights
from tetherlight.files.lp import LP, LightLine, Vector, read_lp
from tetherlight.files.types import is_image, is_raw, standing_for, suffix_of
from tetherlight.protocol.manifest import Manifest, ResultRecord, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.reconstruct.exposures import by_image, relative_exposures
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.steps import OF_SEVERAL, alike_but_for_light, ambient_of, brackets_of, file_of, taken
from tetherlight.store import staleness
from tetherlight.store.manifest import manifest_of, read_raw_manifest
from tetherlight.store.staleness import stale_in

MANIFEST_SOURCE, CALIBRATION = staleness.BY_MANIFEST, staleness.CALIBRATION
"""What a calibration is called among the results of a set."""
MERGED = "merged"
"""The result with one image of each light made of several."""
FILES, JPEG, RAW = "files", "jpeg", "raw"
"""The parameter of that result that says what it is made of, and what it can say."""
EXPOSED, CODED = "exposed", "coded"
"""Those that say how each of its images was exposed, and how they are coded where it is not as the files are."""
NEEDED = 3
"""Lights, at least."""
AMBIENT = "ambient"
_DIFFERENT = 1.05
"""Exposures that are less apart are not known to differ."""
_HOW_TO_TELL = (
    "Give a light file (--lights), calibrate the set (tetherlight calibrate), or write directions into the rig file."
)


@dataclass(frozen=True)
class Shot:
    """A further image of the same light, exposed for longer."""

    name: str
    exposure: float
    """As that of a frame."""


@dataclass(frozen=True)
class Frame:
    """One image and its light."""

    name: str
    """The file, relative to the folder."""
    vector: Vector
    """Unit vector from the object to the light; with near lights its position."""
    light: str | None = None
    """What the rig calls it."""
    intensity: float = 1.0
    """How strong the lamp is against the others."""
    exposure: float = 1.0
    """How much light the image caught, against the others."""
    more: tuple[Shot, ...] = ()
    """What is merged with it, shorter exposures first; the image itself is the shortest of all."""


@dataclass(frozen=True)
class Inputs:
    """All images of a reconstruction."""

    folder: Path
    frames: tuple[Frame, ...]
    source: str
    """Who said where the lights are: `manifest`, or the name of a light file."""
    ambient: str | None = None
    """The image without any light."""
    ambient_exposure: float = 1.0
    """As that of the frames."""
    ambient_more: tuple[Shot, ...] = ()
    """As those of the frames."""
    near: bool = False
    """Whether vectors are positions: from the image's centre, in image widths, or millimetres with a scale."""
    millimetres: bool = False
    coded: str | None = None
    """How the values are coded, where what made these images says it: `srgb`."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """The sha256 of the images that these images were made of."""
    scale_mm_per_pixel: float | None = None
    warnings: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Images that were to be left out."""

    @property
    def series(self) -> tuple[tuple[Shot, ...], ...]:
        """The exposures of each light, the shortest first; those without light last."""
        lit = [(Shot(frame.name, frame.exposure), *frame.more) for frame in self.frames]
        dark = [(Shot(self.ambient, self.ambient_exposure), *self.ambient_more)] if self.ambient else []
        return (*lit, *dark)

    @property
    def names(self) -> tuple[str, ...]:
        """All files, those without light last."""
        return tuple(shot.name for shots in self.series for shot in shots)

    @property
    def merged(self) -> bool:
        """Whether some frames are made of several exposures."""
        return any(len(shots) > 1 for shots in self.series)


def find_inputs(folder: Path, options: Options, within: Path | None = None) -> Inputs:
    """Look what a folder has to reconstruct from; no image is opened, and no link is followed below `within`.

    A light file that is named wins, then the manifest, then the one light file in the folder. Raises SetNotFound,
    SetBusy, StoreError, LightsFileInvalid, LightsUnknown, ImageNotFound and TooFewLights.
    """
    if not folder.is_dir():
        raise SetNotFound(f"There is no folder '{folder}'.")
    raw = read_raw_manifest(folder, within or folder.parent)
    manifest = None if raw is None else _calibrated(manifest_of(raw))
    if manifest is not None and manifest.status is JobState.RUNNING:
        raise SetBusy(f"The set '{folder.name}' is being captured.", hint="Wait until it is done.")
    if options.lights is not None:
        found = _by_light_file(folder, Path(options.lights), options, manifest)
    elif manifest is not None and any(_has_light(step, options) for step in manifest.steps):
        found = _by_manifest(folder, manifest, options)
    else:
        found = _by_light_file(folder, _only_light_file(folder, manifest), options, manifest)
    sharp = None if raw is None else merged_result(raw, raw=options.raw)
    if sharp is not None and found.source == MANIFEST_SOURCE:
        found = _sharp(found, sharp)
    return _exposed(_checked(_without(found, options)), manifest, sharp)


def merged_result(told: Mapping[str, Any], *, raw: bool) -> ResultRecord | None:
    """Return the merged frames that a raw manifest lists, None where there are none that are true now.

    With `raw` those that were made of RAW files, else those of the others.
    """
    stale = {one.folder for one in stale_in(told)}
    results = (one for one in manifest_of(told).results if one.kind == MERGED and one.folder not in stale)
    return next((one for one in results if one.parameters.get(FILES, JPEG) == (RAW if raw else JPEG)), None)


def _names_in(sharp: ResultRecord) -> dict[str | None, str]:
    """Return the merged frames by light, that without light by None."""
    frames = sharp.parameters.get("frames")
    named = frames.items() if isinstance(frames, dict) else ()
    return {None if light == AMBIENT else light: str(name) for light, name in named}


def _sharp(found: Inputs, sharp: ResultRecord) -> Inputs:
    """Take the merged frame of each light, and none of the lights that have none."""
    names = _names_in(sharp)
    kept = [frame for frame in found.frames if frame.light in names]
    if not kept:
        return found
    lost = [str(frame.light) for frame in found.frames if frame.light not in names]
    warnings = [one for one in found.warnings if not one.startswith(OF_SEVERAL)]
    if lost:
        warnings.append(f"{len(lost)} of the lights have no merged image and were left out, first '{lost[0]}'.")
    return replace(
        found,
        frames=tuple(replace(frame, name=names[frame.light], more=()) for frame in kept),
        ambient=names.get(None) if found.ambient else None,
        ambient_more=(),
        coded=str(sharp.parameters[CODED]) if sharp.parameters.get(CODED) else None,
        origins=sharp.inputs,
        warnings=tuple(warnings),
    )


def _without(found: Inputs, options: Options) -> Inputs:
    """Leave out what was excluded by the name of a light or of an image."""
    kept = tuple(one for one in found.frames if not {one.name, one.light} & set(options.exclude))
    out = tuple(one.name for one in found.frames if one not in kept)
    return replace(found, frames=kept, excluded=out)


def _checked(found: Inputs) -> Inputs:
    missing = [name for name in found.names if not (found.folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ImageNotFound(
            f"'{missing[0]}'{more} of {len(found.names)} images is not in the folder '{found.folder.name}'.",
            hint=f"{found.source} names it.",
        )
    if len(found.frames) < NEEDED:
        raise TooFewLights(
            f"There are images of {len(found.frames)} lights whose place is known; at least {NEEDED} are needed.",
            hint="8 to 50 lights are useful.",
            details={"lights": len(found.frames), "needed": NEEDED},
        )
    return found


def _exposed(found: Inputs, manifest: Manifest | None, sharp: ResultRecord | None = None) -> Inputs:
    """Return the inputs with the exposure of each image, as far as the manifest knows it."""
    if manifest is None:
        return found
    steps = taken(manifest)
    known = by_image(steps)
    exposed = {step.light: step.exposure for step in reversed(steps)}
    told = {} if sharp is None else sharp.parameters.get(EXPOSED)
    for light, name in {} if sharp is None else _names_in(sharp).items():
        of_it = told.get(name) if isinstance(told, dict) else None
        known[name] = of_it if isinstance(of_it, dict) else exposed.get(light, {})
    exposures, said = relative_exposures(found.names, known)
    ordered = [
        sorted((Shot(shot.name, exposures[shot.name]) for shot in shots), key=lambda shot: shot.exposure)
        for shots in found.series
    ]
    if found.merged and (said or any(map(_alike, ordered))):
        return _exposed(_unmerged(found), manifest)
    frames = tuple(
        replace(frame, name=first.name, exposure=first.exposure, more=tuple(more))
        for frame, (first, *more) in zip(found.frames, ordered, strict=False)
    )
    found = replace(found, frames=frames, warnings=(*found.warnings, *said))
    if found.ambient is None:
        return found
    first, *more = ordered[-1]
    return replace(found, ambient=first.name, ambient_exposure=first.exposure, ambient_more=tuple(more))


def _alike(shots: Sequence[Shot]) -> bool:
    """Tell whether exposures that shall differ are not known to."""
    return any(longer.exposure < _DIFFERENT * one.exposure for one, longer in pairwise(shots))


def _unmerged(found: Inputs) -> Inputs:
    """Take of each light the first of its exposures, and say so."""
    frames = tuple(replace(frame, more=()) for frame in found.frames)
    said = (
        f"How long the {max(map(len, found.series))} exposures of each light were is not known, so they were not "
        "merged; the first was taken."
    )
    return replace(found, frames=frames, ambient_more=(), warnings=(*found.warnings, said))


# By a manifest


def _calibrated(manifest: Manifest) -> Manifest:
    """Return a manifest with what was measured in the set itself in the place of what the rig knew before."""
    found = next((one for one in manifest.results if one.kind == CALIBRATION), None)
    measured = {
        one["light"]: {
            key: one[told]
            for key, told in (("direction", "direction"), ("position", "position_mm"), ("intensity", "intensity"))
            if one.get(told) is not None
        }
        for one in getattr(found, "lights", ())
        if isinstance(one, dict) and one.get("light") is not None
    }
    steps = tuple(step.model_copy(update=measured.get(step.light, {})) for step in manifest.steps)
    return manifest.model_copy(update={"steps": steps}) if measured else manifest


def _has_light(step: StepRecord, options: Options) -> bool:
    return step.light is not None and (step.position if options.near else step.direction) is not None


def _by_manifest(folder: Path, manifest: Manifest, options: Options) -> Inputs:
    steps, warnings = alike_but_for_light(taken(manifest))
    brackets = brackets_of(steps)
    lit = [shots for shots in brackets if shots[0].light is not None]
    dark = next((shots for shots in brackets if shots[0].light is None), [])
    unknown = [step.light for step, *_ in lit if not _has_light(step, options)]
    if unknown:
        what = "position" if options.near else "direction"
        raise LightsUnknown(f"The {what} of light '{unknown[0]}' is not known.", hint=_HOW_TO_TELL)
    if options.near and not manifest.scale_mm_per_pixel:
        raise LightsUnknown(
            "The lights have positions in millimetres, but how many millimetres a pixel has is not known.",
            hint="Note it with the set (scale_mm_per_pixel), or give a light file in image widths (--lights).",
        )
    failed = [step.light for step in manifest.steps if step.light and step.state is not StepState.DONE]
    if failed:
        warnings.append(f"{len(failed)} of the lights were not captured, first '{failed[0]}'.")
    frames = [
        Frame(
            file_of(step, options),
            _vector(step, options),
            step.light,
            # What was measured of a lamp is its strength at full power.
            intensity=(step.intensity or 1.0) * (step.level or 1.0),
            more=_further(more, options),
        )
        for step, *more in lit
    ]
    return Inputs(
        folder,
        tuple(frames),
        MANIFEST_SOURCE,
        ambient=ambient_of(dark, options),
        ambient_more=_further(dark[1:], options),
        near=options.near,
        millimetres=options.near,
        scale_mm_per_pixel=manifest.scale_mm_per_pixel,
        warnings=tuple(warnings),
    )


def _vector(step: StepRecord, options: Options) -> Vector:
    found = step.position if options.near else step.direction
    if found is None:
        raise LightsUnknown(f"The place of light '{step.light}' is not known.", hint=_HOW_TO_TELL)
    x, y, z = found
    return (x, y, z)


def _further(shots: Sequence[StepRecord], options: Options) -> tuple[Shot, ...]:
    return tuple(Shot(file_of(step, options), 1.0) for step in shots)


# By a light file


def _only_light_file(folder: Path, manifest: Manifest | None) -> Path:
    found = sorted(path for path in folder.iterdir() if suffix_of(path) == LP and not path.name.startswith("."))
    if not found:
        if manifest is None:
            raise LightsUnknown(
                f"The folder '{folder.name}' has neither a manifest nor a light file ({LP}).", hint=_HOW_TO_TELL
            )
        raise LightsUnknown(f"The manifest of '{folder.name}' does not know where its lights are.", hint=_HOW_TO_TELL)
    if len(found) > 1:
        names = ", ".join(f"'{path.name}'" for path in found[:5])
        raise LightsUnknown(f"The folder has several light files: {names}.", hint="Name one with --lights.")
    return found[0]


def _by_light_file(folder: Path, path: Path, options: Options, manifest: Manifest | None) -> Inputs:
    files = _Files.of(folder)
    frames, seen, warnings = [], dict[str, str](), list[str]()
    for line in read_lp(path, positions=options.near):
        name = files.find(line, options)
        if name in seen:
            raise LightsFileInvalid(f"{path.name}: '{line.filename}' and '{seen[name]}' are the same image.")
        if PurePosixPath(name).name != line.basename and not warnings:
            warnings.append(f"{path.name} says '{line.basename}'; '{name}' was taken.")
        seen[name] = line.filename
        frames.append(Frame(name, line.vector))
    ambient = None if manifest is None else ambient_of(taken(manifest), options)
    return Inputs(
        folder,
        tuple(frames),
        path.name,
        ambient=ambient if ambient not in seen else None,
        near=options.near,
        scale_mm_per_pixel=None if manifest is None else manifest.scale_mm_per_pixel,
        warnings=tuple(warnings),
    )


@dataclass(frozen=True)
class _Files:
    """The images of a folder, by what light files may call them."""

    folder: Path
    names: frozenset[str]
    by_stem: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, folder: Path) -> "_Files":
        names = [path.name for path in folder.iterdir() if is_image(path) and not path.name.startswith(".")]
        stems: dict[str, tuple[str, ...]] = {}
        for name in sorted(names):
            stems[_stem(name)] = (*stems.get(_stem(name), ()), name)
        return cls(folder, frozenset(names), stems)

    def find(self, line: LightLine, options: Options) -> str:
        """Return the file that a line is about: as it stands there, by its last part, or by that without extension."""
        same = self.by_stem.get(_stem(line.basename), ())
        if options.raw and (raw := next((name for name in same if is_raw(name)), None)):
            return raw
        if line.basename in self.names:
            return line.basename
        below = PurePosixPath(line.filename)
        plain = len(below.parts) > 1 and not below.is_absolute() and ".." not in below.parts
        if plain and (self.folder / below).is_file():
            return str(below)
        # Programs that convert images keep the stem: capture_01.tif is listed, capture_01.jpg is here.
        return standing_for(same) or line.basename


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.casefold()
