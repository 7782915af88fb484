"""The properties of a body without a maker's extension: PTP's own codes, values, and libgphoto2's words for them.

Where libgphoto2 has no word for a value of PTP it shows its number, as "Unknown value 0010" of the image quality.
"""

from collections.abc import Mapping

from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Format, Kind
from tetherlight.simulator.shot import Shot

Values = Mapping[int, int | str]

BATTERY = 0x5001
IMAGE_SIZE = 0x5003
QUALITY = 0x5004
WHITE_BALANCE = 0x5005
APERTURE = 0x5007
FOCAL_LENGTH = 0x5008
FOCUS_MODE = 0x500A
METERING = 0x500B
FLASH_MODE = 0x500C
SHUTTER_SPEED = 0x500D
EXPOSURE_MODE = 0x500E
ISO = 0x500F
COMPENSATION = 0x5010
DATE_TIME = 0x5011
CAPTURE_DELAY = 0x5012
DRIVE_MODE = 0x5013
BURST_NUMBER = 0x5018

MODE_MANUAL = 1
DRIVE_BURST = 2
_LENS_NAME = "50mm F1.8"

APERTURES = (180, 200, 220, 250, 280, 320, 350, 400, 450, 500, 560, 630, 710, 800, 900, 1000, 1100, 1300, 1400, 1600)
"""F-numbers in hundredths."""
SHUTTERS = (
    2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 31, 40, 50, 62, 80, 100, 125, 166, 200, 250, 333, 400, 500, 666, 769, 1000,
    1250, 1666, 2000, 2500, 3333, 4000, 5000, 6250, 7692, 10000, 13000, 16000, 20000, 25000, 30000, 40000, 50000, 60000,
    80000, 100000, 130000, 150000, 200000, 250000, 300000,
)  # fmt: skip
"""Exposure times in units of 0.1 ms."""
_ISOS = (100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 102400, 204800, 409600)
HIGHEST_ISO = 25600
_COMPENSATIONS = (-2000, -1700, -1300, -1000, -700, -300, 0, 300, 700, 1000, 1300, 1700, 2000)
_DELAYS = (0, 2000, 10000)
_WHITE_BALANCES = {
    1: "Manual", 2: "Automatic", 4: "Daylight", 5: "Fluorescent", 6: "Tungsten", 7: "Flash",
}  # fmt: skip
_OUR_WORDS = {"Automatic": "Auto", "Manual": "Daylight"}
# Our choice, as PTP leaves these to the maker: JPEG of two qualities, raw, and both.
_QUALITIES = {0x01: "Unknown value 0001", 0x03: "Unknown value 0003", 0x10: "Unknown value 0010"} | {
    0x13: "Unknown value 0013"
}
_FORMATS = {0x01: ("jpeg",), 0x03: ("jpeg",), 0x10: ("raw",), 0x13: ("raw", "jpeg")}
_SCALES = (1.0, 0.5)
FORMAT_SHORTCUTS = {"JPEG": 0x03, "RAW+JPEG": 0x13, "RAW": 0x10}


def properties(size: tuple[int, int], highest_iso: int = HIGHEST_ISO) -> dict[int, Property]:
    """Give the properties of a body with this picture size (width, height)."""
    entries = (*_exposure(highest_iso), *_release(), *_picture(size))
    return {entry.code: entry for entry in entries}


def _exposure(highest_iso: int) -> tuple[Property, ...]:
    isos = {value: str(value) for value in _ISOS if value <= highest_iso}
    # PTP has 16 bits for it; bodies that go beyond have 32, of which libgphoto2 still sends 16 under the name "iso".
    iso_kind = Kind.UINT16 if highest_iso <= 0xFFFF else Kind.UINT32
    return (
        Property(APERTURE, "f-number", Kind.UINT16, 560, {value: f"f/{value / 100:g}" for value in APERTURES}),
        Property(SHUTTER_SPEED, "shutterspeed", Kind.UINT32, 166, {v: f"{v / 10000:.4f}s" for v in SHUTTERS}),
        Property(EXPOSURE_MODE, "expprogram", Kind.UINT16, MODE_MANUAL, {1: "M", 2: "P", 3: "A", 4: "S"}),
        Property(ISO, "iso", iso_kind, 400, isos),
        Property(COMPENSATION, "exposurecompensation", Kind.INT16, 0, {v: f"{v / 1000:g}" for v in _COMPENSATIONS}),
        Property(METERING, "exposuremetermode", Kind.UINT16, 3, {1: "Average", 2: "Center Weighted", 3: "Multi Spot"}),
    )


def _release() -> tuple[Property, ...]:
    focus = {1: "Manual", 2: "Automatic", 3: "Automatic Macro"}
    return (
        Property(FOCAL_LENGTH, "focallength", Kind.UINT32, 5000, span=(5000, 5000), writable=False),
        Property(FOCUS_MODE, "focusmode", Kind.UINT16, 2, focus),
        Property(FLASH_MODE, "flashmode", Kind.UINT16, 2, {1: "Automatic Flash", 2: "Flash off", 3: "Fill flash"}),
        Property(CAPTURE_DELAY, "capturedelay", Kind.UINT32, 0, {v: f"{v / 1000:.3f}s" for v in _DELAYS}),
        Property(DRIVE_MODE, "capturemode", Kind.UINT16, 1, {1: "Single Shot", DRIVE_BURST: "Burst"}),
        Property(BURST_NUMBER, "burstnumber", Kind.UINT16, 3, {v: str(v) for v in range(1, 10)}),
    )


def _picture(size: tuple[int, int]) -> tuple[Property, ...]:
    sizes = tuple(_size_name(size, scale) for scale in _SCALES)
    return (
        Property(BATTERY, "batterylevel", Kind.UINT8, 100, span=(0, 100), writable=False),
        Property(IMAGE_SIZE, "imagesize", Kind.TEXT, sizes[0], texts=sizes),
        Property(QUALITY, "imagequality", Kind.UINT8, 0x03, _QUALITIES),
        Property(WHITE_BALANCE, "whitebalance", Kind.UINT16, 2, _WHITE_BALANCES),
        Property(DATE_TIME, "datetime", Kind.TEXT, ""),
    )


def _size_name(size: tuple[int, int], scale: float) -> str:
    return f"{round(size[0] * scale)}x{round(size[1] * scale)}"


def read_shot(size: tuple[int, int], values: Values) -> Shot:
    """Say what the property values of a body with this picture size mean for the next exposure."""
    manual = values[EXPOSURE_MODE] == MODE_MANUAL
    bias = 0.0 if manual else int(values[COMPENSATION]) / 1000
    white_balance = _WHITE_BALANCES[int(values[WHITE_BALANCE])]
    return Shot(
        shutter_s=int(values[SHUTTER_SPEED]) / 10000 * 2.0**bias,
        aperture=int(values[APERTURE]) / 100,
        iso=int(values[ISO]),
        formats=_FORMATS[int(values[QUALITY])],
        raw_format=Format.DNG,
        raw_suffix=".DNG",
        scale=next(scale for scale in _SCALES if _size_name(size, scale) == values[IMAGE_SIZE]),
        quality=80 if values[QUALITY] == 0x01 else 95,
        white_balance=_OUR_WORDS.get(white_balance, white_balance),
        delay_s=int(values[CAPTURE_DELAY]) / 1000,
        burst=int(values[BURST_NUMBER]) if values[DRIVE_MODE] == DRIVE_BURST else 1,
        manual=manual,
        bias=bias,
        lens=_LENS_NAME,
    )
