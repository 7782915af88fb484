"""What every axis of a plan has in common, and what it may use."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from pydantic import JsonValue

from tetherlight.camera.camera import Camera
from tetherlight.errors import InvalidPayload
from tetherlight.lights.lights import Lights
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord, PlaceRecord, Plan, StepRecord


class Keeper(Protocol):
    """Who keeps what must outlive the server, and tells what an axis has to say."""

    def place(self, axis: str) -> PlaceRecord | None:
        """Return where something stands that has only relative moves; None where it was never moved."""

    async def keep_place(self, axis: str, place: PlaceRecord) -> None:
        """Keep it, on the disk where the plan has a folder."""

    def warn(self, sentence: str) -> None:
        """Add a sentence to the warnings of the result."""

    def waiting(self, seconds: float) -> None:
        """Tell that nothing happens for so long."""

    async def stopped_within(self, seconds: float) -> bool:
        """Wait so long, or until somebody asks to stop; return whether that is so."""


class Nobody:
    """The keeper while a plan is only checked: nothing was moved, and nothing is."""

    def place(self, axis: str) -> PlaceRecord | None:  # noqa: ARG002 - nothing was moved yet
        """Return that nothing was moved."""
        return None

    async def keep_place(self, axis: str, place: PlaceRecord) -> None:
        """Refuse: a check moves nothing."""
        raise NotImplementedError

    def warn(self, sentence: str) -> None:
        """Refuse: what stands against a plan is raised."""
        raise NotImplementedError

    def waiting(self, seconds: float) -> None:
        """Refuse: a check waits for nothing."""
        raise NotImplementedError

    async def stopped_within(self, seconds: float) -> bool:
        """Refuse: a check waits for nothing."""
        raise NotImplementedError


NOBODY = Nobody()


@dataclass(frozen=True)
class Stage:
    """What an axis may use while it prepares a step: the cameras and the lights are the job's, under its name."""

    cameras: tuple[Camera, ...]
    lights: Lights
    owner: str
    plan: Plan
    keeper: Keeper

    @property
    def camera(self) -> Camera:
        """The camera of a plan that has one, else the first."""
        return self.cameras[0]

    def camera_of(self, step: StepRecord) -> Camera:
        """Return the camera that takes a step."""
        wanted = step.at.get("camera", self.camera.camera_id)
        return next(one for one in self.cameras if one.camera_id == wanted)


class Axis(ABC):
    """A name and its values, of which each step of a plan has one.

    `check` is called before anything moves; then, for each run of the plan, `begin`, `apply` whenever the value
    differs from the step before, and `restore`, whatever happened. The engine waits for the longest of the settle
    times before it takes the picture. Errors of `apply` fail the step.
    """

    name: ClassVar[str]
    letter: ClassVar[str]
    """What marks its values in the names of files, such as f in `image_01_f03.jpg`."""
    uses_lights: ClassVar[bool] = False
    uses_camera: ClassVar[bool] = True
    """Whether `apply` asks the camera something; those that do not are applied first."""
    bears_absence: ClassVar[bool] = True
    """Whether a value can be had again, without asking anybody, after the camera was away for a moment."""
    waits: ClassVar[bool] = False
    """Whether `apply` waits for a time: every light is off meanwhile."""

    def __init__(self, record: AxisRecord) -> None:
        self.values: tuple[JsonValue, ...] = record.values
        self.options: Mapping[str, JsonValue] = record.options

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Return the axis that a request asks for; raise InvalidPayload."""
        if wanted.values is None:
            raise cls.invalid("it needs values")
        return cls(AxisRecord(axis=cls.name, values=tuple(wanted.values), options=wanted.options))

    @classmethod
    def invalid(cls, problem: str) -> InvalidPayload:
        """Return the error for a request that asks for something else than this axis has."""
        return InvalidPayload(f"Axis '{cls.name}': {problem}.")

    @property
    def holds_shutter(self) -> bool:
        """Whether the shutter is held open for a known time in each step, whatever the camera's own time is."""
        return False

    @property
    def entries(self) -> Sequence[str]:
        """Config entries that the axis sets, by their common names; no other axis of a plan may set them."""
        return ()

    def record(self) -> AxisRecord:
        """Return the axis as the manifest keeps it."""
        return AxisRecord(axis=self.name, values=self.values, options=dict(self.options))

    def writes(self, value: JsonValue, plan: Plan) -> Mapping[str, Any]:  # noqa: ARG002 - for those that need it
        """Return fields of the step's record that the value sets."""
        return {}

    def locked(self, value: JsonValue, plan: Plan) -> Mapping[str, str]:  # noqa: ARG002 - for those that need it
        """Return camera settings by alias that the value gives to its frames."""
        return {}

    def settle_s(self, value: JsonValue, plan: Plan) -> float:  # noqa: ARG002 - for those that need it
        """Return the seconds that pass after `apply` before the picture is taken."""
        return 0.0

    def label(self, value: JsonValue) -> str:
        """Name a value in a sentence."""
        return f"{self.name} {value}"

    async def check(self, stage: Stage) -> None:  # noqa: B027 - many axes need none
        """Make sure that every value can be had, before anything moves; raise what stands against it."""

    async def begin(self, stage: Stage) -> None:  # noqa: B027 - many axes need none
        """Take note of what is to be put back."""

    @abstractmethod
    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str] | None:
        """Make this the value; return warnings of the step, None where a wish to stop came before it was had."""

    def confirm(self, stage: Stage) -> Sequence[str]:  # noqa: ARG002 - for those that can lose their value
        """Raise where the value that was applied does not hold any more; return what is in doubt about it."""
        return ()

    async def restore(self, stage: Stage) -> None:  # noqa: B027 - many axes need none
        """Put back what was found, or tell the keeper that it could not be."""
