"""The blocking camera inside the worker: one verb for each call of the channel."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tetherlight import errors
from tetherlight.camera import usb
from tetherlight.camera.worker import gphoto, jpeg, messages, saving, widgets
from tetherlight.camera.worker.gphoto import gp
from tetherlight.camera.worker.memory import FOLDER as MEMORY_FOLDER
from tetherlight.camera.worker.memory import MemoryPictures
from tetherlight.camera.worker.viewfinder import Viewfinder
from tetherlight.process import wire

POLL_MS = 5
"""Short, because libgphoto2 sleeps longer and longer inside one wait but looks at once when a new one begins."""
READ_BACK_PAUSE = 0.02
ASKED_FOR_EVENTS = frozenset({0x0A, 0x0B})
"""The makers, Nikon and Canon, whose bodies libgphoto2 asks for events; others send theirs, or none."""
LIVE_ON_S = 120
"""Seconds that a worker with an open shutter lives on after it was asked something; no call may take so long then."""


class Driver:
    """One camera and the library that opens it; single-threaded."""

    def __init__(self, library: gphoto.Library) -> None:
        self._library = library
        self._camera: gphoto.Device | None = None
        self._viewfinder: Viewfinder | None = None
        self._paths: dict[str, str] = {}
        self._widgets: dict[str, gp.CameraWidget] = {}
        """Entries as they were read last, by name: what carries the next value to the camera."""
        self._asks_for_events = False
        self._memory = MemoryPictures()
        self._server = os.getppid()
        self._shutter_open = False

    @property
    def _open(self) -> gphoto.Device:
        if self._camera is None:
            raise errors.CameraNotOpen("The camera is not open.")
        return self._camera

    def open(self, model: str, port: str) -> dict[str, Any]:
        """Open the camera and say who it is by its own account."""
        self.close()
        self._camera = self._library.open(model, port)
        self._viewfinder = Viewfinder(self._camera)
        summary = self._summary()
        stated_model, serial = messages.identity(summary)
        self._asks_for_events = messages.maker(summary) in ASKED_FOR_EVENTS
        return {
            "model": stated_model or model,
            "serial": serial or self._configured_serial(),
            "libgphoto2": gp.gp_library_version(gp.GP_VERSION_SHORT)[0],
        }

    def close(self, *, standby: bool = False, output: str | None = None) -> None:
        """Leave the camera, with `standby` after ending its live view; nothing happens where none is open."""
        if standby and self._viewfinder is not None:
            with suppress(gp.GPhoto2Error):
                self._viewfinder.end(output)
        self._viewfinder = None
        if self._shutter_open:
            with suppress(gp.GPhoto2Error):
                self._open.set_single_config(widgets.BULB, self._carrying(widgets.BULB, value=False))
            self._shutter_open = False
        self._widgets.clear()
        self._memory.clear()
        if self._camera is not None:
            camera, self._camera = self._camera, None
            gphoto.leave(camera)

    def _summary(self) -> str:
        with gphoto.translated("say who it is"):
            return self._open.get_summary()

    def _configured_serial(self) -> str | None:
        for name in ("serialnumber", "eosserialnumber"):
            try:
                value = str(self._open.get_single_config(name).get_value())
            except gp.GPhoto2Error:
                continue
            if (serial := usb.meaningful(value)) is not None:
                return serial
        return None

    def probe(self) -> dict[str, int | None]:
        """Ask something that no cache can answer, the free room; raise where the camera is gone."""
        with gphoto.translated("say that it is there"):
            try:
                found = self._open.get_storageinfo()
            except gp.GPhoto2Error as error:
                if error.code != gp.GP_ERROR_NOT_SUPPORTED:
                    raise
                self._open.get_summary()
                found = []
        return _room(found)

    def config(self) -> list[widgets.Raw]:
        """Read the whole config tree."""
        with gphoto.translated("read its config"):
            root = self._open.get_config()
            # Without the root in a variable its children would lie in freed memory.
            found = list(widgets.entries(root))
        self._paths = {}
        self._widgets.clear()
        for raw in found:
            self._paths.setdefault(raw["name"], raw["path"])
        return found

    def entry(self, name: str) -> widgets.Raw:
        """Read one config entry."""
        with gphoto.translated(f"read config '{name}'"):
            self._widgets.pop(name, None)
            widget = self._open.get_single_config(name)
            raw = widgets.entry(widget, self._paths.get(name, f"/main/other/{name}")) | {"name": name}
        if not raw["path"].startswith(widgets.ACTIONS_SECTION):
            self._widgets[name] = widget
        return raw

    def set_config(self, name: str, value: Any, patience: float) -> tuple[widgets.Raw, bool]:
        """Write one entry and read it back for up to `patience` seconds; return it and whether it is as asked."""
        acts = self._paths.get(name, "").startswith(widgets.ACTIONS_SECTION)
        if name == widgets.BULB and value:
            self._guard(on=True)
        with gphoto.translated(f"carry out '{name}'" if acts else f"set config '{name}'"):
            self._open.set_single_config(name, self._carrying(name, value))
        if name == widgets.BULB and not value:
            self._guard(on=False)
        give_up = time.monotonic() + patience
        while True:
            raw = self.entry(name)
            if widgets.agrees(raw, value):
                return raw, True
            if time.monotonic() >= give_up:
                return raw, False
            time.sleep(READ_BACK_PAUSE)

    def _guard(self, *, on: bool) -> None:
        """Live on when the server dies, to close the shutter then; but not for ever, whatever libgphoto2 does."""
        self._shutter_open = on
        if on:
            wire.outlive_parent()
        else:
            wire.die_with_parent(self._server)
        self.asked()

    def asked(self) -> None:
        """Take note that the server is there: a worker that lives on without it has so long to end."""
        signal.alarm(LIVE_ON_S if self._shutter_open else 0)

    def _carrying(self, name: str, value: Any) -> gp.CameraWidget:
        """Return the widget of an entry with another value.

        It is the one that was read last where that had another value: reading it anew would take a fourth of the time.
        A widget that has the value already might not be sent, though the camera may have left it meanwhile.
        """
        widget = self._widgets.pop(name, None)
        if widget is None or widget.get_readonly() or widget.get_value() == _worded(widget, value):
            widget = self._open.get_single_config(name)
        widget.set_value(_worded(widget, value))
        return widget

    def preview(self) -> tuple[dict[str, Any], bytes]:
        """Return one preview; some drivers say OK and deliver nothing, which is a failure here."""
        if self._viewfinder is not None:
            self._viewfinder.begin()
        try:
            with gphoto.translated("deliver a preview"):
                file = self._open.capture_preview()
                # The view points into memory that goes away with `file`.
                data = bytes(file.get_data_and_size())
        except errors.CameraError as error:
            if (error.details or {}).get("gphoto_code") == gp.GP_ERROR_NOT_SUPPORTED:
                raise errors.PreviewUnsupported("Camera does not support preview.", details=error.details) from None
            raise
        size = jpeg.size(data)
        if size is None:
            raise errors.PreviewFailed(
                "The camera delivered an empty preview." if not data else "The camera's preview is no JPEG."
            )
        return {"captured_at": time.time(), "width": size[0], "height": size[1]}, data

    def standby(self, output: str | None) -> None:
        """End the live view of the body, which the next preview begins again; `output` is for Canon's bodies."""
        if self._viewfinder is not None:
            with gphoto.translated("end its live view"):
                self._viewfinder.end(output)

    def trigger(self) -> float:
        """Release the shutter without waiting for the picture; return the time of the release in Unix seconds."""
        released = time.time()
        with gphoto.translated("take a picture"):
            self._open.trigger_capture()
        return released

    def capture(self) -> tuple[float, str]:
        """Release the shutter and wait for the picture: the fallback for drivers that have no trigger."""
        released = time.time()
        with gphoto.translated("take a picture"):
            path = self._open.capture(gp.GP_CAPTURE_IMAGE)
        return released, self._announced(path) or _join(path)

    def events(self, seconds: float) -> dict[str, Any]:
        """Wait up to `seconds` for something to happen, then collect all that has; an empty answer is no failure."""
        changed: dict[str, None] = {}
        files: dict[str, None] = {}
        complete = False
        give_up = time.monotonic() + seconds
        while True:
            # Behind the end of a capture only what is there already is collected: nothing else is awaited.
            patience = 0 if complete or not seconds else POLL_MS
            with gphoto.translated("report events"):
                kind, data = self._open.wait_for_event(patience)
            if kind == gp.GP_EVENT_FILE_ADDED:
                if (path := self._announced(data)) is not None:
                    files[path] = None
            elif kind == gp.GP_EVENT_CAPTURE_COMPLETE:
                complete = True
            elif kind == gp.GP_EVENT_UNKNOWN and (name := messages.changed_property(str(data))):
                changed[name] = None
            elif kind == gp.GP_EVENT_TIMEOUT and (changed or files or complete or time.monotonic() >= give_up):
                asked = self._asks_for_events
                return {"changed": list(changed), "files": list(files), "complete": complete, "asked": asked}

    def _announced(self, path: gp.CameraFilePath) -> str | None:
        """Return where an announced file is; None where it is one that was announced before."""
        return self._memory.announced(self._open, path.name) if path.folder == MEMORY_FOLDER else _join(path)

    def storage(self) -> dict[str, int | None]:
        """Return the free room of all cards together; None where the camera does not say."""
        with gphoto.translated("report its storage"):
            return _room(self._open.get_storageinfo())

    def download(
        self, paths: Sequence[str], folder: str, stem: str, *, replace: Sequence[str], delete: bool, joins: bool = False
    ) -> list[dict[str, Any]]:
        """Save files of one exposure as folder/stem.ext, durable before this returns; all of them or none."""
        target = Path(folder)
        drafts: list[saving.Draft] = []
        try:
            for path in paths:
                drafts.append(self._fetch(path, target))  # noqa: PERF401 - what was written must be known if one fails
            began = time.perf_counter()
            names = saving.publish(drafts, target, stem, replace=replace, joins=joins)
            named_s = (time.perf_counter() - began) / len(drafts)
        except errors.TetherlightError:
            saving.discard(drafts)
            raise
        for path in paths:
            self._forget(path, delete=delete)
        return [
            {
                "path": str(name),
                "size": draft.size,
                "sha256": draft.sha256,
                "mimetype": draft.mimetype,
                "camera_name": draft.camera_name,
                "picture": draft.picture,
                "write_s": draft.write_s + named_s,
            }
            for name, draft in zip(names, drafts, strict=True)
        ]

    def _fetch(self, path: str, target: Path) -> saving.Draft:
        folder, _, name = path.rpartition("/")
        with gphoto.translated(f"deliver {name}"):
            file = self._memory.file(path)
            if file is None:
                file = self._open.file_get(folder or MEMORY_FOLDER, name, gp.GP_FILE_TYPE_NORMAL)
            data = file.get_data_and_size()
        if not data:
            raise errors.CaptureFailed(f"The camera delivered {name} empty.")
        # `file` owns the memory behind `data` and lives until this returns.
        return saving.write_draft(target, name, data)

    def _forget(self, path: str, *, delete: bool) -> None:
        """Drop what is kept of a picture that was never on a card; others only on request."""
        if self._memory.forget(path):
            return
        folder, _, name = path.rpartition("/")
        if folder and not delete:
            return
        try:
            self._open.file_delete(folder or MEMORY_FOLDER, name)
        except gp.GPhoto2Error:
            # The picture is safe here; that a copy stays on the card is no failure of the capture.
            return


def _room(found: Sequence[gp.CameraStorageInformation]) -> dict[str, int | None]:
    free = [info.freekbytes for info in found if info.fields & gp.GP_STORAGEINFO_FREESPACEKBYTES]
    return {"free_bytes": sum(free) * 1024 if free else None}


def _worded(widget: gp.CameraWidget, value: Any) -> Any:
    return widgets.widget_value(widget.get_type(), value)


def _join(path: gp.CameraFilePath) -> str:
    return f"{path.folder.rstrip('/')}/{path.name}"
