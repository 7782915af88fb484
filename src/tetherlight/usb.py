"""What Linux knows about the USB device behind a port such as usb:001,006."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from types import MappingProxyType

from tetherlight.errors import CameraError, CameraForbidden, CameraNotFound

USBDEVFS_RESET = 0x5514
"""_IO('U', 20) of linux/usbdevice_fs.h."""
PORT = re.compile(r"^usb:(\d{1,3}),(\d{1,3})$")
SYSFS = Path("/sys/bus/usb/devices")

UDEV_RULE = (
    'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ENV{ID_USB_INTERFACES}=="*:0601*:*", '
    'MODE="0660", GROUP="plugdev", TAG+="uaccess"'
)
"""Opens every camera that speaks PTP to the group plugdev and to who sits at the machine.

It needs no rules of a system's own libgphoto2, which is not there when the library comes with its wheel.
"""
PERMISSION_HINT = f"Add the udev rule {UDEV_RULE}, plug the camera in again, and be a member of plugdev."

STOP_COMMANDS = MappingProxyType(
    {
        "gvfs-gphoto2-volume-monitor": "systemctl --user mask --now gvfs-gphoto2-volume-monitor.service",
        "gvfsd-gphoto2": "gio mount -s gphoto2; systemctl --user mask --now gvfs-gphoto2-volume-monitor.service",
    }
)
"""What stops programs that come back by themselves, by their names."""


def meaningful(serial: str) -> str | None:
    """Return a serial number that says something: a camera without one fills the field with zeros or with one word."""
    return serial if serial.strip("0 ") and serial.casefold() not in {"none", "unknown"} else None


def stop_command(name: str, pid: int) -> str:
    """Return the command that makes a process let go of a camera for good."""
    return STOP_COMMANDS.get(name, f"kill {pid}")


def holders(port: str) -> list[tuple[str, int]]:
    """Return name and pid of the other processes that have the device open and that we may look into."""
    node = Bus().node(port)
    if node is None:
        return []
    return [
        (process_name(process), int(process.name))
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and int(process.name) != os.getpid() and _has_open(process, node)
    ]


def process_name(process: Path) -> str:
    """Return the name of the program in a folder of /proc; the kernel's own short name ends after 15 letters."""
    command = _text(process / "cmdline").split("\0")[0]
    return Path(command).name or _text(process / "comm") or "unknown"


def _pull(descriptor: int) -> None:
    ioctl(descriptor, USBDEVFS_RESET, 0)


@dataclass(frozen=True)
class Bus:
    """The USB devices of this machine: what the kernel tells of them, and their device files.

    A device is told by its port, usb:BUS,DEVICE, which changes at every replug, or by its path, such as 1-2.3: the
    sockets between it and the machine, which stay.
    """

    sysfs: Path = SYSFS
    nodes: Path = Path("/dev/bus/usb")
    pull: Callable[[int], None] = _pull
    """Resets the device that is open under this descriptor; raises OSError."""

    def node(self, port: str) -> Path | None:
        """Return the device file of a USB port, whether it exists or not; None for any other port."""
        match = PORT.match(port)
        return self.nodes / f"{int(match[1]):03}" / f"{int(match[2]):03}" if match else None

    def path(self, port: str) -> str | None:
        """Return the path of the device that is at a port now; None where the kernel tells of none."""
        match = PORT.match(port)
        if match is None or not self.sysfs.is_dir():
            return None
        wanted = int(match[1]), int(match[2])
        return next((device.name for device in self.sysfs.iterdir() if _numbers(device) == wanted), None)

    def port(self, path: str) -> str | None:
        """Return the port of the device that is at a path now; None where there is none."""
        bus, device = _numbers(self.sysfs / path)
        return None if bus is None or device is None else f"usb:{bus:03},{device:03}"

    def serial(self, port: str) -> str | None:
        """Return the serial number in the device's USB descriptor, read by the kernel when it was plugged in."""
        path = self.path(port)
        return meaningful(_text(self.sysfs / path / "serial")) if path else None

    def forbidden(self, port: str) -> bool:
        """Tell whether the device is there but this user may not open it."""
        node = self.node(port)
        return node is not None and node.exists() and not os.access(node, os.R_OK | os.W_OK)

    def usable(self, port: str) -> bool:
        """Tell whether the device is there and this user may open it."""
        node = self.node(port)
        return node is not None and node.exists() and os.access(node, os.R_OK | os.W_OK)

    def reset(self, port: str) -> None:
        """Reset the device as if it had been plugged out and in.

        Raises CameraNotFound where it has no device file, CameraForbidden where this user may not write to it, and
        CameraError where the kernel refuses.
        """
        node = self.node(port)
        if node is None:
            raise CameraNotFound(f"There is no USB device at {port}.")
        try:
            descriptor = os.open(node, os.O_WRONLY | os.O_CLOEXEC)
            try:
                self.pull(descriptor)
            finally:
                os.close(descriptor)
        except PermissionError:
            raise CameraForbidden(f"This user may not write to {node}.", hint=PERMISSION_HINT) from None
        except FileNotFoundError:
            raise CameraNotFound(f"There is no {node} any more.") from None
        except OSError as error:
            raise CameraError(f"The kernel refuses it for {node} ({error.strerror}).") from None


def _has_open(process: Path, node: Path) -> bool:
    try:
        return any(entry.readlink() == node for entry in (process / "fd").iterdir())
    except OSError:
        return False  # it ended meanwhile, or belongs to somebody else


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _numbers(device: Path) -> tuple[int | None, int | None]:
    """Return the numbers of bus and device in a folder of sysfs."""
    bus, number = _text(device / "busnum"), _text(device / "devnum")
    return (int(bus) if bus.isdigit() else None), (int(number) if number.isdigit() else None)
