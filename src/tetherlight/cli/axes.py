"""The options that make a grid of a set or a series: `--focus 8x3`, `--exposure=-2,0,2`, `--axis repeat=4`."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tetherlight.cli.levels import Levels

FocusOption = Annotated[
    str | None,
    typer.Option(
        metavar="COUNTxSTEP",
        help="So many places of focus, a drive of size 1 to 3 apart, negative towards near: 8x2. The lens comes back.",
    ),
]
ExposureOption = Annotated[
    str | None,
    typer.Option(metavar="EV,...", help="Exposures, in EV from the one now: --exposure=-2,0,2 (with the equals sign)."),
]
AxisOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUES",
        help="A further axis, the first one outermost: repeat=4, time=10x60 (rounds x seconds), setting:iso=100,400, "
        "or one of a plug-in with its values.",
    ),
]
COUNTED = re.compile(r"(\d+)(?:x(-?\d+(?:\.\d+)?))?")


class Grid:
    """The axes of a set as options give them; outermost are the further ones, then focus, lights and exposure."""

    def __init__(
        self,
        focus: str | None,
        exposure: str | None,
        axes: Sequence[str] | None,
        *,
        ambient: bool,
        levels: Sequence[str] | None = None,
    ) -> None:
        self._focus = focus_places(focus)
        self._exposure = exposures(exposure)
        self._axes = [_axis(text) for text in axes or ()]
        self._ambient = ambient
        self._levels = Levels(levels)

    def with_lights(self, lights: list[str]) -> dict[str, Any]:
        """Return the arguments of `capture_set`, or of `capture_axes` where there are further axes."""
        levels = self._levels.of(lights)
        if not self._axes:
            return {
                "light_sequence": lights, "ambient": self._ambient, "focus": self._focus, "exposure": self._exposure,
                **({"levels": levels} if levels else {}),
            }  # fmt: skip
        found = list(self._axes)
        if self._focus is not None:
            found.append({"axis": "focus", "count": self._focus[0], "step": self._focus[1]})
        values = [*([None] if self._ambient else []), *lights]
        found.append({"axis": "light", "values": values} | ({"levels": levels} if levels else {}))
        if self._exposure is not None:
            found.append({"axis": "exposure", "values": self._exposure})
        return {"axes": found}


def focus_places(text: str | None) -> tuple[int, int] | None:
    """Read a count of places and the size of a drive, 1 where it is not said."""
    if text is None:
        return None
    found = COUNTED.fullmatch(text.strip())
    step = float(found[2] or 1) if found else 0.0
    if found is None or abs(step) not in {1, 2, 3} or int(found[1]) < 1:
        raise typer.BadParameter("--focus is a count of places and the size of a drive, 1 to 3: 8x2, or 8x-2 nearer.")
    return int(found[1]), int(step)


def exposures(text: str | None) -> list[float] | None:
    """Read EV offsets."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter("--exposure is a list of EV offsets: --exposure=-2,0,2.") from None


def _axis(text: str) -> dict[str, Any]:
    """Read a further axis: its name, a setting's entry behind a colon, and its values or count."""
    name, equals, values = text.partition("=")
    axis, _, entry = name.strip().partition(":")
    if not axis or not equals or not values.strip():
        raise typer.BadParameter("--axis is a name and its values: repeat=4, time=10x60, setting:iso=100,400.")
    found: dict[str, Any] = {"axis": axis} | ({"name": entry} if entry else {})
    counted = COUNTED.fullmatch(values.strip())
    if counted is not None and axis in {"repeat", "time", "focus"}:
        return found | {"count": int(counted[1])} | ({"step": float(counted[2])} if counted[2] else {})
    return found | {"values": [part.strip() if entry else _value(part.strip()) for part in values.split(",")]}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
