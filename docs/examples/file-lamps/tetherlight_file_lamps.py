"""Lamps that the kernel offers as a file with a number, such as those below /sys/class/leds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, lamp_failed
from tetherlight.rigfile.lights import RigLight

MOST = 255


class FileLamps(LampDriver):
    """Each lamp's address is its file; 0 is off, 255 is full."""

    name: ClassVar[str] = "file"
    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True

    def __init__(self) -> None:
        self._lights: dict[str, RigLight] = {}
        self._unavailable: dict[str, str] = {}

    def holds(self, light: str) -> bool:
        """Tell that a file keeps what was written last."""
        return light in self._lights

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights whose file is not there."""
        return self._unavailable

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights, all off."""
        self._lights = {light.name: light for light in lights}
        self._unavailable = dict.fromkeys(self.off_now(), "Its file is not there.")

    async def switch(self, levels: Levels) -> None:
        """Write each lamp's file."""
        failed: dict[str, str] = {}
        for name, level in levels.items():
            light = self._lights[name]
            signal = light.signal(level) if level > OFF else OFF
            try:
                self._write(light, round(MOST * signal))
            except OSError as error:
                # Clients read this: no address, and one sentence.
                failed[name] = f"Its file cannot be written: {error.strerror}."
        if failed:
            raise lamp_failed(failed)

    def _write(self, light: RigLight, value: int) -> None:
        file = Path(light.address or "")
        if not file.is_file():
            raise FileNotFoundError(2, "it is not there")
        file.write_text(f"{value}\n")

    def off_now(self) -> frozenset[str]:
        """Switch each lamp off, going on where one fails."""
        failed = set()
        for light in self._lights.values():
            try:
                self._write(light, 0)
            except OSError:
                failed.add(light.name)
        return frozenset(failed)

    async def close(self) -> None:
        """Leave the lamps off."""
        self.off_now()


KIND = LampKind(FileLamps.name, lambda _: FileLamps())
