"""The properties of a Nikon body: codes, values, and libgphoto2's words for them."""

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
SHUTTER_SPEED = 0x500D
EXPOSURE_MODE = 0x500E
ISO = 0x500F
COMPENSATION = 0x5010
DRIVE_MODE = 0x5013
ARTIST = 0xD072
COPYRIGHT = 0xD073
ISO_EX = 0xD0B4
RECORDING_MEDIA = 0xD10B
LIVE_VIEW = 0xD1A2
LIVE_VIEW_PROHIBITED = 0xD1A4

BULB = 0xFFFFFFFF
LARGEST_ISO = 0xFFFF
MODE_MANUAL = 1
MEDIA_MEMORY = 1
DRIVE_CONTINUOUS = 0x8010
DRIVE_TIMER = 0x8011
_LENS_NAME = "AF-S NIKKOR 50mm f/1.8G"
_TIMER_S = 10.0

_APERTURES = (180, 200, 220, 250, 280, 320, 350, 400, 450, 500, 560, 630, 710, 800, 900, 1000, 1100, 1300, 1400, 1600)
# Exposure times in units of 0.1 ms.
_SHUTTERS = (
    2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 31, 40, 50, 62, 80, 100, 125, 166, 200, 250, 333, 400, 500, 666, 769, 1000,
    1250, 1666, 2000, 2500, 3333, 4000, 5000, 6250, 7692, 10000, 13000, 16000, 20000, 25000, 30000, 40000, 50000, 60000,
    80000, 100000, 130000, 150000, 200000, 250000, 300000,
)  # fmt: skip
_ISOS = (100, 125, 160, 200, 250, 320, 400, 500, 640, 800, 1000, 1250, 1600, 2000, 2500, 3200, 6400, 12800)
_HIGH_ISOS = (25600, 51200, 102400, 204800, 409600)
HIGHEST_ISO = 12800
_COMPENSATIONS = (-2000, -1666, -1333, -1000, -666, -333, 0, 333, 666, 1000, 1333, 1666, 2000)
_WHITE_BALANCES = {
    2: "Automatic", 4: "Daylight", 5: "Fluorescent", 6: "Tungsten", 7: "Flash", 0x8010: "Cloudy", 0x8011: "Shade",
    0x8013: "Preset",
}  # fmt: skip
_OUR_WORDS = {"Automatic": "Auto", "Shade": "Shadow", "Preset": "Daylight"}
_QUALITIES = {
    0: "JPEG Basic", 1: "JPEG Normal", 2: "JPEG Fine", 4: "NEF (Raw)", 5: "NEF+Basic", 6: "NEF+Normal", 7: "NEF+Fine",
}  # fmt: skip
_JPEG_QUALITY = {0: 80, 1: 90, 2: 95}
_RAW_BIT = 4
_RAW_ONLY = 4
_SCALES = (1.0, 0.75, 0.5)
FORMAT_SHORTCUTS = {"JPEG": 2, "RAW+JPEG": 7, "RAW": _RAW_ONLY}


def properties(size: tuple[int, int], highest_iso: int = HIGHEST_ISO) -> dict[int, Property]:
    """Give the properties of a body with this picture size (width, height).

    One that goes beyond what 16 bits hold has a second property for the sensitivity, as newer bodies do.
    """
    isos = {value: str(value) for value in (*_ISOS, *_HIGH_ISOS) if value <= highest_iso}
    entries = (*_exposure(isos), *_picture(size), *_state())
    if highest_iso > LARGEST_ISO:
        entries = (*entries, Property(ISO_EX, "isoex", Kind.UINT32, 400, isos))
    return {entry.code: entry for entry in entries}


def _exposure(isos: Mapping[int, str]) -> tuple[Property, ...]:
    shutters = {time: f"{time / 10000:.4f}s" for time in _SHUTTERS} | {BULB: "Bulb"}
    drives = {1: "Single Shot", DRIVE_CONTINUOUS: "Continuous Low Speed", DRIVE_TIMER: "Timer"}
    focus = {0: "AF-S", 1: "AF-C", 2: "AF-A", 4: "MF (selection)"}
    return (
        Property(APERTURE, "f-number", Kind.UINT16, 560, {value: f"f/{value / 100:g}" for value in _APERTURES}),
        Property(
            0x500A, "focusmode", Kind.UINT16, 0x8010, {1: "Manual", 0x8010: "AF-S", 0x8011: "AF-C"}, writable=False
        ),
        Property(
            0x500B, "exposuremetermode", Kind.UINT16, 3, {2: "Center Weighted", 3: "Multi Spot", 4: "Center Spot"}
        ),
        Property(SHUTTER_SPEED, "shutterspeed", Kind.UINT32, 166, shutters),
        Property(EXPOSURE_MODE, "expprogram", Kind.UINT16, MODE_MANUAL, {1: "M", 2: "P", 3: "A", 4: "S"}),
        Property(ISO, "iso", Kind.UINT16, 400, {v: text for v, text in isos.items() if v <= LARGEST_ISO}),
        Property(COMPENSATION, "exposurecompensation", Kind.INT16, 0, {v: f"{v / 1000:g}" for v in _COMPENSATIONS}),
        Property(DRIVE_MODE, "capturemode", Kind.UINT16, 1, drives),
        Property(0xD161, "focusmode2", Kind.UINT8, 0, focus),
    )


def _picture(size: tuple[int, int]) -> tuple[Property, ...]:
    sizes = tuple(_size_name(size, scale) for scale in _SCALES)
    return (
        Property(IMAGE_SIZE, "imagesize", Kind.TEXT, sizes[0], texts=sizes),
        Property(QUALITY, "imagequality", Kind.UINT8, 2, _QUALITIES),
        Property(WHITE_BALANCE, "whitebalance", Kind.UINT16, 2, _WHITE_BALANCES),
        Property(RECORDING_MEDIA, "recordingmedia", Kind.UINT8, 0, {0: "Card", MEDIA_MEMORY: "SDRAM"}),
    )


def _state() -> tuple[Property, ...]:
    return (
        Property(BATTERY, "batterylevel", Kind.UINT8, 100, span=(0, 100), writable=False),
        Property(ARTIST, "artist", Kind.TEXT, ""),
        Property(COPYRIGHT, "copyright", Kind.TEXT, ""),
        Property(LIVE_VIEW, "liveviewstatus", Kind.UINT8, 0, writable=False),
        Property(LIVE_VIEW_PROHIBITED, "liveviewprohibit", Kind.UINT32, 0, writable=False),
    )


def _size_name(size: tuple[int, int], scale: float) -> str:
    return f"{round(size[0] * scale)}x{round(size[1] * scale)}"


def read_shot(size: tuple[int, int], values: Values) -> Shot:
    """Say what the property values of a body with this picture size mean for the next exposure."""
    quality = int(values[QUALITY])
    manual = values[EXPOSURE_MODE] == MODE_MANUAL
    bias = 0.0 if manual else int(values[COMPENSATION]) / 1000
    raw, jpeg = bool(quality & _RAW_BIT), quality != _RAW_ONLY
    shutter = int(values[SHUTTER_SPEED])
    white_balance = _WHITE_BALANCES[int(values[WHITE_BALANCE])]
    return Shot(
        shutter_s=(166 if shutter == BULB else shutter) / 10000 * 2.0**bias,
        aperture=int(values[APERTURE]) / 100,
        iso=int(values.get(ISO_EX, values[ISO])),
        formats=("raw",) * raw + ("jpeg",) * jpeg,
        raw_format=Format.NIKON_RAW,
        raw_suffix=".NEF",
        scale=next(scale for scale in _SCALES if _size_name(size, scale) == values[IMAGE_SIZE]),
        quality=_JPEG_QUALITY.get((quality - raw) & 3, 95),
        white_balance=_OUR_WORDS.get(white_balance, white_balance),
        delay_s=_TIMER_S if values[DRIVE_MODE] == DRIVE_TIMER else 0.0,
        continuous=values[DRIVE_MODE] == DRIVE_CONTINUOUS,
        to_memory=values[RECORDING_MEDIA] == MEDIA_MEMORY,
        manual=manual,
        bias=bias,
        lens=_LENS_NAME,
        artist=str(values[ARTIST]),
        copyright=str(values[COPYRIGHT]),
    )
