"""Notices when something was plugged in or out."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

from tetherlight.camera.usb import SYSFS

logger = logging.getLogger(__name__)
GPIO = Path("/sys/bus/gpio/devices")
POLL = 1.0
"""Seconds between two looks at the kernel's lists; they are small folders, and need no device to be asked."""
SETTLE = 0.2
"""Seconds after udev's first word in which the rest of a burst arrives, and permissions are set."""


class HotplugMonitor:
    """Tells when USB devices or GPIO chips came or went: by udev where it runs, by the kernel's lists everywhere."""

    def __init__(self, folder: Path = SYSFS, poll: float = POLL, chips: Path = GPIO) -> None:
        self._places = (folder, "devnum"), (chips, "dev")
        self._poll = poll

    async def changes(self) -> AsyncGenerator[None]:
        """Yield once per change, bursts put together; close it with `aclosing` to stop listening."""
        heard = asyncio.Event()
        with _udev(heard.set):
            before = self._devices()
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await heard.wait()
                        await asyncio.sleep(SETTLE)
                now = self._devices()
                if now != before or heard.is_set():
                    heard.clear()
                    before = now
                    yield

    def _devices(self) -> frozenset[tuple[str, str]]:
        """Return name and address of all devices: a replug keeps the name and changes the address."""
        found = []
        for folder, address in self._places:
            with contextlib.suppress(OSError):
                for device in folder.iterdir():
                    with contextlib.suppress(OSError):
                        found.append((device.name, (device / address).read_text()))
        return frozenset(found)


@contextlib.contextmanager
def _udev(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` whenever udev has dealt with a USB device; do nothing where there is no udev."""
    try:
        import pyudev  # noqa: PLC0415 - it needs libudev, which not every system has

        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        monitor.filter_by(subsystem="usb", device_type="usb_device")
        monitor.start()
    except (ImportError, OSError) as error:
        logger.debug("No udev here, the kernel's list of devices is read instead: %s", error)
        yield
        return

    def read() -> None:
        while monitor.poll(timeout=0) is not None:
            heard()

    loop = asyncio.get_running_loop()
    loop.add_reader(monitor.fileno(), read)
    try:
        yield
    finally:
        loop.remove_reader(monitor.fileno())
