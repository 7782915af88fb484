"""What is counted of what the rig publishes, as long as there is somebody who can make figures of it."""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from tetherlight import measures
from tetherlight.bridges.bridge import Site
from tetherlight.protocol.events import LIGHT_TRIPPED, LIGHTS_CHANGED, PHOTOMETRIC_PROGRESS, StepStage
from tetherlight.publisher import Publication


@contextlib.asynccontextmanager
async def open_bridge(site: Site) -> AsyncIterator[None]:
    """Count while the context lasts; the figures are at /metrics."""
    publisher = site.rig.publisher
    publisher.listen(_count)
    site.status.well("Figures are at /metrics.")
    try:
        yield
    finally:
        publisher.forget(_count)


def _count(publication: Publication) -> None:
    event: Any = publication.event
    data: Any = publication.data
    if event is LIGHTS_CHANGED:
        measures.LIGHT_SECONDS.stand((name for name, on in data.states.items() if on), time.monotonic())
    elif event is LIGHT_TRIPPED:
        measures.GUARD_TRIPS.add(data.limit)
    elif event is PHOTOMETRIC_PROGRESS and data.stage is StepStage.RETAKING:
        measures.RETRIES.add()
