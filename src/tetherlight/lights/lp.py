"""Light position files (`.lp`) of reflectance transformation imaging: a count, then a name and a vector per line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tetherlight.errors import InvalidPayload
from tetherlight.models import Direction
from tetherlight.rigfile.rigfile import unit


@dataclass(frozen=True)
class LightLine:
    """One line: an image or light name, and the unit vector from the object to the light."""

    name: str
    direction: Direction


def parse_lp(text: str) -> list[LightLine]:
    """Read a light position file; vectors are scaled to length 1; raise InvalidPayload naming the line."""
    lines = [
        (number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip()
    ]
    if not lines or not lines[0][1].isdecimal():
        raise InvalidPayload("The light position file does not begin with the number of its lights.")
    found = [_line(number, line) for number, line in lines[1:]]
    if len(found) != int(lines[0][1]):
        raise InvalidPayload(f"The light position file promises {lines[0][1]} lights but has {len(found)}.")
    return found


def write_lp(lights: Iterable[tuple[str, Sequence[float]]]) -> str:
    """Return the text of a light position file for names with directions of any length but 0."""
    rows = [(name, unit(vector)) for name, vector in lights]
    lines = [f"{name} {x:.6f} {y:.6f} {z:.6f}" for name, direction in rows if direction for x, y, z in [direction]]
    return "\n".join([str(len(lines)), *lines]) + "\n"


def _line(number: int, line: str) -> LightLine:
    # Names may hold spaces, so only the last three words are sure to be the vector.
    words = line.rsplit(maxsplit=3)
    try:
        name, x, y, z = words[0], *(float(word) for word in words[1:])
        direction = unit((x, y, z))
    except (ValueError, ZeroDivisionError):
        direction = None
    # A NaN is the one number that differs from itself; an infinity becomes one when it is scaled.
    if direction is None or any(value != value for value in direction):  # noqa: PLR0124
        raise InvalidPayload(f"Line {number} of the light position file is no name with a vector: '{line[:80]}'.")
    return LightLine(name, direction)
