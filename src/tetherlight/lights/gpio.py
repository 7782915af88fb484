"""What lamps on lines of a GPIO chip have in common."""

from collections.abc import Mapping

from tetherlight.errors import LampFailed
from tetherlight.lights.lamps import lamp_failed

NO_PIN = "The rig file gives it no pin."


def gpio_failed(causes: Mapping[str, str], *, hint: str | None = None) -> LampFailed:
    """Make the error for lines that could not be switched, in the words that the first clients know."""
    return lamp_failed(causes, beginning="GPIO error setting light '{}'.", hint=hint)
