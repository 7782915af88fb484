"""Capture a set with the Python client and bring it here: python docs/examples/follow_set.py [ADDRESS]."""

import asyncio
import sys

from tetherlight import Client
from tetherlight.errors import SequenceFailed

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"


async def main() -> None:
    """Follow each step, then download the images, each checked against its checksum."""
    async with Client(ADDRESS) as rig:
        await rig.select()
        capture = rig.capture_set(["light_left", "light_right"], prefix="followed")
        try:
            async for step in capture:
                print(step.status)
        except SequenceFailed as failed:
            print(f"{failed.message} {failed.hint or ''}")
            return
        for path in await rig.download(capture.result, to="pictures"):
            print(path)


if __name__ == "__main__":
    asyncio.run(main())
