"""Switch all lamps off and let go of releases where no server works: `python -m tetherlight.server.all_off`.

The watcher runs it when the server was killed, and the system's service when it has stopped.
"""

import asyncio
import logging
import sys

from tetherlight.errors import StartFailed, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import load_settings
from tetherlight.store.store import Store
from tetherlight.triggers.triggers import Triggers

logger = logging.getLogger(__name__)

DEADLINE_S = 30.0


async def all_off() -> None:
    """Take the lamps as a server does, which is all off, and give them back; raise what stands in the way."""
    settings = load_settings()
    rig_file = RigFile.load(settings.rig_file)
    store = Store(settings, rig_file.naming)
    try:
        store.claim()
    finally:
        # Only a look: a server that starts now switches the lamps off itself, and must not be kept from it.
        store.close()
    async with asyncio.timeout(DEADLINE_S):
        lights = await Lights.open(rig_file)
        faults = {light.name: light.fault for light in lights.status().lights if light.fault}
        await lights.close()
        await _let_go(rig_file)
    for name, fault in faults.items():
        logger.error("Light %s may still be on: %s", name, fault)
    logger.info("All %d lights are off.", len(lights.names) - len(faults))


async def _let_go(rig_file: RigFile) -> None:
    """Let go of the releases of cameras: one may have been held, and not every board lets go of a line by itself."""
    triggers = Triggers.open(rig_file)
    for finding in triggers.findings():
        if finding.check == "triggers" and finding.level != "ok":
            logger.error("A camera may still be released: %s", finding.message)
    await triggers.close()


def main() -> None:
    """Do it, and say in one line what came of it."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    try:
        asyncio.run(all_off())
    except StartFailed:
        logger.info("Another server has the lamps.")
    except TimeoutError:
        sys.exit(f"The lamps did not go off within {DEADLINE_S:g} s.")
    except TetherlightError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
