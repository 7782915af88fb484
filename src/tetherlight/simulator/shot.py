"""What is said of a camera, and of an exposure before it is made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Who a camera is; `name` is the simulator's own word for it."""

    name: str
    manufacturer: str
    model: str
    serial: str
    version: str


@dataclass(frozen=True)
class Shot:
    """Everything that settings and lens say about the next exposure.

    `focus` is the height above the table that is sharp, see lens; None when everything is. `delay_s` is the self-timer.
    The button makes `burst` pictures, `interval_s` from one to the next at the least.
    """

    shutter_s: float
    aperture: float
    iso: int
    formats: tuple[str, ...]
    raw_format: int
    raw_suffix: str
    scale: float
    quality: int
    white_balance: str
    delay_s: float
    manual: bool
    bias: float
    lens: str
    artist: str = ""
    copyright: str = ""
    continuous: bool = False
    to_memory: bool = False
    bulb: bool = False
    burst: int = 1
    interval_s: float = 0.0
    focus: float | None = None
