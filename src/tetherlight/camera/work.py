"""What is done with a camera while a call has its turn: reading and setting its config, and its live view."""

import asyncio
import time
from collections import deque
from collections.abc import Collection
from typing import Any, Literal

from tetherlight.camera import calls, viewing
from tetherlight.camera.bulb import Bulb
from tetherlight.camera.calls import Deadlines
from tetherlight.camera.config import ConfigCache
from tetherlight.camera.deliveries import Deliveries
from tetherlight.camera.exposure import Preview
from tetherlight.camera.faults import refused, suspicious
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.listener import Teller
from tetherlight.camera.session import Session
from tetherlight.camera.standby import Standby
from tetherlight.camera.surroundings import Surroundings
from tetherlight.camera.values import checked
from tetherlight.camera.worker.widgets import ACTIONS_SECTION, agrees
from tetherlight.errors import CameraBusy, CameraError, CameraTimeout, PreviewFailed, PreviewUnsupported
from tetherlight.protocol.models import CameraState, ConfigEntry, ConfigValue
from tetherlight.settings import Settings

READ_PAUSE = 0.1
"""Seconds between two looks at a value that is on its way."""
REMEMBERED = 64
"""How many file names are kept so that a picture announced twice is not taken for a new one."""

FOCUS_MOVES = frozenset({"manualfocusdrive", "manualfocus", "autofocusdrive", "autofocus"})
"""Actions that move the lens."""


class Work:
    """The work on one camera, and what is known of it; whoever calls this has the turn in the camera's lane."""

    def __init__(
        self,
        found: FoundCamera,
        settings: Settings,
        deadlines: Deadlines,
        around: Surroundings,
        teller: Teller[Any],
    ) -> None:
        self.session = Session(found, settings, deadlines, around, self)
        self.cache = ConfigCache()
        self.standby = Standby(self.cache, settings.auto_standby)
        self.chosen: dict[str, ConfigValue] = {}
        """What was set through us, by name: the camera gets it again when it comes back from a fault."""
        self.focus_moves = 0
        """How often the lens was moved through us, by a drive or by autofocus."""
        self.known_files: deque[str] = deque(maxlen=REMEMBERED)
        """Paths on the camera of the files that it announced."""
        self.deliveries = Deliveries()
        self.deadlines = deadlines
        self.bulb = Bulb(self.session.request, self.cache, deadlines)
        self.teller = teller
        self._told: tuple[object, ...] = ()

    async def preview(self) -> Preview:
        """Take a preview, which begins the live view of the body; raise PreviewFailed."""
        was_on = self.standby.on
        # Before it comes: one that fails may have begun the live view all the same.
        self.standby.begun()
        if not was_on:
            self._tell_status()
        try:
            preview = await self.session.request(calls.preview(self.deadlines.preview))
        except CameraError as error:
            if type(error) not in {CameraError, CameraBusy, PreviewFailed, PreviewUnsupported}:
                raise
            hint = await self._preview_hint() or error.hint
            kind = PreviewFailed if type(error) is CameraError else type(error)
            raise kind(error.message, hint=hint, details=error.details) from None
        self.standby.used()
        return preview

    async def _preview_hint(self) -> str | None:
        """Return what of the camera's entries explains that there is no preview; where it does not answer, nothing."""
        try:
            if not await self.session.answers():
                return None
            await self.read_entries(viewing.TOLD_BY)
        except CameraError:
            return None
        options = self.cache.find(viewing.OUTPUT).options if viewing.OUTPUT in self.cache else []
        return viewing.hint(self.cache.text, options)

    async def end_liveview(self) -> None:
        """End the live view of the body, unless it was used meanwhile."""
        await self.standby.end(lambda output: self.session.request(calls.standby(output, self.deadlines.entry)))
        self._tell_status()

    async def set(self, name: str, value: ConfigValue, *, force: bool = False) -> ConfigEntry:
        """Set one entry, which the camera gets again when it comes back from a fault; see `Camera.set_config`."""
        # Not before its turn: which values an entry takes may depend on what is set before it.
        entry = self.cache.find(name)
        wanted = checked(entry, value, force=force)
        if self.standby.wakes(entry):
            await self._wake()
        if entry.path.startswith(ACTIONS_SECTION) and entry.name in FOCUS_MOVES:
            self.focus_moves += 1
        written = await self.write(entry, wanted)
        before = self.standby.state
        self.standby.wrote(entry, wanted)
        if self.standby.state is not before:
            self._tell_status()
        if not entry.path.startswith(ACTIONS_SECTION):
            self.chosen[entry.name] = wanted
        return written

    async def _wake(self) -> None:
        """Begin the live view; that no preview comes of it is no failure of what needs it."""
        try:
            await self.preview()
        except CameraError as error:
            if suspicious(error) and not await self.session.answers():
                raise

    async def write(self, entry: ConfigEntry, wanted: ConfigValue) -> ConfigEntry:
        """Write an entry and read it back; raise ConfigRejected with it as it is where that is something else."""
        patience, written_at = self.deadlines.read_back, time.monotonic()
        try:
            raw, agreed = await self.session.patiently(
                calls.set_config(entry.name, self.cache.bare(entry.name, wanted), patience, self.deadlines.entry)
            )
        except CameraError as error:
            if isinstance(error, CameraTimeout) or not suspicious(error) or not await self.session.answers():
                raise
            # The connection holds: it is the value that the camera refuses.
            if entry.path.startswith(ACTIONS_SECTION):
                raise refused(entry, wanted, error) from None
            kept = await self._read(entry.name)
            if not agrees(kept.model_dump(), wanted):
                raise refused(kept, wanted, error) from None
            return kept
        kept = self._updated(raw)
        return kept if agreed else await self._arrived(kept, wanted, written_at)

    async def _arrived(self, kept: ConfigEntry, wanted: ConfigValue, written_at: float) -> ConfigEntry:
        """Return the entry once its value has come to what is wanted; raise ConfigRejected where it stands elsewhere.

        Values that a motor drives come step by step, for seconds; and libgphoto2 may tell an old one for some time.
        """
        moved_at = written_at
        give_up = written_at + self.deadlines.moves
        while time.monotonic() < min(moved_at + self.deadlines.stands, give_up):
            await asyncio.sleep(READ_PAUSE)
            before, kept = kept, await self._read(kept.name)
            if agrees(kept.model_dump(), wanted):
                return kept
            if kept.value != before.value:
                moved_at = time.monotonic()
        raise refused(kept, wanted, None)

    async def read_entry(self, name: str) -> None:
        """Read one entry anew; raise ConfigNotFound."""
        await self._read(self.cache.find(name).name)

    async def _read(self, name: str) -> ConfigEntry:
        return self._updated(await self.session.request(calls.entry(name, self.deadlines.entry)))

    async def read_entries(self, names: Collection[str]) -> None:
        """Read these entries anew; those that the camera does not have are passed over."""
        for name in names:
            if name in self.cache:
                await self.read_entry(name)

    async def read_all(self) -> None:
        """Read the whole config anew."""
        entries = await self.session.request(calls.config(self.deadlines.config))
        if self.cache.loses_many(entries):
            # As from a camera that is gone, of which libgphoto2 still knows what needs no asking.
            await self.session.check()
        self._announce(self.cache.fill(entries))

    def _updated(self, raw: ConfigEntry) -> ConfigEntry:
        kept, changed = self.cache.update(raw)
        self._announce([kept] if changed else [])
        return kept

    def _announce(self, changed: list[ConfigEntry]) -> None:
        if changed and self.session.state is not CameraState.OPENING:
            self.teller.config(changed)
        self._tell_status()

    def _tell_status(self) -> None:
        status = (*self.cache.status(), self.standby.state)
        told, self._told = self._told, status
        if status != told and self.session.state is not CameraState.OPENING:
            self.teller.changed("status")

    # What the session tells

    async def adopt(self) -> None:
        """Take over the freshly opened camera: read its config, and give back what was set through us."""
        self.known_files.clear()
        self.deliveries.clear()
        left_open = self.bulb.open
        if left_open:
            await self.bulb.close_if_left_open()
        # A camera first announces every property that it has; all of them are about to be read anyway.
        await self.session.request(calls.events(0.0, self.deadlines.events))
        await self.read_all()
        if not left_open:
            await self.bulb.close_if_left_open()
        self.standby.adopt()
        for name, value in list(self.chosen.items()):
            if name in self.cache and self.cache.find(name).value != value:
                # Forgotten before it is written: a value that the camera takes no more must not keep it away.
                del self.chosen[name]
                raw, agreed = await self.session.request(
                    calls.set_config(name, self.cache.bare(name, value), self.deadlines.read_back, self.deadlines.entry)
                )
                self._updated(raw)
                if agreed:
                    self.chosen[name] = value
                    self.standby.wrote(self.cache.find(name), value)

    def tell(
        self, kind: Literal["lost", "recovering", "ready"], cause: str, next_step: str | None, attempt: int
    ) -> None:
        """Pass on what the session does about a fault."""
        self.teller.changed(kind, cause, next_step, attempt)
