"""What libgphoto2's texts say: the summary of a camera, and events that it does not know itself."""

import re

from tetherlight.camera.usb import meaningful

SUMMARY_LINE = re.compile(r"^\s*(Manufacturer|Model|Serial Number):[ \t]*(.*?)\s*$", re.MULTILINE)
EXTENSION = re.compile(r"^\s*Vendor Extension ID:\s*0x([0-9a-f]+)", re.MULTILINE | re.IGNORECASE)
PROPERTY_CHANGED = re.compile(r'PTP Property (?:0x)?([0-9a-f]+) changed(?:, "([^"]*)")?', re.IGNORECASE)


def identity(summary: str) -> tuple[str | None, str | None]:
    """Return the model and the serial number that the camera states in its summary."""
    fields: dict[str, str] = {}
    for name, value in SUMMARY_LINE.findall(summary):
        fields.setdefault(name, value)
    return fields.get("Model") or None, meaningful(fields.get("Serial Number", ""))


def maker(summary: str) -> int | None:
    """Return the number of the maker's extension of PTP that the camera speaks."""
    match = EXTENSION.search(summary)
    return int(match[1], 16) if match else None


def changed_property(text: str) -> str | None:
    """Return the name of the entry that an event says has changed, else its PTP code; None for other events."""
    match = PROPERTY_CHANGED.search(text)
    return (match[2] or match[1].lower().lstrip("0")) if match else None
