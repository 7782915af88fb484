"""The engine of a photometric set: light on, settle, capture, light off, next."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import Exposure
from tetherlight.errors import ImageUnreadable, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.models import StepState
from tetherlight.photometric.plan import LOCKED, locked_values, step_stem
from tetherlight.store.exif import drift, read_exif
from tetherlight.store.manifest import FileRecord, Manifest, StepRecord

logger = logging.getLogger(__name__)


class StepFailed(Exception):
    """A step did not give its image; the manifest tells it already."""

    def __init__(self, step: StepRecord, cause: TetherlightError) -> None:
        super().__init__(cause.message)
        self.step = step
        self.cause = cause


class Recorder(Protocol):
    """Who keeps the manifest and tells how far the sequence is."""

    manifest: Manifest

    async def record(self, step: StepRecord) -> None:
        """Put the step into the manifest, on the disk, and tell it."""


class Sequence:
    """Runs the pending steps of a set, the camera and the lights being reserved for it."""

    def __init__(self, recorder: Recorder, folder: Path, camera: Camera, lights: Lights, owner: str) -> None:
        self._recorder = recorder
        self._folder = folder
        self._camera = camera
        self._lights = lights
        self._owner = owner
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End after the exposure under way; a light that settles is not waited for."""
        self._stop.set()

    async def run(self) -> None:
        """Take every pending step; raise StepFailed at the first that fails."""
        for step in self._recorder.manifest.steps:
            if self._stop.is_set():
                return
            if step.state is StepState.PENDING:
                await self._take(step)

    async def _take(self, planned: StepRecord) -> None:
        running = {"state": StepState.RUNNING, "attempts": planned.attempts + 1, "error": None, "error_code": None}
        step = planned.model_copy(update=running | {"warnings": ()})
        await self._recorder.record(step)
        try:
            done = await self._shoot(step)
        except TetherlightError as error:
            failed = step.model_copy(
                update={"state": StepState.FAILED, "error": error.message, "error_code": error.code}
            )
            await self._recorder.record(failed)
            raise StepFailed(failed, error) from error
        await self._recorder.record(planned if done is None else done)

    async def _shoot(self, step: StepRecord) -> StepRecord | None:
        """Return the step with its image, or None where it was stopped before the exposure."""
        warnings = await self._hold_exposure()
        await self._lights.only(step.light, owner=self._owner)
        on_at = datetime.now(UTC)
        if await self._stopped_within(step.settle_s or 0.0):
            await self._lights.only(None, owner=self._owner)
            return None
        exposure = await self._camera.capture(
            self._folder, step_stem(step), owner=self._owner, replace=bool(step.files)
        )
        await self._lights.only(None, owner=self._owner)
        off_at = datetime.now(UTC)
        return await asyncio.to_thread(self._finished, step, exposure, on_at, off_at, warnings)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass
        return self._stop.is_set()

    async def _hold_exposure(self) -> list[str]:
        """Put back settings that changed since the set began; return a sentence for each."""
        plan = self._recorder.manifest.plan
        await self._camera.refresh(LOCKED, owner=self._owner)
        now = locked_values(await self._camera.get_config())
        warnings = []
        for name, value in (plan.exposure if plan else {}).items():
            if name in now and now[name] != value:
                warnings.append(f"{name} was {now[name]} instead of {value} and was set back.")
                await self._camera.set_config(name, value, owner=self._owner)
        return warnings

    def _finished(
        self, step: StepRecord, exposure: Exposure, on_at: datetime, off_at: datetime, warnings: list[str]
    ) -> StepRecord:
        plan = self._recorder.manifest.plan
        planned = dict(plan.exposure) if plan else {}
        facts, drifted = _compared(planned, exposure)
        return step.model_copy(
            update={
                "state": StepState.DONE,
                "on_at": on_at if step.light is not None else None,
                "off_at": off_at if step.light is not None else None,
                "captured_at": exposure.captured_at,
                "exposure": planned | facts,
                "files": tuple(
                    FileRecord(
                        filename=file.path.name,
                        size=file.size,
                        sha256=file.sha256,
                        mimetype=file.mimetype,
                        camera_name=file.camera_name,
                    )
                    for file in exposure.files
                ),
                "warnings": (*warnings, *drifted),
            }
        )


def _compared(planned: Mapping[str, Any], exposure: Exposure) -> tuple[dict[str, Any], list[str]]:
    """Return what the picture says of its own exposure, and a sentence for each value that was not planned."""
    try:
        facts = read_exif(exposure.files[0].path)
    except ImageUnreadable as error:
        return {}, [error.message]
    found = {"exposure_time_s": facts.exposure_time_s, "f_number": facts.f_number, "iso_speed": facts.iso}
    return {name: value for name, value in found.items() if value is not None}, drift(planned, facts)
