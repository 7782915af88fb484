"""Pictures that cost much are decoded in a child process, which may be killed, and never in the server.

What a file claims to be costs nothing to write: a PNG of half a megabyte can hold a picture of gigabytes. The child has
so much memory and so many seconds, and there is one at a time.
"""

import asyncio
from pathlib import Path
from typing import Any

from tetherlight.errors import ImageUnreadable, WorkFailed, WorkMemory, WorkTimeout
from tetherlight.process.run import run

MEMORY = 400_000_000
"""Bytes that the child may use: a picture of 24 megapixels of 16 bits, twice."""
DEADLINE_S = 60.0
"""Seconds for one picture; a small computer needs a few."""


class Apart:
    """Calls functions on images in a child, one at a time."""

    def __init__(self, *, memory: int = MEMORY, deadline_s: float = DEADLINE_S) -> None:
        self._memory = memory
        self._deadline_s = deadline_s
        self._alone = asyncio.Lock()

    async def ask(self, function: str, path: Path, within: Path, **more: Any) -> Any:
        """Call `module:function` with the path of an image, the folder that it lies below, and what else it needs.

        Raise what the function raises, and ImageUnreadable where the image takes more memory or time than there is.
        """
        given = {"path": str(path), "within": str(within), **more}
        async with self._alone:
            try:
                return await run(function, given, deadline=self._deadline_s, memory=self._memory)
            except WorkMemory as error:
                raise ImageUnreadable(f"{path.name} takes more memory to read than a picture may.") from error
            except WorkTimeout as error:
                raise ImageUnreadable(f"{path.name} takes longer to read than a picture may.") from error
            except WorkFailed as error:
                raise ImageUnreadable(f"{path.name} could not be read: {error.message}", hint=error.hint) from error
