"""The engine of a photometric set: light on, settle, capture, light off, next."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import Exposure
from tetherlight.capture.plan import LOCKED, locked_values, step_stem
from tetherlight.errors import ImageUnreadable, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.manifest import FileRecord, Manifest, StepRecord
from tetherlight.models import StepState
from tetherlight.photometric.checks import Brightness, brightness_of, missing_light
from tetherlight.store.exif import drift, read_exif
from tetherlight.store.thumbnails import levels_of

logger = logging.getLogger(__name__)


class StepFailed(Exception):
    """A step did not give its image; the manifest tells it already."""

    def __init__(self, step: StepRecord, cause: TetherlightError) -> None:
        super().__init__(cause.message)
        self.step = step
        self.cause = cause


@dataclass(frozen=True)
class Lit:
    """A step whose light is on and has settled."""

    step: StepRecord
    on_at: datetime
    warnings: tuple[str, ...] = ()


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
        self._ambient: Brightness | None = None

    def stop(self) -> None:
        """End after the exposure under way; a light that settles is not waited for."""
        self._stop.set()

    async def run(self) -> None:
        """Take every pending step; raise StepFailed at the first that fails.

        While the files of a step are on their way from the camera, and while they are looked at, the next light is on
        already and settles.
        """
        pending = [step for step in self._recorder.manifest.steps if step.state is StepState.PENDING]
        lit: asyncio.Task[Lit | None] | None = None
        try:
            for step, following in zip_longest(pending, pending[1:]):
                ready = await (lit or self._light(step))
                if ready is None:
                    return
                lit = await self._take(ready, following)
        finally:
            await _ended(lit)

    async def _light(self, planned: StepRecord) -> Lit | None:
        """Switch the step's light on and let it settle; None where the sequence was stopped before that."""
        if self._stop.is_set():
            return None
        running = {"state": StepState.RUNNING, "attempts": planned.attempts + 1, "error": None, "error_code": None}
        step = planned.model_copy(update=running | {"warnings": ()})
        await self._recorder.record(step)
        try:
            await self._lights.only(step.light, owner=self._owner)
            on_at = datetime.now(UTC)
            warnings = await self._settle(step.settle_s or 0.0)
        except TetherlightError as error:
            raise await self._failed(step, error) from error
        if warnings is None:
            await self._lights.only(None, owner=self._owner)
            await self._recorder.record(planned)
            return None
        return Lit(step, on_at, tuple(warnings))

    async def _settle(self, seconds: float) -> list[str] | None:
        """Wait for the light and meanwhile hold the exposure; None where the sequence was stopped."""
        holding = asyncio.create_task(self._hold_exposure())
        try:
            return None if await self._stopped_within(seconds) else await holding
        finally:
            await _ended(holding)

    async def _take(self, lit: Lit, following: StepRecord | None) -> asyncio.Task[Lit | None] | None:
        """Take a step's image and return the next one's light, on its way."""
        step, exposed = lit.step, asyncio.Event()
        ahead: asyncio.Task[Lit | None] | None = None
        try:
            capture = asyncio.create_task(
                self._camera.capture(
                    self._folder,
                    step_stem(step),
                    owner=self._owner,
                    replace=[file.filename for file in step.files],
                    exposed=exposed.set,
                )
            )
            capture.add_done_callback(lambda _: exposed.set())
            try:
                await exposed.wait()
                if capture.done() or following is None or self._stop.is_set():
                    await self._lights.only(None, owner=self._owner)
                else:
                    ahead = asyncio.create_task(self._light(following))
                off_at = datetime.now(UTC)
                exposure = await capture
            finally:
                await _ended(capture)
            if ahead is None and following is not None:
                ahead = asyncio.create_task(self._light(following))
            done = await asyncio.to_thread(self._finished, lit, exposure, off_at)
        except TetherlightError as error:
            await self._put_back(ahead, following)
            raise await self._failed(step, error) from error
        except BaseException:
            await _ended(ahead)
            raise
        await self._recorder.record(done)
        return ahead

    async def _put_back(self, ahead: asyncio.Task[Lit | None] | None, following: StepRecord | None) -> None:
        await _ended(ahead)
        if ahead is not None and following is not None:
            await self._lights.only(None, owner=self._owner)
            await self._recorder.record(following)

    async def _failed(self, step: StepRecord, error: TetherlightError) -> StepFailed:
        failed = step.model_copy(update={"state": StepState.FAILED, "error": error.message, "error_code": error.code})
        await self._recorder.record(failed)
        return StepFailed(failed, error)

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

    def _finished(self, lit: Lit, exposure: Exposure, off_at: datetime) -> StepRecord:
        step = lit.step
        plan = self._recorder.manifest.plan
        planned = dict(plan.exposure) if plan else {}
        facts, found = _compared(planned, exposure)
        done = step.model_copy(
            update={
                "state": StepState.DONE,
                "on_at": lit.on_at if step.light is not None else None,
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
            }
        )
        return done.model_copy(update={"warnings": (*lit.warnings, *found, *self._without_light(done))})

    def _without_light(self, done: StepRecord) -> list[str]:
        """Return a sentence where a step's image does not show its light."""
        if done.light is None or done.image is None:
            return []
        try:
            if self._ambient is None and (ambient := self._recorder.manifest.ambient_image) is not None:
                self._ambient = _brightness(self._folder / ambient.filename)
            missing = missing_light(_brightness(self._folder / done.image.filename), self._ambient)
        except ImageUnreadable as error:
            logger.warning("Whether %s shows its light is not known: %s", done.image.filename, error.message)
            return []
        return [missing] if missing else []


async def _ended(task: asyncio.Task[Any] | None) -> None:
    """Make sure that a task has ended, and that nobody misses its exception."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _compared(planned: Mapping[str, Any], exposure: Exposure) -> tuple[dict[str, Any], list[str]]:
    """Return what the picture says of its own exposure, and a sentence for each value that was not planned."""
    try:
        facts = read_exif(exposure.files[0].path)
    except ImageUnreadable as error:
        return {}, [error.message]
    found = {"exposure_time_s": facts.exposure_time_s, "f_number": facts.f_number, "iso_speed": facts.iso}
    return {name: value for name, value in found.items() if value is not None}, drift(planned, facts)


def _brightness(path: Path) -> Brightness:
    return brightness_of(levels_of(path))
