"""The ladder for a camera that is to be opened: a link that refuses as often as told, on a bus that is a folder."""

import asyncio
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from support.patience import stretched
from support.usb_world import NO_DEVICE, NOT_ALLOWED, FakeBus
from tetherlight.camera.calls import Deadlines, Opened
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.recovery import FRESH_AFTER, Recovery
from tetherlight.camera.surroundings import Surroundings
from tetherlight.camera.usb import UDEV_RULE
from tetherlight.errors import CameraClaimed, CameraError, CameraForbidden, CameraNotFound, CameraTimeout
from tetherlight.settings import Settings

SILENT = CameraTimeout("The camera does not answer.", details={"gphoto_code": -10})


class FakeLink:
    """Opens a camera at its port, after failing so often; a reset of the bus may cure it before."""

    name = "camera-1"

    def __init__(self, bus: FakeBus, *errors: CameraError, cured_by_reset: bool = False) -> None:
        self._bus = bus
        self._errors = list(errors)
        self._cured_by_reset = cured_by_reset
        self.alive = False
        self.kills = 0
        self.tried: list[str] = []
        self.many = 0
        self.tried_often = asyncio.Event()
        """Set after so `many` tries."""

    async def open(self, model: str, port: str) -> Opened:
        self.tried.append(port)
        if len(self.tried) == self.many:
            self.tried_often.set()
        self.alive = True
        if self._errors and not (self._cured_by_reset and self._bus.resets):
            error = self._errors.pop(0) if len(self._errors) > 1 else self._errors[0]
            raise copy(error)  # each try has its own, as from a real link
        return Opened(model, "0870", "2.5.34")

    async def kill(self) -> None:
        self.alive = False
        self.kills += 1


class Ladder:
    """A ladder over a fake link, and what it told."""

    def __init__(self, folder: Path, *errors: CameraError, cured_by_reset: bool = False, looks_s: float = 0.25) -> None:
        self.world = FakeBus(folder)
        self.found = FoundCamera("EOS", self.world.plug("1-2", 6), None, "eos-1")
        self.link = FakeLink(self.world, *errors, cured_by_reset=cured_by_reset)
        settings = Settings(state_dir=folder / "state", captures_base_dir=folder / "captures")
        deadlines = Deadlines(look_first=looks_s, look_most_network=looks_s)
        self.recovery = Recovery(self.link, settings, deadlines, Surroundings(bus=self.world.bus))
        self.told: list[tuple[str, str, str, int]] = []

    async def open(self, found: FoundCamera | None = None) -> FoundCamera:
        return await self.recovery.open(found or self.found, self.tell, self.adopt)

    def tell(self, kind: Literal["lost", "recovering"], cause: str, next_step: str, attempt: int) -> None:
        self.told.append((kind, cause, next_step, attempt))

    async def adopt(self, opened: Opened) -> None:
        assert opened.model


async def test_a_camera_that_opens_is_not_troubled(tmp_path: Path) -> None:
    ladder = Ladder(tmp_path)
    assert await ladder.open() == ladder.found
    assert (ladder.told, ladder.world.resets, ladder.link.kills) == ([], [], 0)


async def test_a_camera_that_only_a_reset_wakes_is_opened(tmp_path: Path) -> None:
    """As after a server that was killed in live view: whoever opens the body gets no answer until it is reset."""
    ladder = Ladder(tmp_path, SILENT, cured_by_reset=True)
    assert await ladder.open() == ladder.found
    assert ladder.world.resets == ["1-2"]
    assert [(kind, cause, attempt) for kind, cause, _, attempt in ladder.told] == [
        ("recovering", SILENT.message, 1),
        ("recovering", SILENT.message, 2),
    ]
    assert "closed and opened again" in ladder.told[0][2]
    assert "was reset" in ladder.told[1][2]


async def test_a_camera_that_has_another_address_after_its_reset_is_found(tmp_path: Path) -> None:
    ladder = Ladder(tmp_path, SILENT, cured_by_reset=True)
    ladder.world.moves = True
    assert await ladder.open() == replace(ladder.found, port="usb:001,007")
    assert ladder.link.tried[-1] == "usb:001,007"
    assert "It is at usb:001,007 now." in ladder.told[-1][2]


async def test_a_reset_that_did_not_help_is_told(tmp_path: Path) -> None:
    ladder = Ladder(tmp_path, SILENT)
    with pytest.raises(CameraTimeout, match="was reset, which did not help") as failed:
        await ladder.open()
    assert failed.value.details == {"gphoto_code": -10, "usb_reset": "done"}
    assert len(ladder.link.tried) == 3


@pytest.mark.parametrize(("refusal", "reason"), [(NO_DEVICE, "No such device"), (NOT_ALLOWED, "may not write")])
async def test_a_reset_that_fails_is_told_with_its_reason(
    tmp_path: Path, refusal: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    ladder = Ladder(tmp_path, SILENT)
    ladder.world.refusal = refusal
    with pytest.raises(CameraTimeout, match="could not be reset") as failed:
        await ladder.open()
    assert reason in failed.value.message
    assert reason in (failed.value.details or {})["usb_reset"]
    assert reason in ladder.told[-1][2]
    assert (UDEV_RULE in (failed.value.hint or "")) == (refusal == NOT_ALLOWED)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("error", [CameraNotFound("No."), CameraForbidden("No."), CameraClaimed("No.")])
async def test_what_no_reset_cures_is_told_at_once(tmp_path: Path, error: CameraError) -> None:
    """Least of all is a camera reset that another program uses."""
    ladder = Ladder(tmp_path, error)
    with pytest.raises(type(error)):
        await ladder.open()
    assert (len(ladder.link.tried), ladder.world.resets) == (1, [])


async def test_a_network_camera_is_opened_once_more_and_nothing_is_reset(tmp_path: Path) -> None:
    ladder = Ladder(tmp_path, SILENT)
    with pytest.raises(CameraTimeout) as failed:
        await ladder.open(FoundCamera("EOS", "ptpip:10.0.0.1", None, "eos-1"))
    assert failed.value.message == SILENT.message
    assert len(ladder.link.tried) == 2
    assert len(ladder.told) == 1


CLAIMED = CameraClaimed(
    "Another program holds the camera at usb:001,006.",
    hint="gvfs-gphoto2-volume-monitor, pid 812, holds it; stop it with: kill 812",
    details={"gphoto_code": -53},
)


class Lost(Ladder):
    """A ladder for a camera that was open; whoever waits hears what is told."""

    def __init__(self, folder: Path, *errors: CameraError) -> None:
        super().__init__(folder, *errors)
        self.link.alive = True
        settings = Settings(
            state_dir=folder / "state", captures_base_dir=folder / "captures", simulator_control=folder / "none"
        )
        deadlines = Deadlines(look_first=0.01, look_most=0.01, look_most_network=0.01)
        self.recovery = Recovery(self.link, settings, deadlines, Surroundings(bus=self.world.bus))
        self._news = asyncio.Event()

    def tell(self, kind: Literal["lost", "recovering"], cause: str, next_step: str, attempt: int) -> None:
        super().tell(kind, cause, next_step, attempt)
        self._news.set()

    async def run(self, found: FoundCamera) -> FoundCamera:
        return await self.recovery.run(found, "0870", "The camera was unplugged.", self.tell, self.adopt)

    async def lost(self, times: int) -> tuple[str, str]:
        """Wait until it was told so often that the camera is lost; return why, and what comes next."""
        async with asyncio.timeout(stretched(30)):
            while len(told := [one for one in self.told if one[0] == "lost"]) < times:
                self._news.clear()
                await self._news.wait()
        return told[times - 1][1:3]

    def errors(self, *errors: CameraError) -> None:
        self.link._errors = list(errors)


async def test_a_camera_that_another_program_takes_on_its_way_back_tells_which(tmp_path: Path) -> None:
    ladder = Lost(tmp_path, CLAIMED)
    under_way = asyncio.create_task(ladder.run(ladder.found))
    assert await ladder.lost(1) == (CLAIMED.message, CLAIMED.hint)
    assert ladder.recovery.question == CLAIMED.hint
    assert ladder.world.resets == [], "another program's camera must not be reset"
    ladder.errors()
    await ladder.recovery.send(ladder.found.port)
    assert (await under_way).port == ladder.found.port
    assert ladder.recovery.question is None


async def test_when_the_program_lets_go_the_old_reason_stands_again(tmp_path: Path) -> None:
    ladder = Lost(tmp_path, CLAIMED)
    under_way = asyncio.create_task(ladder.run(replace(ladder.found, port="ptpip:10.0.0.1", serial="0870")))
    assert (await ladder.lost(1))[0] == CLAIMED.message
    ladder.errors(SILENT)
    assert await ladder.lost(2) == ("The camera was unplugged.", "The server keeps looking for the camera.")
    ladder.errors(CLAIMED)
    assert (await ladder.lost(3))[0] == CLAIMED.message
    ladder.errors()
    await under_way
    assert len(ladder.told) == 4, "it is told once for each change"


async def test_a_camera_that_is_looked_for_long_is_looked_for_by_new_workers(tmp_path: Path) -> None:
    """Each look that fails leaves some memory behind in libgphoto2: a night of them would fill the machine."""
    ladder = Ladder(tmp_path, SILENT, looks_s=0)
    found = FoundCamera("EOS", "ptpip:192.0.2.7", "0870", "eos-1")
    ladder.link.many = 3 * FRESH_AFTER
    looking = asyncio.create_task(ladder.recovery.run(found, "0870", "Gone.", ladder.tell, ladder.adopt))
    async with asyncio.timeout(stretched(30)):
        await ladder.link.tried_often.wait()
    kills = ladder.link.kills
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert kills - 1 in {2, 3}, "the first one belongs to the restart"
