"""The rig: cameras, lights, store and jobs, with one owner."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from tetherlight.camera.camera import Camera
from tetherlight.camera.environment import STATE_REMEDY, state_fault
from tetherlight.camera.identity import FoundCamera
from tetherlight.capture.series_job import SeriesJob
from tetherlight.capture.set_job import SetJob
from tetherlight.capture.shooting import Shooting
from tetherlight.capture.single import Captures
from tetherlight.collection.changes import Changes
from tetherlight.collection.names import Names
from tetherlight.collection.set_changes import SetChanges
from tetherlight.collection.sets import Sets
from tetherlight.doctor.diagnose import diagnose
from tetherlight.errors import (
    CameraBusy,
    CameraLost,
    CameraNotFound,
    CameraNotOpen,
    InvalidPayload,
    NoCameraSelected,
    ServerStopping,
)
from tetherlight.jobs.job import WAIT
from tetherlight.jobs.jobs import Jobs
from tetherlight.lights.lights import Lights
from tetherlight.liveview.liveview import Liveview
from tetherlight.models import CameraInfo, CameraState, CameraStatus, LightsStatus
from tetherlight.protocol.captures import CaptureSeries
from tetherlight.protocol.events import (
    CAMERAS_CHANGED,
    LIGHTS_CHANGED,
    CameraInventory,
)
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.messages import PROTOCOL_VERSION, RequestId
from tetherlight.protocol.server import Finding, ServerInfo, Topic, TopicSnapshot
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.publisher import Publisher
from tetherlight.rig.choices import Choice, Choices
from tetherlight.rig.roster import Roster
from tetherlight.rig.watch import CameraWatch
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings
from tetherlight.store.store import Store
from tetherlight.threads import in_daemon_thread

logger = logging.getLogger(__name__)

T = TypeVar("T")
TRASH_ROUND_S = 1800.0
"""Seconds between two looks for what was deleted and is old enough to go for good; two looks must agree."""
TIDY_AFTER_S = 1.0
"""Seconds after the start in which clients are answered and the archive is left alone."""
TIDY_PAUSE_S = 0.01
"""Seconds between two pieces of that work, for everything else."""
JOBS_SECONDS = 2.0
"""Seconds that jobs have to end by themselves when the rig stops; then their cameras are closed."""
HURRY_SECONDS = 0.5
"""Seconds that the calls of a camera get when a job did not end in time."""
FEATURES = (
    "jobs", "series", "subscribe", "binary_liveview", "mjpeg", "several_cameras", "trash", "thumbnails", "zip",
    "ratings", "naming", "log", "focus_point", "set_files", "set_pages",
)  # fmt: skip


class Rig:
    """The only owner of open cameras, the selected one, the lights, the store and the jobs."""

    def __init__(self, settings: Settings, lights: Lights, store: Store) -> None:
        self.settings = settings
        self.lights = lights
        self.store = store
        self.publisher = Publisher()
        changes = Changes()
        self.set_changes = SetChanges(store, self.publisher)
        self.captures = Captures(store, self.publisher, changes, self.set_changes)
        self.names = Names(store, lights.rig_file, changes)
        self.jobs = Jobs(self, lights, self.publisher)
        self.shooting = Shooting(
            settings,
            lights,
            store,
            jobs=self.jobs,
            captures=self.captures,
            publisher=self.publisher,
            set_changes=self.set_changes,
        )
        self.sets = Sets(store, self.jobs, self.publisher, changes, self.set_changes)
        self.started_at = datetime.now(UTC)
        self.stopping = False
        self._cameras: dict[str, Camera] = {}
        self._liveviews: dict[str, Liveview] = {}
        self._selected: str | None = None
        self._roster = Roster(settings, self._cameras)
        self._choices = Choices(self._cameras, lambda: self._selected)
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch = CameraWatch(self)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Rig"]:
        """Own a rig for a while: lights off at the start, and at the end whatever happened."""
        rig_file = await asyncio.to_thread(RigFile.load, settings.rig_file)
        settings = settings.model_copy(update={"cameras": (*settings.cameras, *rig_file.cameras)})
        # The lights come first: the run before may have left them on, and the disk may be slow, broken or full.
        lights = await Lights.open(settings, rig_file)
        store: Store | None = None
        try:
            store = Store(settings, rig_file.naming)
            recovered = await in_daemon_thread(store.prepare)
            rig = cls(settings, lights, store)
            lights.listen(rig._lights_changed)
            await rig.shooting.find_interrupted(recovered)
            if fault := await asyncio.to_thread(state_fault, settings):
                logger.error("%s No camera can be opened. %s", fault, STATE_REMEDY)
            rig.background(rig._watch.run())
            rig.background(rig._tidy())
            rig.background(rig._empty_trash())
            try:
                yield rig
            finally:
                await rig.stop()
        finally:
            await lights.close()
            if store is not None:
                store.close()

    async def stop(self) -> None:
        """Switch the lights off, end jobs and live views, close every camera; a second call does nothing."""
        if self.stopping:
            return
        self.stopping = True
        await self.lights.all_off()
        # A job that gives a camera its old value back waits for the exposure under way, which may take minutes.
        ending_jobs = asyncio.create_task(self.jobs.stop(), name="stop of the jobs")
        await asyncio.wait({ending_jobs}, timeout=JOBS_SECONDS)
        await self.lights.all_off()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ending = ServerStopping("The server is stopping.")
        await asyncio.gather(*(liveview.close(ending) for liveview in self._liveviews.values()))
        patience = None if ending_jobs.done() else HURRY_SECONDS
        await asyncio.gather(*(one.close(patience) for one in self._cameras.values()), return_exceptions=True)
        await ending_jobs
        self._liveviews.clear()
        self._cameras.clear()
        self._selected = None

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that belongs to the rig and ends with it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Background work failed", exc_info=error)

    async def _tidy(self) -> None:
        """Do behind the first answers what a start owes the archive, a little at a time."""
        await asyncio.sleep(TIDY_AFTER_S)
        pieces = self.store.tidy()
        while (looked := await asyncio.to_thread(next, pieces, None)) is not None:
            await self.shooting.find_interrupted(looked)
            await asyncio.sleep(TIDY_PAUSE_S)

    async def _empty_trash(self) -> None:
        while True:
            await asyncio.sleep(TRASH_ROUND_S)
            await asyncio.to_thread(self.store.purge_trash)

    # Cameras

    def camera(self, camera_id: str | None = None) -> Camera:
        """Return the open camera of this id, or the selected one."""
        if camera_id is None:
            if self._selected is None:
                raise NoCameraSelected("No camera selected.", hint="Select a camera first (SELECT_CAMERA).")
            return self._cameras[self._selected]
        if camera_id in self._cameras:
            return self._cameras[camera_id]
        if camera_id in self._roster:
            raise CameraNotOpen(
                f"Camera '{camera_id}' is not open.", hint="Open it first (SELECT_CAMERA with this camera_id)."
            )
        hint = "Look which cameras are there (GET_CAMERAS)."
        raise CameraNotFound(f"No camera with camera_id '{camera_id[:200]}' is known.", hint=hint)

    async def take(
        self, camera_id: str | None, take: Callable[[Camera], T], give_back: Callable[[T], None] = lambda _: None
    ) -> T:
        """Take something of the camera of this id, or of the one that is selected by the requests before this one.

        That is done at once, without awaiting anything, where no earlier request is about to choose that camera.
        What was taken for a caller who has given up is given back. Raises as `camera` does, and what `take` raises.
        """
        return await self._choices.after(camera_id, lambda: take(self.camera(camera_id)), give_back)

    async def find_camera(self, camera_id: str | None = None) -> Camera:
        """Return the open camera of this id, or the one that is selected by the requests before this one."""
        return await self.take(camera_id, lambda camera: camera)

    @contextlib.asynccontextmanager
    async def turn(self, camera_id: str | None = None) -> AsyncIterator[Camera]:
        """Give a camera in the order in which requests came, and keep others that came later from it for a while.

        Raises CameraBusy at once where a job owns the camera.
        """
        camera, place = await self.take(
            camera_id, lambda camera: (camera, camera.place()), give_back=lambda taken: taken[1].leave()
        )
        with place:
            yield camera

    @property
    def cameras(self) -> Sequence[Camera]:
        """The open cameras."""
        return tuple(self._cameras.values())

    def liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the live view of an open camera."""
        camera = self.camera(camera_id)
        if camera.camera_id not in self._liveviews:
            self._liveviews[camera.camera_id] = Liveview(camera, self.settings.liveview_frame_interval)
        return self._liveviews[camera.camera_id]

    async def find_liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the live view of the camera that `find_camera` returns."""
        return await self.take(camera_id, lambda camera: self.liveview(camera.camera_id))

    def wake_liveview(self, camera_id: str) -> None:
        """Let the live view of a camera that is ready again go on at once."""
        if camera_id in self._liveviews:
            self._liveviews[camera_id].wake()

    async def find_cameras(self) -> list[CameraInfo]:
        """Look for cameras; what is open is told as it is and not disturbed."""
        await self.scan()
        return self._infos()

    async def scan(self) -> bool:
        """Look for cameras and say whether others are there than before."""
        return await self._roster.look()

    def _infos(self) -> list[CameraInfo]:
        return [
            self._open_info(self._cameras[one.camera_id]) if one.camera_id in self._cameras else self._found_info(one)
            for one in self._roster
        ]

    async def select(
        self, model: str | None, port: str | None, camera_id: str | None, *, select: bool = True
    ) -> CameraInfo:
        """Open a camera, and select it if wanted; without `camera_id` the one selected before is closed first."""
        if camera_id is None and not select:
            raise InvalidPayload("SELECT_CAMERA needs the field 'camera_id' where 'select' is false.")
        async with self._choices.make(Choice("open", camera_id, model, port, selects=select)):
            if self.stopping:
                raise ServerStopping("The server is stopping.")
            if camera_id is None:
                self._refuse_if_owned(self._selected)
            camera = self._match_open(model, port, camera_id)
            if camera is None:
                found = await self._match_found(model, port, camera_id)
                camera = await self._open(found, beside=camera_id is not None)
            elif camera_id is None and self._selected not in {None, camera.camera_id}:
                await self._close(self._selected)
            elif camera_id is not None and port not in {None, camera.port}:
                await self._find_at(camera, str(port))
            if select:
                self._selected = camera.camera_id
        self.announce_cameras()
        return self._open_info(camera)

    async def deselect(self, camera_id: str | None = None) -> None:
        """Close the named camera or the selected one; nothing selected is no error."""
        async with self._choices.make(Choice("close", camera_id)):
            if camera_id is not None:
                self.camera(camera_id)
            wanted = camera_id or self._selected
            self._refuse_if_owned(wanted)
            if wanted is not None:
                await self._close(wanted)
        self.announce_cameras()

    def _refuse_if_owned(self, camera_id: str | None) -> None:
        camera = self._cameras.get(camera_id) if camera_id else None
        if camera is not None and camera.owner is not None:
            raise CameraBusy(f"Job '{camera.owner}' uses the camera.", hint=WAIT, details={"job_id": camera.owner})

    def _match_open(self, model: str | None, port: str | None, camera_id: str | None) -> Camera | None:
        if camera_id is not None:
            return self._cameras.get(camera_id)
        selected = [self._cameras[self._selected]] if self._selected else []
        for camera in (*selected, *self._cameras.values()):
            if model in {None, camera.model} and port in {None, camera.port}:
                return camera
        return None

    async def _match_found(self, model: str | None, port: str | None, camera_id: str | None) -> FoundCamera:
        await self.scan()
        for found in self._roster:
            if camera_id in {None, found.camera_id} and model in {None, found.model} and port in {None, found.port}:
                return found
        wanted = {"model": model, "port": port, "camera_id": camera_id}
        named = " and ".join(f"{name} '{value[:200]}'" for name, value in wanted.items() if value is not None)
        hint = "Is it connected, switched on and awake? `tetherlight doctor` looks further."
        raise CameraNotFound(f"No camera with {named} was found." if named else "No camera was found.", hint=hint)

    async def _open(self, found: FoundCamera, *, beside: bool) -> Camera:
        if not beside and self._selected is not None:
            await self._close(self._selected)
        camera = await Camera.open(found, self.settings, self._watch, around=self._roster.around)
        if self.stopping:
            # Nobody would close it any more.
            await camera.close()
            raise ServerStopping("The server is stopping.")
        self._cameras[camera.camera_id] = camera
        self._roster.opened(camera)
        return camera

    async def _find_at(self, camera: Camera, port: str) -> None:
        """Believe a person who says where a lost camera is; elsewhere the port of an open camera means nothing."""
        if camera.state is not CameraState.LOST:
            return
        if any(port == other.port for other in self._cameras.values()):
            raise CameraBusy(f"Another camera is open at {port}.", hint="Close it first (DESELECT_CAMERA).")
        await camera.find_at(port)

    def moved(self, camera: Camera) -> None:
        """Remember where a camera is that came back."""
        self._roster.opened(camera)

    async def _close(self, camera_id: str) -> None:
        """Close a camera when all that was asked of it before is done."""
        camera = self._cameras[camera_id]
        with camera.place() as place:
            await place.first()
        self._cameras.pop(camera_id, None)
        self._roster.closed(camera)
        if self._selected == camera_id:
            self._selected = None
        liveview = self._liveviews.pop(camera_id, None)
        try:
            if liveview is not None:
                await liveview.close(CameraLost("The camera was deselected."))
        finally:
            await camera.close()

    def _open_info(self, camera: Camera) -> CameraInfo:
        return CameraInfo(
            model=camera.model,
            port=camera.port,
            camera_id=camera.camera_id,
            serial=camera.serial,
            selected=camera.camera_id == self._selected,
            open=True,
            state=camera.state,
        )

    @staticmethod
    def _found_info(found: FoundCamera) -> CameraInfo:
        return CameraInfo(model=found.model, port=found.port, camera_id=found.camera_id, serial=found.serial)

    def camera_statuses(self) -> list[CameraStatus]:
        """Tell how every open camera stands."""
        statuses = []
        for camera in self._cameras.values():
            liveview = self._liveviews.get(camera.camera_id)
            update: dict[str, Any] = {"selected": camera.camera_id == self._selected}
            if liveview is not None:
                update |= {"liveview_viewers": liveview.viewers, "liveview_fps": liveview.fps}
            statuses.append(camera.status().model_copy(update=update))
        return statuses

    def inventory(self) -> CameraInventory:
        """Tell which cameras are there as of the last look, and how the open ones stand."""
        return CameraInventory(cameras=self._infos(), open=self.camera_statuses())

    def announce_cameras(self) -> None:
        """Tell the camera topic how the cameras stand."""
        self.publisher.publish(CAMERAS_CHANGED, self.inventory())

    # Jobs

    async def start_series(
        self, wanted: CaptureSeries, *, requester: str | None = None, request_id: RequestId = None
    ) -> SeriesJob:
        """Check everything a series needs, then start its job."""
        if self.stopping:
            raise ServerStopping("The server is stopping.")
        return await self.shooting.start_series(wanted, requester, request_id)

    async def start_set(
        self, wanted: CapturePhotometricSet, *, requester: str | None = None, request_id: RequestId = None
    ) -> SetJob:
        """Check everything a set needs, then start its job."""
        if self.stopping:
            raise ServerStopping("The server is stopping.")
        return await self.shooting.start_set(wanted, requester, request_id)

    # What others are told

    def light_states(self) -> LightStates:
        """Tell every light by name."""
        status = self.lights.status()
        return LightStates(
            states=dict(self.lights.states),
            gpio_available=status.gpio_available,
            driver=status.driver,
            message=status.message,
            lights=status.lights,
        )

    def _lights_changed(self) -> None:
        self.publisher.publish(LIGHTS_CHANGED, self.light_states())

    async def info(self) -> ServerInfo:
        """Tell what this server is and how everything stands."""
        lights: LightsStatus = self.lights.status()
        return ServerInfo(
            version=version("tetherlight"),
            protocol=PROTOCOL_VERSION,
            features=list(FEATURES),
            simulated=self.settings.simulator_control is not None,
            token_needed=self.settings.api_token is not None,
            cameras=self.camera_statuses(),
            selected=self._selected,
            lights=lights,
            storage=await asyncio.to_thread(self.store.storage),
            jobs=self.jobs.list(),
            libgphoto2=next((camera.libgphoto2 for camera in self._cameras.values()), None),
            sets_dir=str(self.settings.sets_dir),
            started_at=self.started_at.isoformat().replace("+00:00", "Z"),
        )

    async def snapshot(self, topic: Topic, *, known: bool = True) -> TopicSnapshot:
        """Give a topic as it stands, where that is wanted, with the number of the last event that is in it for sure."""
        # The number first: what changes while one looks is then told by an event that counts.
        seq = self.publisher.seq(topic)
        return TopicSnapshot(seq=seq, snapshot=await self._state_of(topic) if known else None)

    async def _state_of(self, topic: Topic) -> Any:
        match topic:
            case "camera":
                return self.inventory()
            case "config":
                return {one.camera_id: await one.get_config() for one in self.cameras}
            case "lights":
                return self.light_states()
            case "job":
                return self.jobs.list()
            case "sets":
                return await self.sets.page()
            case "storage":
                return await asyncio.to_thread(self.store.storage)

    async def diagnose(self) -> list[Finding]:
        """Let the doctor look for what is wrong."""
        ports = [camera.port for camera in self.cameras]
        return await diagnose(self.settings, self.lights.rig_file, open_ports=ports)
