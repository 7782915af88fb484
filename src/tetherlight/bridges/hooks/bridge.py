"""The hooks of a rig, which hear what happens as a Caller that may only look."""

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from tetherlight.actions.inprocess import InProcess
from tetherlight.bridges.bridge import Site, Status
from tetherlight.bridges.hooks.events import TOPICS, Happened, Observer
from tetherlight.bridges.hooks.hook import Hook, Outcome, way_of
from tetherlight.process.threads import in_daemon_thread
from tetherlight.protocol.models import Storage
from tetherlight.protocol.roles import VIEWER
from tetherlight.rig.rig import Rig
from tetherlight.rigfile.hooks import HookTable

logger = logging.getLogger(__name__)

DISK_ROUND_S = 60.0
"""Seconds between two looks at the disk, which others fill as well."""


@contextlib.asynccontextmanager
async def open_bridge(site: Site) -> AsyncIterator[None]:
    """Let the hooks of the rig file hear what happens, as long as the context lasts."""
    rig_file = site.rig.lights.rig_file
    hooks: list[Hook] = []

    def changed() -> None:
        _tell_status(site.status, hooks)

    hooks += await in_daemon_thread(lambda: _opened(rig_file.hooks, changed))
    changed()
    observer = Observer(rig_file.bridges.name or socket.gethostname())

    def told(found: Iterable[Happened]) -> None:
        for happened in found:
            for hook in hooks:
                hook.take(happened)

    async with InProcess(site.rig, "hooks", VIEWER.rights, hear=lambda one: told(observer.seen(one))) as caller:
        caller.topics = TOPICS
        tasks = [asyncio.create_task(hook.run(), name=f"hook {hook.name}") for hook in hooks]
        if any("disk_low" in hook.events for hook in hooks):
            looking = _watch_disk(site.rig, lambda storage: told(observer.storage(storage)))
            tasks.append(asyncio.create_task(looking, name="look at the disk for hooks"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _opened(tables: Mapping[str, HookTable], changed: Callable[[], None]) -> list[Hook]:
    """Return the hooks, each looked at: what can be seen to be wrong is told now. Blocking."""
    hooks = []
    for name, table in tables.items():
        way = way_of(table)
        hook = Hook(name, table, way, changed=changed)
        if (fault := way.fault()) is not None:
            logger.warning("Hook '%s' will not work: %s", name, fault)
            hook.trouble = fault
        hooks.append(hook)
    return hooks


def _tell_status(status: Status, hooks: Sequence[Hook]) -> None:
    """Say how the hooks stand, for the doctor and for whoever counts."""
    counts = sum((hook.counts for hook in hooks), Counter[Outcome]())
    status.counts = {str(outcome): number for outcome, number in counts.items()}
    ill = [f"'{hook.name}': {hook.trouble}." for hook in hooks if hook.trouble is not None]
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("told", "failed", "dropped") if counts[outcome])
    if ill:
        status.ill(f"Hook {' Hook '.join(ill)}", "tetherlight hooks test NAME", level="warning")
    else:
        status.well(f"Hooks: {', '.join(hook.name for hook in hooks)}; {told or 'nothing to tell yet'}.")


async def _watch_disk(rig: Rig, tell: Callable[[Storage], None]) -> None:
    while True:
        tell(await in_daemon_thread(rig.store.space.storage))
        await asyncio.sleep(DISK_ROUND_S)
