"""A USB bus that is two folders: what the kernel tells of devices, and their device files."""

import errno
import os
from pathlib import Path

from tetherlight.camera.usb import Bus


class FakeBus:
    """Devices that can be plugged in, pulled out and reset; `moves` lets a reset give the device another address."""

    def __init__(self, folder: Path) -> None:
        self._sysfs, self._nodes = folder / "sysfs", folder / "nodes"
        self._sysfs.mkdir(parents=True)
        self._nodes.mkdir()
        self.resets: list[str] = []
        self.refusal: int | None = None
        self.moves = False
        self.bus = Bus(self._sysfs, self._nodes, self._pull)

    def plug(self, path: str, number: int, serial: str | None = None) -> str:
        """Put a device at a path, under an address of bus 1; return its port."""
        folder, node = self._sysfs / path, self._nodes / "001" / f"{number:03}"
        folder.mkdir(exist_ok=True)
        node.parent.mkdir(exist_ok=True)
        (folder / "busnum").write_text("1\n")
        (folder / "devnum").write_text(f"{number}\n")
        if serial is not None:
            (folder / "serial").write_text(f"{serial}\n")
        node.touch()
        return f"usb:001,{number:03}"

    def unplug(self, path: str) -> None:
        """Take a device away."""
        folder = self._sysfs / path
        number = int((folder / "devnum").read_text())
        (self._nodes / "001" / f"{number:03}").unlink()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()

    def _pull(self, descriptor: int) -> None:
        if self.refusal is not None:
            raise OSError(self.refusal, os.strerror(self.refusal))
        number = int(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        path = next(each.name for each in self._sysfs.iterdir() if int((each / "devnum").read_text()) == number)
        self.resets.append(path)
        if self.moves:
            self.unplug(path)
            self.plug(path, number + 1)


NO_DEVICE = errno.ENODEV
NOT_ALLOWED = errno.EPERM
