"""Cameras on USB: who holds them, who may open them, and in which mode they are."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tetherlight.camera.usb import UDEV_RULE, holders
from tetherlight.doctor.machine import Machine
from tetherlight.protocol.server import Finding

STILL_IMAGE, MASS_STORAGE, PRINTER = 0x06, 0x08, 0x07
"""USB interface classes: a camera that speaks PTP, one that plays a disk, and what is no camera at all."""

CAMERA_VENDORS = MappingProxyType({
    0x040A: "Kodak", 0x04A9: "Canon", 0x04B0: "Nikon", 0x04CB: "Fujifilm", 0x04DA: "Panasonic", 0x054C: "Sony",
    0x07B4: "Olympus", 0x07CF: "Casio", 0x1003: "Sigma", 0x1A98: "Leica", 0x25FB: "Ricoh", 0x2672: "GoPro",
    0x33A2: "OM Digital",
})  # fmt: skip

PERMISSION_REMEDY = (
    "sudo groupadd --system --force plugdev && "
    f"echo '{UDEV_RULE}' | sudo tee /etc/udev/rules.d/60-tetherlight.rules && "
    "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=usb && "
    'sudo usermod -aG plugdev "$USER"; then log in again'
)

_TEXTS = ("busnum", "devnum", "idVendor", "idProduct", "product", "manufacturer")


@dataclass(frozen=True)
class UsbDevice:
    """A device on the bus that is or may be a camera."""

    bus: int
    number: int
    vendor: int
    product: int
    name: str
    classes: frozenset[int]
    claimed: bool
    """Whether a program has claimed one of its interfaces."""

    @property
    def node(self) -> str:
        """The device file, as absolute path."""
        return f"/dev/bus/usb/{self.bus:03}/{self.number:03}"

    @property
    def port(self) -> str:
        """What libgphoto2 calls its address."""
        return f"usb:{self.bus:03},{self.number:03}"

    @property
    def is_camera(self) -> bool:
        """Whether it speaks PTP."""
        return STILL_IMAGE in self.classes

    @property
    def is_disk_of_camera_maker(self) -> bool:
        """Whether it is likely a camera in mass-storage mode."""
        return self.vendor in CAMERA_VENDORS and MASS_STORAGE in self.classes and PRINTER not in self.classes


def usb_devices(machine: Machine) -> list[UsbDevice]:
    """List what the kernel knows of the bus, hubs left out."""
    found = []
    for folder in machine.children("/sys/bus/usb/devices"):
        device = _device(machine, folder)
        if device:
            found.append(device)
    return found


def _device(machine: Machine, folder: Path) -> UsbDevice | None:
    texts = {name: machine.text(folder / name) for name in _TEXTS}
    interfaces = sorted(folder.parent.glob(f"{folder.name}:*"))
    try:
        bus, number = int(texts["busnum"] or ""), int(texts["devnum"] or "")
        vendor, model = int(texts["idVendor"] or "", 16), int(texts["idProduct"] or "0", 16)
        classes = frozenset(int(machine.text(one / "bInterfaceClass") or "0", 16) for one in interfaces)
    except ValueError:
        return None
    maker = CAMERA_VENDORS.get(vendor, texts["manufacturer"] or "")
    product = texts["product"] or f"device {texts['idVendor']}"
    name = product if product.lower().startswith(maker.lower()) else f"{maker} {product}"
    claimed = any(_driver(one) == "usbfs" for one in interfaces)
    return UsbDevice(bus, number, vendor, model, name.strip(), classes, claimed)


def _driver(interface: Path) -> str | None:
    try:
        return (interface / "driver").readlink().name
    except OSError:
        return None


def check_cameras(machine: Machine, devices: Sequence[UsbDevice], *, serving: bool = False) -> Iterator[Finding]:
    """Tell which cameras are on the bus, with what stands in the way of each; `serving` says that this is a server."""
    cameras = [device for device in devices if device.is_camera]
    if not cameras:
        yield Finding(
            check="usb_camera",
            level="info",
            message="No camera is on the USB bus.",
            remedy="Switch the camera on, check the cable (some only charge), and see whether lsusb lists it.",
        )
    for device in cameras:
        yield from check_permission(machine, device)
        yield from check_holder(machine, device, serving=serving)


def check_permission(machine: Machine, device: UsbDevice) -> Iterator[Finding]:
    """Tell whether this user may open a camera."""
    if machine.may_use(machine.path(device.node)):
        yield Finding(check="usb_permission", level="ok", message=f"{device.name} ({device.port}) may be opened.")
    else:
        yield Finding(
            check="usb_permission",
            level="error",
            message=f"{device.name} ({device.port}): this user may not open {device.node}.",
            remedy=PERMISSION_REMEDY,
        )


def check_holder(machine: Machine, device: UsbDevice, *, serving: bool) -> Iterator[Finding]:
    """Tell which other program holds a camera, or only has it open."""
    here = f"{device.name} ({device.port})"
    found = holders(device.node, machine.path("/proc"))
    # Beside a server, a command cannot tell which Tetherlight is the one that is meant.
    ours = [one for one in found if os.getpid() in {one.pid, one.server} or (one.worker and not serving)]
    others = [one for one in found if one not in ours]
    for one in others:
        if one.seen:
            told = f"held by {one.told}" if device.claimed else f"open in {one.told}, which does not use it now"
        elif device.claimed and not ours:
            told = f"held by a program of another user, likely {one.told}"
        else:
            continue
        yield Finding(
            check="usb_holder",
            level="error" if device.claimed else "warning",
            message=f"{here} is {told}.",
            remedy=one.remedy,
        )
    if any(one.seen for one in others):
        return
    if ours or not device.claimed:
        state = "used by Tetherlight" if ours and device.claimed else "free"
        yield Finding(check="usb_holder", level="ok", message=f"{here} is {state}.")
    elif not others:
        yield Finding(
            check="usb_holder",
            level="error",
            message=f"{here} is held by a program of another user.",
            remedy=f"sudo fuser -v {device.node}",
        )


def check_mode(devices: Sequence[UsbDevice]) -> Iterator[Finding]:
    """Tell which devices of camera makers play a disk instead of speaking PTP."""
    for device in devices:
        if not device.is_camera and device.is_disk_of_camera_maker:
            yield Finding(
                check="usb_mode",
                level="warning",
                message=f"{device.name} ({device.port}) acts as a USB disk; a camera cannot be controlled like that.",
                remedy="Set its USB connection to PTP, PC Remote or Tethering in its menu, then plug it in again.",
            )
