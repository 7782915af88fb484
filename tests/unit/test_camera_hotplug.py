"""Devices that come and go are noticed from the kernel's list alone."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from support.patience import stretched
from support.turns import turns
from tetherlight.camera.hotplug import HotplugMonitor


def plug(folder: Path, name: str, number: int) -> None:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "devnum").write_text(f"{number}\n")


async def test_a_new_device_and_a_replug_are_told(tmp_path: Path) -> None:
    plug(tmp_path, "1-1", 2)
    async with aclosing(HotplugMonitor(tmp_path, poll=0.02).changes()) as changes, asyncio.timeout(stretched(10)):
        for name, number in (("1-2", 3), ("1-2", 4)):
            waiting = asyncio.ensure_future(anext(changes))
            await turns()
            plug(tmp_path, name, number)
            await waiting


async def test_a_gpio_chip_that_comes_or_goes_is_told(tmp_path: Path) -> None:
    usb, chips = tmp_path / "usb", tmp_path / "gpio"
    monitor = HotplugMonitor(usb, poll=0.02, chips=chips)
    async with aclosing(monitor.changes()) as changes, asyncio.timeout(10):
        waiting = asyncio.ensure_future(anext(changes))
        await turns()
        chips.mkdir()
        (chips / "gpiochip0").mkdir()
        (chips / "gpiochip0" / "dev").write_text("254:0\n")
        await waiting
        waiting = asyncio.ensure_future(anext(changes))
        await turns()
        (chips / "gpiochip0" / "dev").unlink()
        (chips / "gpiochip0").rmdir()
        await waiting


async def test_a_machine_without_usb_is_quiet(tmp_path: Path) -> None:
    async with aclosing(HotplugMonitor(tmp_path / "missing", poll=0.01, chips=tmp_path / "none").changes()) as changes:
        waiting = asyncio.ensure_future(anext(changes))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
