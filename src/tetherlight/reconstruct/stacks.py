"""Which images of a set become one: those of a light that differ in focus, exposure, ISO or by being repeated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tetherlight.errors import NoFocusStack, TetherlightError
from tetherlight.protocol.manifest import LIGHT, Manifest, StepRecord
from tetherlight.protocol.models import StepState
from tetherlight.reconstruct.exposures import by_image, relative_exposures
from tetherlight.reconstruct.inputs import merged_result
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.steps import EXPOSURE, FOCUS, image_of
from tetherlight.store.manifest import manifest_of, read_raw_manifest

REPEAT, SETTING, ISO = "repeat", "setting", "iso"
_ALIKE = 1.01
"""Exposures that are less apart are one."""


@dataclass(frozen=True)
class Cell:
    """The images of one light at one place of the lens: by exposure, shortest first, each as often as it was taken."""

    exposures: tuple[float, ...]
    names: tuple[tuple[str, ...], ...]
    """(E, R): for each exposure."""
    gains: tuple[float, ...]
    """The ISO of each exposure against that of the first."""

    @property
    def several(self) -> bool:
        """Whether something is merged."""
        return sum(map(len, self.names)) > 1

    @property
    def every(self) -> tuple[str, ...]:
        """All names."""
        return tuple(name for names in self.names for name in names)


@dataclass(frozen=True)
class Stacks:
    """The images of a set by light, each from the first place of the lens to the last."""

    lights: tuple[str | None, ...]
    cells: tuple[tuple[Cell, ...], ...]
    """(K, F)"""
    left_out: tuple[str, ...]
    """Lights of which a place is missing."""
    exposed: Mapping[str | None, Mapping[str, Any]]
    """How the shortest exposure of each light was exposed."""
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest, *, raw: bool = False) -> "Stacks":
        """Sort the images of a manifest; raise NoFocusStack where there is nothing to merge."""
        found, warnings = _sorted(manifest, raw=raw)
        known = by_image([step for step in manifest.steps if step.files])
        names = [name for places in found.values() for shots in places.values() for name in shots]
        exposures, said = relative_exposures(names, known)
        count = max((len(one) for one in found.values()), default=0)
        cells = {
            light: tuple(_cell(shots, exposures, known) for shots in places.values())
            for light, places in found.items()
            if len(places) == count
        }
        if count < 2 and not any(cell.several for some in cells.values() for cell in some):
            raise NoFocusStack(
                "The set has no two images of one light at different places of the lens, and none that were repeated.",
                hint="Capture it with a focus axis, or with one of repeat, exposure or ISO.",
            )
        return cls(
            tuple(cells),
            tuple(cells.values()),
            tuple(str(light or "ambient") for light in found if light not in cells),
            {light: known.get(some[0].every[0], {}) for light, some in cells.items()},
            (*warnings, *(said if any(len(cell.exposures) > 1 for some in cells.values() for cell in some) else ())),
        )

    @property
    def every(self) -> list[str]:
        """All names."""
        return [name for cells in self.cells for cell in cells for name in cell.every]

    @property
    def repeats(self) -> int:
        """How often an image was taken at most."""
        return max(len(names) for cells in self.cells for cell in cells for names in cell.names)

    @property
    def exposures(self) -> int:
        """At how many exposures a light was taken at most."""
        return max(len(cell.exposures) for cells in self.cells for cell in cells)

    @property
    def several(self) -> bool:
        """Whether the images of a light at one place are merged."""
        return any(cell.several for cells in self.cells for cell in cells)


def _sorted(manifest: Manifest, *, raw: bool) -> tuple[dict[str | None, dict[str, list[str]]], list[str]]:
    """Return the images by light and place of the lens; of axes that are not merged the first value is taken."""
    options = Options(raw=raw)
    taken = [step for step in manifest.steps if step.state is StepState.DONE and image_of(step, options) is not None]
    merging = _merging(manifest)
    kept = repr(_others(taken[0], merging)) if taken else ""
    some = [step for step in taken if repr(_others(step, merging)) == kept]
    found: dict[str | None, dict[str, list[str]]] = {}
    for step in some:
        name = image_of(step, options)
        if name is not None:
            found.setdefault(step.light, {}).setdefault(repr(step.at.get(FOCUS)), []).append(name)
    if len(some) == len(taken):
        return found, []
    values = ", ".join(f"{axis} {value}" for axis, value in _others(taken[0], merging))
    return found, [f"Only the {len(some)} images with {values} were merged."]


def _merging(manifest: Manifest) -> frozenset[str]:
    """Return the axes whose images become one; a setting is one of them where it is the ISO."""
    axes = manifest.plan.axes if manifest.plan else ()
    iso = any(axis.axis == SETTING and str(axis.options.get("name", "")).lower().endswith(ISO) for axis in axes)
    return frozenset({FOCUS, EXPOSURE, REPEAT, *((SETTING,) if iso else ())})


def _others(step: StepRecord, merging: Iterable[str]) -> list[tuple[str, Any]]:
    return sorted(((axis, value) for axis, value in step.at.items() if axis not in {LIGHT, *merging}), key=str)


def _cell(names: list[str], exposures: Mapping[str, float], known: Mapping[str, Mapping[str, Any]]) -> Cell:
    groups: list[tuple[float, list[str]]] = []
    for name in sorted(names, key=lambda one: exposures[one]):
        if groups and exposures[name] < _ALIKE * groups[-1][0]:
            groups[-1][1].append(name)
        else:
            groups.append((exposures[name], [name]))
    isos = [_iso(known.get(some[0], {})) for _, some in groups]
    gains = tuple(iso / isos[0] if iso and isos[0] else 1.0 for iso in isos)
    return Cell(tuple(one for one, _ in groups), tuple(tuple(some) for _, some in groups), gains)


def _iso(exposure: Mapping[str, Any]) -> float:
    try:
        return float(exposure.get("iso_speed") or exposure.get("iso") or 0)
    except (TypeError, ValueError):
        return 0.0


def to_merge(folder: Path, within: Path | None, *, raw: bool) -> bool:
    """Say whether a surface of a set has to wait for merged images: it has several of a light, and none made of them.

    Exposures alone are merged with the surface. What cannot be read is told by what reads it then.
    """
    try:
        told = read_raw_manifest(folder, within or folder.parent)
        if told is None:
            return False
        made = merged_result(told, raw=raw)
        if made is not None and all((folder / one.filename).is_file() for one in made.files):
            return False
        manifest = manifest_of(told)
        stacks = Stacks.of(manifest, raw=raw)
    except (OSError, TetherlightError):
        return False
    iso = any(len(set(cell.gains)) > 1 for cells in stacks.cells for cell in cells)
    bracket = any(EXPOSURE in step.at for step in manifest.steps)
    return len(stacks.cells[0]) > 1 or stacks.repeats > 1 or (iso and not bracket)
