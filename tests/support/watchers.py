"""The watchers of servers, which are no children of a test."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from support.patience import stretched
from tetherlight.server.watching import WATCHER

END_S = 30.0


def watchers(parent: int) -> list[int]:
    """Give the watchers of a server."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                told = (place / "stat").read_text().rpartition(")")[2].split()
                if int(told[1]) == parent and WATCHER.encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
            except (OSError, IndexError):
                continue
    return found


@contextlib.asynccontextmanager
async def watcher_ends(server: int) -> AsyncIterator[None]:
    """Wait on leaving until the one watcher that a server has now has ended."""
    (watcher,) = watchers(server)
    # It is no child of this process: what is known of its end is that its descriptor becomes readable.
    descriptor = os.pidfd_open(watcher)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        yield
        async with asyncio.timeout(stretched(END_S)):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
