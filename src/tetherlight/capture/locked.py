"""What every frame of a set has in common."""

from collections.abc import Sequence

from tetherlight.protocol.models import ConfigEntry

LOCKED = ("shutterspeed", "aperture", "iso", "whitebalance", "imageformat")
"""Settings that every frame of a set must share, by their common names."""


def locked_values(config: Sequence[ConfigEntry]) -> dict[str, str]:
    """Return the settings that must not change within a set, by their common names."""
    by_alias = {entry.alias or entry.name: entry for entry in config}
    return {name: str(by_alias[name].value) for name in LOCKED if name in by_alias}
