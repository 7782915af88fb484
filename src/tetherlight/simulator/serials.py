"""Serial numbers of simulated bodies: one for each, or what real bodies give instead."""

SERIALS = ("unique", "none", "zero", "doubled")
"""Each its own; no number at all; zeros in place of the digits; the same number for all bodies of a maker."""


def serial_number(kind: str, pattern: str, number: int) -> str:
    """Give the serial number of the camera with this number (from 1); `pattern` is the maker's, for str.format."""
    if kind == "none":
        return ""
    serial = pattern.format(1 if kind == "doubled" else number)
    return "0" * len(serial) if kind == "zero" else serial
