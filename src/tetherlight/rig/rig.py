"""The rig: cameras, lights, store and jobs, with one owner."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from tetherlight.camera.environment import STATE_REMEDY, state_fault
from tetherlight.capture.job import CaptureJob
from tetherlight.capture.measuring import Measurements
from tetherlight.capture.shooting import Shooting
from tetherlight.capture.single import Captures
from tetherlight.capture.together import Together
from tetherlight.collection.changes import Changes
from tetherlight.collection.names import Names
from tetherlight.collection.set_changes import SetChanges
from tetherlight.collection.sets import Sets
from tetherlight.collection.trash import TrashCan
from tetherlight.doctor.diagnose import diagnose
from tetherlight.doctor.lamps import lamp_faults
from tetherlight.errors import (
    ServerStopping,
    StartFailed,
)
from tetherlight.jobs.claims import Claims
from tetherlight.jobs.jobs import Jobs
from tetherlight.lights.guard import Trip
from tetherlight.lights.lights import Lights
from tetherlight.logs.setup import log_ring
from tetherlight.objects.book import ObjectBook
from tetherlight.objects.journal import Journal
from tetherlight.process.threads import failure_of, in_daemon_thread
from tetherlight.protocol.captures import CaptureSeries, SeriesResult
from tetherlight.protocol.events import LIGHT_TRIPPED, LIGHTS_CHANGED
from tetherlight.protocol.features import FEATURES
from tetherlight.protocol.lights import LightStates, LightTrip
from tetherlight.protocol.messages import PROTOCOL_VERSION, RequestId
from tetherlight.protocol.models import LightsStatus
from tetherlight.protocol.recipes import CaptureRecipe
from tetherlight.protocol.server import Finding, Neighbour, ServerInfo
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet, PhotometricSetResult
from tetherlight.publisher import Publisher
from tetherlight.recipes import RecipeBook
from tetherlight.reconstruct.calibration_job import Calibrations
from tetherlight.reconstruct.job import Surfaces
from tetherlight.rig.cameras import Cameras
from tetherlight.rig.idle import lights_off_when_idle
from tetherlight.rig.objects import Objects
from tetherlight.rig.recipes import Recipes
from tetherlight.rig.topics import Topics, readers_of
from tetherlight.rig.watch import CameraWatch
from tetherlight.rigfile.calibration import last_calibration
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings
from tetherlight.store.store import Store
from tetherlight.triggers.triggers import Triggers

logger = logging.getLogger(__name__)

T = TypeVar("T")
TRASH_ROUND_S = 1800.0
"""Seconds between two looks for what was deleted and is old enough to go for good; two looks must agree."""
TIDY_AFTER_S = 1.0
"""Seconds after the start in which clients are answered and the archive is left alone."""
TIDY_PAUSE_S = 0.01
"""Seconds between two pieces of that work, for everything else."""
CLAIM_S = 1.0
"""Seconds in which the disk may say that another server works in the folder, before the lights are taken."""
JOBS_SECONDS = 2.0
"""Seconds that jobs have to end by themselves when the rig stops; then their cameras are closed."""
HURRY_SECONDS = 0.5
"""Seconds that the calls of a camera get when a job did not end in time."""


async def _refused(store: Store) -> None:
    """Raise StartFailed where another server works in the folder: its lamps are not ours to switch.

    A disk that does not say so soon, or says anything else, is dealt with when the lights are off.
    """
    claiming = asyncio.ensure_future(in_daemon_thread(store.claim))
    await asyncio.wait([claiming], timeout=CLAIM_S)
    if claiming.done() and isinstance(failure := failure_of(claiming), StartFailed):
        raise failure
    claiming.cancel()


class Rig:
    """The only owner of the cameras, the lights, the store and the jobs."""

    def __init__(self, settings: Settings, lights: Lights, triggers: Triggers, store: Store) -> None:
        self.settings = settings
        self.lights = lights
        self.store = store
        self.publisher = Publisher()
        changes = Changes()
        self.set_changes = SetChanges(store, self.publisher)
        self.captures = Captures(store, self.publisher, changes, self.set_changes, lambda: self.objects.number)
        self.together = Together(self.captures, triggers, self.publisher)
        self.names = Names(store, lights.rig_file, changes)
        self.cameras = Cameras(settings, self.publisher)
        self.jobs = Jobs(Claims(self.cameras, lights), self.publisher)
        self.shooting = Shooting(
            lights,
            store,
            settle_s=settings.photometric_capture_delay,
            jobs=self.jobs,
            captures=self.captures,
            triggers=triggers,
            publisher=self.publisher,
            set_changes=self.set_changes,
        )
        self.surfaces = Surfaces(store, self.jobs, self.publisher, self.set_changes)
        self.calibrations = Calibrations(store, lights, self.jobs, self.publisher, self.set_changes)
        self.measurements = Measurements(lights, self.jobs, self.publisher)
        self.sets = Sets(store, self.jobs, self.publisher, changes, self.set_changes)
        self.trash = TrashCan(store, self.publisher)
        self.recipes = Recipes(RecipeBook(settings.state_dir), self.cameras, lights, self.publisher)
        self.objects = Objects(
            ObjectBook(settings.state_dir),
            Journal(settings.state_dir),
            cameras=self.cameras,
            jobs=self.jobs,
            publisher=self.publisher,
        )
        readers = readers_of(
            self.cameras,
            self.light_states,
            self.jobs,
            self.sets,
            store,
            recipes=self.recipes,
            objects=self.objects,
        )
        self.topics = Topics(self.publisher, readers)
        self.reports: list[Callable[[], Finding]] = []
        """What else the doctor is told while the rig is there."""
        self.neighbours: Callable[[], list[Neighbour]] = list
        """Lists the other rigs that the network tells of."""
        self.started_at = datetime.now(UTC)
        self.stopping = False
        self.attended: Callable[[], bool] = lambda: False
        """Whether anybody is there who could switch the lights off; who lets clients in says so."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch = self.cameras.listener = CameraWatch(
            self.cameras,
            lights,
            self.publisher,
            captures=self.captures if settings.download_body_captures else None,
            background=self.background,
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Rig"]:
        """Own a rig for a while: lights off at the start, and at the end whatever happened."""
        rig_file = await asyncio.to_thread(RigFile.load, settings.rig_file)
        settings = settings.model_copy(update={"cameras": (*settings.cameras, *rig_file.cameras)})
        if (ring := log_ring()) is not None:
            for secret in filter(None, (*rig_file.secrets, settings.mqtt_password)):
                ring.hide(secret)
        if rig_file.unused:
            logger.warning("The rig file has %s, which this version does not use.", ", ".join(rig_file.unused))
        store = Store(settings, rig_file.naming)
        await _refused(store)
        # The lights come first: the run before may have left them on, and the disk may be slow, broken or full.
        lights = await Lights.open(rig_file, simulator_control=settings.simulator_control)
        triggers = Triggers.open(rig_file, simulator_control=settings.simulator_control)
        try:
            recovered = await in_daemon_thread(store.prepare)
            rig = cls(settings, lights, triggers, store)
            lights.listen(rig._lights_changed)
            lights.on_trip(rig._light_tripped)
            rig.trash.tell_removals()
            await rig.shooting.find_interrupted(recovered)
            if fault := await asyncio.to_thread(state_fault, settings):
                logger.error("%s No camera can be opened. %s", fault, STATE_REMEDY)
            await rig.objects.open()
            rig.background(rig.objects.keep())
            rig.background(rig._watch.run())
            rig.background(rig._tidy())
            rig.background(rig._empty_trash())
            if rig_file.guard.idle_off_s is not None:
                rig.background(lights_off_when_idle(lights, rig._busy, rig_file.guard.idle_off_s))
            try:
                yield rig
            finally:
                await rig.stop()
        finally:
            await triggers.close()
            await lights.close()
            store.close()

    async def stop(self) -> None:
        """Switch the lights off, end jobs and live views, close every camera, let go of the folder; once is enough."""
        if self.stopping:
            return
        self.stopping = True
        self.cameras.stop()
        # Jobs know it before the lights go off: what is exposed in that moment is no picture of theirs.
        # One that gives a camera its old value back waits for the exposure under way, which may take minutes.
        ending_jobs = asyncio.create_task(self.jobs.stop(), name="stop of the jobs")
        await self.lights.all_off()
        await asyncio.wait({ending_jobs}, timeout=JOBS_SECONDS)
        await self.lights.all_off()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        patience = None if ending_jobs.done() else HURRY_SECONDS
        await self.cameras.close(ServerStopping(), patience)
        await ending_jobs
        await self.objects.flush()
        # Nothing is written of its own accord any more: another rig may have the folder.
        self.store.close()

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that belongs to the rig and ends with it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (error := failure_of(task)) is not None:
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

    # Jobs

    async def start_series(
        self, wanted: CaptureSeries, *, requester: str | None = None, request_id: RequestId = None
    ) -> CaptureJob[SeriesResult]:
        """Check everything a series needs, then start its job."""
        if self.stopping:
            raise ServerStopping
        return await self.shooting.start_series(wanted, requester, request_id)

    async def start_set(
        self, wanted: CapturePhotometricSet | CaptureSet, *, requester: str | None = None, request_id: RequestId = None
    ) -> CaptureJob[PhotometricSetResult]:
        """Check everything a set needs, then start its job."""
        if self.stopping:
            raise ServerStopping
        return await self.shooting.start_set(self.objects.of_current(wanted), requester, request_id)

    async def start_recipe(
        self, wanted: CaptureRecipe, *, requester: str | None = None, request_id: RequestId = None
    ) -> CaptureJob[PhotometricSetResult]:
        """Check everything that a recipe needs, set the camera as it says, then start its set."""
        if self.stopping:
            raise ServerStopping
        captured, ready = await self.recipes.prepared(self.objects.of_current(wanted))
        return await self.shooting.start_set(captured, requester, request_id, ready=ready)

    # What others are told

    def light_states(self) -> LightStates:
        """Tell every light by name."""
        status = self.lights.status()
        return LightStates(
            states=self.lights.states,
            levels=self.lights.levels,
            gpio_available=status.gpio_available,
            driver=status.driver,
            message=status.message,
            lights=status.lights,
            calibration=last_calibration(self.lights.rig_file.calibration),
        )

    def _lights_changed(self) -> None:
        self.publisher.publish(LIGHTS_CHANGED, self.light_states())

    def _busy(self) -> bool:
        """Tell whether somebody is there, or a job has the lights."""
        return self.attended() or self.lights.owner is not None

    def _light_tripped(self, trip: Trip) -> None:
        told = LightTrip(light=trip.light, limit=trip.limit, message=trip.message)
        self.publisher.publish(LIGHT_TRIPPED, told)

    async def info(self) -> ServerInfo:
        """Tell what this server is and how everything stands."""
        lights: LightsStatus = self.lights.status()
        return ServerInfo(
            version=version("tetherlight"),
            protocol=PROTOCOL_VERSION,
            features=list(FEATURES),
            simulated=self.settings.simulator_control is not None,
            token_needed=self.settings.api_token is not None,
            cameras=self.cameras.statuses(),
            selected=self.cameras.selected,
            lights=lights,
            storage=await asyncio.to_thread(self.store.space.storage),
            jobs=self.jobs.list(),
            libgphoto2=next((camera.libgphoto2 for camera in self.cameras.open), None),
            sets_dir=str(self.settings.sets_dir),
            started_at=self.started_at.isoformat().replace("+00:00", "Z"),
        )

    async def diagnose(self) -> list[Finding]:
        """Let the doctor look for what is wrong."""
        ports = [camera.port for camera in self.cameras.open]
        found = await diagnose(self.settings, self.lights.rig_file, serving=True, open_ports=ports)
        lines = self.together.triggers.findings()
        return [*found, *lamp_faults(self.lights), *lines, *(report() for report in self.reports)]
