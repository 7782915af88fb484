"""The moment in which cameras are released: all of them, or none."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tetherlight.errors import CaptureFailed, TetherlightError

READY_S = 60.0
"""Seconds in which every camera must be ready for its release, when all that was asked of it before is done."""


class NotBegun(Exception):
    """Nothing was released: another camera was not ready, or the lines could not be driven."""


class Moment:
    """The moment in which the cameras are released: when all are ready, or never."""

    def __init__(self, count: int, fire: Callable[[], Awaitable[float | None]]) -> None:
        """Wait for so many cameras; `fire` releases them and returns when, or None where each releases itself."""
        self._missing = count
        self._fire = fire
        self._come: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    @property
    def released(self) -> bool:
        """Whether the cameras were released."""
        return self.over and self._come.exception() is None

    @property
    def over(self) -> bool:
        """Whether the cameras were released, or never will be."""
        return self._come.done()

    async def begin(self, release: Callable[[], Awaitable[float]]) -> float:
        """Wait for the others and begin; return when that was. Raises NotBegun, and what `fire` raises."""
        self._missing -= 1
        if not self._missing and not self.over:
            await self._release()
        try:
            async with asyncio.timeout(READY_S):
                at = await asyncio.shield(self._come)
        except TimeoutError:
            self.never()
            raise CaptureFailed(f"Not every camera was ready within {READY_S:g} s; none was released.") from None
        except TetherlightError as error:
            raise error.again() from None
        return await release() if at is None else at

    def never(self) -> None:
        """Let those that are ready go without a picture."""
        if not self.over:
            self._fail(NotBegun())

    async def _release(self) -> None:
        try:
            at = await self._fire()
        except TetherlightError as error:
            self._fail(error)
            raise
        except BaseException:
            self.never()
            raise
        if not self.over:
            self._come.set_result(at)

    def _fail(self, error: TetherlightError | NotBegun) -> None:
        self._come.set_exception(error)
        self._come.exception()  # nobody may be there to hear it


@dataclass(frozen=True)
class OfMoment:
    """A camera's exposure that begins in a moment."""

    moment: Moment
    patience: float | None

    async def begin(self, release: Callable[[], Awaitable[float]]) -> float:
        """Begin when all are ready."""
        return await self.moment.begin(release)


def new_exposure_id() -> str:
    """Return what no other exposure is called."""
    return f"exposure-{secrets.token_hex(4)}"
