"""What Linux knows about the USB device behind a port such as usb:001,006."""

import os
import re
from fcntl import ioctl
from pathlib import Path
from types import MappingProxyType

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

STOP_COMMANDS = MappingProxyType(
    {
        "gvfs-gphoto2-volume-monitor": "systemctl --user mask --now gvfs-gphoto2-volume-monitor.service",
        "gvfsd-gphoto2": "gio mount -s gphoto2; systemctl --user mask --now gvfs-gphoto2-volume-monitor.service",
    }
)
"""What stops programs that come back by themselves, by their names."""


def stop_command(name: str, pid: int) -> str:
    """Return the command that makes a process let go of a camera for good."""
    return STOP_COMMANDS.get(name, f"kill {pid}")


def device_node(port: str) -> Path | None:
    """Return the device file of a USB port, whether it exists or not; None for any other port."""
    match = PORT.match(port)
    return Path(f"/dev/bus/usb/{int(match[1]):03}/{int(match[2]):03}") if match else None


def serial(port: str) -> str | None:
    """Return the serial number in the device's USB descriptor, read by the kernel when it was plugged in."""
    match = PORT.match(port)
    if match is None or not SYSFS.is_dir():
        return None
    for device in SYSFS.iterdir():
        if _number(device / "busnum") == int(match[1]) and _number(device / "devnum") == int(match[2]):
            return _text(device / "serial") or None
    return None


def holders(port: str) -> list[tuple[str, int]]:
    """Return name and pid of the other processes that have the device open and that we may look into."""
    node = device_node(port)
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


def forbidden(port: str) -> bool:
    """Tell whether the device is there but this user may not open it."""
    node = device_node(port)
    return node is not None and node.exists() and not os.access(node, os.R_OK | os.W_OK)


def reset(port: str) -> bool:
    """Reset the device as if it had been plugged out and in; False where there is none or the kernel refuses."""
    node = device_node(port)
    if node is None:
        return False
    try:
        descriptor = os.open(node, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        ioctl(descriptor, USBDEVFS_RESET, 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


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


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None
