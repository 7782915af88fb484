"""The cameras of a rig: which are there, which are open, which one a request means, and their live views."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, TypeVar

from tetherlight.camera.camera import Camera, CameraListener
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.lane import Place
from tetherlight.errors import (
    CameraBusy,
    CameraLost,
    CameraNotFound,
    CameraNotOpen,
    InvalidPayload,
    NoCameraSelected,
    ServerStopping,
    held,
)
from tetherlight.liveview.liveview import Liveview
from tetherlight.protocol.events import CAMERAS_CHANGED, CameraInventory
from tetherlight.protocol.models import CameraInfo, CameraState, CameraStatus
from tetherlight.publisher import Publisher
from tetherlight.rig.choices import Choice, Choices
from tetherlight.rig.roster import Roster
from tetherlight.settings import Settings

T = TypeVar("T")


class Cameras:
    """The only owner of open cameras, of the selected one and of the live views."""

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        self._settings = settings
        self._publisher = publisher
        self._open: dict[str, Camera] = {}
        self._liveviews: dict[str, Liveview] = {}
        self._selected: str | None = None
        self._roster = Roster(settings, self._open)
        self._choices = Choices(self._open, lambda: self._selected)
        self._stopping = False
        self.listener: CameraListener[Camera] | None = None
        """Who hears what happens to cameras that are opened from now on."""

    @property
    def selected(self) -> str | None:
        """The camera_id of the selected camera."""
        return self._selected

    def stop(self) -> None:
        """Open no further camera."""
        self._stopping = True

    async def close(self, reason: ServerStopping, patience: float | None) -> None:
        """End all live views and close every camera, whose calls under way get `patience` seconds, or all they need."""
        await asyncio.gather(*(liveview.close(reason) for liveview in self._liveviews.values()))
        await asyncio.gather(*(one.close(patience) for one in self._open.values()), return_exceptions=True)
        self._liveviews.clear()
        self._open.clear()
        self._selected = None

    def camera(self, camera_id: str | None = None) -> Camera:
        """Return the open camera of this id, or the selected one."""
        if camera_id is None:
            if self._selected is None:
                raise NoCameraSelected("No camera selected.", hint="Select a camera first (SELECT_CAMERA).")
            return self._open[self._selected]
        if camera_id in self._open:
            return self._open[camera_id]
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
        return await self._choices.after((camera_id,), lambda: take(self.camera(camera_id)), give_back)

    async def take_all(
        self,
        camera_ids: Collection[str | None],
        take: Callable[[tuple[Camera, ...]], T],
        give_back: Callable[[T], None] = lambda _: None,
    ) -> T:
        """Take something of several cameras together, or of none; otherwise as `take`."""
        return await self._choices.after(
            camera_ids, lambda: take(tuple(self.camera(camera_id) for camera_id in camera_ids)), give_back
        )

    async def find(self, camera_id: str | None = None) -> Camera:
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

    async def turns(self, camera_ids: Collection[str] | None = None) -> list[tuple[Camera, Place]]:
        """Take a place in the order of each of these cameras, of all open ones where none is named; leave them.

        Raises CameraBusy at once where a job owns one of them, and as `camera` does.
        """

        def take() -> list[tuple[Camera, Place]]:
            named = None if camera_ids is None else dict.fromkeys(camera_ids)
            cameras = self.open if named is None else tuple(map(self.camera, named))
            if not cameras:
                raise CameraNotOpen("No camera is open.", hint="Open each camera first (SELECT_CAMERA).")
            taken: list[tuple[Camera, Place]] = []
            try:
                for camera in cameras:
                    taken.append((camera, camera.place()))  # noqa: PERF401 - what was taken must be known if one fails
            except CameraBusy:
                _leave(taken)
                raise
            return taken

        return await self._choices.after(camera_ids, take, _leave)

    @property
    def open(self) -> tuple[Camera, ...]:
        """The open cameras."""
        return tuple(self._open.values())

    def liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the live view of an open camera."""
        camera = self.camera(camera_id)
        if camera.camera_id not in self._liveviews:
            self._liveviews[camera.camera_id] = Liveview(camera, self._settings.liveview_frame_interval)
        return self._liveviews[camera.camera_id]

    async def find_liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the live view of the camera that `find` returns."""
        return await self.take(camera_id, lambda camera: self.liveview(camera.camera_id))

    def wake_liveview(self, camera_id: str) -> None:
        """Let the live view of a camera that is ready again go on at once."""
        if camera_id in self._liveviews:
            self._liveviews[camera_id].wake()

    async def look(self) -> list[CameraInfo]:
        """Look for cameras; what is open is told as it is and not disturbed."""
        await self.scan()
        return self._infos()

    async def scan(self) -> bool:
        """Look for cameras and say whether others are there than before."""
        return await self._roster.look()

    def _infos(self) -> list[CameraInfo]:
        return [
            self._open_info(self._open[one.camera_id]) if one.camera_id in self._open else self._found_info(one)
            for one in self._roster
        ]

    async def select(
        self, model: str | None, port: str | None, camera_id: str | None, *, select: bool = True
    ) -> CameraInfo:
        """Open a camera, and select it if wanted; without `camera_id` the one selected before is closed first."""
        if camera_id is None and not select:
            raise InvalidPayload("SELECT_CAMERA needs the field 'camera_id' where 'select' is false.")
        async with self._choices.make(Choice("open", camera_id, model, port, selects=select)):
            if self._stopping:
                raise ServerStopping
            if camera_id is None:
                self._refuse_if_owned(self._selected)
            camera = self._match_open(model, port, camera_id)
            if camera is None:
                found = await self._match_found(model, port, camera_id)
                camera = await self._open_found(found, beside=camera_id is not None)
            elif camera_id is None and self._selected not in {None, camera.camera_id}:
                await self._close(self._selected)
            elif camera_id is not None and port not in {None, camera.port}:
                await self._find_at(camera, str(port))
            if select:
                self._selected = camera.camera_id
        self.announce()
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
        self.announce()

    def _refuse_if_owned(self, camera_id: str | None) -> None:
        camera = self._open.get(camera_id) if camera_id else None
        if camera is not None and camera.owner is not None:
            raise held(CameraBusy, f"camera '{camera_id}'", camera.owner)

    def _match_open(self, model: str | None, port: str | None, camera_id: str | None) -> Camera | None:
        if camera_id is not None:
            return self._open.get(camera_id)
        selected = [self._open[self._selected]] if self._selected else []
        listed = [self._open[one.camera_id] for one in self._roster if one.camera_id in self._open]
        for camera in (*selected, *listed):
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

    async def _open_found(self, found: FoundCamera, *, beside: bool) -> Camera:
        if not beside and self._selected is not None:
            await self._close(self._selected)
        camera = await Camera.open(found, self._settings, self.listener, around=self._roster.around)
        if self._stopping:
            # Nobody would close it any more.
            await camera.close()
            raise ServerStopping
        self._open[camera.camera_id] = camera
        self._roster.opened(camera)
        return camera

    async def _find_at(self, camera: Camera, port: str) -> None:
        """Believe a person who says where a lost camera is; elsewhere the port of an open camera means nothing."""
        if camera.state is not CameraState.LOST:
            return
        if any(port == other.port for other in self._open.values()):
            raise CameraBusy(f"Another camera is open at {port}.", hint="Close it first (DESELECT_CAMERA).")
        await camera.find_at(port)

    def moved(self, camera: Camera) -> None:
        """Remember where a camera is that came back."""
        self._roster.opened(camera)

    async def _close(self, camera_id: str) -> None:
        """Close a camera when all that was asked of it before is done."""
        camera = self._open[camera_id]
        with camera.place() as place:
            await place.first()
        self._open.pop(camera_id, None)
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

    def statuses(self) -> list[CameraStatus]:
        """Tell how every open camera stands."""
        statuses = []
        for camera in self._open.values():
            liveview = self._liveviews.get(camera.camera_id)
            update: dict[str, Any] = {"selected": camera.camera_id == self._selected}
            if liveview is not None:
                update |= {"liveview_viewers": liveview.viewers, "liveview_fps": liveview.fps}
            statuses.append(camera.status().model_copy(update=update))
        return statuses

    def inventory(self) -> CameraInventory:
        """Tell which cameras are there as of the last look, and how the open ones stand."""
        return CameraInventory(cameras=self._infos(), open=self.statuses())

    def announce(self) -> None:
        """Tell the camera topic how the cameras stand."""
        self._publisher.publish(CAMERAS_CHANGED, self.inventory())


def _leave(taken: Collection[tuple[Camera, Place]]) -> None:
    for _, place in taken:
        place.leave()
