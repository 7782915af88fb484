"""The table of bridges: which there are, when one is wanted, and where it is."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from tetherlight.bridges.bridge import Opens
from tetherlight.errors import NotInstalled
from tetherlight.rigfile.rigfile import RigFile


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """One row: a name, and the module whose `open_bridge` opens it, which is loaded where it is wanted."""

    name: str
    module: str
    wanted: Callable[[RigFile], bool]
    library: str | None = None
    """The module without which it cannot work; it comes with the extra of `extra`."""
    extra: str | None = None

    def require(self) -> None:
        """Raise NotInstalled where what it needs is not there."""
        if self.library is not None and find_spec(self.library) is None:
            raise NotInstalled(
                f"The bridge {self.name} needs {self.library}, which is not installed.",
                hint=f"pip install 'tetherlight[{self.extra}]', then start the server again.",
            )

    def load(self) -> Opens:
        """Return what opens it; raise NotInstalled."""
        self.require()
        opens: Opens = import_module(self.module).open_bridge
        return opens


BRIDGES: tuple[BridgeRow, ...] = (
    BridgeRow("mqtt", "tetherlight.bridges.mqtt.bridge", lambda file: file.bridges.mqtt is not None, "aiomqtt", "mqtt"),
    BridgeRow("hooks", "tetherlight.bridges.hooks.bridge", lambda file: bool(file.hooks)),
    BridgeRow("mdns", "tetherlight.bridges.mdns", lambda file: file.bridges.mdns is not None, "zeroconf", "mdns"),
    BridgeRow("metrics", "tetherlight.bridges.metrics.bridge", lambda _: find_spec("prometheus_client") is not None),
)
