"""The asynchronous client: one method for each action, typed by the table of actions."""

import logging
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from tetherlight.client.address import DEFAULT, Address
from tetherlight.client.capturing import Progress, SeriesCapture, SeriesTold, SetCapture
from tetherlight.client.events import RigEvent, Subscriptions
from tetherlight.client.liveview import Frame, Watches
from tetherlight.client.session import Session
from tetherlight.errors import JobNotFound, TetherlightError
from tetherlight.models import CameraInfo, ConfigEntry, ConfigValue, ImageFile, ImageSet, Job, JobState, LogLevel
from tetherlight.protocol import cameras as camera_table
from tetherlight.protocol import captures as capture_table
from tetherlight.protocol import jobs as job_table
from tetherlight.protocol import lights as light_table
from tetherlight.protocol import server as server_table
from tetherlight.protocol import sets as set_table
from tetherlight.protocol.action import Action, P, R
from tetherlight.protocol.events import JOB_CHANGED

if TYPE_CHECKING:
    from tetherlight.client.downloads import BytesTold, Downloads

logger = logging.getLogger(__name__)

STILL = frozenset({JobState.RUNNING, JobState.PAUSED})

Downloadable = (
    ImageFile
    | camera_table.CaptureResult
    | capture_table.SeriesResult
    | ImageSet
    | set_table.SetDetails
    | set_table.PhotometricSetResult
)


class Client:
    """A connection to a server, open while the context lasts.

    It connects again when the connection breaks, opens the cameras again that it had selected where the server has
    forgotten them, and goes on with its live views and events. Failures raise the server's own error classes.
    """

    def __init__(
        self, url: str = DEFAULT, *, token: str | None = None, reconnect: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address = Address.parse(url, token)
        self._session = Session(self.address, reconnect=reconnect, tls=tls)
        self._session.before_requests = self._open_cameras_again
        self._subscriptions = Subscriptions(self._session)
        self._watches = Watches(self._session)
        self._opened: dict[str, bool] = {}
        self._downloads: Downloads | None = None

    async def __aenter__(self) -> Self:
        """Connect; raise ServerUnreachable, Unauthorized or Forbidden."""
        await self._session.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave; jobs that were started go on."""
        if self._downloads is not None:
            await self._downloads.close()
        await self._session.stop()

    @property
    def server(self) -> server_table.ServerInfo:
        """What the server said of itself when the connection was made."""
        return self._session.info

    async def request(self, action: Action[P, R], payload: P | Mapping[str, Any] | None = None) -> R:
        """Ask for any action of the table and return its result; raise the error of the server's answer."""
        if not isinstance(payload, action.payload):
            payload = action.parse(dict(cast("Mapping[str, Any]", payload or {})))
        return await self._session.request(action, payload)

    async def _ask(self, action: Action[P, R], **fields: Any) -> R:
        return await self.request(action, fields)

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

    async def log(self, limit: int = 200, level: LogLevel = "INFO") -> list[server_table.LogLine]:
        """Return the newest lines of the server's log from this level on, oldest first."""
        return (await self._ask(server_table.GET_LOG, limit=limit, level=level)).lines

    async def events(self, *topics: server_table.Topic) -> AsyncGenerator[RigEvent]:
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

    async def set_config(self, name: str, value: ConfigValue, *, camera_id: str | None = None) -> ConfigEntry:
        """Set a config entry and return it as the camera has it then."""
        return await self._ask(camera_table.SET_CONFIG, config_name=name, value=value, camera_id=camera_id)

    async def capture(self, *, download: bool = True, camera_id: str | None = None) -> camera_table.CaptureResult:
        """Take a picture; `download` brings it to the server's disk, else it stays on the camera's card."""
        return await self._ask(camera_table.CAPTURE_IMAGE, download=download, camera_id=camera_id)

    def capture_series(
        self,
        *,
        count: int = 1,
        interval_s: float = 0.0,
        bracket: tuple[str, Sequence[str]] | None = None,
        camera_id: str | None = None,
        progress: SeriesTold | None = None,
    ) -> SeriesCapture:
        """Take several pictures, `interval_s` from start to start: await it for the result, or iterate over it.

        `bracket` is a config entry and the values that it has in turn, in each of the `count` rounds.
        """
        values = {"config_name": bracket[0], "values": list(bracket[1])} if bracket is not None else None
        plan = capture_table.CAPTURE_SERIES.parse({
            "count": count, "interval_s": interval_s, "bracket": values, "camera_id": camera_id,
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

    async def set_light(self, name: str, on: bool) -> light_table.LightChange:
        """Switch one light."""
        return await self._ask(light_table.SET_LIGHT_STATE, light_name=name, state=on)

    async def set_lights(self, states: Mapping[str, bool], *, others_off: bool = False) -> light_table.LightStates:
        """Switch several lights in one step."""
        return await self._ask(light_table.SET_LIGHT_STATES, states=dict(states), others_off=others_off)

    async def set_rig(self, rig: Sequence[light_table.EditedLight]) -> light_table.LightStates:
        """Replace the lights of the rig file."""
        return await self.request(light_table.SET_RIG, light_table.SetRig(lights=list(rig)))

    # Sets and images

    def capture_set(
        self,
        light_sequence: Sequence[str],
        *,
        prefix: str | None = None,
        ambient: bool = False,
        on_failure: str = "fail",
        notes: str | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
        camera_id: str | None = None,
        progress: Progress | None = None,
    ) -> SetCapture:
        """Take one image per light: await it for the result, or iterate over it for the steps."""
        plan = set_table.CAPTURE_PHOTOMETRIC_SET.parse({
            "light_sequence": list(light_sequence), "set_name_prefix": prefix, "ambient": ambient,
            "on_failure": on_failure, "notes": notes, "camera_id": camera_id,
            "catalogue_number": catalogue_number, "scale_mm_per_pixel": scale_mm_per_pixel,
        })  # fmt: skip
        return SetCapture(self._session, plan, progress)

    async def sets(self) -> list[ImageSet]:
        """Return the image sets, newest first."""
        return (await self._ask(set_table.LIST_IMAGE_SETS)).root

    async def show_set(self, set_name: str) -> set_table.SetDetails:
        """Return a set with its images and its manifest."""
        return await self._ask(set_table.GET_IMAGE_SET, set_name=set_name)

    async def set_images(self, set_name: str) -> list[ImageFile]:
        """Return the images of a set by filename."""
        return (await self._ask(set_table.GET_IMAGE_SET_CONTENTS, set_name=set_name)).root

    async def delete_set(self, set_name: str) -> str:
        """Move a set to the trash and return the server's sentence."""
        return (await self._ask(set_table.DELETE_IMAGE_SET, set_name=set_name)).message

    async def restore_set(self, set_name: str) -> str:
        """Bring a set back from the trash."""
        return (await self._ask(set_table.RESTORE_IMAGE_SET, set_name=set_name)).message

    async def rename_set(self, set_name: str, new_name: str) -> str:
        """Give a set another name."""
        return (await self._ask(set_table.RENAME_IMAGE_SET, set_name=set_name, new_name=new_name)).message

    async def annotate_set(
        self,
        set_name: str,
        *,
        notes: str | None = None,
        rating: int | None = None,
        ratings: Mapping[str, int] | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
    ) -> str:
        """Keep notes and ratings with a set; only what is given changes, the empty text and a scale of 0 remove."""
        fields = {
            "notes": notes, "rating": rating, "ratings": dict(ratings) if ratings is not None else None,
            "catalogue_number": catalogue_number, "scale_mm_per_pixel": scale_mm_per_pixel,
        }  # fmt: skip
        return (await self._ask(set_table.ANNOTATE_IMAGE_SET, set_name=set_name, **fields)).message

    async def captures(self, limit: int = 100) -> list[ImageFile]:
        """Return the newest single captures, newest first."""
        return (await self._ask(set_table.LIST_CAPTURES, limit=limit)).root

    async def annotate_image(
        self, image: ImageFile | str, *, rating: int | None = None, notes: str | None = None
    ) -> ImageFile:
        """Keep a rating from -1 (reject) to 5, or notes, with an image; 0 and the empty text remove."""
        return await self._ask(capture_table.ANNOTATE_IMAGE, image_path=_path_of(image), rating=rating, notes=notes)

    async def delete_image(self, image: ImageFile | str) -> list[str]:
        """Move a single capture with all its files to the trash and return their names."""
        return (await self._ask(capture_table.DELETE_IMAGE, image_path=_path_of(image))).filenames

    async def restore_image(self, image: ImageFile | str) -> ImageFile:
        """Bring a single capture back from the trash."""
        return await self._ask(capture_table.RESTORE_IMAGE, image_path=_path_of(image))

    async def naming(self, *, captures: str | None = None, sets: str | None = None) -> capture_table.Naming:
        """Return the templates of names and what they give; other templates are tried and not kept."""
        return await self._ask(capture_table.GET_NAMING, capture=captures, set=sets)

    async def set_naming(self, *, captures: str | None = None, sets: str | None = None) -> capture_table.Naming:
        """Name captures and sets by these templates from now on; raise InvalidName."""
        return await self._ask(capture_table.SET_NAMING, capture=captures, set=sets)

    async def read(self, image: ImageFile) -> bytes:
        """Return an image's bytes over HTTP."""
        return await self._http().read(image)

    async def download(
        self, what: Downloadable | str, to: str | Path = ".", *, progress: "BytesTold | None" = None
    ) -> list[Path]:
        """Bring an image, a capture, a series or a set (also by its name) into a folder and return the paths.

        A set gets a folder of its own in it. Files that are there already are not fetched again, interrupted ones
        are resumed, each is checked against the server's checksum; nothing is overwritten.
        """
        files, folder = await self._files_of(what, Path(to))
        return [await self._http().fetch(file, folder, progress) for file in files]

    async def _files_of(self, what: Downloadable | str, folder: Path) -> tuple[Sequence[ImageFile], Path]:
        match what:
            case ImageFile():
                return [what], folder
            case camera_table.CaptureResult() | capture_table.SeriesResult():
                return what.files, folder
            case set_table.PhotometricSetResult():
                name = what.set_folder.rpartition("/")[2]
            case set_table.SetDetails():
                name = what.set.name
            case ImageSet():
                name = what.name
            case _:
                name = what
        return await self.set_images(name), folder / Path(name).name

    def _http(self) -> "Downloads":
        if self._downloads is None:
            from tetherlight.client.downloads import Downloads  # noqa: PLC0415 - httpx takes long to load

            self._downloads = Downloads(self.address, self._session.tls)
        return self._downloads

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

    async def resume_job(self, job_id: str) -> Job:
        """Go on with a paused or interrupted job."""
        return await self._ask(job_table.RESUME_JOB, job_id=job_id)

    async def retry_steps(self, job_id: str, steps: Sequence[int] | None = None) -> Job:
        """Take steps of a job again, all that failed where none is named."""
        return await self._ask(job_table.RETRY_STEPS, job_id=job_id, steps=list(steps) if steps is not None else None)

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


def _path_of(image: ImageFile | str) -> str:
    return image if isinstance(image, str) else image.path


def _jobs_in(event: RigEvent, job_id: str) -> list[Job]:
    if isinstance(event.data, job_table.JobList):
        found = [job for job in event.data.root if job.job_id == job_id]
        if not found:
            raise JobNotFound(f"No job '{job_id[:200]}' is known.")
        return found
    return [event.data] if event.name == JOB_CHANGED.name and event.data.job_id == job_id else []
