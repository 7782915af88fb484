"""What every driver of lamps does, and how it says that it could not."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from tetherlight.errors import LampFailed
from tetherlight.rigfile.rigfile import RigLight


class LampDriver(ABC):
    """Switches the lamps behind the lights' names; used by one task at a time."""

    name: ClassVar[str]
    real: ClassVar[bool]
    """Whether electricity flows: what clients see as `gpio_available`."""

    def on_change(self, tell: Callable[[Mapping[str, bool]], None]) -> None:  # noqa: B027 - most have nothing to do
        """Tell from now on when lamps are lost or back by themselves, and how those stand that are known.

        For drivers that notice; the others never tell.
        """

    @property
    @abstractmethod
    def unavailable(self) -> Mapping[str, str]:
        """The lights that cannot be driven now, each with its cause as one sentence."""

    @abstractmethod
    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights instead of the former ones, all off; those that cannot be had become `unavailable`."""

    @abstractmethod
    async def switch(self, states: Mapping[str, bool]) -> None:
        """Switch lights in as few steps as the hardware allows; raise LampFailed for those that stayed as they were."""

    async def look(self) -> bool:
        """Notice lamps that came or went since, which change `unavailable`; tell whether there are any."""
        return False

    @abstractmethod
    def off_now(self) -> frozenset[str]:
        """Switch each lamp off without an event loop, never raising; return the lights that may still be on."""

    @abstractmethod
    async def close(self) -> None:
        """Give the lamps back; idempotent. They are off before."""


def lamp_failed(causes: Mapping[str, str], *, hint: str | None = None) -> LampFailed:
    """Make the error for lights that could not be switched; `details["lights"]` has the cause of each by name."""
    name, cause = next(iter(causes.items()))
    return LampFailed(f"GPIO error setting light '{name}'. {cause}", hint=hint, details={"lights": dict(causes)})


def failed_lights(error: LampFailed) -> dict[str, str]:
    """Return the causes by light name that `lamp_failed` put into the error."""
    lights = (error.details or {}).get("lights", {})
    return {str(name): str(cause) for name, cause in lights.items()}
