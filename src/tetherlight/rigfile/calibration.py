"""What the rig file keeps of the calibrations of its lights: the last one, and what it replaced."""

from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from tetherlight.protocol.lights import RigCalibration
from tetherlight.protocol.models import Model
from tetherlight.rigfile.lights import Finite, RigLight, Vector

MOST = 20
"""Former calibrations that are kept; the oldest go first."""


class CalibrationFigures(Model):
    """When lights were calibrated, by which set, and how exactly."""

    model_config = ConfigDict(strict=True)

    at: AwareDatetime | None = None
    set: str | None = None
    lights: int | None = Field(default=None, ge=0)
    mean_error_deg: Finite | None = None
    largest_error_deg: Finite | None = None
    moved_deg: Finite | None = None
    """Largest angle between a direction and the one that it replaced."""
    sphere_radius: Finite | None = None
    """Of the largest sphere, in pixels."""


class FormerCalibration(CalibrationFigures):
    """What was replaced: the figures, and the values by light."""

    directions: dict[str, Vector] = Field(default_factory=dict)
    positions: dict[str, Vector] = Field(default_factory=dict)
    intensities: dict[str, Finite] = Field(default_factory=dict)


class CalibrationTable(CalibrationFigures):
    """The table `calibration` of the rig file."""

    history: tuple[FormerCalibration, ...] = ()
    """Oldest first."""


def last_calibration(table: CalibrationFigures | None) -> RigCalibration | None:
    """Return what clients learn of the last calibration; None where there was none."""
    if table is None:
        return None
    figures = CalibrationFigures.model_fields.keys() - {"set"}
    return RigCalibration(set_name=table.set, **table.model_dump(include=set(figures)))


def replaced(lights: Mapping[str, RigLight], figures: CalibrationFigures | None) -> dict[str, Any]:
    """Return the entry of the history for these lights as they stood, and the figures of that time; none for none."""
    if not lights:
        return {}
    kept = {} if figures is None else figures.model_dump(exclude_none=True, exclude={"history"})
    values: dict[str, Any] = {
        "directions": {name: light.direction for name, light in lights.items() if light.direction is not None},
        "positions": {name: light.position for name, light in lights.items() if light.position is not None},
        "intensities": {name: light.intensity for name, light in lights.items() if light.intensity is not None},
    }
    return kept | {key: {name: _plain(one) for name, one in value.items()} for key, value in values.items() if value}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
