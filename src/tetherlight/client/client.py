"""The asynchronous client: one method for each action, typed by the table of actions."""

import logging
import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Self, cast

from tetherlight.client.address import DEFAULT, Address
from tetherlight.client.capturing import SeriesCapture, SeriesTold
from tetherlight.client.events import RigEvent, Subscriptions
from tetherlight.client.images import exposures_of, places_of
from tetherlight.client.liveview import Frame, Watches
from tetherlight.client.objects import ObjectRequests
from tetherlight.client.recipes import RecipeRequests
from tetherlight.client.session import Session
from tetherlight.errors import JobNotFound, TetherlightError
from tetherlight.protocol import cameras as camera_table
from tetherlight.protocol import captures as capture_table
from tetherlight.protocol import jobs as job_table
from tetherlight.protocol import lights as light_table
from tetherlight.protocol import measurement as measurement_table
from tetherlight.protocol import server as server_table
from tetherlight.protocol import together as together_table
from tetherlight.protocol.axes import FocusPlaces
from tetherlight.protocol.models import CameraInfo, ConfigEntry, ConfigValue, Job, JobState, LogLevel
from tetherlight.protocol.names import Topic

logger = logging.getLogger(__name__)

STILL = frozenset({JobState.RUNNING, JobState.PAUSED})


class Client(ObjectRequests, RecipeRequests):
    """A connection to a server, open while the context lasts, or from `connect` to `close`.

    It connects again when the connection breaks, opens the cameras again that it had selected where the server has
    forgotten them, and goes on with its live views and events. Failures raise the server's own error classes.
    """

    def __init__(
        self, url: str = DEFAULT, *, token: str | None = None, reconnect: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        address = Address.parse(url, token)
        super().__init__(address, Session(address, reconnect=reconnect, tls=tls))
        self._session.before_requests = self._open_cameras_again
        self._subscriptions = Subscriptions(self._session)
        self._watches = Watches(self._session)
        self._opened: dict[str, bool] = {}

    async def connect(self) -> Self:
        """Connect; raise ServerUnreachable, Unauthorized or Forbidden."""
        await self._session.start()
        return self

    async def close(self) -> None:
        """Leave; jobs that were started go on."""
        await self._close_downloads()
        await self._session.stop()

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave."""
        await self.close()

    @property
    def server(self) -> server_table.ServerInfo:
        """What the server said of itself when the connection was made."""
        return self._session.info

    # The server

    async def info(self) -> server_table.ServerInfo:
        """Return version, cameras, lights, storage and jobs as they stand now."""
        return await self._ask(server_table.GET_SERVER_INFO)

    async def describe(self) -> server_table.Description:
        """Return the protocol as JSON Schema."""
        return await self._ask(server_table.DESCRIBE)

    async def diagnose(self) -> list[server_table.Finding]:
        """Let the server look for what is wrong with its rig."""
        return (await self._ask(server_table.DIAGNOSE)).findings

    async def neighbours(self) -> list[server_table.Neighbour]:
        """Return the other rigs that the server's network tells of; none where its rig file has no [bridges.mdns]."""
        return (await self._ask(server_table.GET_NEIGHBOURS)).neighbours

    async def ping(self) -> float:
        """Return the seconds that a round trip takes now."""
        started = time.perf_counter()
        await self._ask(server_table.PING)
        return time.perf_counter() - started

    async def log(self, limit: int = 200, level: LogLevel = "INFO") -> list[server_table.LogLine]:
        """Return the newest lines of the server's log from this level on, oldest first."""
        return (await self._ask(server_table.GET_LOG, limit=limit, level=level)).lines

    async def events(self, *topics: Topic) -> AsyncGenerator[RigEvent]:
        """Give each topic as it stands, then every change; all topics where none is named.

        After a lost connection new snapshots come, since changes may have been missed.
        """
        subscriber = await self._subscriptions.add(topics)
        try:
            while True:
                yield await subscriber.next()
        finally:
            await self._subscriptions.remove(subscriber)

    # Cameras

    async def cameras(self) -> list[CameraInfo]:
        """Look for cameras and return those that are there."""
        return (await self._ask(camera_table.GET_CAMERAS)).root

    async def select(
        self,
        *,
        model: str | None = None,
        port: str | None = None,
        camera_id: str | None = None,
        select: bool = True,
    ) -> CameraInfo:
        """Open a camera and make it the selected one; with `camera_id` the others stay open.

        With `camera_id` and without `select` the selected camera stays what it is.
        """
        camera = await self._ask(camera_table.SELECT_CAMERA, model=model, port=port, camera_id=camera_id, select=select)
        kept = dict(self._opened) if camera_id is not None else {}
        if select:
            kept = dict.fromkeys(kept, False)
        self._opened = {**kept, camera.camera_id: select or kept.get(camera.camera_id, False)}
        return camera

    async def deselect(self, camera_id: str | None = None) -> None:
        """Close a camera, the selected one where none is named."""
        await self._ask(camera_table.DESELECT_CAMERA, camera_id=camera_id)
        closed = camera_id or next((one for one, selected in self._opened.items() if selected), None)
        self._opened.pop(closed or "", None)

    async def get_config(self, name: str, *, camera_id: str | None = None) -> ConfigEntry:
        """Return one config entry by name, alias or path."""
        reply = await self._ask(camera_table.GET_CONFIG, config_name=name, camera_id=camera_id)
        return cast("ConfigEntry", reply.root)

    async def list_config(self, *, camera_id: str | None = None) -> list[ConfigEntry]:
        """Return all config entries."""
        return cast("list[ConfigEntry]", (await self._ask(camera_table.GET_CONFIG, camera_id=camera_id)).root)

    async def set_config(
        self, name: str, value: ConfigValue, *, force: bool = False, camera_id: str | None = None
    ) -> ConfigEntry:
        """Set a config entry and return it as the camera has it then; `force` tries also what is called read-only."""
        wanted = {"config_name": name, "value": value, "force": force or None, "camera_id": camera_id}
        return await self._ask(camera_table.SET_CONFIG, **wanted)

    async def capture(
        self, *, download: bool = True, exposure_s: float | None = None, camera_id: str | None = None
    ) -> camera_table.CaptureResult:
        """Take a picture; `download` brings it to the server's disk, else it stays on the camera's card.

        With `exposure_s` the shutter is held open for so many seconds (bulb).
        """
        return await self._ask(
            camera_table.CAPTURE_IMAGE, download=download, exposure_s=exposure_s, camera_id=camera_id
        )

    async def capture_all(
        self,
        camera_ids: Sequence[str] | None = None,
        *,
        trigger: together_table.Trigger | None = None,
        download: bool = True,
    ) -> together_table.CaptureAllResult:
        """Take a picture with each open camera, or those named, in one moment: by lines, or by `software`.

        Raises CaptureIncomplete where a camera gave none; its `data` has the frames of the others.
        """
        named = None if camera_ids is None else list(camera_ids)
        return await self._ask(together_table.CAPTURE_ALL, camera_ids=named, trigger=trigger, download=download)

    def capture_series(
        self,
        *,
        count: int = 1,
        interval_s: float = 0.0,
        bracket: tuple[str, Sequence[str]] | None = None,
        focus: tuple[int, int] | FocusPlaces | None = None,
        exposure: Sequence[float | Mapping[str, str | float]] | None = None,
        camera_id: str | None = None,
        progress: SeriesTold | None = None,
    ) -> SeriesCapture:
        """Take several pictures, `interval_s` from start to start: await it for the result, or iterate over it.

        `bracket` is a config entry and the values that it has in turn, in each of the `count` rounds; `focus` and
        `exposure` as for `capture_set`.
        """
        values = {"config_name": bracket[0], "values": list(bracket[1])} if bracket is not None else None
        plan = capture_table.CAPTURE_SERIES.parse({
            "count": count, "interval_s": interval_s, "bracket": values, "camera_id": camera_id,
            "focus": places_of(focus), "exposure": exposures_of(exposure),
        })  # fmt: skip
        return SeriesCapture(self._session, plan, progress)

    async def autofocus(self, point: tuple[float, float] | None = None, *, camera_id: str | None = None) -> None:
        """Let the camera focus by itself, once; `point` is in shares of the live view's width and height."""
        await self._ask(camera_table.AUTOFOCUS, point=point, camera_id=camera_id)

    async def drive_focus(self, step: int, *, camera_id: str | None = None) -> None:
        """Move the focus while a live view runs: negative is nearer, 1 to 3 are small to large steps."""
        await self._ask(camera_table.DRIVE_FOCUS, step=step, camera_id=camera_id)

    async def liveview(self, *, camera_id: str | None = None, max_fps: float | None = None) -> AsyncGenerator[Frame]:
        """Give the newest frame each time one is asked for; who is slow skips frames and never sees old ones."""
        watch, slot = await self._watches.open(camera_id, max_fps)
        try:
            while True:
                yield await self._watches.take(watch, slot)
        finally:
            await self._watches.close(watch, slot)

    # Lights

    async def lights(self) -> light_table.LightStates:
        """Return every light and whether it is on."""
        return await self._ask(light_table.GET_LIGHT_STATES)

    async def set_light(self, name: str, on: bool, *, level: float | None = None) -> light_table.LightChange:
        """Switch one light; `level` from 0 to 1 is how bright it becomes, else as bright as it was last."""
        return await self._ask(light_table.SET_LIGHT_STATE, light_name=name, state=on, level=level)

    async def set_lights(
        self, states: Mapping[str, bool], *, levels: Mapping[str, float] | None = None, others_off: bool = False
    ) -> light_table.LightStates:
        """Switch several lights in one step; `levels` says of some of them how bright they become, from 0 to 1."""
        given = {"levels": dict(levels)} if levels else {}
        return await self._ask(light_table.SET_LIGHT_STATES, states=dict(states), others_off=others_off, **given)

    async def set_rig(self, rig: Sequence[light_table.EditedLight]) -> light_table.LightStates:
        """Replace the lights of the rig file."""
        return await self.request(light_table.SET_RIG, light_table.SetRig(lights=list(rig)))

    async def measure_lights(
        self,
        lights: Sequence[str] | None = None,
        *,
        camera_id: str | None = None,
        levels: int = 8,
        apply: bool = False,
    ) -> measurement_table.LightMeasurement:
        """Let the server watch by the live view how lights follow what they are told; all where none is named.

        With `apply` the rig file has it from then on. It is a job of the server, which goes on where this is given up.
        """
        return await self._ask(
            measurement_table.MEASURE_LIGHTS,
            lights=None if lights is None else list(lights),
            camera_id=camera_id,
            levels=levels,
            apply=apply,
        )

    # Jobs

    async def jobs(self) -> list[Job]:
        """Return the jobs under way and the last ones that ended, newest first."""
        return (await self._ask(job_table.GET_JOBS)).root

    async def cancel_job(self, job_id: str) -> Job:
        """End a job after the exposure under way."""
        return await self._ask(job_table.CANCEL_JOB, job_id=job_id)

    async def pause_job(self, job_id: str) -> Job:
        """Stop a job after the exposure under way until it is resumed."""
        return await self._ask(job_table.PAUSE_JOB, job_id=job_id)

    async def resume_job(self, job_id: str, focus: job_table.FocusChoice | None = None) -> Job:
        """Go on with a paused or interrupted job; `focus` says what to believe of a lens after FocusUnknown."""
        return await self._ask(job_table.RESUME_JOB, job_id=job_id, focus=focus)

    async def retry_steps(
        self, job_id: str, steps: Sequence[int] | None = None, *, focus: job_table.FocusChoice | None = None
    ) -> Job:
        """Take steps of a job again, all that failed where none is named; `focus` as for `resume_job`."""
        wanted = list(steps) if steps is not None else None
        return await self._ask(job_table.RETRY_STEPS, job_id=job_id, steps=wanted, focus=focus)

    async def skip_steps(self, job_id: str, steps: Sequence[int] | None = None) -> Job:
        """Leave steps of a job out, all that failed where none is named."""
        return await self._ask(job_table.SKIP_STEPS, job_id=job_id, steps=list(steps) if steps is not None else None)

    async def follow_job(self, job_id: str) -> AsyncGenerator[Job]:
        """Give a job as it stands, and again at each change until it has ended; raise JobNotFound."""
        subscriber = await self._subscriptions.add(("job",))
        try:
            while True:
                event = await subscriber.next()
                for job in _jobs_in(event, job_id):
                    yield job
                    if job.state not in STILL:
                        return
        finally:
            await self._subscriptions.remove(subscriber)

    async def _open_cameras_again(self) -> None:
        """Open the cameras that this client had opened and that the server, started anew, has not open."""
        opened = {camera.camera_id for camera in self.server.cameras}
        for camera_id, selected in [one for one in self._opened.items() if one[0] not in opened]:
            try:
                payload = camera_table.SelectCamera(camera_id=camera_id, select=selected)
                await self._session.request(camera_table.SELECT_CAMERA, payload, gated=False)
            except TetherlightError as error:
                logger.warning("Camera %s could not be opened again: %s", camera_id, error.message)


def _jobs_in(event: RigEvent, job_id: str) -> list[Job]:
    if isinstance(event.data, job_table.JobList):
        found = [job for job in event.data.root if job.job_id == job_id]
        if not found:
            raise JobNotFound(f"No job '{job_id[:200]}' is known.")
        return found
    return [event.data] if isinstance(event.data, Job) and event.data.job_id == job_id else []
