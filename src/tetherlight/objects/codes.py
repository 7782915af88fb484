"""Barcodes and QR codes in a picture, read by zxing-cpp; runs in a child, for the decoder is foreign and not ours."""

import base64
import io
import math
from typing import Any

from PIL import Image, ImageOps

from tetherlight.errors import NotInstalled, PreviewFailed

MOST_CODES = 20
MOST_TEXT = 200
MISSING = "The library 'zxingcpp' is needed to read codes, and is not installed."
REMEDY = "pip install 'tetherlight[barcode]', or type the number in."


def read(progress: Any, picture: str) -> list[dict[str, Any]]:  # noqa: ARG001 - a function of a child gets it
    """Return text, format and corners (0 to 1) of each code of a JPEG in Base64, the largest one first.

    Raise NotInstalled without the library, and PreviewFailed for a picture that cannot be read.
    """
    try:
        import zxingcpp  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise NotInstalled(MISSING, hint=REMEDY) from error
    try:
        with Image.open(io.BytesIO(base64.b64decode(picture)), formats=("JPEG",)) as opened:
            gray = opened.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PreviewFailed(f"A picture of the live view could not be read: {error}.") from None
    # What only the room lights is nearly black, and more can be told apart in it than the reader does.
    codes = zxingcpp.read_barcodes(gray) or zxingcpp.read_barcodes(ImageOps.autocontrast(gray, cutoff=(0, 1)))
    found = [_told(one, gray.size) for one in codes]
    found.sort(key=lambda one: -_extent(one["corners"]))
    first = {one["text"]: one for one in reversed(found) if one["text"]}
    return [one for one in found if first.get(one["text"]) is one][:MOST_CODES]


def _told(code: Any, size: tuple[int, int]) -> dict[str, Any]:
    place = code.position
    corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
    return {
        "text": "".join(sign for sign in code.text if sign.isprintable()).strip()[:MOST_TEXT],
        "format": getattr(code.format, "name", str(code.format)),
        "corners": [(one.x / size[0], one.y / size[1]) for one in corners],
    }


def _extent(corners: list[tuple[float, float]]) -> float:
    """Return the longer diagonal."""
    return max(math.dist(corners[0], corners[2]), math.dist(corners[1], corners[3]))
