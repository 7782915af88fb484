"""Disk, clock, power and programs of the machine."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tetherlight.camera.environment import STATE_REMEDY, state_fault
from tetherlight.doctor.machine import Machine
from tetherlight.protocol.server import Finding
from tetherlight.settings import Settings

PACKAGES = ("tetherlight", "gphoto2", "gpiod", "fastapi", "uvicorn", "websockets", "pydantic", "numpy", "pillow")

FIRST_YEAR = 2026
"""The year of the first release: a clock before it is wrong."""

COMFORTABLE = 4
"""So many times the room that captures must leave free is worth no warning."""

UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_ONCE = 1 << 0, 1 << 16
"""Bits of the firmware's throttle word."""

POWER_REMEDY = "Use the official power supply of this model and a short, thick cable; feed lamps from their own supply."


def check_disk(machine: Machine, settings: Settings) -> Iterator[Finding]:
    """Tell how much room the captures have, and whether they can be written."""
    folder = _existing(settings.captures_base_dir.absolute())
    if not machine.may_use(folder):
        yield Finding(
            check="disk",
            level="error",
            message=f"This user may not write to {folder}.",
            remedy=f'sudo chown "$USER" {folder}, or set CAPTURES_BASE_DIR to another folder.',
        )
        return
    usage = machine.disk_usage(folder)
    room = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB are free in {folder}"
    if usage.free >= settings.min_free_bytes * COMFORTABLE:
        yield Finding(check="disk", level="ok", message=f"{room}.")
        return
    refused = usage.free < settings.min_free_bytes
    consequence = "captures are refused" if refused else "little room for captures"
    yield Finding(
        check="disk",
        level="error" if refused else "warning",
        message=f"{room}: {consequence} (MIN_FREE_BYTES is {settings.min_free_bytes / 1e9:.1f} GB).",
        remedy="Delete or move image sets, or set CAPTURES_BASE_DIR to a larger disk.",
    )


def check_state(settings: Settings) -> Iterator[Finding]:
    """Tell where nothing can be remembered: no camera can be opened then, and no login outlives a restart."""
    if fault := state_fault(settings):
        yield Finding(check="state", level="error", message=f"{fault} No camera can be opened.", remedy=STATE_REMEDY)


def _existing(folder: Path) -> Path:
    """Return the folder, or the one in which it would be made."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def check_clock(machine: Machine) -> Iterator[Finding]:
    """Tell whether file names and manifests will have the right time."""
    now = machine.now()
    if now.year < FIRST_YEAR:
        yield Finding(
            check="clock",
            level="error",
            message=f"The clock says {now:%Y-%m-%d %H:%M} UTC: captures would be named after a wrong time.",
            remedy="sudo timedatectl set-ntp true, or without network: sudo date --utc --set 'YYYY-MM-DD HH:MM'",
        )
        return
    service = machine.path("/run/systemd/timesync")
    if not service.is_dir():
        message = f"The clock says {now:%Y-%m-%d %H:%M} UTC; whether it follows a time server is not known."
        yield Finding(check="clock", level="info", message=message, remedy="timedatectl, or chronyc tracking")
    elif (service / "synchronized").exists():
        yield Finding(check="clock", level="ok", message=f"The clock follows a time server: {now:%Y-%m-%d %H:%M} UTC.")
    else:
        yield Finding(
            check="clock",
            level="warning",
            message=f"The clock has not been set by a time server since the start: {now:%Y-%m-%d %H:%M} UTC.",
            remedy="sudo timedatectl set-ntp true",
        )


def check_python(packages: tuple[str, ...] = PACKAGES) -> Iterator[Finding]:
    """Tell the versions of what the server is made of, and which parts are missing."""
    versions, missing = [], []
    for name in packages:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    python = f"Python {platform.python_version()} on {platform.machine()} ({sys.platform})"
    yield Finding(check="python", level="ok", message=f"{python}; {', '.join(versions)}.")
    for name in missing:
        yield Finding(
            check="python",
            level="error",
            message=f"The package {name} is not installed.",
            remedy=_missing_remedy(name, platform.machine()),
        )


def _missing_remedy(name: str, machine: str) -> str:
    if machine in {"i386", "i686"} or machine.startswith("armv"):
        return "There are no packages for systems of 32 bits: install the 64-bit system for this machine."
    return f"{sys.executable} -m pip install {name}"


def check_power(machine: Machine) -> Iterator[Finding]:
    """Tell whether a Raspberry Pi gets too little voltage, which resets cameras and cards."""
    if not machine.is_pi:
        return
    alarm = _voltage_alarm(machine)
    word = machine.text(machine.path("/sys/devices/platform/soc/soc:firmware/get_throttled"))
    throttled = int(word, 16) if word else 0
    if alarm or throttled & UNDER_VOLTAGE_NOW:
        message = f"{machine.board} gets too little voltage now."
        yield Finding(check="power", level="error", message=message, remedy=POWER_REMEDY)
    elif throttled & UNDER_VOLTAGE_ONCE:
        message = f"{machine.board} got too little voltage at times since its start."
        yield Finding(check="power", level="warning", message=message, remedy=POWER_REMEDY)
    elif alarm is None and word is None:
        message = f"{machine.board} does not tell its voltage here."
        yield Finding(check="power", level="info", message=message, remedy="vcgencmd get_throttled")
    else:
        yield Finding(check="power", level="ok", message=f"{machine.board} has enough voltage.")


def _voltage_alarm(machine: Machine) -> bool | None:
    for sensor in machine.children("/sys/class/hwmon"):
        if machine.text(sensor / "name") == "rpi_volt":
            return machine.text(sensor / "in0_lcrit_alarm") == "1"
    return None
