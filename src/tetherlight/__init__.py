"""Tetherlight: a server for camera rigs, and its client.

`Client` asks a server under asyncio, `SyncClient` from scripts and notebooks. Each is loaded when it is first named.
"""

from importlib import import_module

TYPE_CHECKING = False
"""What `typing` says as well; to ask it would take longer than all the rest of this module."""

if TYPE_CHECKING:
    from tetherlight.client import Client
    from tetherlight.client.sync import Client as SyncClient

    __version__: str
else:
    # Hidden from type checkers: with it, any name would be one of ours.
    def __getattr__(name: str) -> object:
        if name == "__version__":
            return import_module("importlib.metadata").version("tetherlight")
        place = {"Client": "tetherlight.client", "SyncClient": "tetherlight.client.sync"}.get(name)
        if place is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = import_module(place).Client
        return found


__all__ = ["Client", "SyncClient"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
