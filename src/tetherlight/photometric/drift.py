"""Whether a picture was taken with the exposure that was planned."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

SAME = 0.12
"""Relative difference below which two exposure values are the same; neighbouring third stops differ by 0.26."""


def exposure_facts(paths: Sequence[Path]) -> dict[str, Any]:
    """Return exposure_time_s, f_number and iso_speed as the first readable picture's EXIF tells them."""
    for path in paths:
        try:
            with Image.open(path) as image:
                exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
        except (OSError, ValueError, SyntaxError):
            continue
        facts = {
            "exposure_time_s": _number(exif.get(ExifTags.Base.ExposureTime)),
            "f_number": _number(exif.get(ExifTags.Base.FNumber)),
            "iso_speed": _number(exif.get(ExifTags.Base.ISOSpeedRatings)),
        }
        if any(value is not None for value in facts.values()):
            return {name: value for name, value in facts.items() if value is not None}
    return {}


def exposure_warnings(planned: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each value of the picture that is not the planned one."""
    pairs = (("shutterspeed", "exposure_time_s"), ("aperture", "f_number"), ("iso", "iso_speed"))
    warnings = []
    for setting, fact in pairs:
        wanted, found = seconds_or_number(str(planned.get(setting, ""))), facts.get(fact)
        if wanted and found and abs(found - wanted) > SAME * wanted:
            warnings.append(f"The picture's {setting} is {found:g} where {planned[setting]} was planned.")
    return warnings


def seconds_or_number(text: str) -> float | None:
    """Read "1/60", "0.5s", "f/8" or "400"; None for "Auto", "bulb" and the like."""
    text = text.strip().lower().removeprefix("f/").removesuffix("s").strip()
    try:
        if "/" in text:
            above, below = text.split("/", 1)
            return float(above) / float(below)
        return float(text)
    except (ValueError, ZeroDivisionError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
