"""What is read of the USB bus, on one that is a folder."""

import os
import pwd
from pathlib import Path

import pytest

from support.usb_world import NO_DEVICE, NOT_ALLOWED, FakeBus
from tetherlight.camera import usb
from tetherlight.camera.usb import Bus
from tetherlight.errors import CameraError, CameraForbidden, CameraNotFound


def test_a_usb_port_has_a_device_file() -> None:
    assert str(Bus().node("usb:001,006")) == "/dev/bus/usb/001/006"
    assert Bus().node("ptpip:10.0.0.1") is None
    assert Bus().serial("usb:250,120") is None
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


NODE = "/dev/bus/usb/001/006"


def process(proc: Path, pid: int, command: str, *, has_open: bool | None = True) -> None:
    """Make a process; None where nobody may look at its files."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_text(command.replace(" ", "\0") + "\0")
    if has_open is None:
        (folder / "fd").write_text("no folder")
    else:
        (folder / "fd").mkdir()
        (folder / "fd" / "3").symlink_to(NODE if has_open else "/dev/null")


def hint(proc: Path, **options: object) -> str:
    return usb.explained(usb.holders(NODE, proc, **options), NODE)  # type: ignore[arg-type]


def test_who_holds_a_camera_is_named_with_what_stops_it(tmp_path: Path) -> None:
    process(tmp_path, 811, "/usr/bin/bash", has_open=False)
    process(tmp_path, 812, "/usr/libexec/gvfs-gphoto2-volume-monitor")
    assert hint(tmp_path) == (
        "gvfs-gphoto2-volume-monitor, pid 812, holds it; "
        "stop it with: systemctl --user mask --now gvfs-gphoto2-volume-monitor.service"
    )


def test_another_server_is_named_as_such_and_ended_as_a_whole(tmp_path: Path) -> None:
    process(tmp_path, 99, "/usr/bin/python3 -P -m tetherlight.camera.worker 7 4711")
    assert hint(tmp_path) == "Another Tetherlight, pid 4711, holds it; stop it with: kill 4711"
    assert usb.holders(NODE, tmp_path, but=[4711]) == []


def test_of_several_that_have_it_open_nobody_is_accused(tmp_path: Path) -> None:
    process(tmp_path, 98, "browser")
    process(tmp_path, 99, "darktable")
    assert hint(tmp_path) == (
        "browser, pid 98, has it open; stop it with: kill 98; darktable, pid 99, has it open; stop it with: kill 99"
    )


def test_what_another_user_runs_is_told_with_a_command_that_reaches_it(tmp_path: Path) -> None:
    """As a service of its own user sees the desktop: names can be read, open files cannot."""
    process(tmp_path, 812, "/usr/libexec/gvfs-gphoto2-volume-monitor", has_open=None)
    process(tmp_path, 813, "/usr/bin/bash", has_open=None)
    name = pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    assert hint(tmp_path, me=tmp_path.stat().st_uid + 1) == (
        f"gvfs-gphoto2-volume-monitor, pid 812 of user {name}, may hold it; stop it with: "
        f"sudo systemctl --user --machine={name}@ mask --now gvfs-gphoto2-volume-monitor.service; sudo kill 812"
    )


def test_where_nobody_is_seen_a_command_that_sees_more_is_told(tmp_path: Path) -> None:
    process(tmp_path, 813, "/usr/bin/bash", has_open=None)
    assert hint(tmp_path).startswith(f"It is a program of another user: sudo fuser -v {NODE} names it.")


def test_a_real_process_is_found_by_its_open_file(tmp_path: Path) -> None:
    """The search that these tests do in a folder works on the real kernel's files."""
    device = tmp_path / "device"
    with device.open("w"):
        [holder] = usb.holders(device)
        assert (holder.pid, holder.user, holder.worker) == (os.getpid(), None, False)
        assert usb.holders(device, but=[os.getpid()]) == []
    assert usb.holders(device) == []
