"""The axis of time: rounds on an absolute schedule, such as a time-lapse."""

import asyncio
from collections.abc import Sequence
from typing import Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord

PUNCTUAL_S = 0.25
"""Seconds by which a round may begin late without being called late."""
REST_S = 3.0
"""Seconds until the next round from which on the live view may run meanwhile."""
LEAD_S = 0.5
"""Seconds before a round in which nothing new is begun that could make it late."""
LONGEST_S = 86400.0
"""Seconds from start to start."""


class Timetable:
    """When rounds are due: start to start, on a monotonic clock whose readings are handed in.

    A late round begins at once, and those that follow keep to their times. Late by a whole interval, the timetable
    begins anew instead of rushing after itself.
    """

    def __init__(self, interval_s: float, now: float) -> None:
        self.due = now
        self._interval_s = interval_s

    def begin(self, now: float) -> float:
        """Take note that a round begins, and return by how many seconds it is late; 0 where it is punctual."""
        late = now - self.due
        if late < self._interval_s:
            self.due += self._interval_s
        else:
            self.due = now + self._interval_s
        return late if self._interval_s and late > PUNCTUAL_S else 0.0

    def seconds_left(self, now: float, *, exposure_s: float, this_round: int, rounds: int, per_round: int) -> float:
        """Estimate the time to the end: `this_round` exposures of the one under way, then so many whole rounds."""
        left = this_round * exposure_s
        if rounds == 0:
            return left
        whole = per_round * exposure_s
        return max(left, self.due - now) + (rounds - 1) * max(whole, self._interval_s) + whole


class TimeAxis(Axis):
    """Seconds from the beginning at which a round begins."""

    name = "time"
    letter = "t"
    uses_camera = False
    waits = True

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self.interval_s = float(str(self.options.get("interval_s", 0.0)))
        self.timetable = Timetable(self.interval_s, 0.0)
        self._late: dict[str, float] = {}

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read how many rounds, and how far apart."""
        interval = wanted.step or 0.0
        if wanted.count is None or wanted.values is not None or not 0 < interval <= LONGEST_S:
            raise cls.invalid(f"it needs a count, and as step the seconds from start to start, at most {LONGEST_S:g}")
        values = tuple(round(number * interval, 3) for number in range(wanted.count))
        return cls(AxisRecord(axis=cls.name, values=values, options={"interval_s": interval}))

    async def begin(self, stage: Stage) -> None:  # noqa: ARG002 - time needs nothing of the rig
        """Let the first round be due now."""
        self.timetable = Timetable(self.interval_s, asyncio.get_running_loop().time())

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str] | None:
        """Wait until the round is due; where there is time for it, the live view runs meanwhile."""
        loop = asyncio.get_running_loop()
        wait = self.timetable.due - loop.time()
        if wait >= REST_S:
            stage.keeper.waiting(wait)
            with stage.camera.resting():
                await stage.keeper.stopped_within(wait - LEAD_S)
        if await stage.keeper.stopped_within(self.timetable.due - loop.time()):
            return None
        late = self.timetable.begin(loop.time())
        self._late.pop(str(value), None)
        if not late:
            return ()
        self._late[str(value)] = late
        return (f"It began {late:.1f} s late.",)

    def late_rounds(self) -> list[str]:
        """Return a sentence where rounds began late."""
        if not self._late:
            return []
        sentence = f"{len(self._late)} of {len(self.values)} rounds began late, by {max(self._late.values()):.1f} s"
        return [f"{sentence} at most; a round may need more than the interval of {self.interval_s:g} s."]
