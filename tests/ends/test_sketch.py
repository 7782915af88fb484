"""The sketch of deploy/arduino, built for this machine, on a pseudo-terminal; `make test-ends` runs this."""

import asyncio
import os
import shutil
import subprocess
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.patience import stretched
from tetherlight.errors import LampFailed
from tetherlight.lights.board import framed
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

COMPILER = shutil.which("g++")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a compiler: apt-get install g++")
HERE = Path(__file__).parent


class Sketch:
    """The running sketch: its port, and what its pins show."""

    def __init__(self) -> None:
        self.far, self.near = os.openpty()
        tty.setraw(self.near)
        self.port = os.ttyname(self.near)
        self.pins: dict[int, int] = {}
        self.process: asyncio.subprocess.Process | None = None

    async def until(self, pins: dict[int, int]) -> None:
        """Wait until pins show these values."""
        assert self.process is not None
        assert self.process.stderr is not None
        async with asyncio.timeout(stretched(30)):
            while {pin: self.pins.get(pin, 0) for pin in pins} != pins:
                pin, value = (await self.process.stderr.readline()).split()
                self.pins[int(pin)] = int(value)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sketch") / "sketch"
    subprocess.run([str(COMPILER), "-Wall", "-Wextra", "-Werror", "-o", target, HERE / "arduino.cpp"], check=True)
    return target


@pytest.fixture
async def sketch(program: Path) -> AsyncIterator[Sketch]:
    sketch = Sketch()
    sketch.process = await asyncio.create_subprocess_exec(
        program, str(sketch.far), pass_fds=[sketch.far], stderr=asyncio.subprocess.PIPE
    )
    yield sketch
    sketch.process.kill()
    await sketch.process.communicate()
    os.close(sketch.far)
    os.close(sketch.near)


def rig(sketch: Sketch) -> RigFile:
    lamps = "\n".join(f'l{n} = {{ address = "{sketch.port}/{n}" }}' for n in range(1, 8))
    return RigFile.parse(f'driver = "serial"\n[lights]\n{lamps}', Path("rig.toml"))


async def test_the_sketch_does_what_the_driver_says_and_goes_dark_in_silence(sketch: Sketch) -> None:
    lights = await Lights.open(rig(sketch))
    assert lights.light("l1").fault is None
    await lights.set({"l1": 1.0, "l2": 0.5, "l6": 0.25})
    await sketch.until({3: 255, 5: 128, 11: 64})
    with pytest.raises(LampFailed, match="Its board has 6 channels"):
        await lights.set({"l7": True})
    await lights.only("l3")
    await sketch.until({3: 0, 5: 0, 6: 255, 11: 0})
    driver = lights._rack._driver
    driver._boards[sketch.port]._keeper.cancel()  # type: ignore[attr-defined]  # as if the server had been killed
    await sketch.until({6: 0})
    await lights.close()


async def test_the_sketch_refuses_what_it_does_not_understand(sketch: Sketch) -> None:
    asked = {
        b"s 1 ff*00\n": "err check",
        b"hello\n": "err no check",
        framed("s 6 ffff"): "err no such channels",
        framed("s 0 ff"): "err no such channels",
        framed("s 1 f"): "err no such channels",
        framed("s 1 xy"): "err no hex",
        framed("s 1 " + "0" * 200): "err too long",
        framed("on"): "err no such word",
    }
    os.set_blocking(sketch.near, True)
    for line, answer in asked.items():
        os.write(sketch.near, line)
        told = await asyncio.to_thread(os.read, sketch.near, 100)
        assert told.startswith(answer.encode())
    os.write(sketch.near, framed("k"))
    assert b"ok 0" in await asyncio.to_thread(os.read, sketch.near, 200)
