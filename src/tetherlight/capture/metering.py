"""The exposure time of a set, found with test shots before its first frame; they are no images of the set.

Only the exposure time changes: the aperture has its depth of field, the sensitivity its noise. A light that is held by
the time found so far takes one test shot where all lights share their exposure, and each takes three at most.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tetherlight.camera.values import amount
from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.axes.light import LightAxis
from tetherlight.capture.plan import Plan
from tetherlight.errors import ConfigInvalid, InvalidPayload, TetherlightError
from tetherlight.files.durable import make_folder
from tetherlight.protocol.manifest import LIGHT, MeteredRecord
from tetherlight.protocol.models import ConfigEntry
from tetherlight.store.drawing import luma_and_brightest, reduced
from tetherlight.store.store import Store

if TYPE_CHECKING:
    from tetherlight.photometric.metering import Meter, Metered

logger = logging.getLogger(__name__)

SHUTTER = "shutterspeed"
LONGEST_S = 8.0
"""Longer times are not chosen: a set would take hours, and its darkness is another fault."""

Told = Callable[[int, MeteredRecord | None], None]
"""Hears the number of a light, from 1, before its test shots, and after them what was found."""


def check_metering(plan: Plan) -> None:
    """Raise InvalidPayload for a plan whose exposure cannot be found."""
    names = {axis.name for axis in plan.axes}
    if LIGHT not in names or names & {"exposure", "setting", "camera"}:
        raise InvalidPayload(
            "Field 'metering': the exposure is found for plans with lights, of one camera, whose exposure no axis sets."
        )


def times_of(config: Sequence[ConfigEntry]) -> dict[float, str]:
    """Return the exposure times that a camera offers, in seconds, with how it writes them; raise ConfigInvalid."""
    entry = next((one for one in config if SHUTTER in {one.alias, one.name}), None)
    found = {amount(option): option for option in (entry.options if entry and not entry.readonly else ())}
    times = {seconds: option for seconds, option in found.items() if seconds is not None and 0 < seconds <= LONGEST_S}
    if entry is None or len(times) < 2 or not amount(str(entry.value)):
        raise ConfigInvalid(
            "The camera offers no exposure times to choose from.", hint="Let it expose manually (M), and try again."
        )
    return times


@dataclass
class Metering:
    """Finds the exposure times of a plan's lights."""

    plan: Plan
    stage: Stage
    store: Store
    told: Told
    shared: bool
    """Whether all lights shall have one exposure."""

    async def run(self) -> tuple[MeteredRecord, ...] | None:
        """Return what was found for each light; None where somebody asked to stop before that.

        Raise errors of camera and lights, ConfigInvalid, and ImageUnreadable.
        """
        from tetherlight.photometric.metering import Meter  # noqa: PLC0415 - numpy takes a fifth of the server's start

        config = await self.stage.camera.get_config()
        times = times_of(config)
        before = next(str(one.value) for one in config if SHUTTER in {one.alias, one.name})
        meter, found = Meter(list(times)), list[MeteredRecord]()
        now = amount(before) or 1.0
        try:
            for number, light in enumerate(self._lights, start=1):
                self.told(number, None)
                record = await self._light(light, meter, times, now)
                if record is None:
                    return None
                found.append(record)
                now = min(now, record.seconds) if self.shared and number > 1 else record.seconds
                self.told(number, record)
        finally:
            await self._put_back(before)
        if self.shared:
            least = min(found, key=lambda one: one.seconds)
            return tuple(
                one.model_copy(update={"shutterspeed": least.shutterspeed, "seconds": least.seconds}) for one in found
            )
        return tuple(found)

    @property
    def _lights(self) -> list[str]:
        values = next(axis.values for axis in self.plan.axes if axis.name == LIGHT)
        return list(dict.fromkeys(str(name) for name in values if name is not None))

    async def _light(self, light: str, meter: "Meter", times: Mapping[float, str], now: float) -> MeteredRecord | None:
        from tetherlight.photometric.metering import MOST_CLIPPED  # noqa: PLC0415 - as above

        meter.begin()
        shots = 0
        axis = next(axis for axis in self.plan.axes if isinstance(axis, LightAxis))
        await axis.light(self.stage, light)
        if await self.stage.keeper.stopped_within(axis.settle_s(light, self.stage.plan)):
            return None
        while (seconds := meter.next(now)) is not None:
            await self.stage.camera.set_config(SHUTTER, times[seconds], owner=self.stage.owner)
            shot = await self._shot(seconds)
            shots += 1
            meter.add(shot)
            if await self.stage.keeper.stopped_within(0):
                return None
            if self.shared and meter.white is not None and shots == 1 and shot.clipped <= MOST_CLIPPED:
                break  # an exposure that all share is not limited by this light
        choice = meter.choice()
        return MeteredRecord(
            light=light, shutterspeed=times[choice.seconds], seconds=choice.seconds, clipped=choice.clipped, shots=shots
        )

    async def _shot(self, seconds: float) -> "Metered":
        """Take a picture, look at it and remove it."""
        places = self.store.places
        await asyncio.to_thread(make_folder, places.thumbnails_dir)
        with TemporaryDirectory(prefix="test-shot-", dir=places.thumbnails_dir) as folder:
            exposure = await self.stage.camera.capture(Path(folder), "test", owner=self.stage.owner)
            taken = next((file.path for file in exposure.files if file.path.suffix == ".jpg"), exposure.files[0].path)
            return await asyncio.to_thread(_metered, taken, seconds)

    async def _put_back(self, before: str) -> None:
        try:
            await self.stage.lights.only(None, owner=self.stage.owner)
            await self.stage.camera.set_config(SHUTTER, before, owner=self.stage.owner)
        except TetherlightError as error:
            logger.warning("The exposure time could not be set back to %s: %s", before, error.message)


def _metered(path: Path, seconds: float) -> "Metered":
    import numpy as np  # noqa: PLC0415 - as above

    from tetherlight.photometric.metering import Metered  # noqa: PLC0415

    picture, _ = reduced(path, frugal=False)
    brightest = np.asarray(luma_and_brightest(picture)[1])
    return Metered(seconds, np.bincount(brightest.ravel(), minlength=256))
