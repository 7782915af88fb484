"""What is done for a camera's pictures while a call has its turn: taking them, saving them, and finding others'."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace as only
from pathlib import Path

from tetherlight.camera import calls
from tetherlight.camera.deliveries import Delivery, Late
from tetherlight.camera.exposure import SavedFile
from tetherlight.camera.faults import repeatable, said
from tetherlight.camera.release import DRIVES, TOLD_BY, refusal
from tetherlight.camera.shutter import Shutter, Start, Taken, files_per_exposure
from tetherlight.camera.work import Work
from tetherlight.errors import CameraError, CaptureFailed, CaptureRefused, CardFull, ConfigNotFound, TetherlightError
from tetherlight.files.types import is_raw
from tetherlight.protocol.models import ConfigEntry, ConfigValue
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)
CARD = "/store_"
"""Where the folders of memory cards begin; what was taken into the camera's own memory lies elsewhere."""
CARD_FULL = 2_000_000
"""Bytes of room in which no picture fits."""
STORE_FULL = "0x200c"
"""What a body answers whose card has no room left, as drivers pass it on (PTP 1.1, response code Store_Full)."""
TURNED_BY_BULB = ("expprogram", "shutterspeed")
"""What is set for a shutter that is held open, by us or by the driver; in the order in which it is set back."""
CONTINUOUS = re.compile("continuous|burst|series", re.IGNORECASE)
FASTEST = re.compile(r"^(?!.*(low|slow|silent|quiet)).*$", re.IGNORECASE)
NO_FOCUS = "Often the lens could not focus."
BODY_PATIENCE = 10.0
"""Seconds for the further files of a picture taken with the button on the body."""


class Pictures:
    """The pictures of one camera; whoever calls this has the turn in the camera's lane."""

    def __init__(self, work: Work, settings: Settings, changed: Callable[[Sequence[str]], None]) -> None:
        """Tell `changed` which entries the camera says have changed."""
        self._work = work
        self._session = work.session
        self._delete = settings.delete_after_download
        self._keep_raw = settings.keep_raw_on_card
        self._deadlines = work.deadlines
        self._changed = changed
        self._deliveries = work.deliveries
        self._shutter = Shutter(work.session.request, work.cache, work.deadlines, changed, self._foreign)
        self.largest: tuple[int, int] | None = None
        """Width and height of the largest picture that was saved."""

    @property
    def pressed(self) -> bool:
        """Whether the last release came so far that the camera may have taken a picture."""
        return self._shutter.pressed

    async def release(self, *, download: bool, exposure_s: float | None = None, start: Start | None = None) -> Taken:
        """Take one picture, which stays on the card without `download`; hold the shutter open for `exposure_s`.

        With `start` that begins the exposure when the camera is ready for it. Raises CaptureRefused before the shutter
        is released, CaptureFailed or CardFull.
        """
        self._shutter.pressed = False
        await self._look(held=exposure_s is not None)
        raw_stays = self._keep_raw and files_per_exposure(self._work.cache) > 1
        restore = await self._to_card() if raw_stays or not download else None
        try:
            taken = await (self._shutter.release(start) if exposure_s is None else self._hold(exposure_s))
        except Exception as error:
            if restore is not None:
                with suppress(CameraError):
                    await self._work.write(*restore)
            if type(error) is CameraError and (STORE_FULL in error.message or await self._card_is_full()):
                raise CardFull("The camera's card is full.", hint="Change or empty the card.") from None
            if type(error) is CameraError:
                hint = None if said(error, "") and "focus" not in error.message.casefold() else NO_FOCUS
                raise CaptureFailed(error.message, hint=hint, details=error.details) from None
            raise
        self._work.known_files.extend(taken.paths)
        for files in self._shutter.beyond():
            self._tell_body_capture([path for path in files if not self._is_known(path)])
        if restore is not None:
            await self._work.write(*restore)
        return taken

    async def burst(self, hold: Callable[[float], Awaitable[int]], patience: float) -> list[tuple[str, ...]]:
        """Collect the exposures of a release that is held, see `Shutter.held`, in continuous drive.

        Raises CaptureRefused where that cannot be, or a release would give no picture.
        """
        self._shutter.pressed = False
        await self._look(held=False)
        raw_stays = self._keep_raw and files_per_exposure(self._work.cache) > 1
        restore = list(filter(None, (await self._to_card() if raw_stays else None, await self._to_continuous())))
        try:
            exposures = await self._shutter.held(hold, patience)
        finally:
            for entry, value in restore:
                with suppress(CameraError):
                    await self._work.write(entry, value)
        for files in exposures:
            self._work.known_files.extend(files)
        return exposures

    def tell_as_own(self, exposures: Sequence[Sequence[str]]) -> None:
        """Tell exposures that are nobody's as pictures that the body took of its own accord."""
        for files in exposures:
            self._work.teller.body_capture(tuple(files))

    async def fetch(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str]
    ) -> tuple[SavedFile, ...]:
        """Save an exposure's files; a transfer that failed is tried once more while the connection holds."""
        try:
            return await self.save(paths, folder, stem, replace=replace)
        except CameraError as error:
            if not repeatable(error) or not await self._session.answers():
                raise
        return await self.save(paths, folder, stem, replace=replace)

    async def save(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str] = (), joins: bool = False
    ) -> tuple[SavedFile, ...]:
        """Save files of one exposure as folder/stem.ext, in the place of those that `replace` names.

        RAW files are left on the card where that is wanted and there is another file of the exposure. With `joins` they
        are further files of the exposure that has the stem already.
        """
        self._work.known_files.extend(paths)
        wanted = [path for path in paths if not self._stays(path)] or list(paths)
        deadline = self._deadlines.download
        saved = await self._session.request(
            calls.download(wanted, folder, stem, deadline, replace=replace, delete=self._delete, joins=joins)
        )
        self.largest = max(filter(None, (self.largest, *(file.picture for file in saved))), default=None)
        return saved

    async def poll(self, seconds: float = 0.0) -> Sequence[str]:
        """Collect what happened on the body and return what changed; each exposure there is told with all its files.

        Where nothing has happened, wait for it for so many seconds.
        """
        happened = await self._session.request(calls.events(seconds, self._deadlines.events))
        self._changed(happened.changed)
        roll = self._shutter.roll()
        roll.add(only(happened, files=tuple(path for path in happened.files if not self._is_known(path))))
        if roll.paths:
            await self._shutter.collect(roll, BODY_PATIENCE)
        if (roll.paths or happened.complete) and time.monotonic() < self._shutter.restless_until:
            self._shutter.settles(complete=roll.complete_at is not None)
        for files in roll.exposures():
            self._tell_body_capture([path for path in files if not self._is_known(path)])
        for path in dict.fromkeys((*self._shutter.set_aside(), *roll.set_aside)):
            if not self._is_known(path):
                await self._join(path)
        return happened.changed

    def delivered(self, paths: Sequence[str], saved: Sequence[SavedFile], late: Late | None) -> None:
        """Remember an exposure that was handed over; `late` hears of its files that are announced from now on."""
        expected = files_per_exposure(self._work.cache)
        self._deliveries.add(Delivery(list(paths), expected, [file.path for file in saved], late))

    def _stays(self, path: str) -> bool:
        return self._keep_raw and path.startswith(CARD) and is_raw(path)

    def _is_known(self, path: str) -> bool:
        return path in self._work.known_files

    def _foreign(self, path: str) -> bool:
        return self._deliveries.of(path) is not None

    def _tell_body_capture(self, files: Sequence[str]) -> None:
        self._work.known_files.extend(files)
        if files:
            self._work.teller.body_capture(tuple(files))

    async def _join(self, path: str) -> None:
        """Give a file that came late to its exposure; where that is gone, it is a picture of its own."""
        delivery = self._deliveries.of(path)
        if delivery is not None and (not delivery.saved or self._stays(path)):
            delivery.paths.append(path)  # it is to stay on the card
            self._work.known_files.append(path)
            return
        if delivery is None or delivery.late is None or not delivery.saved[0].exists():
            self._tell_body_capture([path])
            return
        first = delivery.saved[0]
        try:
            saved = await self.save((path,), first.parent, first.stem, joins=True)
            await delivery.late(saved)
        except TetherlightError as error:
            # What is wrong with the connection shows at the next call, which is about a picture of its own.
            logger.warning("%s, which came late, is on the camera but not with its exposure: %s", path, error.message)
        finally:
            delivery.paths.append(path)

    async def _hold(self, seconds: float) -> Taken:
        """Take a picture with the shutter held open, and set the body back to the shutter time that it had."""
        bulb = self._work.bulb
        bulb.require()
        before: dict[str, ConfigValue] = {}
        for name in TURNED_BY_BULB:
            if name in self._work.cache and not (entry := self._work.cache.find(name)).readonly:
                before[entry.name] = entry.value
        if (speed := bulb.speed()) is not None:
            # Should the connection break before it is set back, that happens when the camera is there again.
            self._work.chosen[speed[0].name] = speed[0].value
            await self._work.write(*speed)
        try:
            return await self._shutter.hold_open(bulb, seconds)
        finally:
            for name, value in before.items():
                with suppress(CameraError):
                    await self._set_back(name, value)

    async def _set_back(self, name: str, value: ConfigValue) -> None:
        await self._work.read_entry(name)
        entry = self._work.cache.find(name)
        if entry.value != value:
            await self._work.write(entry, value)

    async def _look(self, *, held: bool) -> None:
        """Make sure that a release would give a picture, also when the body was turned to something else just now."""
        changed = await self.poll()  # so that what the body took before is not counted to this exposure
        while (left := self._shutter.restless_until - time.monotonic()) > 0:
            changed = (*changed, *await self.poll(left))
        cache = self._work.cache
        for name in dict.fromkeys(filter(None, map(cache.name_of, changed))):
            if cache.common_name(name) in TOLD_BY:
                await self._work.read_entry(name)
        if (refused := refusal(cache.text, held=held)) is not None:
            raise refused

    async def _card_is_full(self) -> bool:
        """Tell whether that is why a capture failed; the camera itself only reports that it did."""
        try:
            free = await self._session.request(calls.storage(self._deadlines.probe))
        except CameraError:
            return False
        return free is not None and free < CARD_FULL

    async def _to_continuous(self) -> tuple[ConfigEntry, ConfigValue] | None:
        """Make the body take pictures as long as its release is pressed; return what must be written to undo that."""
        name = next((one for one in DRIVES if one in self._work.cache), None)
        if name is None:
            return None  # it is said by a dial on the body
        entry = self._work.cache.find(name)
        options = [one for one in entry.options if CONTINUOUS.search(one)]
        if str(entry.value) in options:
            return None
        if not options or entry.readonly:
            raise CaptureRefused(
                f"'{name}' is '{entry.value}', and no burst can be taken so.",
                hint="Turn the body to continuous drive, or say trigger 'line'.",
            )
        self._work.chosen[entry.name] = entry.value
        await self._work.write(entry, next((one for one in options if FASTEST.search(one)), options[0]))
        return entry, entry.value

    async def _to_card(self) -> tuple[ConfigEntry, ConfigValue] | None:
        """Make the camera put the next picture on its card; return what must be written to undo that."""
        try:
            entry = self._work.cache.find("capturetarget")
        except ConfigNotFound:
            return None  # without that choice the card is where pictures go
        card = next((option for option in entry.options if "card" in option.casefold()), None)
        if card is None or entry.value == card:
            return None
        # Should the connection break before it is given back, that happens when the camera is there again.
        self._work.chosen[entry.name] = entry.value
        await self._work.write(entry, card)
        return entry, entry.value
