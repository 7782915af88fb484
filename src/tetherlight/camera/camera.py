"""A camera as the rest of the server sees it: asynchronous, queued, and back by itself after a fault."""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from tetherlight.camera import calls
from tetherlight.camera.calls import Deadlines
from tetherlight.camera.config import Warned
from tetherlight.camera.deliveries import Late
from tetherlight.camera.exposure import Exposure, Preview, SavedFile
from tetherlight.camera.faults import away, of_exposure, repeatable
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.lane import Place
from tetherlight.camera.listener import CameraListener, Change, Teller
from tetherlight.camera.pictures import CARD, Pictures
from tetherlight.camera.release import refusal
from tetherlight.camera.shutter import Start, Taken, exposure_seconds
from tetherlight.camera.surroundings import ALONE, Surroundings
from tetherlight.camera.watch import Watch
from tetherlight.camera.work import Work
from tetherlight.errors import CameraError
from tetherlight.measures import CAPTURE_SECONDS, CAPTURES
from tetherlight.protocol.models import CameraState, CameraStatus, ConfigEntry, ConfigValue
from tetherlight.settings import Settings

__all__ = ["Camera", "CameraListener", "Change", "Deadlines", "Exposure", "FoundCamera", "Preview", "SavedFile"]

STANDARD = Deadlines()


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
        self._work = work = Work(found, settings, deadlines, around, Teller(self, listener))
        self._session = session = work.session
        self._watch = Watch(
            work.cache,
            settings.settings_refresh_interval,
            idle=lambda: self.state is CameraState.READY and session.lane.at_rest,
            poll=lambda: session.queued(self._pictures.poll, ordered=False),
            read_entry=lambda name: session.queued(lambda: work.read_entry(name), again=True, ordered=False),
            read_all=lambda: session.queued(work.read_all, again=True, ordered=False),
            rest=self._rest,
            check=self.check,
            proven_at=lambda: session.proven_at,
        )
        self._pictures = Pictures(work, settings, self._watch.changed)

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
        self._work.bulb.enough()
        answers, body = self.state is CameraState.READY, self._work.standby
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
    def opened_at(self) -> float:
        """When it was opened last, or taken back after a fault, on the monotonic clock."""
        return self._session.opened_at

    @property
    def owner(self) -> str | None:
        """The job that owns the camera."""
        return self._session.lane.owner

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Width and height of the largest picture that was downloaded."""
        return self._pictures.largest

    @property
    def libgphoto2(self) -> str | None:
        """The version of the library through which the camera is open."""
        return self._session.libgphoto2

    @property
    def worker_pid(self) -> int | None:
        """The process id of the camera's worker; None while there is none."""
        return self._session.worker_pid

    @property
    def exposure_s(self) -> float:
        """How many seconds an exposure with the present settings takes at most, self-timer and all."""
        return exposure_seconds(self._work.cache)

    @property
    def focus_moves(self) -> int:
        """How often the lens was moved through us, by a drive or by autofocus."""
        return self._work.focus_moves

    def status(self) -> CameraStatus:
        """Return what is known about the camera now; `selected` and live view's figures are filled in by the rig."""
        status = self._work.cache.status()
        return CameraStatus(
            model=self.model,
            port=self.port,
            camera_id=self.camera_id,
            serial=self.serial,
            open=self.state is not CameraState.CLOSED,
            state=self.state,
            lens=status.lens,
            battery_percent=status.battery_percent,
            shots_left=status.shots_left,
            viewfinder=self._work.standby.state,
            cause=self._session.cause,
            next=self._session.question,
        )

    def card_free_bytes(self) -> int | None:
        """Return the room on the cards as the camera last told it; where that was long ago, it is asked when at rest.

        None where it is not known: the camera does not say, has not been asked yet, or is not there.
        """
        self._watch.want_room()
        return self._session.free_bytes if self.state is CameraState.READY else None

    def warnings(self) -> Sequence[Warned]:
        """Return what will stop a set soon, each with a sentence."""
        return self._work.cache.warnings()

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
        return self._work.cache.all() if name is None else [self._work.cache.find(name)]

    def encoded_config(self, name: str | None = None) -> bytes:
        """Return the same as JSON: it is kept encoded."""
        return self._work.cache.encoded(name)

    # What asks the camera: in the order in which it was called, or in the place that the caller keeps

    def place(self, owner: str | None = None) -> Place:
        """Take a place behind all that was asked of the camera until now, and keep it over several calls.

        Raises CameraBusy where a job owns the camera.
        """
        self._session.lane.allow(owner)
        return self._session.lane.place()

    async def set_config(
        self, name: str, value: ConfigValue, *, force: bool = False, owner: str | None = None
    ) -> ConfigEntry:
        """Set one entry and return it as the camera reads it back; with `force` also one that is called read-only.

        Raises ConfigNotFound, ConfigReadonly and ConfigInvalid before the camera is asked, ConfigRejected with the
        entry as it is where the camera keeps another value, and CameraBusy where a job owns the camera.
        """
        self._session.lane.allow(owner)
        return await self._session.queued(lambda: self._work.set(name, value, force=force))

    def check_release(self, settled: Collection[str] = (), *, held: bool = False) -> None:
        """Raise CaptureRefused where a release would give no picture, whatever the entries in `settled` say.

        `held` is for releases that hold the shutter open for a time, which not every body can be told.
        """
        if held:
            self._work.bulb.require()
        if (refused := refusal(self._work.cache.text, settled=settled, held=held)) is not None:
            raise refused

    def choose(self, name: str, value: ConfigValue) -> None:
        """Make this the value that the entry gets when the camera comes back from a fault."""
        self._work.chosen[self._work.cache.find(name).name] = value

    async def refresh(self, names: Collection[str], *, owner: str | None = None) -> None:
        """Read these entries anew from the camera into the cache; those that it does not have are passed over."""
        self._session.lane.allow(owner)
        await self._session.queued(lambda: self._read(names), again=True)

    async def capture(
        self,
        folder: Path,
        stem: str,
        *,
        download: bool = True,
        owner: str | None = None,
        replace: Sequence[str] = (),
        exposed: Callable[[], None] = lambda: None,
        exposure_s: float | None = None,
        patience: float = 0.0,
        late: Late | None = None,
        start: Start | None = None,
    ) -> Exposure:
        """Take one picture; its files become folder/stem.ext, durable, in the place of those that `replace` names.

        Without `download` the picture is left on the camera's card. With `exposure_s` the shutter is held open for so
        many seconds, which not every body can be told. `exposed` is called when the exposure is over and its files are
        still on their way; `late` hears of those that are announced only after this has returned. `start` begins the
        exposure when the camera is ready for it; else that is at once. For a picture that
        lies on the card of a camera that is away, it waits as many seconds as `patience` says. Never repeats an
        exposure by itself; an error tells whether one was begun. Raises CaptureRefused where a release would give no
        picture of a known exposure.
        """
        self._session.lane.allow(owner)
        taken: list[Taken] = []

        async def take() -> tuple[SavedFile, ...]:
            began = time.perf_counter()
            taken.append(await self._pictures.release(download=download, exposure_s=exposure_s, start=start))
            over = time.perf_counter()
            CAPTURE_SECONDS.add("exposure", over - began)
            exposed()
            paths = taken[0].paths
            saved = await self._pictures.fetch(paths, folder, stem, replace=replace) if download else ()
            if download:
                written = sum(file.write_s for file in saved)
                CAPTURE_SECONDS.add("write", written)
                CAPTURE_SECONDS.add("transfer", max(0.0, time.perf_counter() - over - written))
            self._pictures.delivered(paths, saved, late)
            return saved

        try:
            saved = await self._session.queued(take)
        except CameraError as error:
            if not taken or not repeatable(error) or not all(path.startswith(CARD) for path in taken[0].paths):
                CAPTURES.add("failed")
                raise of_exposure(error) if self._pictures.pressed and away(error) else error from None
            await self._session.back(patience)
            saved = await self._fetch_later(taken[0].paths, folder, stem, replace=replace)
            self._pictures.delivered(taken[0].paths, saved, late)
        CAPTURES.add("ok")
        return Exposure(saved, taken[0].paths, datetime.fromtimestamp(taken[0].released_at, UTC))

    async def burst(
        self, hold: Callable[[float], Awaitable[int]], *, patience: float, owner: str | None = None
    ) -> list[tuple[str, ...]]:
        """Collect what the body takes in continuous drive while `hold` keeps its release pressed, and return the files.

        `hold` is given the shutter time and returns how many exposures it saw; their files are listed by exposure, in
        the order in which they were announced, at most `patience` seconds after that. None is downloaded.
        """
        self._session.lane.allow(owner)
        try:
            return await self._session.queued(lambda: self._pictures.burst(hold, patience))
        except CameraError as error:
            raise of_exposure(error) if self._pictures.pressed and away(error) else error from None

    def disown(self, exposures: Sequence[Sequence[str]]) -> None:
        """Let exposures of a burst that are nobody's be told as pictures that were taken with the button."""
        self._pictures.tell_as_own(exposures)

    async def download(
        self,
        camera_paths: Collection[str],
        folder: Path,
        stem: str,
        *,
        owner: str | None = None,
        replace: Sequence[str] = (),
        late: Late | None = None,
    ) -> tuple[SavedFile, ...]:
        """Save files that lie on the camera as folder/stem.ext; `late` hears of others of theirs that come later."""
        self._session.lane.allow(owner)
        paths = tuple(camera_paths)

        async def save() -> tuple[SavedFile, ...]:
            saved = await self._pictures.save(paths, folder, stem, replace=replace)
            self._pictures.delivered(paths, saved, late)
            return saved

        return await self._session.queued(save, again=True)

    async def preview(self) -> Preview:
        """Return the camera's next preview; waits while a job owns the camera."""
        await self._session.lane.free()
        preview = await self._session.queued(self._work.preview, again=True, ordered=False)
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

    async def in_doubt(self) -> None:
        """Wait until it is not certain any more that the camera is there."""
        await self._session.in_doubt()

    async def back(self, seconds: float) -> bool:
        """Wait so long at most until the camera is there; return whether it is."""
        return await self._session.back(seconds)

    async def free(self) -> None:
        """Wait until no job owns the camera."""
        await self._session.lane.free()

    async def _read(self, names: Collection[str]) -> None:
        await self._pictures.poll()
        await self._work.read_entries(names)

    async def _fetch_later(
        self, paths: Collection[str], folder: Path, stem: str, *, replace: Sequence[str]
    ) -> tuple[SavedFile, ...]:
        """Save files that lie on the card as soon as a connection that broke is there again."""
        try:
            return await self._session.queued(
                lambda: self._pictures.save(paths, folder, stem, replace=replace), again=True
            )
        except CameraError as error:
            where = ", ".join(paths)
            error.hint = f"The picture is on the camera's card: {where}."
            raise of_exposure(error, on_card=True) from error

    async def _rest(self) -> None:
        """End the live view of the body where it is time to; whoever wants a preview meanwhile gets it after that."""
        if self._work.standby.due():
            await self._session.queued(self._work.end_liveview, ordered=False)
