"""Pictures of several cameras that are begun in one moment: by lines at their releases, or by all their connections."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tetherlight.camera.camera import Camera
from tetherlight.camera.lane import Place
from tetherlight.capture.moment import Moment, NotBegun, OfMoment, new_exposure_id
from tetherlight.capture.single import Captures
from tetherlight.errors import CaptureFailed, CaptureIncomplete, TetherlightError, TriggerError
from tetherlight.protocol.cameras import CaptureResult
from tetherlight.protocol.events import FRAMES_CHANGED
from tetherlight.protocol.models import ImageFile
from tetherlight.protocol.together import CaptureAllResult, Frame, Trigger
from tetherlight.publisher import Publisher
from tetherlight.triggers.lines import Wired
from tetherlight.triggers.triggers import Triggers


class Together:
    """Takes pictures with several cameras in one moment."""

    def __init__(self, captures: Captures, triggers: Triggers, publisher: Publisher) -> None:
        self._captures = captures
        self.triggers = triggers
        self._publisher = publisher

    async def capture(
        self, turns: Sequence[tuple[Camera, Place]], *, trigger: Trigger | None, download: bool
    ) -> CaptureAllResult:
        """Take one picture with each camera, whose place is its own until its picture is here.

        All are released or none. Raises TriggerMissing, TriggerFailed or the error of a camera that was not ready, with
        nothing released; CaptureIncomplete with the frames of the others where a camera gave no picture.
        """
        try:
            return await self._captured([camera for camera, _ in turns], turns, trigger, download=download)
        finally:
            for _, place in turns:
                place.leave()

    async def _captured(
        self,
        cameras: Sequence[Camera],
        turns: Sequence[tuple[Camera, Place]],
        trigger: Trigger | None,
        *,
        download: bool,
    ) -> CaptureAllResult:
        ids = [camera.camera_id for camera in cameras]
        by_line = trigger == "line" or (trigger is None and self.triggers.fires(ids))
        patience = self.triggers.patience(ids) if by_line else {}
        # So that no camera is ready long before the last one.
        await asyncio.gather(*(place.first() for _, place in turns))
        group = _Group("line" if by_line else "software", self._publisher)
        moment = Moment(len(turns), lambda: self._fire(cameras, group) if by_line else _by_themselves())
        tasks = [
            asyncio.create_task(self._one(turn, group, OfMoment(moment, patience.get(turn[0].camera_id)), download))
            for turn in turns
        ]
        try:
            await asyncio.wait(tasks)
        finally:
            moment.never()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return group.closed(dict(zip(ids, outcomes, strict=True)), released=moment.released)

    async def _fire(self, cameras: Sequence[Camera], group: "_Group") -> float:
        fired = await self.triggers.fire([Wired(camera.camera_id, camera.port) for camera in cameras])
        group.spread_s = fired.spread_s
        return fired.at

    async def _one(self, turn: tuple[Camera, Place], group: "_Group", start: OfMoment, download: bool) -> CaptureResult:
        camera, place = turn

        async def late(files: Sequence[ImageFile]) -> None:
            group.came_late(camera.camera_id, files)

        with place:
            try:
                return await self._captures.capture(
                    camera, download=download, start=start, late=late, exposure_id=group.exposure_id
                )
            except BaseException:
                # The others must not wait for one that will not come.
                start.moment.never()
                raise


async def _by_themselves() -> None:
    """Let each camera be released by its own connection."""


@dataclass
class _Group:
    """The frames of one exposure, also those files that come late."""

    trigger: Trigger
    publisher: Publisher
    exposure_id: str = field(default_factory=new_exposure_id)
    spread_s: float | None = None
    _frames: dict[str, Frame] = field(default_factory=dict)
    _late: dict[str, list[ImageFile]] = field(default_factory=dict)

    def came_late(self, camera_id: str, files: Sequence[ImageFile]) -> None:
        """Give a frame files that were announced after its others."""
        self._late.setdefault(camera_id, []).extend(files)
        if self._frames:
            self.publisher.publish(FRAMES_CHANGED, self._result())

    def closed(self, outcomes: Mapping[str, CaptureResult | BaseException], *, released: bool) -> CaptureAllResult:
        """Return what came of each camera, by camera_id; raise where that is not a picture of each."""
        failed = {camera_id: one for camera_id, one in outcomes.items() if isinstance(one, BaseException)}
        for error in failed.values():
            if not isinstance(error, TetherlightError | NotBegun):
                raise error
        errors = {camera_id: error for camera_id, error in failed.items() if isinstance(error, TetherlightError)}
        if not released:
            raise _why_none(errors)
        self._frames = {
            camera_id: _missing(camera_id, errors[camera_id]) if isinstance(one, BaseException) else _frame(one)
            for camera_id, one in outcomes.items()
        }
        result = self._result()
        self.publisher.publish(FRAMES_CHANGED, result)
        if errors:
            camera_id, error = next(iter(errors.items()))
            raise CaptureIncomplete(
                f"{len(errors)} of {len(outcomes)} cameras gave no picture. Camera '{camera_id}': {error.message}",
                hint=error.hint,
                details={"exposure_id": self.exposure_id, "cameras": list(errors)},
                data=result,
            )
        return result

    def _result(self) -> CaptureAllResult:
        frames = [
            frame.model_copy(update={"files": [*frame.files, *self._late.get(frame.camera_id, ())]})
            for frame in self._frames.values()
        ]
        times = [one.captured_at.timestamp() for one in frames if one.captured_at is not None]
        spread = self.spread_s if self.spread_s is not None else max(times, default=0.0) - min(times, default=0.0)
        whole = sum(1 for one in frames if one.error is None)
        return CaptureAllResult(
            message=f"{whole} of {len(frames)} cameras gave a picture.",
            exposure_id=self.exposure_id,
            trigger=self.trigger,
            skew_ms=round(spread * 1000, 3),
            frames=frames,
        )


def _frame(one: CaptureResult) -> Frame:
    return Frame(**one.model_dump(exclude={"message", "files"}), files=one.files)


def _missing(camera_id: str, error: TetherlightError) -> Frame:
    return Frame(camera_id=camera_id, error=error.message, error_code=error.code)


def _why_none(errors: Mapping[str, TetherlightError]) -> TetherlightError:
    """Return why nothing was released: what was wrong with a camera names it."""
    for camera_id, error in errors.items():
        if isinstance(error, TriggerError):
            return error.again()
        details = {**(error.details or {}), "camera_id": camera_id}
        return type(error)(f"Camera '{camera_id}': {error.message}", hint=error.hint, details=details)
    return CaptureFailed("No camera was released.")
