"""What a series is before it begins: its steps, its bracket, and when its rounds are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tetherlight.camera.values import checked
from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import ConfigInvalid, ConfigReadonly, InvalidPayload
from tetherlight.models import ConfigEntry, JobStep
from tetherlight.protocol.captures import MAX_SERIES, CaptureSeries

PUNCTUAL_S = 0.25
"""Seconds by which a round may begin late without being called late."""


@dataclass(frozen=True)
class SeriesPlan:
    """So many rounds, so far apart, each of one exposure or of one for each value of a config entry."""

    count: int
    interval_s: float = 0.0
    config_name: str | None = None
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, wanted: CaptureSeries) -> Self:
        """Return what a request asks for; raise InvalidPayload where that is too much for one series."""
        bracket = wanted.bracket
        plan = cls(
            wanted.count,
            wanted.interval_s,
            bracket.config_name if bracket else None,
            tuple(bracket.values) if bracket else (),
        )
        if plan.exposures > MAX_SERIES:
            raise InvalidPayload(
                f"Field 'count' of CAPTURE_SERIES: {plan.count} brackets of {plan.per_round} are {plan.exposures} "
                f"exposures; at most {MAX_SERIES} are allowed."
            )
        return plan

    @property
    def per_round(self) -> int:
        """Exposures of one round."""
        return max(1, len(self.values))

    @property
    def exposures(self) -> int:
        """Exposures of the series."""
        return self.count * self.per_round

    def steps(self) -> list[JobStep]:
        """Return a step for each exposure, numbered from 1."""
        values = self.values or (None,)
        rounds = (value for _ in range(self.count) for value in values)
        return [JobStep(index=index, light=None, value=value) for index, value in enumerate(rounds, start=1)]

    def round_of(self, step: JobStep) -> int:
        """Return the round that a step belongs to, from 1."""
        return (step.index - 1) // self.per_round + 1


def check_bracket(entry: ConfigEntry, values: Sequence[str]) -> None:
    """Raise ConfigReadonly or ConfigInvalid where the entry cannot have each value, and then its own one again."""
    beginning = f"Config '{entry.name}' cannot be bracketed."
    if entry.path.startswith(ACTIONS_SECTION):
        raise ConfigInvalid(f"{beginning} It makes the camera do something and holds no value.")
    for value in (*values, entry.value):
        try:
            checked(entry, value)
        except (ConfigReadonly, ConfigInvalid) as error:
            raise type(error)(f"{beginning} {error.message}", hint=error.hint) from None


class Timetable:
    """When the rounds of a series are due: start to start, on a monotonic clock whose readings are handed in.

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
