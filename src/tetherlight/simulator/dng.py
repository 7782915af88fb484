"""Raw files: an uncompressed 16-bit Bayer mosaic with linear values, in DNG's tags.

The content is a DNG whatever the file is called: no camera's own raw format is documented, while LibRaw (and with it
rawpy, darktable and others) tells files apart by their content and decodes these under a vendor's extension too.
"""

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import images, tiff

WHITE_LEVEL = 16383
BASELINE_EXPOSURE = 2
"""The sensor is full two stops above a white in the JPEG: developers brighten by this many EV."""
# From XYZ to the linear sRGB that the scene is rendered in, under D65 (IEC 61966-2-1), in ten-thousandths.
_XYZ_TO_SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)
_D65 = 21


def mosaic(linear: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Keep one colour of each pixel (H, W, 3) in the pattern red, green / green, blue; gives (H, W)."""
    sensor = np.ascontiguousarray(linear[..., 1])
    sensor[0::2, 0::2] = linear[0::2, 0::2, 0]
    sensor[1::2, 1::2] = linear[1::2, 1::2, 2]
    return sensor


def raw_file(linear: NDArray[np.uint16], tags: images.Tags, preview: bytes) -> bytes:
    """Give a raw file of linear sensor values (H, W, 3), with an embedded JPEG."""
    height, width = linear.shape[:2]
    main = images.main_directory(tags)
    main.set(0x00FE, tiff.LONG, 0)
    main.set(0x0100, tiff.LONG, width)
    main.set(0x0101, tiff.LONG, height)
    main.set(0x0102, tiff.SHORT, 16)
    main.set(0x0103, tiff.SHORT, 1)
    main.set(0x0106, tiff.SHORT, 32803)
    main.set(0x0115, tiff.SHORT, 1)
    main.set(0x0116, tiff.LONG, height)
    main.set(0x011C, tiff.SHORT, 1)
    main.set(0x828D, tiff.SHORT, (2, 2))
    main.set(0x828E, tiff.BYTE, (0, 1, 1, 2))
    main.set(0xC612, tiff.BYTE, (1, 4, 0, 0))
    main.set(0xC613, tiff.BYTE, (1, 1, 0, 0))
    main.set(0xC614, tiff.ASCII, tags.model)
    main.set(0xC61A, tiff.SHORT, 0)
    main.set(0xC61D, tiff.LONG, WHITE_LEVEL)
    main.set(0xC621, tiff.SRATIONAL, [value / 10000 for value in _XYZ_TO_SRGB])
    main.set(0xC62A, tiff.SRATIONAL, BASELINE_EXPOSURE)
    main.set(0xC628, tiff.RATIONAL, (1, 1, 1))
    main.set(0xC65A, tiff.SHORT, _D65)
    main.data(0x0111, 0x0117, mosaic(linear).astype("<u2", copy=False).tobytes())
    embedded = main.below(0x014A)
    embedded.set(0x00FE, tiff.LONG, 1)
    embedded.set(0x0100, tiff.LONG, tags.width)
    embedded.set(0x0101, tiff.LONG, tags.height)
    embedded.set(0x0102, tiff.SHORT, (8, 8, 8))
    embedded.set(0x0103, tiff.SHORT, 7)
    embedded.set(0x0106, tiff.SHORT, 6)
    embedded.set(0x0115, tiff.SHORT, 3)
    embedded.set(0x0116, tiff.LONG, tags.height)
    embedded.data(0x0111, 0x0117, preview)
    return tiff.assemble([main])
