"""The properties of a Sony body as it shows itself to a computer: codes, values, and libgphoto2's words for them."""

from collections.abc import Mapping

from tetherlight.simulator.generic_tables import APERTURES
from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Format, Kind
from tetherlight.simulator.shot import Shot

Values = Mapping[int, int | str]

WHITE_BALANCE = 0x5005
APERTURE = 0x5007
FOCUS_MODE = 0x500A
EXPOSURE_MODE = 0x500E
IMAGE_SIZE = 0xD203
SHUTTER_SPEED = 0xD20D
FOCUS_FOUND = 0xD213
IN_MEMORY = 0xD215
BATTERY = 0xD218
MANUAL_FOCUS = 0xD2D1
ISO = 0xD21E
DESTINATION = 0xD222
COMPENSATION = 0xD224
QUALITY = 0xD253
PRIORITY = 0xD25A

MODE_MANUAL = 1
TO_COMPUTER = 1
FOCUS_UNLOCKED, FOCUS_LOCKED, FOCUS_FAILED = 1, 2, 3
HIGHEST_ISO = 51200
FOCUS_STEPS = (20, 40, 80, 150, 300, 600, 1000)
"""Places of the lens for the steps from 1 to 7: see `Lens`."""
_LENS_NAME = "FE 50mm F1.8"
_AUTO_ISO, _AUTO_ISO_VALUE = 0x00FFFFFF, 400

_SECONDS = ("30", "15", "8", "4", "2", "1")
_FRACTIONS = (2, 4, 8, 15, 30, 60, 125, 250, 500, 1000, 2000, 4000, 8000)
# The numerator in the upper half, the denominator in the lower one.
_SHUTTERS = {int(text) * 10 << 16 | 10: text for text in _SECONDS} | {
    1 << 16 | part: f"1/{part}" for part in _FRACTIONS
}
_ISOS = (100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 102400, 204800, 409600)
_COMPENSATIONS = (-2000, -1700, -1300, -1000, -700, -300, 0, 300, 700, 1000, 1300, 1700, 2000)
_WHITE_BALANCES = {2: "Automatic", 4: "Daylight", 6: "Tungsten", 0x8010: "Cloudy", 0x8011: "Shade"}
_OUR_WORDS = {"Automatic": "Auto", "Shade": "Shadow"}
_QUALITIES = {1: "RAW", 2: "RAW+JPEG", 3: "JPEG"}
_FORMATS = {1: ("raw",), 2: ("raw", "jpeg"), 3: ("jpeg",)}
_SIZES = {1: "Large", 2: "Medium", 3: "Small"}
_SCALES = {1: 1.0, 2: 0.75, 3: 0.5}
FORMAT_SHORTCUTS = {"RAW": 1, "RAW+JPEG": 2, "JPEG": 3}


def properties(highest_iso: int = HIGHEST_ISO) -> dict[int, Property]:
    """Give the properties in the order in which the camera tells them."""
    isos = {_AUTO_ISO: "Auto ISO"} | {value: str(value) for value in _ISOS if value <= highest_iso}
    entries = (
        Property(WHITE_BALANCE, "whitebalance", Kind.UINT16, 2, _WHITE_BALANCES),
        Property(APERTURE, "f-number", Kind.UINT16, 560, {value: f"f/{value / 100:g}" for value in APERTURES}),
        Property(FOCUS_MODE, "focusmode", Kind.UINT16, 2, {1: "Manual", 2: "Automatic", 0x8004: "AF-C"}),
        Property(EXPOSURE_MODE, "expprogram", Kind.UINT16, MODE_MANUAL, {1: "M", 2: "P", 3: "A", 4: "S"}),
        Property(IMAGE_SIZE, "imagesize", Kind.UINT8, 1, _SIZES),
        Property(SHUTTER_SPEED, "shutterspeed", Kind.UINT32, 1 << 16 | 60, _SHUTTERS),
        Property(ISO, "iso", Kind.UINT32, 400, isos),
        Property(COMPENSATION, "exposurecompensation", Kind.INT16, 0, {v: f"{v / 1000:g}" for v in _COMPENSATIONS}),
        Property(QUALITY, "imagequality", Kind.UINT8, 3, _QUALITIES),
        Property(DESTINATION, "capturetarget", Kind.UINT16, TO_COMPUTER, {TO_COMPUTER: "sdram"}),
        Property(PRIORITY, "prioritymode", Kind.UINT8, 1, {0: "Camera", 1: "Application"}),
        Property(FOCUS_FOUND, "focusindication", Kind.UINT8, FOCUS_UNLOCKED, writable=False),
        Property(IN_MEMORY, "objectinmemory", Kind.UINT16, 0, writable=False),
        Property(MANUAL_FOCUS, "manualfocus", Kind.INT16, 0, span=(-len(FOCUS_STEPS), len(FOCUS_STEPS))),
        Property(BATTERY, "batterylevel", Kind.INT8, 100, span=(0, 100), writable=False),
    )
    return {entry.code: entry for entry in entries}


def read_shot(values: Values) -> Shot:
    """Say what the property values mean for the next exposure."""
    manual = values[EXPOSURE_MODE] == MODE_MANUAL
    bias = 0.0 if manual else int(values[COMPENSATION]) / 1000
    iso, shutter = int(values[ISO]), int(values[SHUTTER_SPEED])
    white_balance = _WHITE_BALANCES[int(values[WHITE_BALANCE])]
    return Shot(
        shutter_s=(shutter >> 16) / (shutter & 0xFFFF) * 2.0**bias,
        aperture=int(values[APERTURE]) / 100,
        iso=_AUTO_ISO_VALUE if iso == _AUTO_ISO else iso,
        formats=_FORMATS[int(values[QUALITY])],
        raw_format=Format.SONY_RAW,
        raw_suffix=".ARW",
        scale=_SCALES[int(values[IMAGE_SIZE])],
        quality=95,
        white_balance=_OUR_WORDS.get(white_balance, white_balance),
        delay_s=0.0,
        manual=manual,
        bias=bias,
        lens=_LENS_NAME,
        to_memory=True,
    )
