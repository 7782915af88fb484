"""What a camera wrote into its images about itself and the exposure."""

import asyncio
import math
import re
from collections.abc import Mapping
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

from tetherlight.files.durable import open_regular
from tetherlight.files.types import is_jpeg, is_raw
from tetherlight.protocol.models import Model
from tetherlight.store.apart import Apart
from tetherlight.store.drawing import mapped, open_picture
from tetherlight.store.previews import orientation_of
from tetherlight.store.tiff import Directory, NotTiff, directories
from tetherlight.store.unreadable import DAMAGED, unreadable

MAKE, MODEL, ORIENTATION, DATETIME = 0x010F, 0x0110, 0x0112, 0x0132
EXIF_IFD = 0x8769
EXPOSURE_TIME, F_NUMBER, ISO, DATETIME_ORIGINAL = 0x829A, 0x829D, 0x8827, 0x9003
SENSITIVITIES = (0x8832, 0x8833, 0x8831)
"""Recommended exposure index, ISO speed, standard output sensitivity: of 32 bits, since EXIF 2.3."""
MOST_ISO = 65535
"""What the field of 16 bits says of every sensitivity beyond it."""
EXPOSURE_BIAS, FOCAL_LENGTH, WHITE_BALANCE = 0x9204, 0x920A, 0xA403
WIDTH, HEIGHT = 0xA002, 0xA003
SERIAL, LENS = 0xA431, 0xA434

TOLERANCE_STOPS = 0.2
"""Cameras round: 1/125 is 1/128 inside, f/5.6 is 5.66. Settings are a third of a stop apart."""


class ExifFacts(Model):
    """The facts of an image that people at a rig look at; None where the file does not say."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None
    lens: str | None = None
    taken_at: datetime | None = None
    """By the camera's clock, without time zone."""
    exposure_time_s: float | None = None
    shutter: str | None = None
    f_number: float | None = None
    iso: int | None = None
    exposure_bias: float | None = None
    focal_length_mm: float | None = None
    auto_white_balance: bool | None = None
    width: int | None = None
    height: int | None = None
    orientation: int = 1


async def exif_of(path: Path, within: Path, apart: Apart) -> ExifFacts:
    """Return the facts in an image as `read_exif` does; one whose reader would decode it is read in a child."""
    if is_jpeg(path) or is_raw(path):
        return await asyncio.to_thread(read_exif, path, within)
    return ExifFacts.model_validate(await apart.ask("tetherlight.store.exif:exif_apart", path, within))


def exif_apart(_: object, path: str, within: str) -> dict[str, Any]:
    """Read the facts in an image, in a child."""
    return read_exif(Path(path), Path(within)).model_dump(mode="json")


def read_exif(path: Path, within: Path | None = None) -> ExifFacts:
    """Return the facts in an image, all None where it has none; raise ImageUnreadable for a damaged one.

    No link is followed below the folder `within`, by default the image's own.
    """
    try:
        with open_regular(path, within=within) as file:
            return _facts_of(file, path)
    except DAMAGED as error:
        raise unreadable(f"The facts in {path.name} cannot be read", path, error) from error


class Drift(NamedTuple):
    """An exposure that is not as it was planned."""

    sentence: str
    stops: float | None = None
    """How much more light it caught, less where negative; None where the image tells nothing."""


def drift(expected: Mapping[str, Any], facts: ExifFacts) -> list[Drift]:
    """Compare an exposure's planned values, by alias, with what the image says; return what differs.

    Values that are automatic, unknown, or missing in the image are not compared.
    """
    found: list[Drift] = []
    for alias, actual, shown in (
        ("shutterspeed", facts.exposure_time_s, facts.shutter),
        ("aperture", facts.f_number, None if facts.f_number is None else f"{facts.f_number:g}"),
        ("iso", facts.iso, str(facts.iso)),
    ):
        planned = exposure_number(expected.get(alias))
        if planned is None or not actual or actual <= 0:
            continue
        stops = math.log2(actual / planned) * (2 if alias == "aperture" else 1)
        if abs(stops) > TOLERANCE_STOPS:
            said = f"{alias} was to be {expected[alias]}, but the image was taken with {shown}."
            found.append(Drift(said, round(stops, 2)))
    return found


def exposure_number(value: Any) -> float | None:
    """Read a config value such as 1/125, 0.3s, f/5.6 or 100 as a number; None for auto, bulb and the like."""
    found = re.fullmatch(
        r"(?:f/?)?\s*(\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?\s*(?:s|sec|\")?", str(value).strip().lower()
    )
    if found is None:
        return None
    number = float(found[1]) / float(found[2] or 1) if float(found[2] or 1) else 0.0
    return number if number > 0 else None


def _facts_of(file: BufferedReader, path: Path) -> ExifFacts:
    if is_raw(path):
        return _of_raw(file)
    with open_picture(file, path) as image:
        exif = image.getexif()
        fields = {**exif, **exif.get_ifd(EXIF_IFD)}
        return _facts(fields, image.width, image.height)


def _of_raw(file: BufferedReader) -> ExifFacts:
    with mapped(file) as data:
        orientation = orientation_of(data)
        fields: dict[int, Any] = {}
        try:
            for directory in directories(data):
                fields = _plain(directory) | fields
        except NotTiff:
            pass
    return _facts(fields | {ORIENTATION: orientation}, _int(fields.get(WIDTH)), _int(fields.get(HEIGHT)))


def _plain(directory: Directory) -> dict[int, Any]:
    """Return a directory's fields with single numbers instead of rows of one."""
    return {
        tag: value[0] if isinstance(value, tuple) and len(value) == 1 else value
        for tag, value in directory.fields.items()
    }


def _facts(fields: Mapping[int, Any], width: int | None, height: int | None) -> ExifFacts:
    seconds = _float(fields.get(EXPOSURE_TIME))
    return ExifFacts(
        make=_text(fields.get(MAKE)),
        model=_text(fields.get(MODEL)),
        serial=_text(fields.get(SERIAL)),
        lens=_text(fields.get(LENS)),
        taken_at=_moment(fields.get(DATETIME_ORIGINAL) or fields.get(DATETIME)),
        exposure_time_s=seconds,
        shutter=None if seconds is None else _shutter(seconds),
        f_number=_float(fields.get(F_NUMBER)),
        iso=_iso(fields),
        exposure_bias=_float(fields.get(EXPOSURE_BIAS)),
        focal_length_mm=_float(fields.get(FOCAL_LENGTH)),
        auto_white_balance={0: True, 1: False}.get(_int(fields.get(WHITE_BALANCE)) or 0)
        if WHITE_BALANCE in fields
        else None,
        width=width,
        height=height,
        orientation=_int(fields.get(ORIENTATION)) or 1,
    )


def _iso(fields: Mapping[int, Any]) -> int | None:
    """Return the sensitivity; None where all that is known is that it is beyond what its field holds."""
    iso = _int(fields.get(ISO))
    if iso and iso != MOST_ISO:
        return iso
    return next((found for tag in SENSITIVITIES if (found := _int(fields.get(tag)))), None)


def _text(value: Any) -> str | None:
    text = value.replace("\0", " ").strip() if isinstance(value, str) else ""
    return text[:200].encode("utf-8", "replace").decode() or None


def _float(value: Any) -> float | None:
    try:
        number = value[0] / value[1] if isinstance(value, tuple) and len(value) == 2 else float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return round(number, 9) if math.isfinite(number) else None


def _int(value: Any) -> int | None:
    number = _float(value[0] if isinstance(value, tuple) and value else value)
    return None if number is None else int(number)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - cameras know no zone
    except ValueError:
        return None


def _shutter(seconds: float) -> str:
    """Write an exposure time as cameras do."""
    return f"1/{round(1 / seconds)}" if 0 < seconds <= 0.25 else f"{seconds:g}"
