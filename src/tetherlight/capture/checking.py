"""The checks of a set's frames, made beside its capture: nothing waits for them but the end of the set.

Frames are looked at one after the other in a thread; what costs much to read, in a child. A frame that cannot be read
is left out, and that is told of it.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tetherlight.capture.patience import ended
from tetherlight.errors import ImageUnreadable, TetherlightError
from tetherlight.protocol.manifest import LIGHT, FindingRecord, StepRecord
from tetherlight.store.drawing import Costly, luma_and_brightest, reduced
from tetherlight.store.store import Store

if TYPE_CHECKING:
    from tetherlight.photometric.movement import Anchor
    from tetherlight.photometric.quality import Finding, Frame, SetChecks

logger = logging.getLogger(__name__)

LOOK_APART = "tetherlight.capture.checking:look_apart"
NOT_CHECKED = "not_checked"
"""The finding about a frame that no check could read."""
MOST_ANCHORS = 32
"""Groups of frames in which movement is looked for; each keeps some megabytes."""

Told = Callable[[int, str, Sequence[FindingRecord]], Awaitable[None]]
"""Hears the number of a step, the file that was looked at, and what was found; also where that is nothing any more."""


def group_of(step: StepRecord) -> str:
    """Return what a frame has in common with those that differ from it by their light alone."""
    return json.dumps({name: value for name, value in step.at.items() if name != LIGHT}, sort_keys=True)


@dataclass(frozen=True)
class _Wanted:
    """A frame to look at."""

    step: StepRecord
    filename: str
    path: Path
    label: str


class FrameChecks:
    """Looks at the frames of one set and tells what it finds."""

    def __init__(self, store: Store, told: Told, *, bracketed: bool) -> None:
        """Begin; with `bracketed` exposures of which some are meant to be dark or white."""
        self._store = store
        self._told = told
        self._bracketed = bracketed
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._checks: SetChecks | None = None
        self._anchors: dict[str, Anchor] = {}
        self._files: dict[int, str] = {}
        self._known: dict[int, list[FindingRecord]] = {}

    def look(self, step: StepRecord, folder: Path, label: str) -> None:
        """Look at a step's image as soon as those before it were looked at."""
        if step.image is None:
            return
        wanted = _Wanted(step, step.image.filename, folder / step.image.filename, label)
        task = asyncio.create_task(self._look(wanted), name=f"check of {wanted.filename}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until every frame was looked at, and tell what only all of them together show."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        async with self._turn:
            if self._checks is None:
                return
            found = await asyncio.to_thread(self._checks.all_findings)
        for index, findings in found.items():
            await self._tell(index, findings)

    async def give_up(self) -> None:
        """Look at nothing more."""
        await ended(*self._tasks)

    async def _look(self, wanted: _Wanted) -> None:
        self._files[wanted.step.index] = wanted.filename
        self._known.pop(wanted.step.index, None)
        async with self._turn:
            try:
                try:
                    frame, found = await asyncio.to_thread(self._see, wanted)
                except Costly:
                    given = await self._store.apart.ask(LOOK_APART, wanted.path, self._store.places.captures_dir)
                    frame, found = await asyncio.to_thread(self._see, wanted, given)
            except ImageUnreadable as error:
                logger.warning("%s was not checked: %s", wanted.filename, error.message)
                await self._keep(wanted.step.index, [_not_checked(error.message)])
                return
            except Exception:
                logger.exception("%s could not be checked", wanted.filename)
                await self._keep(wanted.step.index, [_not_checked("The server's log says why.")])
                return
        await self._tell(frame.index, found)

    async def _tell(self, index: int, found: "Sequence[Finding]") -> None:
        records = [
            FindingRecord(
                code=one.code.value,
                severity="error" if one.failed else "warning",
                message=one.sentence,
                figure=one.figure,
                limit=one.limit,
                unit=one.unit,
            )
            for one in found
        ]
        await self._keep(index, records)

    async def _keep(self, index: int, records: list[FindingRecord]) -> None:
        filename = self._files[index]
        if records != self._known.get(index, []):
            self._known[index] = records
            try:
                await self._told(index, filename, records)
            except TetherlightError as error:
                logger.warning("What the check of %s has found could not be kept: %s", filename, error.message)

    # In a thread, one at a time

    def _see(self, wanted: _Wanted, given: Mapping[str, Any] | None = None) -> "tuple[Frame, list[Finding]]":
        import numpy as np  # noqa: PLC0415 - loading it takes a fifth of the server's start

        from tetherlight.photometric.looks import Look, look_at  # noqa: PLC0415
        from tetherlight.photometric.quality import Frame, SetChecks  # noqa: PLC0415

        if self._checks is None:
            self._checks = SetChecks(bracketed=self._bracketed)
        step = wanted.step
        group = group_of(step)
        facts: dict[str, Any] = {
            "index": step.index, "label": wanted.label, "light": step.light, "group": group,
            "direction": step.direction,
        }  # fmt: skip
        if given is not None:
            frame = Frame(look=Look.of(given), **facts)
        else:
            picture, times = reduced(wanted.path, self._store.places.captures_dir)
            gray, brightest = (np.asarray(one) for one in luma_and_brightest(picture))
            frame = Frame(look=look_at(gray, brightest), reduced=times, **facts)
            if step.light is not None and not self._checks.misses_light(frame):
                frame = self._placed(frame, gray, group)
        self._checks.add(frame)
        return frame, self._checks.findings(frame)

    def _placed(self, frame: "Frame", gray: Any, group: str) -> "Frame":
        """Return the frame with where it lies against the first one of its group."""
        from dataclasses import replace  # noqa: PLC0415

        from tetherlight.photometric.movement import anchor_of  # noqa: PLC0415

        anchor = self._anchors.get(group)
        if anchor is not None:
            return replace(frame, shift=anchor.shift_of(gray))
        found = anchor_of(gray) if len(self._anchors) < MOST_ANCHORS else None
        if found is None:
            return frame
        self._anchors[group] = found
        return replace(frame, shift=found.first)


def _not_checked(why: str) -> FindingRecord:
    return FindingRecord(code=NOT_CHECKED, message=f"The frame was not checked. {why}")


def look_apart(_: object, path: str, within: str) -> dict[str, Any]:
    """Look at any image, in a child; raise ImageUnreadable."""
    import numpy as np  # noqa: PLC0415 - only where it is used, as above

    from tetherlight.photometric.looks import look_at  # noqa: PLC0415

    picture, _ = reduced(Path(path), Path(within), frugal=False)
    return look_at(*(np.asarray(one) for one in luma_and_brightest(picture))).facts()
