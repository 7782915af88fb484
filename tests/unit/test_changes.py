"""The order of changes to what is kept."""

import asyncio
import threading

from support.turns import turns
from tetherlight.collection.changes import Changes


async def test_changes_are_made_in_the_order_in_which_they_were_asked_for() -> None:
    """One that takes long is waited for, though there are threads for all of them."""
    changes, made, gate = Changes(), [], threading.Event()

    def slow() -> None:
        gate.wait(60)
        made.append("slow")

    tasks = [asyncio.create_task(changes.make(slow))]
    tasks += [asyncio.create_task(changes.make(lambda name=name: made.append(name))) for name in "abc"]  # type: ignore[misc]
    await turns()
    gate.set()
    await asyncio.gather(*tasks)
    assert made == ["slow", "a", "b", "c"]
