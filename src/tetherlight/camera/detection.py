"""Which cameras are there: the client of the scanner process."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Collection, Sequence

from tetherlight.camera.calls import Deadlines
from tetherlight.camera.environment import start_failure, worker_environment
from tetherlight.camera.identity import FoundCamera, camera_ids, normal_address
from tetherlight.errors import DetectionFailed
from tetherlight.settings import Settings

__all__ = ["FoundCamera", "camera_ids", "find_cameras", "network_ports"]

logger = logging.getLogger(__name__)
STANDARD = Deadlines()


def network_ports(settings: Settings) -> list[str]:
    """Return the ports at which cameras may be on the network, each once, in the order of the setting."""
    return list(dict.fromkeys(normal_address(address) for address in settings.cameras))


async def find_cameras(
    settings: Settings, *, skip_ports: Collection[str] = (), deadlines: Deadlines = STANDARD
) -> list[FoundCamera]:
    """List the cameras on USB and the configured ones on the network; raise DetectionFailed.

    Network cameras are asked who they are, except those in `skip_ports`, which are open and answer nobody else;
    cameras on USB are listed without being touched. A rig that is simulated has no USB.
    """
    addresses = [port for port in network_ports(settings) if port not in skip_ports]
    arguments = [*([] if settings.simulator_control else ["usb:"]), *addresses]
    if not arguments:
        return []
    try:
        found = await _scan(arguments, await asyncio.to_thread(worker_environment, settings, "scanner"), deadlines.scan)
    except OSError as error:
        what = "The process that looks for cameras"
        sentence, hint = await asyncio.to_thread(start_failure, what, error, settings)
        raise DetectionFailed(sentence, hint=hint) from error
    return [camera for camera in camera_ids(found) if camera.port not in skip_ports]


async def _scan(
    arguments: Sequence[str], environment: dict[str, str], deadline: float
) -> list[tuple[str, str, str | None, str | None]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "tetherlight.camera.worker.scanner", str(os.getpid()), *arguments, env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(deadline):
            output, complaints = await process.communicate()
    except TimeoutError:
        raise DetectionFailed(f"Looking for cameras took more than {deadline:g} s.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        text = complaints.decode(errors="replace").strip()
        logger.warning("The scanner ended with %d: %s", process.returncode, text)
        raise DetectionFailed(text.splitlines()[-1] if text else "The scanner process failed.")
    return [(camera["model"], camera["port"], camera["serial"], camera["path"]) for camera in json.loads(output)]
