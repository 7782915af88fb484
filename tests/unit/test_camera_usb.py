"""What is read of the USB bus, on one that is a folder."""

from pathlib import Path

import pytest

from support.usb_world import NO_DEVICE, NOT_ALLOWED, FakeBus
from tetherlight import usb
from tetherlight.errors import CameraError, CameraForbidden, CameraNotFound
from tetherlight.usb import Bus


def test_a_usb_port_has_a_device_file() -> None:
    assert str(Bus().node("usb:001,006")) == "/dev/bus/usb/001/006"
    assert Bus().node("ptpip:10.0.0.1") is None
    assert Bus().serial("usb:250,120") is None
    assert usb.holders("ptpip:10.0.0.1") == []
    assert Bus().forbidden("usb:250,120") is False


def test_a_device_keeps_its_path_when_its_address_changes(tmp_path: Path) -> None:
    world = FakeBus(tmp_path)
    port = world.plug("1-2.3", 6, serial="0870")
    assert world.bus.path(port) == "1-2.3"
    assert world.bus.port("1-2.3") == port == "usb:001,006"
    assert world.bus.serial(port) == "0870"
    world.unplug("1-2.3")
    assert world.bus.path(port) is None
    assert world.bus.port("1-2.3") is None
    assert world.bus.path(world.plug("1-2.3", 7)) == "1-2.3"


@pytest.mark.parametrize("serial", ["000000000000", "None", "0 0", ""])
def test_a_serial_that_says_nothing_is_none_on_the_bus_too(tmp_path: Path, serial: str) -> None:
    world = FakeBus(tmp_path)
    assert world.bus.serial(world.plug("1-1", 2, serial=serial)) is None


def test_a_reset_says_why_it_failed(tmp_path: Path) -> None:
    world = FakeBus(tmp_path)
    port = world.plug("1-1", 2)
    world.bus.reset(port)
    assert world.resets == ["1-1"]
    with pytest.raises(CameraNotFound, match="no USB device at ptpip"):
        world.bus.reset("ptpip:10.0.0.1")
    with pytest.raises(CameraNotFound, match="any more"):
        world.bus.reset("usb:001,099")
    world.refusal = NO_DEVICE
    with pytest.raises(CameraError, match="No such device"):
        world.bus.reset(port)
    world.refusal = NOT_ALLOWED
    with pytest.raises(CameraForbidden) as forbidden:
        world.bus.reset(port)
    assert usb.UDEV_RULE in (forbidden.value.hint or "")


def test_the_kernel_itself_refuses_to_reset_what_is_no_device(tmp_path: Path) -> None:
    world = FakeBus(tmp_path)
    port = world.plug("1-1", 2)
    with pytest.raises(CameraError, match="Inappropriate ioctl"):
        Bus(world.bus.sysfs, world.bus.nodes).reset(port)
