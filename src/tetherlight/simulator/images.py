"""Image files as a camera writes them: JPEG with EXIF and a thumbnail, and bare preview JPEGs."""

import struct
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.simulator import tiff

Pixels = NDArray[np.uint8]

# Gains of red and blue against green, on gamma-coded values: the scene's lamps are daylight.
_WHITE_BALANCE = {
    "Cloudy": (1.05, 0.96),
    "Shadow": (1.09, 0.92),
    "Tungsten": (0.80, 1.22),
    "Fluorescent": (0.90, 1.11),
    "Flash": (1.03, 0.97),
}
_LARGEST_SHORT = 0xFFFF
_THUMB_WIDTH = 160
_THUMB_HEIGHT = 120


@dataclass(frozen=True)
class Tags:
    """What the camera writes into a picture about itself and the exposure. Shutter in seconds, bias in EV."""

    make: str
    model: str
    serial: str
    lens: str
    artist: str
    copyright: str
    when: datetime
    shutter_s: float
    aperture: float
    iso: int
    bias: float
    manual_exposure: bool
    white_balance: str
    width: int
    height: int
    orientation: int = 1


def balance(pixels: Pixels, white_balance: str) -> Pixels:
    """Tint a picture (H, W, 3) as a white balance other than the light's does."""
    gains = _WHITE_BALANCE.get(white_balance)
    if gains is None:
        return pixels
    levels = np.arange(256, dtype=np.float32)
    tinted = pixels.copy()
    for channel, gain in ((0, gains[0]), (2, gains[1])):
        table = np.clip(levels * gain + 0.5, 0, 255).astype(np.uint8)
        tinted[..., channel] = table[pixels[..., channel]]
    return tinted


def encode(pixels: Pixels, quality: int, subsampling: str = "422") -> bytes:
    """Encode a picture (H, W, 3) as JPEG without any metadata of ours."""
    encoded = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=quality, colorsubsampling=subsampling)
    return bytes(encoded)


def thumbnail(pixels: Pixels) -> bytes:
    """Give a JPEG of 160 x 120 pixels, with black bars where the shape differs."""
    height, width = pixels.shape[:2]
    scale = max(width / _THUMB_WIDTH, height / _THUMB_HEIGHT)
    rows = (np.arange(int(height / scale)) * scale).astype(np.intp)
    columns = (np.arange(int(width / scale)) * scale).astype(np.intp)
    small = pixels[rows][:, columns]
    frame = np.zeros((_THUMB_HEIGHT, _THUMB_WIDTH, 3), dtype=np.uint8)
    top, left = (_THUMB_HEIGHT - small.shape[0]) // 2, (_THUMB_WIDTH - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return encode(frame, 80, "420")


def jpeg_file(pixels: Pixels, tags: Tags, thumb: bytes, quality: int) -> bytes:
    """Give a complete camera JPEG: the picture (H, W, 3) with EXIF and the thumbnail inside."""
    plain = encode(pixels, quality)
    header = b"Exif\0\0" + tiff.assemble([main_directory(tags), _thumbnail_directory(thumb)])
    segment = b"\xff\xe1" + struct.pack(">H", len(header) + 2) + header
    return b"\xff\xd8" + segment + plain[_after_jfif(plain) :]


def _after_jfif(jpeg: bytes) -> int:
    """Give the offset behind the start marker and the JFIF segment, which EXIF files do not have."""
    if jpeg[2:4] != b"\xff\xe0":
        return 2
    (length,) = struct.unpack_from(">H", jpeg, 4)
    return 4 + int(length)


def main_directory(tags: Tags) -> tiff.Directory:
    """Give the EXIF main directory with the exposure's directory below it."""
    date = tags.when.strftime("%Y:%m:%d %H:%M:%S")
    main = tiff.Directory()
    main.set(0x010F, tiff.ASCII, tags.make)
    main.set(0x0110, tiff.ASCII, tags.model)
    main.set(0x0112, tiff.SHORT, tags.orientation)
    main.set(0x011A, tiff.RATIONAL, 72)
    main.set(0x011B, tiff.RATIONAL, 72)
    main.set(0x0128, tiff.SHORT, 2)
    main.set(0x0132, tiff.ASCII, date)
    if tags.artist:
        main.set(0x013B, tiff.ASCII, tags.artist)
    main.set(0x0213, tiff.SHORT, 2)
    if tags.copyright:
        main.set(0x8298, tiff.ASCII, tags.copyright)
    _fill_exposure(main.below(0x8769), tags, date)
    return main


def _fill_exposure(exif: tiff.Directory, tags: Tags, date: str) -> None:
    milliseconds = f"{tags.when.microsecond // 1000:03d}"
    offset = tags.when.strftime("%z") or "+0000"
    exif.set(0x829A, tiff.RATIONAL, tags.shutter_s)
    exif.set(0x829D, tiff.RATIONAL, tags.aperture)
    exif.set(0x8822, tiff.SHORT, 1 if tags.manual_exposure else 2)
    exif.set(0x8827, tiff.SHORT, min(tags.iso, _LARGEST_SHORT))
    if tags.iso > _LARGEST_SHORT:
        # The field has 16 bits; beyond them EXIF 2.3 has a sensitivity type (2) and the recommended exposure index.
        exif.set(0x8830, tiff.SHORT, 2)
        exif.set(0x8832, tiff.LONG, tags.iso)
    exif.set(0x9000, tiff.UNDEFINED, b"0231")
    exif.set(0x9003, tiff.ASCII, date)
    exif.set(0x9004, tiff.ASCII, date)
    exif.set(0x9010, tiff.ASCII, f"{offset[:3]}:{offset[3:5]}")
    exif.set(0x9011, tiff.ASCII, f"{offset[:3]}:{offset[3:5]}")
    exif.set(0x9204, tiff.SRATIONAL, tags.bias)
    exif.set(0x9209, tiff.SHORT, 16)
    exif.set(0x920A, tiff.RATIONAL, 50)
    exif.set(0x9290, tiff.ASCII, milliseconds)
    exif.set(0x9291, tiff.ASCII, milliseconds)
    exif.set(0x9292, tiff.ASCII, milliseconds)
    exif.set(0xA000, tiff.UNDEFINED, b"0100")
    exif.set(0xA001, tiff.SHORT, 1)
    exif.set(0xA002, tiff.LONG, tags.width)
    exif.set(0xA003, tiff.LONG, tags.height)
    exif.set(0xA402, tiff.SHORT, 1 if tags.manual_exposure else 0)
    exif.set(0xA403, tiff.SHORT, 0 if tags.white_balance == "Auto" else 1)
    if tags.serial:
        exif.set(0xA431, tiff.ASCII, tags.serial)
    exif.set(0xA434, tiff.ASCII, tags.lens)


def _thumbnail_directory(thumb: bytes) -> tiff.Directory:
    directory = tiff.Directory()
    directory.set(0x0103, tiff.SHORT, 6)
    directory.set(0x011A, tiff.RATIONAL, 72)
    directory.set(0x011B, tiff.RATIONAL, 72)
    directory.set(0x0128, tiff.SHORT, 2)
    directory.data(0x0201, 0x0202, thumb)
    return directory
