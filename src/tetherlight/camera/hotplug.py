"""Notices when something was plugged in or out."""

from collections.abc import AsyncIterator


class HotplugMonitor:
    """Tells when the set of USB devices changed; the rig iterates over `changes`."""

    def changes(self) -> AsyncIterator[None]:
        """Yield once per change, bursts put together."""
        raise NotImplementedError
