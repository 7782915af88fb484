"""A burst: the release stays pressed, and each time the shutter has closed the next light goes on.

The contact for a flash counts the exposures. One that begins before its light has settled is nobody's frame: the light
stays on for the next. Where body and contact do not agree on how many exposures there were, none of them is sure.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.axes.light import LightAxis
from tetherlight.capture.moment import new_exposure_id
from tetherlight.errors import SyncLate, SyncMismatch, SyncMissing, TetherlightError
from tetherlight.protocol.manifest import LIGHT, StepRecord
from tetherlight.triggers.lines import Wired
from tetherlight.triggers.sync import Held
from tetherlight.triggers.triggers import Triggers

logger = logging.getLogger(__name__)
FIRST_S = 5.0
"""Seconds from the press to the first opening of the shutter: some bodies wake up and focus."""
NEXT_S = 5.0
"""Seconds from one opening to the next beyond the shutter time; slow bodies take a picture a second."""
STUCK_S = 0.1
"""Seconds after the shutter time in which a contact opens; one that does not is not waited for."""
TOO_LATE = 8
"""Exposures in sequence before their light has settled; then the burst is given up."""
LINGER_S = 1.0
"""Longest wait for a further exposure, which a body may have begun before its release was let go."""


@dataclass(frozen=True)
class BurstFrame:
    """An exposure of a burst: whose it is, and when; times in UTC."""

    step: StepRecord | None
    """None where its light had not settled."""
    lit_at: datetime
    opened_at: datetime
    dark_at: datetime


class Burst:
    """Some steps of a plan that differ by their light alone, taken while the release of their camera is held.

    The first light is on and has settled when it begins.
    """

    def __init__(
        self,
        triggers: Triggers,
        stage: Stage,
        axis: LightAxis,
        steps: Sequence[StepRecord],
        *,
        lit_at: datetime | None,
        stop: asyncio.Event,
    ) -> None:
        self._triggers = triggers
        self._camera = stage.camera_of(steps[0])
        self._stage = stage
        self._axis = axis
        self._steps = steps
        self._lit_at = lit_at or datetime.now(UTC)
        self._stop = stop
        self._frames: list[BurstFrame] = []
        self._settled_at = -float("inf")
        self._gap_s = LINGER_S
        self.late: set[int] = set()
        """Steps whose light had not settled when the shutter opened once."""
        self.problem: TetherlightError | None = None
        """Why it ended before all steps had their frame; None also where somebody asked to stop."""
        self.exposure_id = new_exposure_id()
        self.lit: Callable[[StepRecord], None] = lambda _: None
        """Hears of each step but the first when its light has gone on."""

    async def hold(self, shutter_s: float) -> int:
        """Hold the release until every step has its frame, and return how many exposures there were."""
        wired = Wired(self._camera.camera_id, self._camera.port)
        async with self._triggers.hold(wired) as held:
            try:
                await held.press()
                await self._expose_all(held, shutter_s)
            except TetherlightError as error:
                logger.warning("The burst ended early: %s", error.message)
                self.problem = error
            await held.let_go()
            await self._stage.lights.only(None, owner=self._stage.owner)
            return len(self._frames) + await self._further(held, shutter_s)

    def assigned(self, exposures: Sequence[tuple[str, ...]], made: int) -> list[tuple[BurstFrame, tuple[str, ...]]]:
        """Return each frame that is a step's with its files; note the problem where none is sure."""
        if len(exposures) != made:
            self.problem = SyncMismatch(
                f"In a burst the sync line told of {made} exposures and the camera of {len(exposures)}, so that none "
                "of its frames is sure."
            )
            return []
        pairs = zip(self._frames, exposures, strict=False)
        return [(frame, files) for frame, files in pairs if frame.step is not None]

    async def _expose_all(self, held: Held, shutter_s: float) -> None:
        late, patience, last = 0, FIRST_S, None
        left = list(self._steps)
        while left:
            opened = await self._opened(held, patience)
            if last is not None:
                self._gap_s = min(LINGER_S, opened - last)
            last, patience = opened, shutter_s + NEXT_S
            in_time = opened >= self._settled_at
            over = in_time and (len(left) == 1 or self._stop.is_set())
            if over:
                await held.let_go()
            await self._closed(held, opened + shutter_s)
            self._keep(left[0], opened, in_time=in_time)
            if over:
                return
            if in_time:
                late = 0
                del left[0]
                await self._light(left[0])
                continue
            self.late.add(left[0].index)
            late += 1
            if late >= TOO_LATE:
                raise SyncLate(f"The shutter opened {late} times before light '{left[0].light}' had settled.")

    async def _light(self, step: StepRecord) -> None:
        value = step.at[LIGHT]
        await self._axis.at_once(self._stage, value)
        self._lit_at = datetime.now(UTC)
        self.lit(step)
        self._settled_at = time.monotonic() + self._axis.settle_s(value, self._stage.plan)

    def _keep(self, step: StepRecord, opened: float, *, in_time: bool) -> None:
        """Take note of an exposure; raise LampFailed where its light went off meanwhile."""
        try:
            self._axis.confirm(self._stage)
        except TetherlightError:
            in_time = False
            raise
        finally:
            frame = BurstFrame(step if in_time else None, self._lit_at, _in_utc(opened), datetime.now(UTC))
            self._frames.append(frame)

    async def _opened(self, held: Held, patience: float) -> float:
        """Wait for the shutter to open; return when it did."""
        give_up = time.monotonic() + patience
        while True:
            try:
                edge = await held.edge(give_up - time.monotonic())
            except TimeoutError:
                count = len(self._frames)
                raise SyncMissing(
                    f"The release was held, and the sync line did not tell of exposure {count + 1} within "
                    f"{patience:g} s.",
                    hint="Look at the cable of the sync line and at the body: continuous drive, mechanical shutter.",
                ) from None
            if edge.closed:
                return edge.at

    async def _closed(self, held: Held, until: float) -> None:
        """Wait for the end of the exposure, which lasts until then at least: some contacts open before that."""
        opened_again = False
        while (left := until + (0.0 if opened_again else STUCK_S) - time.monotonic()) > 0:
            try:
                edge = await held.edge(left)
            except TimeoutError:
                return
            if edge.closed and (opened_again or edge.at >= until):
                held.put_back(edge)  # of the next exposure, which began at once
                return
            opened_again = opened_again or not edge.closed

    async def _further(self, held: Held, shutter_s: float) -> int:
        """Count exposures that the body began before it felt that its release was let go."""
        found = 0
        while True:
            try:
                edge = await held.edge(1.2 * self._gap_s + shutter_s)
            except TimeoutError:
                return found
            found += edge.closed


def _in_utc(moment: float) -> datetime:
    """Return when a time on the monotonic clock was."""
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - moment)
