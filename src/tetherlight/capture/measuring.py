"""Lamps measured through the live view, as a job: each is switched, and watched until its light stays the same."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from PIL import Image

from tetherlight.camera.camera import Camera
from tetherlight.capture.brightness import brightness, gray, lit_part
from tetherlight.errors import JobError, LampFailed, LightLimited, LightNotMeasured, error_class
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.jobs.jobs import Jobs, new_id
from tetherlight.lights.lights import Lights
from tetherlight.photometric.lamps import Seen, Settled, curve, rests, settled
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.measurement import LightMeasurement, MeasuredLight, MeasureLights
from tetherlight.protocol.models import Job, JobState, JobStep, StepState
from tetherlight.publisher import Publisher

MOST_S = 12.0
"""Seconds after which a light that has not come to rest is given up."""
FRAMES = 8
"""Pictures of which the mean is taken, where nothing changes."""
LEAST_LIGHT = 0.002
"""Mean light of the whole picture, of 1, that a lamp has to add."""
GONE = 0.75
"""Share of its light that has gone of a lamp that is off."""
NOISE = 0.0004
"""What two pictures of the same differ by, at most, in the same measure."""
UNSEEN = "The live view does not show it: point the camera at what it lights, and let it expose manually."
TOO_BRIGHT = "It makes the live view too bright: choose a shorter exposure time or a smaller aperture."
CHANGES = "The live view changes by itself: darken the room, and let the camera expose manually."
RESTLESS = "Its light did not come to rest within {:g} s."
WENT_OFF = "It went off while it was measured."
LIMITED = "It may not be at full power (max_level), so its curve is not known."


class _Halted(Exception):
    """Somebody wants the job to end."""


class _Unmeasured(Exception):
    """A lamp cannot be measured; says why."""


class MeasureJob(RigJob):
    """Measures lights, one after the other; each is a step."""

    pausable: ClassVar[bool] = False

    def __init__(
        self, job_id: str, wanted: MeasureLights, lights: Lights, publisher: Publisher, most_s: float = MOST_S
    ) -> None:
        super().__init__(job_id, JobState.PAUSED, {claims.camera(wanted.camera_id), claims.LIGHTS})
        self._wanted = wanted
        self._lights = lights
        self._publisher = publisher
        self._camera: Camera | None = None
        self._steps = [
            JobStep(index=index, light=name) for index, name in enumerate(wanted.lights or lights.names, start=1)
        ]
        self._most_s = most_s
        self._stop = asyncio.Event()
        self._started_at = datetime.now(UTC)
        self._finished_at: datetime | None = None
        self._outcome = Outcome(JobState.PAUSED)
        self._found: dict[str, MeasuredLight] = {}
        self._result: LightMeasurement | None = None

    async def check(self, grant: Grant) -> None:  # noqa: ARG002 - the camera says by itself whether it has a live view
        """Raise UnknownLight, and LightLimited for a lamp that jobs do not use."""
        for step in self._steps:
            self._lights.require_level(str(step.light), 1.0)
            self._lights.require_leaving(str(step.light))

    async def result(self) -> LightMeasurement:
        """Wait for the end and return what was measured; raise the error that stands in its way."""
        await self._ended.wait()
        if self._result is not None:
            return self._result
        error = error_class(self._outcome.code) if self._outcome.code else JobError
        sentence = self._outcome.error or f"Job '{self.job_id}' was cancelled."
        causes = {name: found.problem for name, found in self._found.items()}
        raise error(sentence, hint=self.hint, details={"job_id": self.job_id, "lights": causes})

    def _begin(self) -> None:
        self._stop.clear()
        self._result = None
        self._enter(Outcome(JobState.RUNNING), None)

    def _break_off(self) -> None:
        self._stop.set()

    async def _work(self, grant: Grant) -> Outcome:
        self._camera = grant.camera
        bench = _Bench(grant.camera, self._lights, self.job_id, self._stop, self._most_s)
        async with self._lights.off_after():
            with grant.camera.resting():
                try:
                    for step in tuple(self._steps):
                        if step.state is not StepState.DONE:
                            await self._step(step, bench)
                except _Halted:
                    return Outcome(JobState.CANCELLED)
        return await self._keep(grant.camera)

    async def _step(self, step: JobStep, bench: "_Bench") -> None:
        name = str(step.light)
        self._change(step, StepState.RUNNING)
        try:
            self._found[name] = await bench.measure(name, self._wanted.levels)
        except _Unmeasured as error:
            self._fail(step, str(error), LightNotMeasured.code)
        except (LampFailed, LightLimited) as error:
            self._fail(step, error.message, error.code)
        else:
            self._change(step, StepState.DONE)

    def _fail(self, step: JobStep, why: str, code: str) -> None:
        nothing = dict.fromkeys(("settle_s", "off_s", "frame_s", "flicker", "curve"))
        self._found[str(step.light)] = MeasuredLight(light=str(step.light), problem=why, **nothing)
        self._change(step, StepState.FAILED, error=why, error_code=code)

    async def _keep(self, camera: Camera) -> Outcome:
        """Write what was measured, where that is wished, and make the answer of it."""
        measured = [one for one in self._found.values() if one.settle_s is not None]
        if not measured:
            first = self._steps[0]
            sentence = f"Light '{first.light}' was not measured. {first.error or ''}".rstrip()
            return Outcome(JobState.FAILED, sentence, LightNotMeasured.code)
        now = datetime.now(UTC).replace(microsecond=0)
        if self._wanted.apply:
            await self._lights.measured({one.light: _keys(one, now) for one in measured})
        count = f"{len(measured)} light is" if len(measured) == 1 else f"{len(measured)} lights are"
        rest = len(self._found) - len(measured)
        self._result = LightMeasurement(
            message=f"{count} measured." + (f" {rest} could not be." if rest else ""),
            job_id=self.job_id,
            camera_id=camera.camera_id,
            measured_at=now,
            lights=[self._found[str(step.light)] for step in self._steps],
            applied=self._wanted.apply,
        )
        return Outcome(JobState.COMPLETED)

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        for step in tuple(self._steps):
            if step.index in indexes:
                self._change(step, state)

    async def _close(self, outcome: Outcome) -> None:
        for step in tuple(self._steps):
            if step.state is StepState.RUNNING:
                self._change(step, StepState.PENDING)
        self._enter(outcome, datetime.now(UTC))

    def _enter(self, outcome: Outcome, finished_at: datetime | None) -> None:
        self.state, self._outcome, self._finished_at = outcome.state, outcome, finished_at
        self._publish()

    def _change(self, step: JobStep, state: StepState, **values: str) -> None:
        self._steps[step.index - 1] = JobStep.model_validate(
            {"index": step.index, "light": step.light, "state": state} | values
        )
        self._publish()

    def _publish(self) -> None:
        self._publisher.publish(JOB_CHANGED, self.snapshot())

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        current = next((step for step in self._steps if step.state is StepState.RUNNING), None)
        over = sum(step.state in {StepState.DONE, StepState.FAILED} for step in self._steps)
        return Job(
            job_id=self.job_id,
            kind="measurement",
            state=self.state,
            camera_id=self._wanted.camera_id if self._camera is None else self._camera.camera_id,
            index=over + (current is not None),
            total=len(self._steps),
            current_light=None if current is None else current.light,
            steps=list(self._steps),
            started_at=self._started_at,
            finished_at=self._finished_at,
            error=self._outcome.error,
            error_code=self._outcome.code,
            hint=self.hint,
        )


class _Bench:
    """Switches lamps and looks at them; all is linear in light."""

    def __init__(self, camera: Camera, lights: Lights, owner: str, stop: asyncio.Event, most_s: float) -> None:
        self._camera = camera
        self._lights = lights
        self._owner = owner
        self._stop = stop
        self._most_s = most_s
        self._last: Image.Image
        self._dark: Image.Image | None = None

    async def measure(self, name: str, levels: int) -> MeasuredLight:
        """Measure one light; raise _Unmeasured, _Halted, and errors of camera and lamps."""
        light = next(one for one in self._lights.rig_file.lights if one.name == name)
        most = light.max_level or 1.0
        dark = await self._in_the_dark()
        ambient = brightness(dark)
        on = await self._watch(name, most, lambda seen: rests(seen, LEAST_LIGHT, NOISE), ambient)
        went = brightness(self._last) - ambient
        if on is None:
            raise _Unmeasured(RESTLESS.format(self._most_s) if went >= LEAST_LIGHT else UNSEEN)
        mask, bright = lit_part(dark, self._last)
        if mask is None:
            raise _Unmeasured(TOO_BRIGHT if bright > LEAST_LIGHT else UNSEEN)
        base = brightness(dark, mask)
        rise = settled(self._as_seen(on, mask, base))
        pairs, problem = [], None
        if self._lights.light(name).dims and levels > 1:
            if most < 1:
                problem = LIMITED
            else:
                pairs = [await self._pair(name, n / levels, rise, mask, base) for n in range(1, levels)]
                await self._lit(name, most)
                await self._within(rise.seconds)
        off = await self._watch(
            None,
            0.0,
            lambda seen: rests([Seen(one.at_s, went - one.light) for one in seen], went * GONE, NOISE),
            ambient,
        )
        self._dark = None if off is None else self._last
        fall = None if off is None else settled(self._as_seen(off, mask, base), rise.light)
        return MeasuredLight(
            light=name,
            settle_s=_up(rise.seconds),
            off_s=None if fall is None else _up(fall.seconds),
            frame_s=round(rise.frame_s, 4),
            flicker=round(rise.flicker, 3),
            curve=list(curve(pairs, rise.light)) or None,
            problem=problem,
        )

    async def _pair(
        self, name: str, signal: float, rise: Settled, mask: Image.Image, base: float
    ) -> tuple[float, float]:
        """Return a signal and its light."""
        light = next(one for one in self._lights.rig_file.lights if one.name == name)
        await self._lit(name, min(1.0, max(0.0001, light.light(signal))))
        await self._within(1.5 * rise.seconds + 2 * rise.frame_s)
        seen = [brightness(picture, mask) - base for picture in await self._still()]
        if not self._lights.states.get(name):
            raise _Unmeasured(WENT_OFF)
        return signal, sum(seen) / len(seen)

    async def _watch(
        self, name: str | None, level: float, enough: Callable[[Sequence[Seen]], bool], ambient: float
    ) -> list[tuple[float, Image.Image]] | None:
        """Switch a light, or all off, and return what is seen from then on until it is enough; None where it never is.

        Each picture with the seconds since the switch.
        """
        await self._lit(name, level)
        began = time.time()
        found, seen = list[tuple[float, Image.Image]](), list[Seen]()
        while not seen or seen[-1].at_s < self._most_s:
            at, picture = await self._look()
            if at < began:
                continue
            if name is not None and not self._lights.states.get(name):
                raise _Unmeasured(self._lights.light(name).fault or WENT_OFF)
            found.append((at - began, picture))
            seen.append(Seen(at - began, brightness(picture) - ambient))
            if enough(seen):
                return found
        return None

    async def _in_the_dark(self) -> Image.Image:
        """Return a picture with all lights off."""
        if self._dark is None:
            if await self._watch(None, 0.0, lambda seen: rests(seen, -1.0, NOISE), 0.0) is None:
                raise _Unmeasured(CHANGES)
            self._dark = self._last
        return self._dark

    async def _still(self) -> list[Image.Image]:
        """Return pictures of what does not change."""
        return [(await self._look())[1] for _ in range(FRAMES)]

    async def _look(self) -> tuple[float, Image.Image]:
        """Return the next picture of the live view and when it was taken, Unix seconds."""
        await self._within(0)
        preview = await self._camera.preview()
        self._last = await asyncio.to_thread(gray, preview.jpeg)
        return preview.captured_at, self._last

    async def _lit(self, name: str | None, level: float) -> None:
        """Switch a light alone, when it has rested and cooled as the rig file says."""
        while True:
            try:
                await self._lights.only(name, level, owner=self._owner)
            except LightLimited as error:
                wait_s = (error.details or {}).get("wait_s")
                if wait_s is None:
                    raise
                await self._lights.only(None, owner=self._owner)
                await self._within(wait_s)
            else:
                return

    async def _within(self, seconds: float) -> None:
        """Wait so long; raise _Halted where somebody asks to end."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()
        if self._stop.is_set():
            raise _Halted

    @staticmethod
    def _as_seen(pictures: Sequence[tuple[float, Image.Image]], mask: Image.Image, base: float) -> list[Seen]:
        return [Seen(at, brightness(picture, mask) - base) for at, picture in pictures]


def _up(seconds: float) -> float:
    """Return seconds in whole milliseconds, never too few."""
    return math.ceil(seconds * 1000) / 1000


def _keys(found: MeasuredLight, now: datetime) -> dict[str, Any]:
    """Return what the rig file says of a light that was measured."""
    law = {} if found.curve is None else {"curve": tuple(found.curve), "gamma": None}
    return {"settle_s": found.settle_s, "flicker": found.flicker, "measured_at": now, **law}


class Measurements:
    """Starts measurements of lights; one that has not come to rest after `most_s` seconds is given up."""

    def __init__(self, lights: Lights, jobs: Jobs, publisher: Publisher, most_s: float = MOST_S) -> None:
        self._lights = lights
        self._jobs = jobs
        self._publisher = publisher
        self._most_s = most_s

    async def start(self, wanted: MeasureLights) -> MeasureJob:
        """Check what is to be measured and start the job; raise UnknownLight, LightLimited and what a claim raises."""
        job = MeasureJob(new_id(), wanted, self._lights, self._publisher, self._most_s)
        async with self._jobs.starting(job.job_id, job.claims) as start:
            await self._lights.settled()
            await job.check(start.grant)
            self._jobs.begin(job, start)
        return job
