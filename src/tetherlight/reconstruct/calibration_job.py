"""The calibration of lights as a job of the server, and what is kept of it in the rig file and in the manifest."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import CalibrationError, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.computation import ComputationJob, Work
from tetherlight.jobs.jobs import Jobs, new_id
from tetherlight.lights.lights import Lights
from tetherlight.protocol.calibration import BallCircle, CalibrateLights, LightCalibration
from tetherlight.protocol.manifest import Manifest, ResultRecord
from tetherlight.protocol.models import LightInfo, Model
from tetherlight.publisher import Publisher
from tetherlight.reconstruct.calibration_work import DEADLINE_S, FUNCTION, MEMORY, work_of
from tetherlight.reconstruct.inputs import CALIBRATION
from tetherlight.rigfile.calibration import CalibrationFigures
from tetherlight.store.manifest import change_manifest, manifest_of, read_raw_manifest
from tetherlight.store.store import Store

DECIMALS = 6


def work(wanted: CalibrateLights, store: Store) -> Work:
    """Return what a child shall do; raise SetNotFound."""
    given = work_of(
        store.places.set_folder(wanted.set_name),
        [_numbers(one) for one in wanted.spheres or []],
        None if wanted.matte is None else _numbers(wanted.matte),
        flat=None if wanted.flat_set_name is None else store.places.set_folder(wanted.flat_set_name),
        places=None if wanted.dome is None else {lamp.light: lamp.place for lamp in wanted.dome},
        within=store.places.captures_dir,
    )
    return Work(FUNCTION, given, DEADLINE_S, MEMORY)


class CalibrationJob(ComputationJob):
    """Calibrates the lights of a set, and applies it where that is wanted."""

    def __init__(
        self,
        job_id: str,
        wanted: CalibrateLights,
        *,
        store: Store,
        lights: Lights,
        publisher: Publisher,
        changes: SetChanges,
    ) -> None:
        super().__init__(job_id, work(wanted, store), publisher, set_name=wanted.set_name)
        self._wanted = wanted
        self._store = store
        self._lights = lights
        self._changes = changes
        self._holds = False

    def _begin(self) -> None:
        if not self._holds:
            # The set is kept from being deleted, renamed or captured into until the job has ended.
            self._held.enter_context(self._store.sets.hold(self.set_name or "", self.job_id))
            self._held.callback(setattr, self, "_holds", False)
            self._holds = True
        super()._begin()

    async def calibration(self) -> LightCalibration:
        """Wait for the end and return what was found; raise the error that stands in its way."""
        return LightCalibration.model_validate(await self.result(), from_attributes=True)

    async def _keep(self, result: Any) -> Model:
        folder = await asyncio.to_thread(self._store.places.set_folder, self.set_name or "")
        scale = await asyncio.to_thread(_scale, folder, self._store.places.captures_dir)
        levels = await asyncio.to_thread(_levels, folder)
        told = compared(
            at_full_power(result, levels), {light.name: light for light in self._lights.status().lights}, scale
        )
        now = datetime.now(UTC).replace(microsecond=0)
        if self._wanted.apply:
            await self._apply(folder, told, now)
        found = sum(one["direction"] is not None for one in told["lights"])
        return LightCalibration(
            message=f"{found} lights of set '{self.set_name}' are calibrated.",
            set_name=self.set_name or "",
            job_id=self.job_id,
            calibrated_at=now,
            applied=self._wanted.apply,
            **told,
        )

    async def _apply(self, folder: Path, told: Mapping[str, Any], now: datetime) -> None:
        changes = measured(told, now)
        if not changes:
            raise CalibrationError(
                "None of the lights that were found is one of this rig's, so nothing was written.",
                hint="Capture a set with the rig's lights, or look at the result without `apply`.",
            )
        figures = figures_of(told, changes, self.set_name or "", now)
        await self._lights.calibrated(changes, figures)
        kept = {key: value for key, value in told.items() if not isinstance(value, float)}
        numbers = figures.model_dump(exclude_none=True, exclude={"at", "set"})
        record = ResultRecord.model_validate({"kind": CALIBRATION, "made_at": now, "figures": numbers, **kept})
        await asyncio.to_thread(change_manifest, folder, _noted(record))
        with contextlib.suppress(TetherlightError):
            await self._changes.tell(self.set_name or "", "updated")


class Calibrations:
    """Starts calibrations."""

    def __init__(self, store: Store, lights: Lights, jobs: Jobs, publisher: Publisher, set_changes: SetChanges) -> None:
        self._store = store
        self._lights = lights
        self._jobs = jobs
        self._publisher = publisher
        self._set_changes = set_changes

    async def start(self, wanted: CalibrateLights) -> CalibrationJob:
        """Start the job of a set; raise SetNotFound, SetBusy and CpuBusy."""

        def check() -> None:
            work(wanted, self._store)

        async with self._jobs.starting(new_id(), {claims.CPU}, check) as start:
            job = CalibrationJob(
                start.job_id,
                wanted,
                store=self._store,
                lights=self._lights,
                publisher=self._publisher,
                changes=self._set_changes,
            )
            self._jobs.begin(job, start)
            return job


def compared(told: Mapping[str, Any], rig: Mapping[str, LightInfo], scale: float | None) -> dict[str, Any]:
    """Return what a child has found, beside what the rig file says of the same lights."""
    lights = [one | _beside(one, rig.get(one["light"] or ""), told["width"], scale) for one in told["lights"]]
    errors = [one["error_deg"] for one in lights if one["error_deg"] is not None]
    angles = [one["off_deg"] for one in lights if one["off_deg"] is not None]
    return {
        **told,
        "lights": lights,
        "mean_error_deg": fmean(errors) if errors else None,
        "largest_error_deg": max(errors, default=None),
        "moved_deg": max(angles, default=None),
    }


def measured(told: Mapping[str, Any], now: datetime) -> dict[str, dict[str, Any]]:
    """Return the keys of the rig file that lights of it get."""
    changes = {}
    for one in told["lights"]:
        if one["former"] is not None and one["direction"] is not None:
            changes[one["light"]] = {"direction": _rounded(one["direction"], DECIMALS), "calibrated_at": now}
            if one["position_mm"] is not None:
                changes[one["light"]]["position"] = _rounded(one["position_mm"], 1)
            if one["intensity"] is not None:
                changes[one["light"]]["intensity"] = round(one["intensity"], DECIMALS)
    return changes


def figures_of(told: Mapping[str, Any], changes: Mapping[str, Any], set_name: str, now: datetime) -> CalibrationFigures:
    """Return what the rig file keeps of the calibration as a whole."""
    return CalibrationFigures(
        at=now,
        set=set_name,
        lights=len(changes),
        mean_error_deg=_short(told["mean_error_deg"]),
        largest_error_deg=_short(told["largest_error_deg"]),
        moved_deg=_short(told["moved_deg"]),
        sphere_radius=_short(max(one["r"] for one in told["spheres"])),
    )


def _beside(one: Mapping[str, Any], known: LightInfo | None, width: int, scale: float | None) -> dict[str, Any]:
    place = one["position"]
    millimetres = None if place is None or scale is None else [part * width * scale for part in place]
    nothing: dict[str, Any] = {"position_mm": millimetres, "off_deg": None, "former": None}
    if known is None:
        return nothing
    former = known.model_dump(include={"direction", "position", "intensity", "calibrated_at"})
    if known.direction is None or one["direction"] is None:
        return nothing | {"former": former}
    return nothing | {"former": former, "off_deg": _angle(one["direction"], known.direction)}


def _angle(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the degrees between two vectors; the server does not load numpy for that."""
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def _noted(record: ResultRecord) -> Callable[[Manifest], Manifest]:
    """Return what puts a record into a manifest, in the place of a former one of its kind."""

    def change(manifest: Manifest) -> Manifest:
        others = tuple(one for one in manifest.results if getattr(one, "kind", None) != CALIBRATION)
        return manifest.model_copy(update={"results": (*others, record)})

    return change


def at_full_power(told: Mapping[str, Any], levels: Mapping[str, float]) -> Mapping[str, Any]:
    """Return what a child has found with the strengths of lamps at full power, their mean 1.

    `levels` says how bright those were that were dimmed in the set.
    """
    dimmed = any(levels.get(one["light"] or "", 1.0) != 1.0 for one in told["lights"])
    lights = [
        one if one["intensity"] is None else one | {"intensity": one["intensity"] / levels.get(one["light"] or "", 1.0)}
        for one in told["lights"]
    ]
    strengths = [one["intensity"] for one in lights if one["intensity"] is not None]
    if not dimmed or not strengths:
        return told
    mean = fmean(strengths)
    scaled = [one if one["intensity"] is None else one | {"intensity": one["intensity"] / mean} for one in lights]
    return {**told, "lights": scaled}


def _levels(folder: Path) -> dict[str, float]:
    raw = read_raw_manifest(folder)
    plan = None if raw is None else manifest_of(raw).plan
    return {light.name: light.level for light in (plan.lights if plan else ()) if light.level}


def _scale(folder: Path, within: Path) -> float | None:
    raw = read_raw_manifest(folder, within)
    return None if raw is None else manifest_of(raw).scale_mm_per_pixel or None


def _numbers(circle: BallCircle) -> tuple[float, float, float]:
    return circle.x, circle.y, circle.r


def _rounded(vector: Any, decimals: int) -> tuple[float, float, float]:
    x, y, z = (round(float(part), decimals) for part in vector)
    return x, y, z


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
