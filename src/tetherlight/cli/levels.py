"""How bright lights shall be, as options say it: `--level 40%`, or `--level light_left=40%`."""

from collections.abc import Sequence
from typing import Annotated

import typer

LevelOption = Annotated[
    str | None,
    typer.Option(metavar="LEVEL", help="How bright, linear in light: 40% or 0.4. Else as bright as they were last."),
]
LevelsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--level",
        metavar="[NAME=]LEVEL",
        help="How bright the lights are, or one of them: 40%, light_left=0.4. Else as bright as they were last.",
    ),
]


def level_of(text: str) -> float:
    """Read a level above 0 to 1, or in percent."""
    share, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        level = float(share) / (100 if percent else 1)
    except ValueError:
        level = 0.0
    if not 0 < level <= 1:
        raise typer.BadParameter("--level is above 0 to 1, or in percent: --level 40%.")
    return level


class Levels:
    """Levels of lights; one without a name is for all that none names."""

    def __init__(self, texts: Sequence[str] | None) -> None:
        parts = [text.rpartition("=") for text in texts or ()]
        self._named = {name.strip(): level_of(level) for name, equals, level in parts if equals}
        self._all = next((level_of(level) for _, equals, level in parts if not equals), None)

    def of(self, lights: Sequence[str]) -> dict[str, float]:
        """Return the levels of these lights as far as they are said, and of those that are named beside them."""
        return ({} if self._all is None else dict.fromkeys(lights, self._all)) | self._named
