"""What Linux knows about the USB device behind a port such as usb:001,006."""

import os
import pwd
import re
from collections.abc import Callable, Collection, Sequence
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

VOLUME_MONITOR = "gvfs-gphoto2-volume-monitor.service"
STOP_COMMANDS = MappingProxyType(
    {
        "gvfs-gphoto2-volume-monitor": f"systemctl --user mask --now {VOLUME_MONITOR}",
        "gvfsd-gphoto2": f"gio mount -s gphoto2; systemctl --user mask --now {VOLUME_MONITOR}",
    }
)
"""What stops programs that come back by themselves, by their names."""
WORKER = "tetherlight.camera.worker"
"""What stands in the command line of a process of ours that holds a camera; its server's number stands last."""


def meaningful(serial: str) -> str | None:
    """Return a serial number that says something: a camera without one fills the field with zeros or with one word."""
    return serial if serial.strip("0 ") and serial.casefold() not in {"none", "unknown"} else None


@dataclass(frozen=True)
class Holder:
    """A process that has a device open, or may have."""

    pid: int
    name: str
    user: str | None = None
    """Whose it is, where it is another user's."""
    seen: bool = True
    """Whether the device is among its open files; those of another user's process cannot be looked at."""
    worker: bool = False
    """Whether it is a camera's process of a Tetherlight server."""
    server: int | None = None
    """The process of that server."""

    @property
    def told(self) -> str:
        """Name the process."""
        owner = f" of user {self.user}" if self.user else ""
        if self.worker:
            return f"another Tetherlight{owner}, pid {self.server or self.pid}"
        return f"{self.name}, pid {self.pid}{owner}"

    @property
    def remedy(self) -> str:
        """The command that makes it let go of a camera for good."""
        if self.name in STOP_COMMANDS and self.user is None:
            return STOP_COMMANDS[self.name]
        kill = f"kill {self.server or self.pid}"
        if self.user is None:
            return kill
        if self.name in STOP_COMMANDS:
            return f"sudo systemctl --user --machine={self.user}@ mask --now {VOLUME_MONITOR}; sudo {kill}"
        return f"sudo {kill}"


def holders(
    node: Path | str, proc: Path = Path("/proc"), *, but: Collection[int] = (), me: int | None = None
) -> list[Holder]:
    """Return the processes that have a device file open, but those of these numbers and workers of these servers.

    Another user's open files cannot be seen: of those processes the ones are told, as not seen, that often hold
    cameras. `me` is the user who asks, the one of this process where it is left out.
    """
    me = os.getuid() if me is None else me
    found = (_holder(process, str(node), me) for process in sorted(proc.glob("[0-9]*")))
    return [one for one in found if one is not None and not {one.pid, one.server} & set(but)]


def _holder(process: Path, node: str, me: int) -> Holder | None:
    try:
        has = any(str(entry.readlink()) == node for entry in (process / "fd").iterdir())
    except FileNotFoundError:
        return None  # it ended meanwhile
    except OSError:
        has = None
    if has is False:
        return None
    name = process_name(process)
    command = _text(process / "cmdline").strip("\0").split("\0")
    worker = WORKER in command
    if has is None and not worker and name not in STOP_COMMANDS:
        return None
    try:
        owner = process.stat().st_uid
    except OSError:
        return None
    server = int(command[-1]) if worker and command[-1].isdigit() else None
    return Holder(int(process.name), name, None if owner == me else _user(owner), has is True, worker, server)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def explained(found: Sequence[Holder], node: Path | str) -> str:
    """Say who keeps others from a device, as far as can be seen, and what to do."""
    if not found:
        return (
            f"It is a program of another user: sudo fuser -v {node} names it. "
            "On a desktop it is often gvfs-gphoto2-volume-monitor."
        )
    verb = "holds it" if len(found) == 1 and found[0].seen else "has it open"
    told = [f"{one.told}, {verb if one.seen else 'may hold it'}; stop it with: {one.remedy}" for one in found]
    return _capital("; ".join(told))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("another") else text


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


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _numbers(device: Path) -> tuple[int | None, int | None]:
    """Return the numbers of bus and device in a folder of sysfs."""
    bus, number = _text(device / "busnum"), _text(device / "devnum")
    return (int(bus) if bus.isdigit() else None), (int(number) if number.isdigit() else None)
