"""The doctor's checks, each on a machine that is a folder."""

import asyncio
import os
import platform
from collections import namedtuple
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.fake_gpio import FakeChip, chips
from tetherlight.camera.usb import UDEV_RULE
from tetherlight.doctor import diagnose
from tetherlight.doctor.bodies import BODIES, check_bodies
from tetherlight.doctor.gpio import check_gpio
from tetherlight.doctor.lamps import check_drivers
from tetherlight.doctor.machine import Machine
from tetherlight.doctor.network import check_network, host_and_port
from tetherlight.doctor.system import check_clock, check_disk, check_power, check_python
from tetherlight.doctor.usb import CAMERA_VENDORS, check_cameras, check_mode, usb_devices
from tetherlight.lights.drivers import gpiod_lamps
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"

Usage = namedtuple("Usage", "total used free")


class FakeMachine:
    """A folder with the files that a kernel would show."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.usable = True
        self.free = 100 * 10**9
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def file(self, path: str, text: str = "") -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def link(self, path: str, target: str) -> None:
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def usb(
        self,
        vendor: str,
        product: str,
        *classes: str,
        driver: str | None = None,
        number: int = 6,
        model: str = "0000",
    ) -> None:
        """Plug a device into bus 1."""
        folder = f"sys/bus/usb/devices/1-{number}"
        for name, text in {
            "busnum": "1", "devnum": str(number), "idVendor": vendor, "idProduct": model,
            "manufacturer": "Maker Inc.", "product": product
        }.items():  # fmt: skip
            self.file(f"{folder}/{name}", text + "\n")
        for index, one in enumerate(classes):
            self.file(f"{folder}:1.{index}/bInterfaceClass", one + "\n")
            if driver:
                self.link(f"{folder}:1.{index}/driver", f"../../../../bus/usb/drivers/{driver}")

    def process(self, pid: int, command: str, *files: str) -> None:
        self.file(f"proc/{pid}/cmdline", command.replace(" ", "\0") + "\0")
        self.file(f"proc/{pid}/comm", command[:15])
        for number, file in enumerate(files):
            self.link(f"proc/{pid}/fd/{number}", file)

    @property
    def seen(self) -> Machine:
        return Machine(
            self.root,
            may_use=lambda _: self.usable,
            disk_usage=lambda _: Usage(200 * 10**9, 0, self.free),
            now=lambda: self.now,
        )

    def cameras(self, *, serving: bool = False) -> list[Finding]:
        return list(check_cameras(self.seen, usb_devices(self.seen), serving=serving))


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "root")


def levels(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.level for finding in findings}


def test_a_bus_without_camera_is_told(machine: FakeMachine) -> None:
    machine.usb("046d", "Mouse", "03")
    [found] = machine.cameras()
    assert (found.level, found.message) == ("info", "No camera is on the USB bus.")


def test_a_free_camera_is_fine(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon Digital Camera", "06")
    found = machine.cameras()
    assert levels(found) == {"usb_permission": "ok", "usb_holder": "ok"}
    assert found[1].message == "Canon Digital Camera (usb:001,006) is free."


def test_the_desktop_that_holds_a_camera_is_named_with_its_remedy(machine: FakeMachine) -> None:
    machine.usb("04b0", "NIKON DSC D7100", "06", driver="usbfs")
    machine.process(811, "/usr/bin/bash", "/dev/pts/0")
    machine.process(812, "/usr/libexec/gvfs-gphoto2-volume-monitor", "/dev/null", "/dev/bus/usb/001/006")
    found = machine.cameras()[1]
    assert found.level == "error"
    assert found.message == ("NIKON DSC D7100 (usb:001,006) is held by gvfs-gphoto2-volume-monitor, pid 812.")
    remedy = "systemctl --user mask --now gvfs-gphoto2-volume-monitor.service"
    assert found.remedy == remedy


def test_any_other_program_can_be_ended_by_its_number(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06", driver="usbfs")
    machine.process(99, "darktable", "/dev/bus/usb/001/006")
    assert machine.cameras()[1].remedy == "kill 99"


def test_our_own_worker_is_no_culprit(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06", driver="usbfs")
    machine.process(99, "python -m tetherlight.camera.worker", "/dev/bus/usb/001/006")
    assert machine.cameras()[1].message == "Canon EOS (usb:001,006) is used by Tetherlight."


def test_a_program_that_only_has_a_camera_open_does_not_hold_it(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06")
    machine.process(99, "browser", "/dev/bus/usb/001/006")
    found = machine.cameras()[1]
    assert found.message == "Canon EOS (usb:001,006) is open in browser, pid 99, which does not use it now."
    assert (found.level, found.remedy) == ("warning", "kill 99")


def test_a_server_tells_its_own_worker_from_another_server_s(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06", driver="usbfs")
    machine.process(99, f"python -P -m tetherlight.camera.worker 7 {os.getpid()}", "/dev/bus/usb/001/006")
    assert machine.cameras(serving=True)[1].message == "Canon EOS (usb:001,006) is used by Tetherlight."
    machine.process(98, "python -P -m tetherlight.camera.worker 7 4711", "/dev/bus/usb/001/006")
    found = machine.cameras(serving=True)[1]
    assert found.message == "Canon EOS (usb:001,006) is held by another Tetherlight, pid 4711."
    assert found.remedy == "kill 4711"


def test_a_program_of_another_user_is_named_where_it_is_a_usual_one(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06", driver="usbfs")
    machine.process(811, "/usr/bin/bash")
    machine.process(812, "/usr/libexec/gvfs-gphoto2-volume-monitor")
    for pid in (811, 812):
        machine.file(f"proc/{pid}/fd", "no folder: nobody may look into it")
    found = machine.cameras()[1]
    assert "is held by a program of another user, likely gvfs-gphoto2-volume-monitor, pid 812" in found.message
    assert "gvfs-gphoto2-volume-monitor.service" in (found.remedy or "")


def test_a_claim_by_nobody_visible_belongs_to_another_user(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06", driver="usbfs")
    found = machine.cameras()[1]
    assert found.message.endswith("is held by a program of another user.")
    assert found.remedy == "sudo fuser -v /dev/bus/usb/001/006"


def test_a_known_body_is_told_what_it_needs_with_where_that_was_read(machine: FakeMachine) -> None:
    machine.usb("054c", "ILCE-6000", "06", model="08b7")
    [found] = check_bodies(usb_devices(machine.seen))
    assert (found.check, found.level) == ("usb_body", "warning")
    assert found.message.startswith("Sony ILCE-6000 (usb:001,006) is in its MTP mode")
    assert "https://github.com/gphoto/gphoto2/issues/266" in found.message
    assert "PC Remote" in (found.remedy or "")


@pytest.mark.parametrize(("vendor", "model"), [("054c", "ffff"), ("04a9", "08b7"), ("1234", "0453")])
def test_of_a_body_without_a_row_nothing_is_said(machine: FakeMachine, vendor: str, model: str) -> None:
    machine.usb(vendor, "Some camera", "06", model=model)
    assert list(check_bodies(usb_devices(machine.seen))) == []


def test_each_row_of_the_bodies_has_a_source_and_a_vendor_whose_cameras_are_known() -> None:
    for body in BODIES:
        assert body.products
        assert body.vendor in CAMERA_VENDORS
        assert body.sources
        assert all(source.startswith("https://") for source in body.sources)
    told = [(body.vendor, product, body.known) for body in BODIES for product in body.products]
    assert len(told) == len(set(told))


def test_missing_permission_comes_with_the_exact_rule(machine: FakeMachine) -> None:
    machine.usb("04a9", "Canon EOS", "06")
    machine.usable = False
    found = machine.cameras()[0]
    assert found.level == "error"
    assert UDEV_RULE in (found.remedy or "")


def test_the_rule_that_is_told_is_the_rule_that_is_delivered() -> None:
    assert UDEV_RULE in (DEPLOY / "60-tetherlight.rules").read_text().splitlines()


@pytest.mark.parametrize(
    ("vendor", "classes", "count"),
    [("04a9", ["08"], 1), ("04a9", ["06", "08"], 0), ("04a9", ["07", "08"], 0), ("0781", ["08"], 0)],
)
def test_a_camera_that_acts_as_a_disk_is_told(
    machine: FakeMachine, vendor: str, classes: list[str], count: int
) -> None:
    """Printers with a card slot and other makers' sticks are left alone."""
    machine.usb(vendor, "Thing", *classes)
    found = list(check_mode(usb_devices(machine.seen)))
    assert [one.check for one in found] == ["usb_mode"] * count


def test_broken_entries_of_the_bus_are_passed_over(machine: FakeMachine) -> None:
    machine.file("sys/bus/usb/devices/usb1/busnum", "x")
    machine.file("sys/bus/usb/devices/2-1/nothing")
    machine.usb("04a9", "Canon EOS", "06")
    assert len(usb_devices(machine.seen)) == 1


def rig(text: str) -> RigFile:
    return RigFile.parse(text, Path("rig.toml"))


def test_busy_lines_are_told_with_their_consumer() -> None:
    chip = FakeChip()
    chip.hold(4, "fan-control")
    chip.hold(5, gpiod_lamps.consumer())
    found = list(check_gpio(rig("[lights]\na = { pin = 4 }\nb = { pin = 5 }\nc = { pin = 99 }\nd = {}"), chips(chip)))
    assert [one.message for one in found if one.level == "error"] == [
        "Light a: line 4 is held by fan-control.",
        "Light c: pinctrl-bcm2711 has no line 99, only 0 to 57.",
        "Light d has no pin in rig.toml.",
    ]
    assert chip.requests == []
    assert chip.closed


def test_lines_that_another_server_holds_are_wrong_for_a_server_and_fine_for_who_only_looks() -> None:
    chip = FakeChip()
    chip.hold(4, "tetherlight-4321")
    lights = rig("[lights]\na = { pin = 4 }\nb = { pin = 5 }")
    [_, found] = check_gpio(lights, chips(chip), serving=False)
    assert (found.level, found.message) == (
        "info",
        "Lines of this rig are in use by the Tetherlight server (process 4321).",
    )
    [_, found] = check_gpio(lights, chips(chip), serving=True)
    assert found.level == "error"
    assert found.message == "Light a: line 4 is held by another Tetherlight server (process 4321)."


def test_two_chips_that_may_be_the_header_are_told_with_what_to_do() -> None:
    [found] = check_gpio(rig(""), chips(FakeChip(), FakeChip(name="gpiochip4")))
    assert (found.level, found.remedy) == ("error", "Name the right one in the rig file (chip).")
    assert "gpiochip0 and gpiochip4" in found.message


def test_only_lamps_that_hang_on_the_chip_are_looked_for_there() -> None:
    text = "[lights]\na = { pin = 2 }\nb = { driver = 'other', address = 'x' }\nc = { pin = 99, driver = 'simulated' }"
    found = list(check_gpio(rig(text), chips(FakeChip())))
    assert levels(found) == {"gpio_chip": "ok", "gpio_lines": "ok", "gpio_pull_ups": "warning"}
    assert "All 1 lights" in found[1].message
    [found_none] = check_gpio(rig(f"driver = 'simulated'\n{text}"), chips(FakeChip()))
    assert "chooses the lamp driver simulated" in found_none.message
    mixed = "driver = 'simulated'\n[lights]\na = { pin = 4, driver = 'gpiod' }"
    assert levels(list(check_gpio(rig(mixed), chips(FakeChip())))) == {"gpio_chip": "ok", "gpio_lines": "ok"}


def test_a_lamp_driver_that_is_not_there_is_told() -> None:
    text = "driver = 'gpiod'\n[lights]\na = { driver = 'laser' }\nb = { driver = 'simulated' }"
    [found] = check_drivers(rig(text))
    assert (found.check, found.level) == ("lamp_drivers", "error")
    assert found.message == "Light a: this system does not have the driver that rig.toml names."
    [found] = check_drivers(rig("driver = 'laser'"))
    assert found.message == "This system does not have the lamp driver laser that rig.toml names."
    assert list(check_drivers(rig(""))) == []


def test_a_free_header_is_fine_but_for_its_pull_ups() -> None:
    found = list(check_gpio(rig(""), chips(FakeChip())))
    assert levels(found) == {"gpio_chip": "ok", "gpio_lines": "ok", "gpio_pull_ups": "warning"}
    warnings = [one for one in found if one.level == "warning"]
    assert "light_rear hangs on BCM 3" in warnings[0].message
    assert "light_front_right hangs on BCM 2" in warnings[1].message
    assert "free here: 5, 6, 12" in (warnings[0].remedy or "")


def test_other_boards_have_no_pull_ups_to_warn_of() -> None:
    text = 'chip = "other"\n[lights]\na = { pin = 2 }'
    assert levels(list(check_gpio(rig(text), chips(FakeChip("other"))))) == {"gpio_chip": "ok", "gpio_lines": "ok"}


@pytest.mark.parametrize(
    ("text", "level", "words"),
    [
        ("", "info", "No GPIO chip of a Raspberry Pi was found"),
        ('driver = "gpiod"', "error", "No GPIO chip of a Raspberry Pi was found"),
        ('driver = "simulated"', "info", "chooses the lamp driver simulated"),
        ('chip = "pinctrl-rp1"', "error", "was not found: there are gpiochip0 (other)"),
    ],
)
def test_a_missing_chip_is_told_as_badly_as_it_matters(text: str, level: str, words: str) -> None:
    [found] = check_gpio(rig(text), chips(FakeChip("other")))
    assert found.level == level
    assert words in found.message


def test_a_chip_that_may_not_be_opened_is_told_with_the_group() -> None:
    [found] = check_gpio(rig(""), chips(FakeChip(), forbidden=True))
    assert found.level == "error"
    assert "gpio" in (found.remedy or "")


@pytest.mark.parametrize(("free", "level"), [(100 * 10**9, "ok"), (10**9, "warning"), (10**8, "error")])
def test_room_on_the_disk(machine: FakeMachine, tmp_path: Path, free: int, level: str) -> None:
    machine.free = free
    settings = Settings(captures_base_dir=tmp_path / "not" / "yet" / "there")
    [found] = check_disk(machine.seen, settings)
    assert found.level == level
    assert str(tmp_path) in found.message


def test_a_folder_that_cannot_be_written_is_told(machine: FakeMachine, tmp_path: Path) -> None:
    machine.usable = False
    [found] = check_disk(machine.seen, Settings(captures_base_dir=tmp_path))
    assert (found.level, found.message) == ("error", f"This user may not write to {tmp_path}.")


def test_a_clock_of_long_ago_is_an_error(machine: FakeMachine) -> None:
    machine.now = datetime(1970, 1, 1, tzinfo=UTC)
    [found] = check_clock(machine.seen)
    assert found.level == "error"


@pytest.mark.parametrize(
    ("files", "level"),
    [([], "info"), (["run/systemd/timesync/x"], "warning"), (["run/systemd/timesync/synchronized"], "ok")],
)
def test_a_clock_is_trusted_when_a_time_server_set_it(machine: FakeMachine, files: list[str], level: str) -> None:
    for file in files:
        machine.file(file)
    [found] = check_clock(machine.seen)
    assert found.level == level


def test_versions_are_listed_and_missing_packages_told() -> None:
    versions, missing = check_python(("gphoto2", "no-such-package"))
    assert "gphoto2 2." in versions.message
    assert (missing.level, missing.message) == ("error", "The package no-such-package is not installed.")


@pytest.mark.parametrize("machine", ["armv7l", "armv6l", "i686"])
def test_a_system_of_32_bits_is_sent_to_64(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing that pip could install there."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    _, missing = check_python(("gphoto2", "no-such-package"))
    assert missing.remedy is not None
    assert "64-bit system" in missing.remedy
    assert "pip" not in missing.remedy


@pytest.mark.parametrize(
    ("alarm", "word", "level"),
    [
        ("1", None, "error"), ("0", None, "ok"), (None, "50005", "error"), ("0", "50000", "warning"),
        (None, "0", "ok"), (None, None, "info"),
    ],
)  # fmt: skip
def test_a_pi_with_too_little_voltage(machine: FakeMachine, alarm: str | None, word: str | None, level: str) -> None:
    machine.file("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    machine.file("sys/class/hwmon/hwmon0/name", "cpu_thermal")
    if alarm:
        machine.file("sys/class/hwmon/hwmon1/name", "rpi_volt")
        machine.file("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    if word:
        machine.file("sys/devices/platform/soc/soc:firmware/get_throttled", word)
    [found] = check_power(machine.seen)
    assert found.level == level
    assert found.message.startswith("Raspberry Pi 4 Model B Rev 1.4 ")


def test_other_machines_have_no_such_voltage(machine: FakeMachine) -> None:
    assert list(check_power(machine.seen)) == []


@pytest.fixture
async def listener() -> AsyncIterator[int]:
    """A port on which somebody listens."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_network_cameras_are_reached_or_told(listener: int, free_port: int) -> None:
    reached, refused, in_use, wrong = await check_network(
        [f"ptpip:127.0.0.1:{listener}:{listener}", f"ptpip:127.0.0.1:{free_port}", "ptpip:10.0.0.9", "ptpip:a:b"],
        in_use=["ptpip:10.0.0.9"],
    )
    assert reached.level == "ok"
    assert (refused.level, refused.message) == (
        "error", f"ptpip:127.0.0.1:{free_port} cannot be reached: connection refused.",
    )  # fmt: skip
    assert in_use.message == "ptpip:10.0.0.9 is used by this server."
    assert wrong.level == "error"


def test_the_usual_port_is_meant_where_none_is_given() -> None:
    assert host_and_port("ptpip:camera.local") == ("camera.local", 15740)
    assert host_and_port("ptpip:1.2.3.4:1:2") == ("1.2.3.4", 1)


async def test_a_diagnosis_has_all_checks(machine: FakeMachine, tmp_path: Path, free_port: int) -> None:
    settings = Settings(captures_base_dir=tmp_path, cameras=(f"ptpip:127.0.0.1:{free_port}",))
    found = await diagnose(settings, rig(""), machine=machine.seen, chips=chips(FakeChip()))
    assert set(levels(found)) == {
        "usb_camera", "gpio_chip", "gpio_lines", "gpio_pull_ups", "disk", "clock", "python", "network_camera",
    }  # fmt: skip
    for one in found:
        assert one.message.endswith(".")
        assert one.remedy or one.level == "ok"


async def test_a_simulated_rig_is_not_asked_for_hardware(machine: FakeMachine, tmp_path: Path) -> None:
    settings = Settings(captures_base_dir=tmp_path, simulator_control=tmp_path / "control.sock")
    found = await diagnose(settings, rig('cameras = ["ptpip:10.0.0.9"]'), machine=machine.seen)
    assert set(levels(found)) == {"simulator", "disk", "clock", "python"}


async def test_a_check_that_breaks_hides_no_other(machine: FakeMachine, tmp_path: Path) -> None:
    machine.file("proc/device-tree/model", "Raspberry Pi 3")
    machine.file("sys/devices/platform/soc/soc:firmware/get_throttled", "no number")
    found = await diagnose(Settings(captures_base_dir=tmp_path), rig(""), machine=machine.seen, chips=chips())
    assert levels(found)["power"] == "warning"
    assert levels(found)["disk"] == "ok"


async def test_this_machine_can_be_diagnosed() -> None:
    """Whatever it is, the real files and the real chips are read without a broken check."""
    found = await diagnose(Settings(), rig(""))
    assert not [one for one in found if one.message.startswith("This could not be checked")]
