"""An Arduino Uno with the sketch of deploy/arduino and Arduino's own core, in QEMU, at the end of a serial cable."""

import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import tty
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from support.patience import stretched
from support.turns import until_found

ROOT = Path(__file__).parents[2]
SKETCH = ROOT / "deploy" / "arduino" / "tetherlight_lamps" / "tetherlight_lamps.ino"
ADDED = ROOT / "tests" / "ends" / "uno.cpp"
AVR = Path("/usr/share/arduino/hardware/arduino/avr")
CORE = AVR / "cores" / "arduino"
PARTS = (
    "HardwareSerial.cpp", "HardwareSerial0.cpp", "Print.cpp", "abi.cpp", "hooks.c", "main.cpp", "new.cpp", "wiring.c",
    "wiring_analog.c", "wiring_digital.c",
)  # fmt: skip
"""Of the core: what the sketch uses."""
WRAPPED = ("millis", "digitalWrite", "analogWrite")
BOARD = (
    "-mmcu=atmega328p", "-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_AVR_UNO", "-DARDUINO_ARCH_AVR", "-Os",
    "-ffunction-sections", "-fdata-sections", f"-I{CORE}", f"-I{AVR / 'variants' / 'standard'}",
)  # fmt: skip
CPP = ("-std=gnu++11", "-fno-exceptions", "-fno-threadsafe-statics")
PINS = 20
QEMU = shutil.which("qemu-system-avr")
needs_uno = pytest.mark.skipif(
    QEMU is None or shutil.which("avr-g++") is None or not CORE.is_dir(),
    reason="needs an AVR: apt-get install gcc-avr avr-libc arduino-core-avr qemu-system-misc",
)


def build(folder: Path) -> Path:
    """Compile the sketch and the core for a Uno; warnings of the sketch are errors."""
    sketch = folder / "sketch.cpp"
    sketch.write_text(f'#include <Arduino.h>\n#include "{SKETCH}"\n')
    objects = []
    for source, strict in [(sketch, True), (ADDED, True), *((CORE / part, False) for part in PARTS)]:
        objects.append(folder / f"{source.name}.o")
        words = ("avr-g++", *CPP) if source.suffix == ".cpp" else ("avr-gcc", "-std=gnu11")
        warnings = ("-Wall", "-Wextra", "-Werror") if strict else ("-w",)
        subprocess.run([*words, *BOARD, *warnings, "-c", source, "-o", objects[-1]], check=True)
    program = folder / "sketch.elf"
    wrapped = [f"-Wl,--wrap={name}" for name in WRAPPED]
    subprocess.run(["avr-g++", *BOARD, "-Wl,--gc-sections", *wrapped, "-o", program, *objects], check=True)
    return program


class ArduinoUno:
    """A Uno that has power while the context lasts; `port` is there while its cable is plugged in."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        names = subprocess.run(["avr-nm", program], check=True, capture_output=True, text=True).stdout
        (place,) = re.findall(r"^([0-9a-f]+) B pinsShow$", names, re.MULTILINE)
        self._place = int(place, 16)
        self._line, self._monitor = folder / "line", folder / "monitor"
        self.port = str(folder / "ttyUno")
        self._ends: tuple[int, int] | None = None
        self._numbers = itertools.count()

    async def pins(self) -> bytes:
        """Give what the pins show, by number."""
        told = await self._do("human-monitor-command", **{"command-line": f"xp /{PINS}xb {self._place:#x}"})
        return bytes(int(value, 16) for value in re.findall(r"0x([0-9a-f]{2})\b", told))

    async def until(self, pins: dict[int, int]) -> None:
        """Wait until pins show these values."""

        async def shown() -> bool:
            now = await self.pins()
            return {pin: now[pin] for pin in pins} == pins

        await until_found(shown, 30)

    async def reset(self) -> None:
        """Take its power away for a moment; after QEMU's own reset its serial line stays silent."""
        await self._off()
        await self._on()

    def plug(self) -> None:
        """Plug its cable in."""
        far, near = self._ends = os.openpty()
        tty.setraw(near)
        Path(self.port).symlink_to(os.ttyname(near))
        asyncio.get_running_loop().add_reader(far, lambda: self._writer.write(os.read(far, 4096)))

    def pull(self) -> None:
        """Pull its cable out; it has power from elsewhere."""
        if self._ends is not None:
            ends, self._ends = self._ends, None
            asyncio.get_running_loop().remove_reader(ends[0])
            Path(self.port).unlink()
            for end in ends:
                os.close(end)

    async def _carry(self) -> None:
        """Carry what it says to whoever has the port open; without a cable it is lost."""
        while data := await self._reader.read(4096):
            if self._ends is not None:
                os.write(self._ends[0], data)

    async def _do(self, command: str, **arguments: Any) -> Any:
        """Ask QEMU for something."""
        number = next(self._numbers)
        self._asking.write(json.dumps({"execute": command, "arguments": arguments, "id": number}).encode())
        async with asyncio.timeout(stretched(30)):
            while True:
                told = json.loads(await self._told.readline())
                if told.get("id") == number:
                    return told["return"]

    async def __aenter__(self) -> Self:
        await self._on()
        self.plug()
        return self

    async def _on(self) -> None:
        ways = ("-serial", f"unix:{self._line},server=on,wait=off", "-qmp", f"unix:{self._monitor},server=on,wait=off")
        self._process = await asyncio.create_subprocess_exec(
            str(QEMU), "-machine", "uno", "-bios", str(self._program), "-display", "none", *ways
        )
        self._told, self._asking = await self._connected(self._monitor)
        await self._told.readline()
        await self._do("qmp_capabilities")
        self._reader, self._writer = await self._connected(self._line)
        self._carrying = asyncio.create_task(self._carry())

    async def _off(self) -> None:
        self._carrying.cancel()
        await asyncio.gather(self._carrying, return_exceptions=True)
        for writer in (self._writer, self._asking):
            writer.close()
        self._process.kill()
        await self._process.wait()
        for place in (self._line, self._monitor):
            place.unlink(missing_ok=True)

    async def _connected(self, place: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(stretched(30)):
            while True:
                assert self._process.returncode is None
                with contextlib.suppress(OSError):
                    return await asyncio.open_unix_connection(place)
                await asyncio.sleep(0.02)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pull()
        await self._off()
