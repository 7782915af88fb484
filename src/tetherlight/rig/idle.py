"""Lights that nobody has switched off: the rig file may say that they go off by themselves."""

import asyncio
import logging
from collections.abc import Callable

from tetherlight.lights.lights import Lights

logger = logging.getLogger(__name__)

LOOKS = 8
"""How often is looked in the time after which they go off."""
LONGEST_S = 30.0


async def lights_off_when_idle(lights: Lights, busy: Callable[[], bool], idle_s: float) -> None:
    """Switch all lights off whenever for `idle_s` seconds nothing was `busy` and no light was changed."""
    loop = asyncio.get_running_loop()
    pause = min(idle_s / LOOKS, LONGEST_S)
    quiet_since, levels = loop.time(), lights.levels
    while True:
        await asyncio.sleep(pause)
        if busy() or lights.levels != levels or not any(levels.values()):
            quiet_since, levels = loop.time(), lights.levels
        elif loop.time() - quiet_since >= idle_s:
            logger.warning("All lights go off: nobody was there for %g s.", idle_s)
            await lights.all_off()
