"""The place where limits of lamps are checked: before any of them is switched."""

from tetherlight.lights.lamps import Levels


class Guard:
    """Says whether lights may shine as asked; switching off is never asked about.

    No lamp has told a limit of power or heat so far: everything passes.
    """

    def check(self, levels: Levels) -> None:
        """Raise LampFailed where the lights must not stand like this; `levels` has every light of the rig."""
