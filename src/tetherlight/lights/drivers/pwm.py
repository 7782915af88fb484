"""Lamps on hardware PWM, through the kernel's files below /sys/class/pwm.

The kernel goes on with the last signal when the server dies: only the watcher or a restart switches such a lamp off.
"""

import asyncio
import contextlib
import errno
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, NothingToDrive, Setup, lamp_failed
from tetherlight.protocol.models import Model
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

ADDRESS = re.compile(r"(pwmchip\d+)/(\d+)")
RIGHTS_S, LOOK_S = 2.0, 0.05
"""Seconds in which the system gives a channel's files to our user after it was exported, and between two looks."""
FORBIDDEN = "The server may not use its PWM channel: its user needs the right to write below /sys/class/pwm."


class PwmSettings(Model):
    """The table `drivers.pwm` of the rig file."""

    frequency_hz: float = Field(default=20_000.0, ge=50, le=1_000_000)
    """High above the shutter's speed, so that frames show no bands."""
    sysfs: str = "/sys/class/pwm"


class PwmLamps(LampDriver):
    """Lamps at CHIP/CHANNEL, such as pwmchip0/1."""

    name: ClassVar[str] = "pwm"
    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True

    def __init__(self, settings: PwmSettings) -> None:
        self._root = Path(settings.sysfs)
        self._period_ns = round(1e9 / settings.frequency_hz)
        self._lights: dict[str, RigLight] = {}
        self._channels: dict[str, Path] = {}
        self._unavailable: dict[str, str] = {}

    def holds(self, light: str) -> bool:  # noqa: ARG002 - all of them
        """Tell that the kernel goes on with the last signal."""
        return True

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights whose channel cannot be had."""
        return self._unavailable

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights' channels, all off."""
        self.off_now()
        self._lights = {light.name: light for light in lights}
        self._channels, self._unavailable = {}, {}
        for light in lights:
            await self._take(light)

    async def _take(self, light: RigLight) -> None:
        found = ADDRESS.fullmatch(light.address or "")
        if found is None:
            self._unavailable[light.name] = "In the rig file its address is no CHIP/CHANNEL, such as pwmchip0/1."
            return
        chip, number = self._root / found[1], found[2]
        try:
            channel = await self._exported(chip, number)
            self._begin(channel, light)
        except OSError as error:
            self._unavailable[light.name] = _why_not(error)
            logger.warning("Light %s cannot be driven: %s", light.name, self._unavailable[light.name])
        else:
            self._channels[light.name] = channel

    async def _exported(self, chip: Path, number: str) -> Path:
        channel = chip / f"pwm{number}"
        if not channel.is_dir():
            (chip / "export").write_text(number)
        give_up = asyncio.get_running_loop().time() + RIGHTS_S
        while True:
            try:
                (channel / "duty_cycle").write_text("0")
            except (PermissionError, FileNotFoundError):
                if asyncio.get_running_loop().time() > give_up:
                    raise
                await asyncio.sleep(LOOK_S)
            else:
                return channel

    def _begin(self, channel: Path, light: RigLight) -> None:
        (channel / "period").write_text(str(self._period_ns))
        (channel / "duty_cycle").write_text(str(self._duty(light, OFF)))
        (channel / "enable").write_text("1")

    def _duty(self, light: RigLight, level: float) -> int:
        signal = light.signal(level) if level > OFF else 0.0
        return round(self._period_ns * (1 - signal if light.active_low else signal))

    def _put(self, name: str, level: float) -> None:
        (self._channels[name] / "duty_cycle").write_text(str(self._duty(self._lights[name], level)))

    async def switch(self, levels: Levels) -> None:
        """Write each channel's file."""
        failed: dict[str, str] = {}
        for name, level in levels.items():
            if name not in self._channels:
                await self._take(self._lights[name])
            if name not in self._channels:
                failed[name] = self._unavailable[name]
                continue
            self._unavailable.pop(name, None)
            try:
                self._put(name, level)
            except OSError as error:
                failed[name] = _why_not(error)
        if failed:
            raise lamp_failed(failed, hint="ls /sys/class/pwm shows which chips there are.")

    def off_now(self) -> frozenset[str]:
        """Write the files of every lamp."""
        failed: set[str] = set()
        for name in self._channels:
            try:
                self._put(name, OFF)
            except OSError as error:
                logger.error("Light %s cannot be switched off: %s", name, error.strerror)  # noqa: TRY400
                failed.add(name)
        return frozenset(failed)

    async def close(self) -> None:
        """Switch off and give the channels back."""
        self.off_now()
        for channel in self._channels.values():
            with contextlib.suppress(OSError):
                (channel.parent / "unexport").write_text(channel.name.removeprefix("pwm"))
        self._channels = {}


def _why_not(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return "This machine has no such PWM chip; its device tree may have to enable it."
        case errno.EACCES | errno.EPERM:
            return FORBIDDEN
        case errno.EBUSY:
            return "Its PWM channel is held by another program or by the kernel."
        case errno.ENODEV | errno.EINVAL:
            return "Its PWM chip has no such channel, or cannot do this frequency."
        case _:
            return f"The kernel says: {error.strerror}."


def _open(setup: Setup) -> LampDriver:
    settings = setup.settings(PwmLamps.name, PwmSettings)
    if not Path(settings.sysfs).is_dir():
        raise NothingToDrive("This system has no hardware PWM", hint="A device tree overlay such as 'pwm' enables it.")
    return PwmLamps(settings)


KIND = LampKind(PwmLamps.name, _open)
