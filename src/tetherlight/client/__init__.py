"""The Python client: `Client` for asyncio, `tetherlight.client.sync.Client` for notebooks and scripts."""

from tetherlight.client.capturing import SeriesCapture, SetCapture
from tetherlight.client.client import Client
from tetherlight.client.events import RigEvent
from tetherlight.client.liveview import Frame

__all__ = ["Client", "Frame", "RigEvent", "SeriesCapture", "SetCapture"]
