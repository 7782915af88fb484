"""What one body does otherwise than the book says; all of it may be changed while it runs."""

from dataclasses import dataclass, field
from typing import Literal

Effect = Literal["late", "steps", "never", "readonly"]
EFFECTS: tuple[Effect, ...] = ("late", "steps", "never", "readonly")

MEMORY_NAMES = ("own", "counted", "same")
"""The body's own names; none, so that libgphoto2 counts them as capt0000 and so on; the same name for all."""


@dataclass
class PropertyFault:
    """What goes wrong when a computer sets a property, which the body acknowledges all the same.

    The value comes late, after `seconds`; in steps through the choices between, the last after `seconds`; or never.
    With `announced` a value that never comes is contradicted by an announcement of the old one. `readonly` only claims
    that it cannot be set, in the next `count` descriptions or for ever.
    """

    effect: Effect
    seconds: float = 2.0
    announced: bool = False
    count: int | None = None


@dataclass
class Quirks:
    """How a body is held and what it is known for.

    `turned` is how far it is turned clockwise, in degrees. The second file of an exposure comes `second_file_s` after
    the exposure was told to be complete. `raw_only` properties have types that libgphoto2 does not know by name.
    `memory_names` are how a body with a memory for the computer calls the pictures in it. Of the next presses by a line
    it misses `line_drops` and takes two pictures at `line_doubles`; its shutter opens `line_lag_s` after each. While a
    line is held it takes `burst_fps` pictures a second in continuous drive. Counted from now, exposure `sync_misses_at`
    closes no contact for a flash, the files of exposure `files_lost_at` are never announced, and the one after exposure
    `hurries_at` begins at once; 0 is none.
    """

    turned: int = 0
    second_file_s: float = 0.0
    raw_only: bool = False
    memory_names: str = "own"
    line_drops: int = 0
    line_doubles: int = 0
    line_lag_s: float = 0.0
    burst_fps: float = 5.0
    sync_misses_at: int = 0
    files_lost_at: int = 0
    hurries_at: int = 0
    property_faults: dict[int, PropertyFault] = field(default_factory=dict)

    def strikes(self, name: str) -> bool:
        """Count one more exposure towards what goes wrong at one of them; say whether it is this one."""
        left = int(getattr(self, name))
        setattr(self, name, max(0, left - 1))
        return left == 1
