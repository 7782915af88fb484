"""Pure conversion between libgphoto2's widgets and config entries.

The worker sends entries as plain dictionaries with exactly the fields of `models.ConfigEntry`: importing pydantic
there would double the time that a worker takes to start.
"""

import math
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Protocol

Raw = dict[str, Any]
ACTIONS_SECTION = "/main/actions/"
"""Entries that make the camera do something; what they read back says nothing."""
BULB = "bulb"
"""The entry that holds the shutter open and lets it close, of every maker's bodies that can be told so."""
UNKNOWN_TOGGLE = 2
UNITS = re.compile(r"^f/?\s*(?=[\d.])|\s*(?:sec\.?|s|mm|k|%|\")$", re.IGNORECASE)


class WidgetType(IntEnum):
    """libgphoto2's CameraWidgetType."""

    WINDOW = 0
    SECTION = 1
    TEXT = 2
    RANGE = 3
    TOGGLE = 4
    RADIO = 5
    MENU = 6
    BUTTON = 7
    DATE = 8


TYPE_NAMES = {
    WidgetType.TEXT: "text",
    WidgetType.RANGE: "range",
    WidgetType.TOGGLE: "toggle",
    WidgetType.RADIO: "menu",
    WidgetType.MENU: "menu",
    WidgetType.BUTTON: "button",
    WidgetType.DATE: "date",
}


class Widget(Protocol):
    """What is read of libgphoto2's CameraWidget."""

    def get_type(self) -> int:
        """Return the kind, one of WidgetType."""

    def get_name(self) -> str:
        """Return the name, unique among its siblings."""

    def get_label(self) -> str:
        """Return the text for people."""

    def get_readonly(self) -> int:
        """Return 1 where the value cannot be set."""

    def get_value(self) -> Any:
        """Return the value in the kind's own type."""

    def get_range(self) -> tuple[float, float, float]:
        """Return least, greatest and step."""

    def count_choices(self) -> int:
        """Return the number of choices."""

    def get_choice(self, index: int) -> str:
        """Return one choice."""

    def count_children(self) -> int:
        """Return the number of children."""

    def get_child(self, index: int) -> "Widget":
        """Return one child; the caller must keep the root alive."""


def entries(root: Widget, path: str = "") -> Iterator[Raw]:
    """Walk a widget tree and give its leaves in order; the caller keeps `root` alive until it is done."""
    path = f"{path}/{name_of(root)}"
    if root.get_type() in {WidgetType.WINDOW, WidgetType.SECTION}:
        for index in range(root.count_children()):
            yield from entries(root.get_child(index), path)
    elif root.get_type() in TYPE_NAMES:
        yield entry(root, path)


def entry(widget: Widget, path: str) -> Raw:
    """Convert one leaf."""
    kind = WidgetType(widget.get_type())
    raw: Raw = {
        "name": name_of(widget),
        "label": _text(widget.get_label()),
        "value": _value(widget, kind),
        "type": TYPE_NAMES[kind],
        "readonly": bool(widget.get_readonly()),
        "path": path,
    }
    if kind in {WidgetType.RADIO, WidgetType.MENU}:
        raw["options"] = [_text(widget.get_choice(index)) for index in range(widget.count_choices())]
    elif kind is WidgetType.RANGE:
        raw["min"], raw["max"], raw["step"] = (_tidy(bound) for bound in widget.get_range())
    return raw


def name_of(widget: Widget) -> str:
    """Return the name by which a widget is asked for.

    libgphoto2 forgets to give some their name, as the charge of a body that states no range for it. It finds them by
    that name all the same, which is the label in one word.
    """
    return widget.get_name() or "".join(letter for letter in widget.get_label().casefold() if letter.isalnum())


def _value(widget: Widget, kind: WidgetType) -> Any:
    if kind is WidgetType.BUTTON:
        return None
    value = widget.get_value()
    if kind is WidgetType.TOGGLE:
        return None if value is None or value == UNKNOWN_TOGGLE else bool(value)
    if kind is WidgetType.RANGE:
        return None if value is None else _tidy(value)
    return _text(value) if isinstance(value, str) else value


def _tidy(number: float) -> float | None:
    """Undo what single precision did to a decimal: 0.10000000149 is 0.1."""
    return float(f"{number:.7g}") if math.isfinite(number) else None


def _text(text: str) -> str:
    """Replace what is no Unicode: some bodies put bytes of another encoding into names and texts."""
    return text.encode(errors="replace").decode()


def widget_value(kind: int, value: Any) -> Any:
    """Convert a checked value of a config entry into what libgphoto2 takes for that kind of widget."""
    if kind == WidgetType.TOGGLE:
        return 1 if value else 0
    if kind == WidgetType.RANGE:
        return float(value)
    if kind == WidgetType.DATE:
        return int(value)
    return str(value)


def agrees(raw: Raw, wanted: Any) -> bool:
    """Tell whether the entry reads as it was asked to, units and spellings of one number put aside."""
    got = raw["value"]
    if raw["path"].startswith(ACTIONS_SECTION) or got == wanted:
        return True
    match raw["type"]:
        case "range":
            return got is not None and abs(got - wanted) <= max((raw["step"] or 0) / 2, 1e-4 * abs(wanted))
        case "date":
            return got is not None and abs(got - wanted) <= 10
        case "menu" | "text":
            return got is not None and _same_text(str(got), str(wanted))
        case _:
            return False


def _same_text(got: str, wanted: str) -> bool:
    if got.strip().casefold() == wanted.strip().casefold():
        return True
    numbers = number(got), number(wanted)
    if numbers[0] is None or numbers[1] is None:
        return False
    return abs(numbers[0] - numbers[1]) <= 0.01 * abs(numbers[1])


def number(text: str) -> float | None:
    """Read the number in a camera's text: 1/250, 0.0040s, f/2.8, 50%; None where there is none."""
    bare = UNITS.sub("", text.strip())
    numerator, slash, denominator = bare.partition("/")
    try:
        found = float(numerator) / float(denominator) if slash else float(numerator)
    except (ValueError, ZeroDivisionError):
        return None
    return found if math.isfinite(found) else None
