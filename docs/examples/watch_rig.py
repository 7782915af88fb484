"""Watch frames and events with the Python client: python docs/examples/watch_rig.py [ADDRESS]."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from tetherlight import Client
from tetherlight.client import Frame
from tetherlight.protocol.lights import LightStates


def save(frame: Frame) -> None:
    """Write a frame as a JPEG file."""
    Path(f"frame_{frame.seq:06}.jpg").write_bytes(frame.jpeg)


async def save_frames(rig: Client, count: int) -> None:
    """Save some frames; leaving the loop ends the live view."""
    async with aclosing(rig.liveview(max_fps=10)) as frames:
        async for frame in frames:
            save(frame)
            count -= 1
            if count == 0:
                return


async def tell_lights(rig: Client) -> None:
    """Tell which lights are on, now and at each change; after a lost connection the state comes anew."""
    async for event in rig.events("lights"):
        if isinstance(event.data, LightStates):
            lit = [name for name, on in event.data.states.items() if on]
            print(f"{event.name}: {', '.join(lit) or 'all lights are off'}")


async def main() -> None:
    """Do both at the same time while a light goes on and off."""
    async with Client(*sys.argv[1:]) as rig:
        await rig.select()
        telling = asyncio.create_task(tell_lights(rig))
        await rig.set_light("light_left", True)
        await save_frames(rig, 3)
        await rig.set_light("light_left", False)
        telling.cancel()


if __name__ == "__main__":
    asyncio.run(main())
