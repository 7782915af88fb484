"""The axis of focus: places of the lens, which can only be driven by steps and never asked where it stands."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Self

from pydantic import JsonValue

from tetherlight.camera.faults import said
from tetherlight.camera.focus import drive_entry, drive_focus
from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.errors import ConfigReadonly, ConfigRejected, FocusUnknown, TetherlightError
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.jobs import FocusChoice
from tetherlight.protocol.manifest import AxisRecord, PlaceRecord, Plan

logger = logging.getLogger(__name__)

MOST_DRIVES = 1000
"""Drives from the beginning to the farthest place."""
SETTLE_S = 0.3
"""Seconds in which a lens comes to rest after its last drive."""
BETWEEN_S = 0.1
"""Seconds that a body gets for a drive before the next one: most of them answer while the motor runs."""
CHOICES = (
    "Go on from here, as if the lens stood where the next step wants it, or begin the stack again: RESUME_JOB or "
    "RETRY_STEPS with focus: here, or focus: again."
)


class FocusAxis(Axis):
    """Places in drives from where the lens stood; one drive is a step of DRIVE_FOCUS, from -3 to 3.

    What is known of the place: on the disk where the lens stands and where it is driven to, written before each drive;
    in memory the camera's process through which it was driven, and how often it was. Where a drive was not finished,
    the process is another one, somebody else moved the lens, or the server began anew, the place is unknown: that is
    told, and never guessed.
    """

    name = "focus"
    letter = "f"
    bears_absence = False

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self.step = int(float(str(self.options.get("step", 1))))
        self._known_by: tuple[int | None, int] | None = None
        """The camera's process and its moves of the lens, when that came to the place that is on the disk."""
        self._begun = False

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read a count or places, and the size of a drive."""
        step = 1.0 if wanted.step is None else wanted.step
        if step not in {-3, -2, -1, 1, 2, 3}:
            raise cls.invalid("its step is the size of a drive, from 1 to 3, negative towards near")
        if (wanted.values is None) == (wanted.count is None):
            raise cls.invalid("it needs a count or values")
        values = tuple(range(wanted.count)) if wanted.count is not None else tuple(wanted.values or ())
        if any(not isinstance(one, int) or isinstance(one, bool) or abs(one) > MOST_DRIVES for one in values):
            raise cls.invalid(f"its values are whole numbers of drives, at most {MOST_DRIVES}")
        return cls(AxisRecord(axis=cls.name, values=values, options={"step": int(step)}))

    def settle_s(self, value: JsonValue, plan: Plan) -> float:  # noqa: ARG002 - alike for all
        """Let the lens come to rest."""
        return SETTLE_S

    async def check(self, stage: Stage) -> None:
        """Make sure that the camera drives its lens, and that the place is known where the stack has begun."""
        entry = await drive_entry(stage.camera)
        if entry.readonly:
            raise ConfigReadonly("The focus cannot be driven now.", hint="Set lens and body to autofocus.")
        if self.lost(stage):
            raise self._unknown(stage, "The server or the camera began anew since the lens was driven.")

    def choose(self, stage: Stage, choice: FocusChoice, place: float) -> PlaceRecord:
        """Believe that the lens stands at a place from now on, because somebody has said so."""
        self._known_by = _sign(stage)
        if choice == "again":
            return PlaceRecord(at=0)
        doubt = "The place of the focus was lost before this frame: it counts from where the lens stood then."
        return PlaceRecord(at=place, doubt=doubt)

    async def begin(self, stage: Stage) -> None:
        """Take the place where the lens stands as the beginning, where nothing was driven yet."""
        place = stage.keeper.place(self.name)
        if place is None:
            self._known_by = _sign(stage)
            await stage.keeper.keep_place(self.name, PlaceRecord(at=0))
        self._begun = True
        self.confirm(stage)

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str]:
        """Drive the lens to the place; raise FocusUnknown where it did not get there for sure."""
        await self._drive(stage, float(str(value)))
        return ()

    def confirm(self, stage: Stage) -> Sequence[str]:
        """Raise FocusUnknown where the camera began anew, for it may have moved its lens; tell an old doubt."""
        if self.lost(stage):
            raise self._unknown(stage, "The camera or its connection began anew in the middle of the stack.")
        place = stage.keeper.place(self.name)
        return (place.doubt,) if place is not None and place.doubt else ()

    async def restore(self, stage: Stage) -> None:
        """Drive the lens back to where the stack began."""
        begun, self._begun = self._begun, False
        if not begun or self.lost(stage):
            return
        try:
            await self._drive(stage, 0.0)
        except TetherlightError as error:
            logger.warning("Job %s: the focus was not brought back: %s", stage.owner, error.message)
            stage.keeper.warn(f"The focus could not be brought back to where it began: {error.message}")

    async def _drive(self, stage: Stage, target: float) -> None:
        self.confirm(stage)
        place = stage.keeper.place(self.name) or PlaceRecord(at=0)
        way = round(target - place.at)
        if way == 0:
            return
        # On the disk before the lens moves: after a crash nobody knows how far it came.
        await stage.keeper.keep_place(self.name, place.model_copy(update={"towards": target}))
        for number in range(abs(way)):
            if number:
                await asyncio.sleep(BETWEEN_S)
            await self._one_drive(stage, self.step if way > 0 else -self.step, target)
        if self._known_by is None or self._known_by[0] != stage.camera.worker_pid:
            self.confirm(stage)  # a camera that began anew on the way says nothing of where its lens is
        self._known_by = _sign(stage)
        await stage.keeper.keep_place(self.name, place.model_copy(update={"at": target, "towards": None}))

    async def _one_drive(self, stage: Stage, step: int, target: float) -> None:
        try:
            await drive_focus(stage.camera, step, owner=stage.owner)
        except ConfigRejected as error:
            self._known_by = None
            why = said(error, ": it may stand at its end.")
            raise self._unknown(stage, f"The lens did not take a drive on its way to place {target:g}{why}") from error
        except TetherlightError:
            self._known_by = None
            raise

    def lost(self, stage: Stage) -> bool:
        """Say whether nobody knows where the lens stands."""
        place = stage.keeper.place(self.name)
        if place is None:
            return False
        return place.towards is not None or self._known_by != _sign(stage)

    def _unknown(self, stage: Stage, why: str) -> FocusUnknown:
        if self._known_by is not None and self._known_by[0] == stage.camera.worker_pid:
            why = "Something else moved it meanwhile."
        return FocusUnknown(f"The place of the focus is unknown. {why}", hint=CHOICES)


def _sign(stage: Stage) -> tuple[int | None, int]:
    return stage.camera.worker_pid, stage.camera.focus_moves
