"""python-gphoto2 without anything around it: what a camera gives at best. A helper process.

It waits for events in steps of 5 ms, as Tetherlight does: libgphoto2 sleeps longer and longer inside a longer wait.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import gphoto2 as gp

from bench.processes import obey

CAPTURE_S = 60.0


def opened(port: str) -> gp.Camera:
    """Open the camera at a port."""
    ports, abilities, camera = gp.PortInfoList(), gp.CameraAbilitiesList(), gp.Camera()
    ports.load()
    abilities.load()
    camera.set_port_info(ports.get_info(ports.lookup_path(port)))
    camera.set_abilities(abilities.get_abilities(abilities.lookup_model("PTP/IP Camera")))
    camera.init()
    return camera


class Bare:
    """What the helper is told to do."""

    def __init__(self) -> None:
        self._cameras: dict[str, gp.Camera] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="tetherlight-bench-bare-")

    def open(self, port: str) -> bool:
        """Open a camera beside the others."""
        self._cameras[port] = opened(port)
        return True

    def close(self, port: str) -> bool:
        """Leave a camera."""
        self._cameras.pop(port).exit()
        return True

    def preview(self, port: str) -> int:
        """Take one preview and return its bytes."""
        file = self._cameras[port].capture_preview()
        return len(bytes(file.get_data_and_size()))

    def previews(self, port: str, seconds: float) -> dict[str, float]:
        """Take previews for a while and count them; the first ones come off the camera's beat and are not counted."""
        camera, count, size = self._cameras[port], 0, 0
        for _ in range(3):
            camera.capture_preview()
        began, used = time.perf_counter(), time.process_time()
        while (took := time.perf_counter() - began) < seconds:
            size = len(bytes(camera.capture_preview().get_data_and_size()))
            count += 1
        return {"fps": count / took, "cpu_ms": (time.process_time() - used) / count * 1000, "bytes": size}

    def set(self, port: str, name: str, value: Any) -> float:
        """Set an entry, read it back, and return the seconds."""
        camera, began = self._cameras[port], time.perf_counter()
        widget = camera.get_single_config(name)
        widget.set_value(value)
        camera.set_single_config(name, widget)
        if camera.get_single_config(name).get_value() != value:
            raise RuntimeError(f"{name} is not {value}")
        return time.perf_counter() - began

    def capture(self, port: str) -> dict[str, float]:
        """Take a picture and put it durably onto the disk; return seconds and bytes."""
        camera, began = self._cameras[port], time.perf_counter()
        camera.trigger_capture()
        path = _announced(camera)
        file = camera.file_get(path.folder, path.name, gp.GP_FILE_TYPE_NORMAL)
        size = self._write(path.name, file.get_data_and_size())
        return {"seconds": time.perf_counter() - began, "bytes": size}

    def _write(self, name: str, data: Any) -> int:
        folder = Path(self._folder.name)
        draft = folder / f".{name}"
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)
        return len(data)

    def reconnect(self, port: str, seconds: float) -> float:
        """Try to open a camera again and again and take a preview; return the seconds until it came."""
        began = time.perf_counter()
        while True:
            try:
                camera = opened(port)
                camera.capture_preview()
            except gp.GPhoto2Error:
                if time.perf_counter() - began > seconds:
                    raise
            else:
                camera.exit()
                return time.perf_counter() - began


def _announced(camera: gp.Camera) -> gp.CameraFilePath:
    """Wait for the picture, and for the camera to be done."""
    path: gp.CameraFilePath | None = None
    give_up = time.monotonic() + CAPTURE_S
    while time.monotonic() < give_up:
        kind, data = camera.wait_for_event(5)
        if kind == gp.GP_EVENT_FILE_ADDED:
            path = cast("gp.CameraFilePath", data)
        elif kind == gp.GP_EVENT_CAPTURE_COMPLETE and path is not None:
            return path
    raise TimeoutError("the camera announced no picture")


if __name__ == "__main__":
    bare = Bare()
    obey({
        "open": bare.open, "close": bare.close, "preview": bare.preview, "previews": bare.previews,
        "set": bare.set, "capture": bare.capture, "reconnect": bare.reconnect,
    })  # fmt: skip
