"""Trigger and sync lines against the kernel itself: gpio-sim, a chip in memory whose lines the test pulls.

Needs root, and a kernel with `CONFIG_GPIO_SIM` (`modprobe gpio-sim`) and configfs.
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.patience import stretched
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.triggers.gpio_lines import GpioLines
from tetherlight.triggers.lines import Wired
from tetherlight.triggers.triggers import Triggers

CONFIGFS = Path("/sys/kernel/config/gpio-sim")
LABEL = "tetherlight-test"
BODY = Wired("body", "usb:001,002")
RIG = f"""
chip = "{LABEL}"
[lights]
lamp = {{ pin = 0 }}
[triggers.body]
cameras = ["body"]
full_press = 5
sync = 6
press_s = 0.05
"""


@pytest.fixture
def chip() -> Iterator[Path]:
    """Make a chip of eight lines; give the folder in which its lines are seen and pulled."""
    with contextlib.suppress(OSError):
        subprocess.run(["modprobe", "gpio-sim"], check=False, capture_output=True)
    if not CONFIGFS.is_dir():
        pytest.skip("this kernel has no gpio-sim (modprobe gpio-sim), or configfs is not mounted")
    device = CONFIGFS / LABEL
    bank = device / "bank0"
    bank.mkdir(parents=True)
    try:
        (bank / "num_lines").write_text("8")
        (bank / "label").write_text(LABEL)
        (device / "live").write_text("1")
        name = (bank / "chip_name").read_text().strip()
        (pulls,) = Path("/sys/devices/platform").glob(f"{(device / 'dev_name').read_text().strip()}/{name}")
        yield pulls
    finally:
        with contextlib.suppress(OSError):
            (device / "live").write_text("0")
        bank.rmdir()
        device.rmdir()


def pull(chip: Path, line: int, *, down: bool) -> None:
    """Let what hangs on a line pull it."""
    (chip / f"sim_gpio{line}" / "pull").write_text("pull-down" if down else "pull-up")


def driven(chip: Path, line: int) -> int:
    """Return the level of a line, 0 or 1."""
    return int((chip / f"sim_gpio{line}" / "value").read_text())


async def test_a_held_release_is_driven_and_the_kernel_tells_of_the_contact(chip: Path) -> None:
    rig = RigFile.parse(RIG, Path("rig.toml"))
    triggers = Triggers(rig.triggers, GpioLines(rig.triggers, LABEL))
    try:
        assert [one.level for one in triggers.findings()] == ["ok", "ok"]
        async with triggers.hold(BODY) as held:
            await held.press()
            assert driven(chip, 5) == 1
            before = time.monotonic()
            pull(chip, 6, down=True)
            opened = await held.edge(stretched(5))
            pull(chip, 6, down=False)
            closed = await held.edge(stretched(5))
            assert (opened.closed, closed.closed) == (True, False)
            assert before <= opened.at <= closed.at <= time.monotonic()
        assert driven(chip, 5) == 0
    finally:
        await triggers.close()


async def test_a_contact_that_is_closed_at_rest_is_told(chip: Path) -> None:
    rig = RigFile.parse(RIG, Path("rig.toml"))
    triggers = Triggers(rig.triggers, GpioLines(rig.triggers, LABEL))
    try:
        # Taking the line pulls it up: only then does the contact pull it down.
        assert [one.level for one in triggers.findings()] == ["ok", "ok"]
        pull(chip, 6, down=True)
        assert [(one.check, one.level) for one in triggers.findings()] == [("triggers", "ok"), ("sync", "warning")]
    finally:
        await triggers.close()
