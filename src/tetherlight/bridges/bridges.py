"""The bridges of one server: started beside the rig, ended with it, and none of them in anybody's way."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping

from tetherlight.bridges.bridge import Listens, Site, Status
from tetherlight.bridges.table import BRIDGES, BridgeRow
from tetherlight.errors import TetherlightError
from tetherlight.rig.rig import Rig

logger = logging.getLogger(__name__)

LEAVE_S = 1.5
"""Seconds in which all bridges have to say good-bye when the server ends."""


class Bridges:
    """Runs the bridges that the rig file wants, each in a task of its own."""

    def __init__(self, rig: Rig, listens: Listens | None = None, rows: Iterable[BridgeRow] = BRIDGES) -> None:
        wanted = [row for row in rows if row.wanted(rig.lights.rig_file)]
        self._rig = rig
        self._sites = [(row, Site(rig, listens, Status(row.name))) for row in wanted]
        self._ending = asyncio.Event()

    @property
    def statuses(self) -> Mapping[str, Status]:
        """How each bridge that is wanted stands, by its name."""
        return {row.name: site.status for row, site in self._sites}

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, rig: Rig, listens: Listens | None = None) -> "AsyncIterator[Bridges]":
        """Let the bridges run for a while. The start waits for none, and the end not longer than LEAVE_S."""
        bridges = cls(rig, listens)
        async with bridges.running():
            yield bridges

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them while the context lasts, and let the doctor ask how they stand."""
        tasks = {asyncio.create_task(self._run(row, site), name=row.name) for row, site in self._sites}
        reports = [site.status.finding for _, site in self._sites]
        self._rig.reports.extend(reports)
        try:
            yield
        finally:
            for report in reports:
                self._rig.reports.remove(report)
            self._ending.set()
            if tasks:
                await asyncio.wait(tasks, timeout=LEAVE_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, row: BridgeRow, site: Site) -> None:
        try:
            opens = await asyncio.to_thread(row.load)
            async with opens(site):
                await self._ending.wait()
        except TetherlightError as error:
            site.status.ill(error.message, error.hint)
            logger.error("%s %s", error.message, error.hint or "")  # noqa: TRY400 - the sentence is enough
        except Exception as error:
            site.status.ill(f"The bridge {row.name} ended: {error}.", "The log says more; start the server again.")
            logger.exception("The bridge %s ended", row.name)
