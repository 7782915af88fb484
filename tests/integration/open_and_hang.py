"""A stand-in for a server: opens a camera, prints its worker's process id, and is busy with it until it is killed.

It takes previews; with a third argument it holds the shutter open for so many seconds.
"""

import asyncio
import sys
from pathlib import Path

from tetherlight.camera.camera import Camera
from tetherlight.camera.identity import camera_ids
from tetherlight.settings import Settings


async def main(folder: Path, port: str, held_s: float | None = None) -> None:
    """Open the camera at a network port and keep it busy."""
    settings = Settings(state_dir=folder / "state", captures_base_dir=folder / "captures")
    (found,) = camera_ids([("Canon EOS 1300D", port, None, None)])
    camera = await Camera.open(found, settings)
    sys.stdout.write(f"{camera.worker_pid}\n")
    sys.stdout.flush()
    if held_s is not None:
        await camera.capture(folder / "captures", "image", exposure_s=held_s)
    while True:
        await camera.preview()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2], *map(float, sys.argv[3:])))
