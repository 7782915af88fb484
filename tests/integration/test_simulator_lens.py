"""The simulated lens under unmodified libgphoto2: each maker's drive, its ends, and what the pictures show of it."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from support.gphoto_process import GphotoFailedError, GphotoProcess
from support.simulator_process import SimulatorProcess


@dataclass(frozen=True)
class Drive:
    """How one maker's lens is driven: libgphoto2's entry, a large step each way, and what it says at the end."""

    entry: str
    nearer: object
    farther: object
    at_end: str | None


DRIVES = {
    "canon": Drive("manualfocusdrive", "Near 3", "Far 3", None),
    "nikon": Drive("manualfocusdrive", -1000.0, 1000.0, "Nikon manual focus at limit."),
    "sony": Drive("manualfocus", -7.0, 7.0, None),
}
LARGE = 1000
"""Places of the lens in a large step, of every maker."""


class Rig:
    """A body with a simulated lens and one lamp on, opened by libgphoto2, its live view running."""

    def __init__(self, simulator: SimulatorProcess, camera: GphotoProcess, drive: Drive) -> None:
        self.simulator = simulator
        self.camera = camera
        self.drive = drive
        self._drives = 0

    async def move(self, value: object) -> str | None:
        """Drive the lens, wait until it stands still, and give what libgphoto2 said of it if it failed."""
        said = None
        try:
            await self.camera.call("set", name=self.drive.entry, value=value)
        except GphotoFailedError:
            said = "; ".join(self.camera.said)
        self._drives += 1
        await self.simulator.control("wait", event="focus_still", count=self._drives)
        return said

    async def put(self, place: int) -> None:
        await self.simulator.control("lens", place=place)

    async def lens(self) -> tuple[float, str | None]:
        found = await self.simulator.control("lens")
        return found["place"], found["end"]

    async def preview(self) -> float:
        return detail(await self.camera.first_preview())

    async def picture(self) -> float:
        path = await self.camera.call("capture", deadline=60)
        await self.camera.call("download", path=path, save="picture.jpg")
        return detail(self.camera.read("picture.jpg"))


@pytest.fixture(params=list(DRIVES))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with (
        SimulatorProcess("--vendor", request.param, "--depth-of-field") as simulator,
        GphotoProcess(simulator.camera.port) as camera,
    ):
        await simulator.control("set_lights", lights={"light_left": True})
        await camera.first_preview()
        yield Rig(simulator, camera, DRIVES[request.param])


def detail(jpeg: bytes) -> float:
    """Return how much neighbours differ on the medallion, the left half without the clock."""
    gray = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"), np.float64)
    height, width = gray.shape
    part = gray[height // 4 : height * 3 // 4, width // 8 : width // 2]
    return float(np.var(np.diff(part, axis=0)) + np.var(np.diff(part, axis=1)))


async def test_each_step_moves_the_plane_of_focus_through_the_object(rig: Rig) -> None:
    """Live view and pictures get sharper until the plane is on the medallion, and then softer again."""
    await rig.put(4000)
    soft, live = await rig.picture(), [await rig.preview()]
    for step in range(1, 9):
        assert await rig.move(rig.drive.farther) is None
        assert await rig.lens() == (4000 + step * LARGE, None)
        live.append(await rig.preview())
        if step == 4:
            sharp = await rig.picture()
    assert all(before < after for before, after in pairwise(live[:5]))
    assert all(before > after for before, after in pairwise(live[4:]))
    assert sharp > 1.5 * soft
    await rig.move(rig.drive.nearer)
    assert await rig.lens() == (4000 + 7 * LARGE, None)


async def test_at_the_ends_the_body_says_what_bodies_of_its_maker_say(rig: Rig) -> None:
    for value, start, end in ((rig.drive.farther, 15_700, (16_000, "far")), (rig.drive.nearer, 300, (0, "near"))):
        await rig.put(start)
        for _ in range(2):
            assert await rig.move(value) == rig.drive.at_end
            assert await rig.lens() == end


async def test_a_drive_fails_or_stops_half_way(rig: Rig) -> None:
    await rig.put(5000)
    await rig.simulator.control("fault", kind="focus_halts", count=1)
    assert await rig.move(rig.drive.farther) is not None
    assert await rig.lens() == (5000 + LARGE / 2, None)
    await rig.simulator.control("fault", kind="error", when="drive", count=1)
    assert await rig.camera.fails("set", name=rig.drive.entry, value=rig.drive.farther) < 0
    assert await rig.lens() == (5000 + LARGE / 2, None)
    assert await rig.move(rig.drive.nearer) is None
    assert await rig.lens() == (5000 - LARGE / 2, None)


async def test_autofocus_finds_what_is_at_its_point() -> None:
    """Of the makers that focus on demand here; the ball's top is high above the medallion."""
    for vendor, area, ball, medallion in (
        ("canon", "eoszoomposition", "3790,353", "1200,1300"),
        ("nikon", "changeafarea", "498,97", "200,200"),
    ):
        async with (
            SimulatorProcess("--vendor", vendor, "--depth-of-field") as simulator,
            GphotoProcess(simulator.camera.port) as camera,
        ):
            await simulator.control("set_lights", lights={"light_left": True})
            await camera.first_preview()
            for count, (point, lowest, highest) in enumerate(((ball, 0.4, 0.51), (medallion, 0.04, 0.11)), 1):
                await camera.call("set", name=area, value=point.replace(",", "x" if vendor == "nikon" else ","))
                await camera.call("set", name="autofocusdrive", value=1)
                await simulator.control("wait", event="focus_still", count=count)
                assert lowest < (await simulator.control("lens"))["sharp_height"] < highest, (vendor, point)


async def test_a_nikon_body_drives_its_lens_only_while_its_live_view_runs() -> None:
    async with SimulatorProcess("--vendor", "nikon") as simulator, GphotoProcess(simulator.camera.port) as camera:
        assert await camera.fails("set", name="manualfocusdrive", value=20.0) == -1
        assert camera.said == ["Nikon manual focus works only in LiveView mode."]
        assert (await simulator.control("lens"))["place"] == 8000
