"""How tests wait for what no event tells: turns of the event loop, and the state of other programs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from support.patience import stretched

LOOK_S = 0.01
"""Between two looks at another program."""


async def turns(count: int = 1) -> None:
    """Let all that is ready on this event loop run, so often."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(met: Callable[[], bool], seconds: float = 60) -> None:
    """Look at a file, a process or a socket until it is as wanted; raise TimeoutError where it never is."""

    async def look() -> bool:
        return met()

    await until_found(look, seconds)


async def until_found(met: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    """Ask another program until it answers with something true; raise TimeoutError where it never does."""
    async with asyncio.timeout(stretched(seconds)):
        while not await met():  # noqa: ASYNC110 - another program sets no event of ours
            await asyncio.sleep(LOOK_S)


async def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether anybody accepts connections at this port."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
