"""The properties of a Canon EOS body: codes, values, and libgphoto2's words for them."""

from collections.abc import Mapping

from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Format, Kind
from tetherlight.simulator.shot import Shot

Values = Mapping[int, int | str]

APERTURE = 0xD101
SHUTTER_SPEED = 0xD102
ISO = 0xD103
COMPENSATION = 0xD104
EXPOSURE_MODE = 0xD105
DRIVE_MODE = 0xD106
FOCUS_MODE = 0xD108
WHITE_BALANCE = 0xD109
PICTURE_STYLE = 0xD110
BATTERY = 0xD111
CAMERA_TIME = 0xD113
OWNER = 0xD115
SHOTS_LEFT = 0xD11B
CAPTURE_TARGET = 0xD11C
IMAGE_FORMAT = 0xD120
OLC_VERSION = 0xD199
SHUTTER_COUNT = 0xD1AC
SERIAL = 0xD1AF
OUTPUT = 0xD1B0
EVF_MODE = 0xD1B1
ARTIST = 0xD1D0
COPYRIGHT = 0xD1D1
LENS = 0xD1D8

SENSOR = (5184, 3456)
"""The body's own pixels, in which its focus frame is placed whatever the size of the pictures."""
FRAME = 5
"""The focus frame is a fifth of the sensor each way."""

BULB = 0x0C
TARGET_CARD = 2
TARGET_HOST = 4
OUTPUT_PC = 2
OUTPUT_ELSEWHERE = 0x0E
"""Any of the bits of the output that send the live view to a computer."""
MODE_MANUAL = 3
FOCUS_MANUAL = 3
DRIVE_CONTINUOUS = 1
RAW_SUFFIX = ".CR2"
_LENS_NAME = "EF50mm f/1.8 STM"
_AUTO_ISO = 400

_APERTURES = {
    0x1D: 2.5, 0x20: 2.8, 0x23: 3.2, 0x25: 3.5, 0x28: 4, 0x2B: 4.5, 0x2D: 5, 0x30: 5.6, 0x33: 6.3, 0x35: 7.1, 0x38: 8,
    0x3B: 9, 0x3D: 10, 0x40: 11, 0x43: 13, 0x45: 14, 0x48: 16, 0x4B: 18, 0x4D: 20, 0x50: 22,
}  # fmt: skip
_SHUTTERS = {
    0x10: "30", 0x13: "25", 0x15: "20", 0x18: "15", 0x1B: "13", 0x1C: "10", 0x20: "8", 0x24: "6", 0x25: "5", 0x28: "4",
    0x2B: "3.2", 0x2D: "2.5", 0x30: "2", 0x33: "1.6", 0x35: "1.3", 0x38: "1", 0x3B: "0.8", 0x3D: "0.6", 0x40: "0.5",
    0x43: "0.4", 0x45: "0.3", 0x48: "1/4", 0x4B: "1/5", 0x4D: "1/6", 0x50: "1/8", 0x53: "1/10", 0x55: "1/13",
    0x58: "1/15", 0x5B: "1/20", 0x5D: "1/25", 0x60: "1/30", 0x63: "1/40", 0x65: "1/50", 0x68: "1/60", 0x6B: "1/80",
    0x6D: "1/100", 0x70: "1/125", 0x73: "1/160", 0x75: "1/200", 0x78: "1/250", 0x7B: "1/320", 0x7D: "1/400",
    0x80: "1/500", 0x83: "1/640", 0x85: "1/800", 0x88: "1/1000", 0x8B: "1/1250", 0x8D: "1/1600", 0x90: "1/2000",
    0x93: "1/2500", 0x95: "1/3200", 0x98: "1/4000",
}  # fmt: skip
_ISOS = {
    0x48: 100, 0x50: 200, 0x58: 400, 0x60: 800, 0x68: 1600, 0x70: 3200, 0x78: 6400, 0x80: 12800, 0x88: 25600,
    0x90: 51200, 0x98: 102400, 0xA0: 204800, 0xA8: 409600,
}  # fmt: skip
HIGHEST_ISO = 6400
_COMPENSATIONS = {
    0xF0: "-2", 0xF3: "-1.6", 0xF5: "-1.3", 0xF8: "-1", 0xFB: "-0.6", 0xFD: "-0.3", 0x00: "0", 0x03: "0.3",
    0x05: "0.6", 0x08: "1", 0x0B: "1.3", 0x0D: "1.6", 0x10: "2",
}  # fmt: skip
_WHITE_BALANCES = {
    0: "Auto", 1: "Daylight", 8: "Shadow", 2: "Cloudy", 3: "Tungsten", 4: "Fluorescent", 5: "Flash", 6: "Manual",
}  # fmt: skip
_STYLES = {
    0x87: "Auto", 0x81: "Standard", 0x82: "Portrait", 0x83: "Landscape", 0x84: "Neutral", 0x85: "Faithful",
    0x86: "Monochrome", 0x21: "User defined 1", 0x22: "User defined 2", 0x23: "User defined 3",
}  # fmt: skip
# Bits: 1 the body's screen, 2 a computer, 4 and 8 a telephone, which gets smaller frames.
_OUTPUTS = {
    0: "Off",
    1: "TFT",
    2: "PC",
    3: "TFT + PC",
    4: "MOBILE",
    5: "TFT + MOBILE",
    8: "MOBILE2",
    9: "TFT + MOBILE2",
}
_BATTERY_LEVELS = {0: "Low", 5: "25%", 1: "50%", 4: "75%", 2: "100%"}
_DRIVES = {0: "Single", 1: "Continuous", 0x10: "Timer 10 sec", 0x11: "Timer 2 sec"}
_DELAYS = {0x10: 10.0, 0x11: 2.0}

# Each image format by a short number of ours: entries of (type, size, compression) as in the property's structure.
JPEG, RAW = 1, 6
IMAGE_FORMATS: dict[int, tuple[tuple[int, int, int], ...]] = {
    0: ((JPEG, 0, 3),),
    1: ((JPEG, 0, 2),),
    2: ((JPEG, 1, 3),),
    3: ((JPEG, 1, 2),),
    4: ((JPEG, 2, 3),),
    5: ((JPEG, 2, 2),),
    6: ((RAW, 0, 4), (JPEG, 0, 3)),
    7: ((RAW, 0, 4),),
}
_FORMAT_NAMES = {0: "L", 1: "cL", 2: "M", 3: "cM", 4: "S", 5: "cS", 6: "RAW + L", 7: "RAW"}
FORMAT_SHORTCUTS = {"JPEG": 0, "RAW+JPEG": 6, "RAW": 7}
_SCALES = {0: 1.0, 1: 2 / 3, 2: 0.5}
_QUALITIES = {2: 85, 3: 95}


def properties(serial: str, highest_iso: int = HIGHEST_ISO) -> dict[int, Property]:
    """Give the properties in the order in which the camera announces them."""
    entries = (*_exposure(highest_iso), *_picture(), *_state(serial))
    return {entry.code: entry for entry in entries}


def _exposure(highest_iso: int) -> tuple[Property, ...]:
    modes = {0: "P", 1: "TV", 2: "AV", 3: "Manual", 4: "Bulb"}
    shutters = {BULB: "bulb"} | _SHUTTERS
    isos = {0: "Auto"} | {code: str(iso) for code, iso in _ISOS.items() if iso <= highest_iso}
    metering = {3: "Evaluative", 4: "Partial", 5: "Center-weighted average"}
    focus = {0: "One Shot", 1: "AI Servo", 2: "AI Focus", 3: "Manual"}
    apertures = {code: f"{number:g}" for code, number in _APERTURES.items()}
    return (
        Property(APERTURE, "aperture", Kind.UINT16, 0x30, apertures),
        Property(SHUTTER_SPEED, "shutterspeed", Kind.UINT16, 0x68, shutters),
        Property(ISO, "iso", Kind.UINT16, 0x58, isos),
        Property(COMPENSATION, "exposurecompensation", Kind.UINT8, 0, _COMPENSATIONS),
        Property(EXPOSURE_MODE, "autoexposuremode", Kind.UINT16, MODE_MANUAL, modes, listed=False),
        Property(0xD138, "autoexposuremodedial", Kind.UINT16, MODE_MANUAL, modes, listed=False),
        Property(DRIVE_MODE, "drivemode", Kind.UINT16, 0, _DRIVES),
        Property(0xD107, "meteringmode", Kind.UINT8, 3, metering),
        Property(FOCUS_MODE, "focusmode", Kind.UINT32, 0, focus, writable=False),
    )


def _picture() -> tuple[Property, ...]:
    return (
        Property(WHITE_BALANCE, "whitebalance", Kind.UINT8, 0, _WHITE_BALANCES),
        Property(0xD10F, "colorspace", Kind.UINT16, 1, {1: "sRGB", 2: "AdobeRGB"}),
        Property(PICTURE_STYLE, "picturestyle", Kind.UINT8, 0x81, _STYLES),
        Property(IMAGE_FORMAT, "imageformat", Kind.UINT32, 0, _FORMAT_NAMES),
        Property(CAPTURE_TARGET, "capturetarget", Kind.UINT32, TARGET_CARD, {2: "Memory card", 4: "Internal RAM"}),
        Property(OUTPUT, "output", Kind.UINT32, 0, _OUTPUTS),
        Property(EVF_MODE, "evfmode", Kind.UINT16, 1, {0: "0", 1: "1"}),
    )


def _state(serial: str) -> tuple[Property, ...]:
    return (
        Property(BATTERY, "batterylevel", Kind.UINT16, 2, _BATTERY_LEVELS, writable=False, listed=False),
        Property(CAMERA_TIME, "datetime", Kind.UINT32, 0),
        Property(0xD114, "autopoweroff", Kind.INT32, 0),
        Property(0xD116, "model", Kind.UINT32, 0x80000404, writable=False),
        Property(SHOTS_LEFT, "availableshots", Kind.UINT32, 0, writable=False),
        Property(0xD11E, "currentstorage", Kind.UINT32, 0x00010000, writable=False),
        Property(0xD11F, "currentfolder", Kind.UINT32, 0x90010000, writable=False),
        Property(OLC_VERSION, "olcinfoversion", Kind.UINT32, 7, writable=False),
        Property(SHUTTER_COUNT, "shuttercounter", Kind.UINT32, 1207, writable=False),
        Property(OWNER, "ownername", Kind.TEXT, ""),
        Property(ARTIST, "artist", Kind.TEXT, ""),
        Property(COPYRIGHT, "copyright", Kind.TEXT, ""),
        Property(SERIAL, "eosserialnumber", Kind.TEXT, serial, writable=False),
        Property(LENS, "lensname", Kind.TEXT, _LENS_NAME, writable=False),
    )


def read_shot(values: Values) -> Shot:
    """Say what the property values mean for the next exposure."""
    entries = IMAGE_FORMATS[_number(values, IMAGE_FORMAT)]
    jpeg = next((entry for entry in entries if entry[0] == JPEG), (JPEG, 0, 3))
    drive = _number(values, DRIVE_MODE)
    manual = _number(values, EXPOSURE_MODE) >= MODE_MANUAL
    bias = 0.0 if manual else _signed(_number(values, COMPENSATION)) / 8
    shutter = seconds(_SHUTTERS.get(_number(values, SHUTTER_SPEED), "1/60"))
    return Shot(
        shutter_s=shutter * 2.0**bias,
        aperture=float(_APERTURES[_number(values, APERTURE)]),
        iso=_ISOS.get(_number(values, ISO), _AUTO_ISO),
        formats=tuple("jpeg" if kind == JPEG else "raw" for kind, _, _ in entries),
        raw_format=Format.CANON_RAW,
        raw_suffix=RAW_SUFFIX,
        scale=_SCALES[jpeg[1]],
        quality=_QUALITIES[jpeg[2]],
        white_balance=_WHITE_BALANCES[_number(values, WHITE_BALANCE)],
        delay_s=_DELAYS.get(drive, 0.0),
        continuous=drive == DRIVE_CONTINUOUS,
        to_memory=_number(values, CAPTURE_TARGET) == TARGET_HOST,
        manual=manual,
        bias=bias,
        lens=str(values[LENS]),
        artist=str(values[ARTIST]),
        copyright=str(values[COPYRIGHT]),
    )


def preview_size(output: int) -> tuple[int, int]:
    """Give the size (width, height) of the live view's frames where they are sent to."""
    return {4: (768, 510), 8: (480, 320)}.get(output & OUTPUT_ELSEWHERE, (1024, 680))


def battery_level(percent: int) -> int:
    """Give the battery property's value for a charge."""
    return next(value for least, value in ((88, 2), (63, 4), (38, 1), (13, 5), (-1, 0)) if percent > least)


def seconds(label: str) -> float:
    """Turn an exposure time's text, such as 1/60 or 0.8, into seconds."""
    whole, _, part = label.partition("/")
    return float(whole) / float(part) if part else float(whole)


def _number(values: Values, code: int) -> int:
    return int(values[code])


def _signed(value: int) -> int:
    return value - 256 if value > 127 else value
