"""A small process beside the server that switches the lamps off when the server was killed."""

import contextlib
import logging
import subprocess
import sys
from collections.abc import AsyncIterator

from tetherlight.process.environment import child_environment
from tetherlight.process.watcher import GOODBYE
from tetherlight.rig.rig import Rig
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)

WATCHER, ALL_OFF = "tetherlight.process.watcher", "tetherlight.server.all_off"
END_S = 5.0


class Watcher:
    """The process, from when real lamps are driven until they are given back."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it; without it the server works all the same."""
        command = [sys.executable, "-m", WATCHER, ALL_OFF]
        try:
            # A session of its own: what ends the server's processes together must not end this one.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, env=child_environment(), start_new_session=True
            )
        except OSError as error:
            logger.warning("Lamps may stay on if the server is killed: its watcher could not start: %s", error)

    def end(self) -> None:
        """Tell it that the lamps are off."""
        if self._process is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(GOODBYE, timeout=END_S)


@contextlib.asynccontextmanager
async def watched_rig(settings: Settings) -> AsyncIterator[Rig]:
    """Own a rig for a while, with a watcher where it has real lamps."""
    watcher = Watcher()
    try:
        async with Rig.open(settings) as rig:
            if rig.lights.gpio_available:
                watcher.begin()
            yield rig
    finally:
        watcher.end()
