"""A plan: axes, outermost first, the cells of their product, and the names that files get in them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis
from tetherlight.capture.axes.registry import planned_axis, recorded_axis
from tetherlight.errors import InvalidPayload
from tetherlight.protocol.axes import MAX_VALUES, AxisPlan
from tetherlight.protocol.manifest import LIGHT, Manifest, StepRecord
from tetherlight.protocol.manifest import Plan as PlanRecord


@dataclass(frozen=True)
class Cell:
    """One place in the grid of a plan: its number, and the position of its value in each axis."""

    index: int
    positions: tuple[int, ...]


class Plan:
    """Axes and their cells, numbered from 1 in the order in which they are taken, the last axis changing fastest.

    A plan that begins with the ambient frame numbers from 0.
    """

    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = tuple(axes)

    @classmethod
    def of(cls, wanted: Sequence[AxisPlan], *, most: int = MAX_VALUES) -> Self:
        """Read the axes of a request; raise InvalidPayload, also where they give too many steps."""
        return cls([planned_axis(one) for one in wanted]).checked(most)

    def checked(self, most: int = MAX_VALUES) -> Self:
        """Return the plan where it can be taken; raise InvalidPayload."""
        names = [axis.name for axis in self.axes]
        if doubled := [name for name in names if names.count(name) > 1]:
            raise InvalidPayload(f"A plan can have the axis '{doubled[0]}' only once.")
        if self.size > most:
            sizes = " x ".join(str(len(axis.values)) for axis in self.axes)
            raise InvalidPayload(f"The plan has {sizes} = {self.size} exposures; at most {most} are allowed.")
        if names.count("camera") and (self.axes[-1].name != "camera" or {"focus", "exposure", "setting"} & {*names}):
            raise InvalidPayload("Axis 'camera': it must be the last one, and no axis beside it may change a camera.")
        self.check_names()
        return self

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of the cameras of a plan that names them."""
        return tuple(str(one) for axis in self.axes if axis.name == "camera" for one in axis.values)

    @classmethod
    def recorded(cls, manifest: Manifest) -> Self:
        """Read the axes of a manifest; raise JobConflict where a plug-in is missing."""
        return cls([recorded_axis(record) for record in (manifest.plan.axes if manifest.plan else ())])

    @property
    def size(self) -> int:
        """How many cells there are."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def uses_lights(self) -> bool:
        """Whether it switches lights."""
        return any(axis.uses_lights for axis in self.axes)

    def position(self, name: str) -> int | None:
        """Return where an axis stands in the order; None where the plan does not have it."""
        return next((number for number, axis in enumerate(self.axes) if axis.name == name), None)

    @cached_property
    def cells(self) -> Mapping[int, Cell]:
        """Every cell by its number."""
        light = self.position(LIGHT)
        first = 0 if light is not None and self.axes[light].values[0] is None else 1
        places = itertools.product(*(range(len(axis.values)) for axis in self.axes))
        return {index: Cell(index, positions) for index, positions in enumerate(places, start=first)}

    def at(self, cell: Cell) -> dict[str, JsonValue]:
        """Return the value of each axis in a cell."""
        return {axis.name: axis.values[place] for axis, place in zip(self.axes, cell.positions, strict=True)}

    def steps(self, record: PlanRecord) -> tuple[StepRecord, ...]:
        """Return the record of every cell before anything is done."""
        return tuple(self._step(cell, record) for cell in self.cells.values())

    def _step(self, cell: Cell, record: PlanRecord) -> StepRecord:
        at = self.at(cell)
        fields: dict[str, object] = {"index": cell.index, "light": None, "at": at}
        for axis in self.axes:
            fields |= axis.writes(at[axis.name], record)
        return StepRecord.model_validate(fields)

    def stem(self, index: int) -> str:
        """Return the name of a cell's images without extension: image_01_light_left_f03_e02.

        The number is that of the light where there are lights, else that of the cell.
        """
        cell, light = self.cells[index], self.position(LIGHT)
        begin = f"image_{index:02d}"
        if light is not None:
            values = self.axes[light].values
            place = cell.positions[light]
            begin = f"image_{place if values[0] is None else place + 1:02d}_{values[place] or 'ambient'}"
        marks = [
            f"_{axis.letter}{place + 1:0{max(2, len(str(len(axis.values))))}d}"
            for number, (axis, place) in enumerate(zip(self.axes, cell.positions, strict=True))
            if number != light and len(axis.values) > 1
        ]
        return begin + "".join(marks)

    def check_names(self) -> None:
        """Raise InvalidPayload where two cells would give the same name, also where case does not count."""
        seen: dict[str, int] = {}
        for index in self.cells:
            other = seen.setdefault(self.stem(index).casefold(), index)
            if other != index:
                raise InvalidPayload(f"Steps {other} and {index} of the plan would both be named '{self.stem(index)}'.")

    @cached_property
    def visits(self) -> Mapping[int, int]:
        """The visit of a lamp by the number of a cell, from 1; 0 for a frame without light. Without lights each cell.

        A visit lasts while the lamp stays on: it ends where the light changes, an axis outside of it, or the round.
        """
        light = self.position(LIGHT)
        if light is None:
            return {index: number for number, index in enumerate(self.cells, start=1)}
        visits: dict[int, int] = {}
        known: set[tuple[int, ...]] = set()
        for index, cell in self.cells.items():
            lit = self.axes[light].values[cell.positions[light]] is not None
            if lit:
                rounds = (place for axis, place in zip(self.axes, cell.positions, strict=True) if axis.waits)
                known.add((*cell.positions[: light + 1], *rounds))
            visits[index] = len(known) if lit else 0
        return visits

    def label(self, at: Mapping[str, JsonValue]) -> str:
        """Name a step in a sentence by what sets it apart."""
        told = [axis.label(at[axis.name]) for axis in self.axes if axis.name in at and len(axis.values) > 1]
        light = self.position(LIGHT)
        if not told and light is not None:
            told = [self.axes[light].label(at.get(LIGHT))]
        return ", ".join(told) or "image"

    def locked(self, at: Mapping[str, JsonValue], record: PlanRecord) -> dict[str, str]:
        """Return the settings that the frame of a step shall have, by alias."""
        settings = {name: str(value) for name, value in record.exposure.items()}
        for axis in self.axes:
            settings |= axis.locked(at.get(axis.name), record)
        return settings

    @property
    def varies_exposure(self) -> bool:
        """Whether frames under the same light may be exposed differently."""
        return any(axis.name in {"exposure", "setting"} for axis in self.axes)


def bracketed(at: Mapping[str, JsonValue]) -> str | None:
    """Return what a step sets its config entry to."""
    value = at.get("setting")
    return None if value is None else str(value)
