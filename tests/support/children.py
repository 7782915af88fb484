"""How tests hear of processes that compute: that they have begun, and that they have ended."""

import asyncio
import contextlib
import os
from pathlib import Path

from support.patience import stretched
from support.turns import until


async def marked(path: Path) -> int:
    """Wait until a child has left its process id."""
    await until(lambda: path.exists() and bool(path.read_text()))
    return int(path.read_text())


async def gone(pid: int) -> None:
    """Wait until a process that is not ours has ended."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(handle, ended.set)
        try:
            async with asyncio.timeout(stretched(30)):
                await ended.wait()
        finally:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)
