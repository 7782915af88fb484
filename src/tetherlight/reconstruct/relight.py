"""From the images of a set to a picture that can be lit anew: what runs in the child."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import InvalidPayload
from tetherlight.files.durable import store_errors, write_atomically
from tetherlight.photometric.light_terms import Doubles, psnr
from tetherlight.photometric.relighting import KINDS, LEAST, PLANES, Basis, Coding, Kind, left_out, maker
from tetherlight.pixels.response import SRGB, linear_to_srgb
from tetherlight.protocol.results import RelightBasis
from tetherlight.reconstruct.inputs import Inputs, find_inputs
from tetherlight.reconstruct.legacy_ptm import write_ptm
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.report import SOFTWARE
from tetherlight.reconstruct.spool import Floats, Stack, Tell, plan_of, sheets_in
from tetherlight.reconstruct.surface import Stopwatch, lights_of, stacks_of
from tetherlight.reconstruct.survey import survey
from tetherlight.reconstruct.viewer_files import Look, as_jpegs, write_viewer

REPORT = "report.json"
CHOSEN_ON, CODED_ON = 4000, 40_000
"""Pixels on which the basis is chosen, and on which the range of its planes is looked at."""
TIE_DB = 0.1
"""What predicts better by less than this is no better: what comes first in `PREFERRED` is taken."""
PREFERRED: tuple[Kind, ...] = ("rbf", "lptm", "ptm", "hsh")
BRIGHT = 0.9
"""Where the brightest samples come to where the values of the files were not made for a screen."""
_ROOTS = 16384
_SHARES = {"read": (0.0, 0.4), "choose": (0.4, 0.5), "planes": (0.5, 0.8), "write": (0.8, 1.0)}


@dataclass(frozen=True)
class Wanted:
    """What was chosen, as it travels."""

    basis: RelightBasis = "auto"
    planes: int = PLANES
    lights: str | None = None
    """The path of an `.lp` file; None for what the folder tells."""
    raw: bool = False
    ptm: bool = False
    """Whether a file for older programs is wanted, too."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Take them from what has travelled; raise InvalidPayload."""
        made = cls(**given)
        if made.basis not in get_args(RelightBasis):
            names = ", ".join(get_args(RelightBasis))
            raise InvalidPayload(f"There is no basis '{made.basis[:60]}'.", hint=f"Bases are {names}.")
        if made.planes not in range(3, 28) or made.planes % 3:
            raise InvalidPayload(f"{made.planes} planes cannot be: take 3, 6, 9 and so on up to 27.")
        return made

    def as_dict(self) -> dict[str, Any]:
        """Return them as what travels."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Screen:
    """The images of a stack as a screen shows them, from 0 to 1."""

    stack: Stack
    gain: float
    table: Floats
    """The sRGB value of each root of light."""

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Take the values as they are where they are sRGB; else the brightest become nearly white."""
        gain = 1.0
        if stack.response is not SRGB:
            step = max(1, int(np.sqrt(np.prod(stack.size) / CHOSEN_ON)))
            light, _ = stack.light(slice(0, stack.size[0], step), step)
            gain = BRIGHT / max(float(np.quantile(light, 0.999)), 1e-6)
        roots = np.linspace(0, 1, _ROOTS, dtype=np.float32)
        return cls(stack, gain, linear_to_srgb(roots * roots))

    def values(self, rows: slice, step: int = 1) -> Floats:
        """Return the values (K, h * w, 3) of some rows; gray images have three equal channels."""
        stack = self.stack
        if self._plain:
            coded = stack.frames[stack.kept, rows, ::step]
            found = coded.astype(np.float32) * np.float32(1 / np.iinfo(coded.dtype).max)
        else:
            light, _ = stack.light(rows, step)
            root = np.sqrt(np.clip(light * np.float32(self.gain), 0, 1))
            found = self.table.take((root * np.float32(_ROOTS - 1) + np.float32(0.5)).astype(np.int32))
        if found.ndim == 3:
            found = np.repeat(found[..., None], 3, axis=3)
        return np.ascontiguousarray(found.reshape(len(found), -1, 3))

    @property
    def _plain(self) -> bool:
        """Whether the values of the files are what a screen shows already."""
        stack = self.stack
        alike = bool(np.ptp(stack.scales[stack.kept]) == 0 and stack.scales[stack.kept][0] == 1)
        return stack.response is SRGB and stack.ambient is None and alike and stack.frames.dtype.kind == "u"

    def sample(self, count: int) -> Floats:
        """Return about so many pixels, spread over the image, (K, N, 3)."""
        height, width = self.stack.size
        step = max(1, int(np.sqrt(height * width / count)))
        return self.values(slice(step // 2, height, step), step)


@dataclass(frozen=True, eq=False)
class _Chosen:
    kind: Kind
    basis: Basis
    coding: Coding
    worth: dict[str, float]
    """PSNR in dB of left-out lights, by basis."""


def relight(
    progress: Tell, *, folder: str, into: str, options: Mapping[str, Any], within: str | None = None
) -> dict[str, Any]:
    """Make a picture that can be lit anew of a folder's images; return what a list of results tells of it.

    `within` is the folder below which no link is followed. Raises what `find_inputs` raises, and ImageUnreadable,
    ShapesDiffer, ImagesBlack, ImagesClipped, TooFewLights, LightsCoplanar, DiskFull and StoreError.
    """
    wanted, top = Wanted.of(options), None if within is None else Path(within)
    as_surface = Options(lights=wanted.lights, raw=wanted.raw)
    inputs = find_inputs(Path(folder), as_surface, top)
    watch, place = Stopwatch(), Path(into)
    with sheets_in(place) as sheets:
        with watch.part("read"):
            plan = plan_of(inputs.folder, inputs.names, 1, top)
            stacks, sums = stacks_of(inputs, plan, as_surface, sheets, tell=_telling(progress, "read"), within=top)
        with watch.part("choose"):
            lights = lights_of(inputs, plan)
            looked = survey(stacks[0], inputs.frames, lights, None)
            screen = Screen.of(looked.stack)
            at = lights[looked.stack.kept].astype(np.float64)
            chosen = _choose(screen, at, wanted, _telling(progress, "choose"))
        with watch.part("planes"):
            jpegs = sheets.sheet((chosen.basis.count // 3, *looked.stack.size, 3), np.uint8)
            _fill(jpegs, screen, chosen, _telling(progress, "planes"))
        with watch.part("write"):
            scale = inputs.scale_mm_per_pixel
            look = Look(chosen.kind, chosen.basis, chosen.coding, at, inputs.folder.name, scale)
            write_viewer(place, jpegs, look, _telling(progress, "write"))
            if wanted.ptm:
                write_ptm(place / "relight.ptm", screen.values, at, looked.stack, sheets)
    told = _told(chosen, wanted, inputs, looked.stack) | {
        "warnings": [*inputs.warnings, *plan.warnings, *looked.warnings],
        "timings_s": watch.seconds,
        "inputs": dict(sums) | dict(inputs.origins),
    }
    return _reported(place, told)


def _telling(progress: Tell, part: str) -> Tell:
    begin, end = _SHARES[part]

    def tell(done: float, total: float, activity: str | None = None) -> None:
        progress(begin + (end - begin) * done / max(total, 1e-9), 1.0, activity)

    return tell


def _choose(screen: Screen, lights: Doubles, wanted: Wanted, tell: Tell) -> _Chosen:
    """Measure each basis on left-out lights and take the best one, or that which was asked for."""
    few = screen.sample(CHOSEN_ON)
    worth: dict[str, float] = {}
    possible = [kind for kind in KINDS if len(lights) > LEAST[kind]]
    for number, kind in enumerate(possible):
        tell(number, len(possible), f"leaving lights out: {kind}")
        worth[kind] = round(psnr(list(left_out(maker(kind, few, lights, wanted.planes), few, lights))), 3)
    kind = _best(worth) if wanted.basis == "auto" else wanted.basis
    many = screen.sample(CODED_ON)
    basis = maker(kind, few, lights, wanted.planes)(many, lights)
    return _Chosen(kind, basis, Coding.of(basis.planes(many)), worth)


def _best(worth: Mapping[str, float]) -> Kind:
    most = max(worth.values(), default=0.0)
    return next((kind for kind in PREFERRED if worth.get(kind, -1.0) >= most - TIE_DB), "rbf")


def _fill(jpegs: NDArray[np.uint8], screen: Screen, chosen: _Chosen, tell: Tell) -> None:
    height, width = screen.stack.size
    for rows in screen.stack.strips(2):
        tell(rows.start, height, "computing planes")
        coded = chosen.coding.coded(chosen.basis.planes(screen.values(rows)))
        lines = coded.reshape(len(jpegs), 3, rows.stop - rows.start, width)
        jpegs[:, rows] = as_jpegs(lines)


def _told(chosen: _Chosen, wanted: Wanted, inputs: Inputs, stack: Stack) -> dict[str, Any]:
    height, width = stack.size
    figures = {f"psnr_{kind}": value for kind, value in chosen.worth.items()} | {
        "planes": chosen.basis.count, "lights": len(stack.kept), "width": width, "height": height,
    }  # fmt: skip
    if chosen.kind in chosen.worth:
        figures["psnr"] = chosen.worth[chosen.kind]
    return {
        "kind": "relight",
        "method": chosen.kind,
        "why": _why(chosen, wanted),
        "figures": figures,
        "parameters": wanted.as_dict() | {"lights_source": inputs.source},
        "versions": {name: version(name) for name in SOFTWARE},
    }


def _reported(place: Path, told: dict[str, Any]) -> dict[str, Any]:
    with store_errors("The report could not be written"):
        write_atomically(place / REPORT, json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n")
    return told


def _why(chosen: _Chosen, wanted: Wanted) -> str:
    said = ", ".join(f"{kind} {value:.1f}" for kind, value in chosen.worth.items())
    begin = "it was asked for" if wanted.basis != "auto" else "it predicts left-out lights best, or as well as others"
    return f"{chosen.kind}: {begin}. PSNR of left-out lights in dB: {said}." if said else f"{chosen.kind}: {begin}."
