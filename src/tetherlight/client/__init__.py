"""The Python client: `Client` for asyncio, `tetherlight.client.sync.Client` for notebooks and scripts."""

from tetherlight.client.capturing import SeriesCapture, SetCapture
from tetherlight.client.client import Client
from tetherlight.client.events import EventData, RigEvent, Unknown
from tetherlight.client.liveview import Frame

__all__ = ["Client", "EventData", "Frame", "RigEvent", "SeriesCapture", "SetCapture", "Unknown"]
