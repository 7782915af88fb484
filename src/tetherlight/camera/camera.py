"""A camera as the rest of the server sees it: asynchronous, queued, and back by itself after a fault."""

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tetherlight.camera import calls
from tetherlight.camera.calls import Deadlines
from tetherlight.camera.config import ConfigCache, Warned
from tetherlight.camera.exposure import Exposure, Preview, SavedFile
from tetherlight.camera.faults import repeatable, suspicious
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.lane import Place
from tetherlight.camera.listener import CameraListener, Change, Silence
from tetherlight.camera.session import Session
from tetherlight.camera.shutter import Roll, Shutter, Taken, files_per_exposure
from tetherlight.camera.standby import Standby
from tetherlight.camera.surroundings import ALONE, Surroundings
from tetherlight.camera.values import checked
from tetherlight.camera.watch import Watch
from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import (
    CameraError,
    CameraTimeout,
    CaptureFailed,
    CardFull,
    ConfigNotFound,
    ConfigRejected,
    PreviewFailed,
)
from tetherlight.models import CameraState, CameraStatus, ConfigEntry, ConfigValue
from tetherlight.settings import Settings

__all__ = ["Camera", "CameraListener", "Change", "Deadlines", "Exposure", "FoundCamera", "Preview", "SavedFile"]

STANDARD = Deadlines()
CARD = "/store_"
"""Where the folders of memory cards begin; what was taken into the camera's own memory lies elsewhere."""
REMEMBERED = 64
"""How many file names are kept so that a picture announced twice is not taken for a new one."""
CARD_FULL = 2_000_000
"""Bytes of room in which no picture fits."""
BODY_PATIENCE = 10.0
"""Seconds for the further files of a picture taken with the button on the body."""


class Camera:
    """One open camera: calls queue first come, first served, and faults are mended behind them."""

    def __init__(
        self,
        found: FoundCamera,
        settings: Settings,
        listener: "CameraListener[Camera] | None",
        deadlines: Deadlines,
        around: Surroundings,
    ) -> None:
        self.camera_id = found.camera_id
        self.model = found.model
        self._settings = settings
        self._listener: CameraListener[Camera] = listener or Silence()
        self._deadlines = deadlines
        self._cache = ConfigCache()
        self._session = Session(found, settings, deadlines, around, self)
        self._watch = Watch(
            self._cache,
            settings.settings_refresh_interval,
            idle=lambda: self.state is CameraState.READY and self._session.lane.at_rest,
            poll=lambda: self._session.queued(self._poll, ordered=False),
            read_entry=lambda name: self._session.queued(lambda: self._read_entry(name), again=True, ordered=False),
            read_all=lambda: self._session.queued(self._read_all, again=True, ordered=False),
            rest=self._rest,
            check=self.check,
            proven_at=lambda: self._session.proven_at,
        )
        self._standby = Standby(self._cache, settings.auto_standby)
        self._shutter = Shutter(self._session.request, self._cache, deadlines, self._watch.changed)
        self._chosen: dict[str, ConfigValue] = {}
        self._known_files: deque[str] = deque(maxlen=REMEMBERED)
        self._told: tuple[object, ...] = ()
        self.picture_size: tuple[int, int] | None = None

    @classmethod
    async def open(
        cls,
        found: FoundCamera,
        settings: Settings,
        listener: "CameraListener[Camera] | None" = None,
        *,
        deadlines: Deadlines = STANDARD,
        around: Surroundings = ALONE,
    ) -> "Camera":
        """Start a worker process, open the camera in it and read its config.

        Where it does not let in, that is told and it is opened anew, on USB also after a reset. Raises CameraNotFound,
        CameraClaimed, CameraForbidden, CameraBusy or CameraTimeout.
        """
        camera = cls(found, settings, listener, deadlines, around)
        await camera._session.open()
        camera._watch.start()
        return camera

    async def close(self, patience: float | None = None) -> None:
        """Leave the camera and end its worker, after `patience` seconds whatever it does; closing twice is harmless."""
        await self._watch.stop()
        answers, body = self.state is CameraState.READY, self._standby
        await self._session.close(
            patience,
            lambda deadline: calls.close_camera(deadline, standby=answers and body.on, output=body.output),
        )

    # What is known without asking the camera

    @property
    def port(self) -> str:
        """Where the camera is, or was last."""
        return self._session.found.port

    @property
    def found(self) -> FoundCamera:
        """How and where it was found last."""
        return self._session.found

    @property
    def serial(self) -> str | None:
        """The camera's own serial number."""
        return self._session.serial

    @property
    def state(self) -> CameraState:
        """What the camera is doing."""
        return self._session.state

    @property
    def proven_at(self) -> float:
        """When the camera itself gave a sign last, on the monotonic clock."""
        return self._session.proven_at

    @property
    def owner(self) -> str | None:
        """The job that owns the camera."""
        return self._session.lane.owner

    @property
    def libgphoto2(self) -> str | None:
        """The version of the library through which the camera is open."""
        return self._session.libgphoto2

    @property
    def worker_pid(self) -> int | None:
        """The process id of the camera's worker; None while there is none."""
        return self._session.worker_pid

    def status(self) -> CameraStatus:
        """Return what is known about the camera now; `selected` and live view's figures are filled in by the rig."""
        return CameraStatus(
            model=self.model,
            port=self.port,
            camera_id=self.camera_id,
            serial=self.serial,
            open=self.state is not CameraState.CLOSED,
            state=self.state,
            lens=self._cache.lens(),
            battery_percent=self._cache.battery_percent(),
            shots_left=self._cache.shots_left(),
            viewfinder=self._standby.state,
            cause=self._session.cause,
            next=self._session.question,
        )

    def warnings(self) -> Sequence[Warned]:
        """Return what will stop a set soon, each with a sentence."""
        return self._cache.warnings()

    def look_now(self) -> None:
        """Look for a lost camera at once: something was plugged in."""
        self._session.look_now()

    async def find_at(self, port: str) -> None:
        """Open the lost camera at this port, where somebody says that it is; raise CameraNotFound for another one."""
        await self._session.find_at(port)

    async def check(self) -> None:
        """Ask the camera something that no cache can answer; one that is gone is recovered from then on."""
        await self._session.queued(self._session.check, ordered=False)

    async def get_config(self, name: str | None = None) -> list[ConfigEntry]:
        """Return all entries of the cache, or the one of that name, alias or path; raise ConfigNotFound."""
        return self._cache.all() if name is None else [self._cache.find(name)]

    def encoded_config(self, name: str | None = None) -> bytes:
        """Return the same as JSON: it is kept encoded."""
        return self._cache.encoded(name)

    # What asks the camera: in the order in which it was called, or in the place that the caller keeps

    def place(self, owner: str | None = None) -> Place:
        """Take a place behind all that was asked of the camera until now, and keep it over several calls.

        Raises CameraBusy where a job owns the camera.
        """
        self._session.lane.allow(owner)
        return self._session.lane.place()

    async def set_config(self, name: str, value: ConfigValue, *, owner: str | None = None) -> ConfigEntry:
        """Set one entry and return it as the camera reads it back.

        Raises ConfigNotFound, ConfigReadonly and ConfigInvalid before the camera is asked, ConfigRejected with the
        entry as it is where the camera keeps another value, and CameraBusy where a job owns the camera.
        """
        self._session.lane.allow(owner)

        async def check_and_write() -> ConfigEntry:
            # Not before its turn: which values an entry takes may depend on what is set before it.
            entry = self._cache.find(name)
            wanted = checked(entry, value)
            written = await self._set(entry, wanted)
            if not entry.path.startswith(ACTIONS_SECTION):
                self._chosen[entry.name] = wanted
            return written

        return await self._session.queued(check_and_write)

    def choose(self, name: str, value: ConfigValue) -> None:
        """Make this the value that the entry gets when the camera comes back from a fault."""
        self._chosen[self._cache.find(name).name] = value

    async def refresh(self, names: Collection[str], *, owner: str | None = None) -> None:
        """Read these entries anew from the camera into the cache; those that it does not have are passed over."""
        self._session.lane.allow(owner)
        await self._session.queued(lambda: self._read_entries(names), again=True)

    async def capture(
        self,
        folder: Path,
        stem: str,
        *,
        download: bool = True,
        owner: str | None = None,
        replace: Sequence[str] = (),
        exposed: Callable[[], None] = lambda: None,
    ) -> Exposure:
        """Take one picture; its files become folder/stem.ext, durable, in the place of those that `replace` names.

        Without `download` the picture is left on the camera's card. `exposed` is called when the exposure is over and
        its files are still on their way. Never repeats an exposure by itself.
        """
        self._session.lane.allow(owner)
        taken: list[Taken] = []

        async def take() -> tuple[SavedFile, ...]:
            taken.append(await self._release(download=download))
            exposed()
            return await self._fetch(taken[0].paths, folder, stem, replace=replace) if download else ()

        try:
            saved = await self._session.queued(take)
        except CameraError as error:
            if not taken or not repeatable(error) or not all(path.startswith(CARD) for path in taken[0].paths):
                raise
            saved = await self._fetch_later(taken[0].paths, folder, stem, replace=replace)
        return Exposure(saved, taken[0].paths, datetime.fromtimestamp(taken[0].released_at, UTC))

    async def download(
        self, camera_paths: Collection[str], folder: Path, stem: str, *, owner: str | None = None
    ) -> tuple[SavedFile, ...]:
        """Save files that lie on the camera as folder/stem.ext."""
        self._session.lane.allow(owner)
        paths = tuple(camera_paths)
        return await self._session.queued(lambda: self._save(paths, folder, stem, replace=()), again=True)

    async def preview(self) -> Preview:
        """Return the camera's next preview; waits while a job owns the camera."""
        await self._session.lane.free()
        preview = await self._session.queued(self._preview, again=True, ordered=False)
        self._watch.last_preview_at = time.monotonic()
        return preview

    def claim(self, owner: str) -> None:
        """Give the camera to a job from now on, behind what was asked before; raise CameraBusy where one has it.

        Others are refused, and previews wait, until it is released.
        """
        self._session.lane.claim(owner)

    def release(self, owner: str) -> None:
        """Take the camera back from a job that has it."""
        self._session.lane.release(owner)

    def resting(self) -> AbstractContextManager[None]:
        """Let previews through while the job that owns the camera waits; others' changes stay refused."""
        return self._session.lane.resting()

    async def free(self) -> None:
        """Wait until no job owns the camera."""
        await self._session.lane.free()

    # Work that has its turn

    async def _preview(self) -> Preview:
        was_on = self._standby.on
        # Before it comes: one that fails may have begun the live view all the same.
        self._standby.begun()
        if not was_on:
            self._tell_status()
        try:
            preview = await self._session.request(calls.preview(self._deadlines.preview))
        except CameraError as error:
            if type(error) is CameraError:
                raise PreviewFailed(error.message, details=error.details) from None
            raise
        self._standby.used()
        return preview

    async def _rest(self) -> None:
        """End the live view of the body where it is time to; whoever wants a preview meanwhile gets it after that."""
        if self._standby.due():
            await self._session.queued(self._end_liveview, ordered=False)

    async def _end_liveview(self) -> None:
        await self._standby.end(lambda output: self._session.request(calls.standby(output, self._deadlines.entry)))
        self._tell_status()

    async def _set(self, entry: ConfigEntry, wanted: ConfigValue) -> ConfigEntry:
        if self._standby.wakes(entry):
            await self._wake()
        written = await self._write(entry, wanted)
        self._standby.wrote(entry, wanted)
        self._tell_status()
        return written

    async def _wake(self) -> None:
        """Begin the live view; that no preview comes of it is no failure of what needs it."""
        try:
            await self._preview()
        except CameraError as error:
            if suspicious(error) and not await self._session.answers():
                raise

    async def _write(self, entry: ConfigEntry, wanted: ConfigValue) -> ConfigEntry:
        patience = self._deadlines.read_back
        try:
            raw, agreed = await self._session.patiently(
                calls.set_config(entry.name, wanted, patience, self._deadlines.entry)
            )
        except CameraError as error:
            if isinstance(error, CameraTimeout) or not suspicious(error) or not await self._session.answers():
                raise
            # The connection holds: it is the value that the camera refuses.
            raw, agreed = await self._session.request(calls.entry(entry.name, self._deadlines.entry)), False
        kept = self._updated(raw)
        if not agreed:
            raise ConfigRejected(f"The camera kept '{kept.value}' instead of '{wanted}'.", data=kept)
        return kept

    async def _release(self, *, download: bool) -> Taken:
        await self._poll()  # so that what the body took before is not counted to this exposure
        restore = None if download else await self._to_card()
        try:
            taken = await self._shutter.release()
        except CameraError as error:
            if restore is not None:
                with suppress(CameraError):
                    await self._write(*restore)
            if type(error) is CameraError and await self._card_is_full():
                raise CardFull("The camera's card is full.", hint="Change or empty the card.") from None
            if type(error) is CameraError:
                raise CaptureFailed(
                    error.message, hint="Often the lens could not focus.", details=error.details
                ) from None
            raise
        self._known_files.extend(taken.paths)
        if restore is not None:
            await self._write(*restore)
        return taken

    async def _fetch(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str]
    ) -> tuple[SavedFile, ...]:
        """Save an exposure's files; a transfer that failed is tried once more while the connection holds."""
        try:
            return await self._save(paths, folder, stem, replace=replace)
        except CameraError as error:
            if not repeatable(error) or not await self._session.answers():
                raise
        return await self._save(paths, folder, stem, replace=replace)

    async def _fetch_later(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str]
    ) -> tuple[SavedFile, ...]:
        """Save files that lie on the card as soon as a connection that broke is there again."""
        try:
            return await self._session.queued(lambda: self._save(paths, folder, stem, replace=replace), again=True)
        except CameraError as error:
            where = ", ".join(paths)
            raise type(error)(
                error.message, hint=f"The picture is on the camera's card: {where}.", details=error.details
            ) from error

    async def _card_is_full(self) -> bool:
        """Tell whether that is why a capture failed; the camera itself only reports that it did."""
        try:
            free = await self._session.request(calls.storage(self._deadlines.probe))
        except CameraError:
            return False
        return free is not None and free < CARD_FULL

    async def _to_card(self) -> tuple[ConfigEntry, ConfigValue] | None:
        """Make the camera put the next picture on its card; return what must be written to undo that."""
        try:
            entry = self._cache.find("capturetarget")
        except ConfigNotFound:
            return None  # without that choice the card is where pictures go
        card = next((option for option in entry.options if "card" in option.casefold()), None)
        if card is None or entry.value == card:
            return None
        # Should the connection break before it is given back, that happens when the camera is there again.
        self._chosen[entry.name] = entry.value
        await self._write(entry, card)
        return entry, entry.value

    async def _save(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str]
    ) -> tuple[SavedFile, ...]:
        self._known_files.extend(paths)
        delete = self._settings.delete_after_download
        saved = await self._session.request(
            calls.download(tuple(paths), folder, stem, self._deadlines.download, replace=replace, delete=delete)
        )
        self.picture_size = max(filter(None, (self.picture_size, *(file.picture for file in saved))), default=None)
        return saved

    async def _poll(self) -> None:
        """Collect what happened on the body; a picture taken there is reported with all its files."""
        happened = await self._session.request(calls.events(0.0, self._deadlines.events))
        self._watch.changed(happened.changed)
        if any(path not in self._known_files for path in happened.files):
            roll = Roll(files_per_exposure(self._cache))
            roll.add(happened)
            await self._shutter.collect(roll, BODY_PATIENCE)
            fresh = tuple(path for path in roll.paths if path not in self._known_files)
            self._known_files.extend(fresh)
            self._listener.body_capture(self, fresh)

    async def _read_entry(self, name: str) -> None:
        entry = self._cache.find(name)
        self._updated(await self._session.request(calls.entry(entry.name, self._deadlines.entry)))

    async def _read_entries(self, names: Collection[str]) -> None:
        await self._poll()
        for name in names:
            if name in self._cache:
                await self._read_entry(name)

    async def _read_all(self) -> None:
        entries = await self._session.request(calls.config(self._deadlines.config))
        if self._cache.loses_many(entries):
            # As from a camera that is gone, of which libgphoto2 still knows what needs no asking.
            await self._session.check()
        self._announce(self._cache.fill(entries))

    def _updated(self, raw: ConfigEntry) -> ConfigEntry:
        kept, changed = self._cache.update(raw)
        self._announce([kept] if changed else [])
        return kept

    def _announce(self, changed: list[ConfigEntry]) -> None:
        if changed and self.state is not CameraState.OPENING:
            self._listener.config_changed(self, changed)
        self._tell_status()

    def _tell_status(self) -> None:
        status = (
            self._cache.lens(), self._cache.battery_percent(), self._cache.shots_left(), self._standby.state,
        )  # fmt: skip
        told, self._told = self._told, status
        if status != told and self.state is not CameraState.OPENING:
            self._listener.camera_changed(self, "status", None, None, 0)

    # What the session tells

    async def adopt(self) -> None:
        """Take over the freshly opened camera: read its config, and give back what was set through us."""
        self._known_files.clear()
        # A camera first announces every property that it has; all of them are about to be read anyway.
        await self._session.request(calls.events(0.0, self._deadlines.events))
        await self._read_all()
        self._standby.adopt()
        for name, value in list(self._chosen.items()):
            if name in self._cache and self._cache.find(name).value != value:
                # Forgotten before it is written: a value that the camera takes no more must not keep it away.
                del self._chosen[name]
                raw, agreed = await self._session.request(
                    calls.set_config(name, value, self._deadlines.read_back, self._deadlines.entry)
                )
                self._updated(raw)
                if agreed:
                    self._chosen[name] = value
                    self._standby.wrote(self._cache.find(name), value)

    def tell(
        self, kind: Literal["lost", "recovering", "ready"], cause: str, next_step: str | None, attempt: int
    ) -> None:
        """Pass on what the session does about a fault."""
        self._listener.camera_changed(self, kind, cause, next_step, attempt)
