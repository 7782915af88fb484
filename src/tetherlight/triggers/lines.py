"""What presses releases, whatever the lines are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tetherlight.errors import TriggerFailed
from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.sync import Held


@dataclass(frozen=True)
class Wired:
    """A camera as it hangs on its lines: who it is, and where."""

    camera_id: str
    port: str


@dataclass(frozen=True)
class Fired:
    """A press of several releases."""

    at: float
    """Unix seconds."""
    spread_s: float
    """How far apart the releases were at most."""


class Lines(ABC):
    """Presses the releases of triggers; used by one task at a time."""

    @abstractmethod
    def take(self) -> None:
        """Take the lines so that nobody else presses a release by them; raise TriggerFailed where that cannot be."""

    @abstractmethod
    async def fire(self, triggers: Mapping[str, TriggerTable], cameras: Sequence[Wired]) -> Fired:
        """Press the releases of these triggers, half where that is wired, then all fully at once, and let go.

        Raises TriggerFailed where a line cannot be driven; no release was pressed fully then.
        """

    @abstractmethod
    def hold(self, name: str, trigger: TriggerTable, camera: Wired) -> AbstractAsyncContextManager[Held]:
        """Listen to the contact of a trigger that has one; the release is pressed by what this gives.

        Entering raises TriggerFailed; leaving lets go, whatever happened.
        """

    def sync_fault(self, name: str, trigger: TriggerTable) -> str | None:  # noqa: ARG002 - for real lines
        """Say what is wrong with the contact of a trigger at rest, as a sentence; None where nothing is."""
        return None

    @abstractmethod
    async def close(self) -> None:
        """Let go of the lines."""


def half_press_s(triggers: Mapping[str, TriggerTable]) -> float:
    """Return how long the releases are half pressed: as long as the slowest body needs, 0 where no line does that."""
    return max((one.half_press_s for one in triggers.values() if one.half_press is not None), default=0.0)


def trigger_failed(names: Sequence[str], cause: str, hint: str | None = None) -> TriggerFailed:
    """Make the error for triggers whose lines cannot be driven."""
    named = " and ".join(f"'{name}'" for name in names)
    return TriggerFailed(f"Trigger {named} cannot be driven: {cause}", hint=hint, details={"triggers": list(names)})
