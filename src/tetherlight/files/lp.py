"""Light files (`.lp`): a line with the count, then a line per image with its name and a vector.

The vector points from the object to the light: x right, y up, z to the camera. Names may hold spaces, so the last three
words of a line are the vector. `read_lp` reads one, `lp_text` writes one, and nobody else does either.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from tetherlight.errors import LightsFileInvalid
from tetherlight.files.durable import read_regular

LP = ".lp"
MAX_BYTES = 4_000_000
SHOWN = 60
"""Characters of a wrong line that an error shows."""

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class LightLine:
    """The light of one image."""

    filename: str
    """As the file has it; other programs write whole paths there."""
    vector: Vector

    @property
    def basename(self) -> str:
        """The last part of a path, whichever system wrote it."""
        return PurePosixPath(PureWindowsPath(self.filename).as_posix()).name


def read_lp(path: Path, *, positions: bool = False) -> tuple[LightLine, ...]:
    """Read a light file; vectors come out with length 1, with `positions` as they stand.

    Raises LightsFileInvalid with the number of the line where something is wrong.
    """
    try:
        text = read_regular(path, most=MAX_BYTES, follow=True).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LightsFileInvalid(f"{path.name} is no UTF-8 text.") from None
    except OSError as error:
        raise LightsFileInvalid(f"{path.name} cannot be read: {error.strerror}.") from None
    return parse_lp(text, path.name, positions=positions)


def parse_lp(text: str, name: str, *, positions: bool = False) -> tuple[LightLine, ...]:
    """Read the text of a light file, which errors call `name`; otherwise as `read_lp`."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    filled = [(number, line) for number, line in lines if line]
    if not filled:
        raise LightsFileInvalid(f"{name} is empty.")
    count = _count(*filled[0], name)
    lights = tuple(_light(number, line, name, positions) for number, line in filled[1:])
    if len(lights) != count:
        raise LightsFileInvalid(
            f"{name}, line {filled[0][0]}: the count is {count}, but the lines below are {len(lights)}.",
            hint="The first line is the number of the lines below it.",
        )
    _require_distinct(filled[1:], lights, name)
    return lights


def lp_text(lights: Iterable[tuple[str, Sequence[float]]], *, decimals: int = 6) -> str:
    """Write a light file of names and vectors; raise LightsFileInvalid for a name that no line can hold."""
    lines = []
    for filename, vector in lights:
        if filename != filename.strip() or not filename or len(filename.splitlines()) != 1:
            raise LightsFileInvalid(f"{filename[:SHOWN]!r} cannot stand in a light file.", hint="Rename the image.")
        lines.append(" ".join([filename, *(f"{part:.{decimals}f}" for part in vector)]))
    return "\n".join([str(len(lines)), *lines, ""])


def _count(number: int, line: str, name: str) -> int:
    # Python would take other scripts' digits and signs as well.
    if not (line.isascii() and line.isdigit() and len(line) < 8):
        raise LightsFileInvalid(
            f"{name}, line {number}: '{line[:SHOWN]}' is no number of lights.",
            hint="The first line is the number of the lines below it.",
        )
    return int(line)


def _light(number: int, line: str, name: str, positions: bool) -> LightLine:
    words = line.rsplit(maxsplit=3)
    try:
        filename, *parts = words
        x, y, z = (float(part) for part in parts)
    except ValueError:
        raise LightsFileInvalid(
            f"{name}, line {number}: '{line[:SHOWN]}' is no name with three numbers.",
            hint="A line is: image name, x, y, z.",
        ) from None
    length = math.hypot(x, y, z)
    if not math.isfinite(length) or length < 1e-12:
        raise LightsFileInvalid(f"{name}, line {number}: ({x:g}, {y:g}, {z:g}) points nowhere.")
    return LightLine(filename, (x, y, z) if positions else (x / length, y / length, z / length))


def _require_distinct(lines: Sequence[tuple[int, str]], lights: Sequence[LightLine], name: str) -> None:
    seen: dict[str, int] = {}
    for (number, _), light in zip(lines, lights, strict=True):
        first = seen.setdefault(light.filename, number)
        if first != number:
            said = f"'{light.filename[:SHOWN]}' is there twice, first on line {first}."
            raise LightsFileInvalid(f"{name}, line {number}: {said}")
