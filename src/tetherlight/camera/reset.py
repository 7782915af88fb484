"""Resetting the USB device of a camera that no longer answers, and finding it again."""

import asyncio
import logging
from dataclasses import dataclass

from tetherlight.camera.usb import Bus
from tetherlight.errors import CameraError

LONGEST = 10.0
"""Seconds for the kernel to reset a device; it gives up by itself."""
RETURN = 5.0
"""Seconds after which a device that a reset threw off the bus counts as gone."""
LOOK = 0.1
SETTLE = 0.3
"""Seconds after a reset in which the kernel may take the device off the bus to read it anew."""


@dataclass(frozen=True)
class Reset:
    """How a reset went, and where the device is after it."""

    port: str
    sentence: str
    """What was done, and what is done next."""
    outcome: str
    """What stands in the details of an error: done, none, or why it failed."""
    level: int = logging.INFO
    hint: str | None = None

    def explain(self, error: CameraError) -> CameraError:
        """Return the error of the try that followed, which says what had been tried."""
        if self.outcome == "done":
            tried = "Its USB device was reset, which did not help."
        elif self.outcome == "none":
            return error
        else:
            tried = f"Its USB device could not be reset: {self.outcome}"
        hint = self.hint or "Switch the camera off and on, or take its battery out for a moment."
        return type(error)(
            f"{error.message} {tried}", hint=hint, details={**(error.details or {}), "usb_reset": self.outcome}
        )


async def reset(bus: Bus, port: str) -> Reset:
    """Reset the device behind a port as if it had been plugged out and in, and wait until it is there again."""
    if bus.node(port) is None:
        return Reset(port, "The camera's worker process is started again.", "none")
    path = await asyncio.to_thread(bus.path, port)
    try:
        async with asyncio.timeout(LONGEST):
            await asyncio.to_thread(bus.reset, port)
    except CameraError as error:
        return _failed(port, error.message, error.hint)
    except TimeoutError:
        return _failed(port, f"The kernel did not end it within {LONGEST:g} s.")
    now = port if path is None else await _back(bus, path)
    if now is None:
        return _failed(port, "It is gone from the bus since.")
    where = "" if now == port else f" It is at {now} now."
    sentence = f"The camera's USB device was reset and its worker process is started again.{where}"
    return Reset(now, sentence, "done")


def _failed(port: str, reason: str, hint: str | None = None) -> Reset:
    sentence = f"The camera's worker process is started again; its USB device could not be reset: {reason}"
    return Reset(port, sentence, reason, logging.WARNING, hint)


async def _back(bus: Bus, path: str) -> str | None:
    """Wait until a device is at this path again; return its port, which may be another one, or None."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + RETURN
    await asyncio.sleep(SETTLE)
    while True:
        port = await asyncio.to_thread(bus.port, path)
        usable = port is not None and await asyncio.to_thread(bus.usable, port)
        if usable or loop.time() >= give_up:
            return port
        await asyncio.sleep(LOOK)
