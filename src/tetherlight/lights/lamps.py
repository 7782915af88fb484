"""What every driver of lamps does, and how it says that it could not."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import ValidationError

from tetherlight.errors import InvalidSetting, LampFailed
from tetherlight.protocol.models import Model, first_fault
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

M = TypeVar("M", bound=Model)
OFF, ON = 0.0, 1.0
DEADLINE_S = 5.0
"""Seconds in which a driver must have done what it was asked."""

Levels = Mapping[str, float]
"""How bright lights shall be or are, by name: from OFF to ON. True and False are such levels, too."""


class LampDriver(ABC):
    """Switches the lamps behind the lights' names; used by one task at a time.

    Clients are told what it says of lamps that failed: its sentences name no address and no secret.
    """

    name: ClassVar[str]
    real: ClassVar[bool]
    """Whether electricity flows: what clients see as `gpio_available`."""
    dims: ClassVar[bool] = False
    """Whether its lamps can be anything but off or on; the others are never asked to."""

    deadline_s: ClassVar[float] = DEADLINE_S
    """When it is given up, so that a driver that hangs holds no other one up for longer."""

    def holds(self, light: str) -> bool:  # noqa: ARG002 - for those that know
        """Tell whether the lamp stays as it is when the server dies without a word, as far as its last hop is known."""
        return False

    def can_dim(self, light: str) -> bool:  # noqa: ARG002 - for those that have both
        """Tell whether a light can be anything but off or on."""
        return self.dims

    def on_change(self, tell: Callable[[Levels], None]) -> None:  # noqa: B027 - most have nothing to do
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
    async def switch(self, levels: Levels) -> None:
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


@dataclass(frozen=True)
class Setup:
    """What a driver may need to know of where it is."""

    rig: RigFile
    simulator: Path | None = None
    """The simulator's control socket, where there is one."""

    def settings(self, driver: str, table: type[M]) -> M:
        """Read the rig file's table of a driver; raise InvalidSetting naming the key that is wrong."""
        try:
            return table.model_validate(self.rig.drivers.get(driver, {}), strict=True)
        except ValidationError as error:
            fault = first_fault(error)
            where = f"drivers.{driver}" + (f".{fault.field}" if fault.field else "")
            problem = "there is no such key" if fault.kind == "extra_forbidden" else fault.reason
            raise InvalidSetting(f"The rig file {self.rig.path} is wrong: {where}: {problem}.") from None


@dataclass(frozen=True)
class LampKind:
    """A kind of lamp as the registry knows it: what the rig file calls it, and how its driver is opened.

    `open` raises NothingToDrive where the machine has no such lamps, and InvalidSetting where the rig file is wrong.
    """

    name: str
    open: Callable[[Setup], LampDriver]


class NothingToDrive(Exception):
    """The machine has nothing that a driver could switch; says why, without a full stop."""

    def __init__(self, problem: str, *, hint: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def lamp_failed(
    causes: Mapping[str, str], *, beginning: str = "Failed to switch light '{}'.", hint: str | None = None
) -> LampFailed:
    """Make the error for lights that could not be switched; `details["lights"]` has the cause of each by name."""
    name, cause = next(iter(causes.items()))
    return LampFailed(f"{beginning.format(name)} {cause}", hint=hint, details={"lights": dict(causes)})


def failed_lights(error: LampFailed) -> dict[str, str]:
    """Return the causes by light name that `lamp_failed` put into the error."""
    lights = (error.details or {}).get("lights", {})
    return {str(name): str(cause) for name, cause in lights.items()}
