"""Widgets become config entries, and values widgets, without libgphoto2."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tetherlight.camera.worker.widgets import WidgetType, agrees, entries, number, widget_value
from tetherlight.protocol.models import ConfigEntry, ConfigType


@dataclass
class FakeWidget:
    """What is read of libgphoto2's CameraWidget."""

    kind: WidgetType
    name: str
    value: Any = None
    readonly: int = 0
    choices: list[str] = field(default_factory=list)
    limits: tuple[float, float, float] = (0.0, 0.0, 0.0)
    children: list["FakeWidget"] = field(default_factory=list)
    label: str | None = None

    def get_type(self) -> int:
        return self.kind

    def get_name(self) -> str:
        return self.name

    def get_label(self) -> str:
        return self.name.title() if self.label is None else self.label

    def get_readonly(self) -> int:
        return self.readonly

    def get_value(self) -> Any:
        return self.value

    def get_range(self) -> tuple[float, float, float]:
        return self.limits

    def count_choices(self) -> int:
        return len(self.choices)

    def get_choice(self, index: int) -> str:
        return self.choices[index]

    def count_children(self) -> int:
        return len(self.children)

    def get_child(self, index: int) -> "FakeWidget":
        return self.children[index]


def read(widget: FakeWidget) -> ConfigEntry:
    root = FakeWidget(
        WidgetType.WINDOW, "main", children=[FakeWidget(WidgetType.SECTION, "section", children=[widget])]
    )
    (raw,) = entries(root)
    return ConfigEntry.model_validate(raw)


@pytest.mark.parametrize(
    ("widget", "kind", "value"),
    [
        (FakeWidget(WidgetType.TEXT, "artist", "Ada"), ConfigType.TEXT, "Ada"),
        (FakeWidget(WidgetType.RANGE, "zoom", 0.10000000149, limits=(0, 1, 0.1)), ConfigType.RANGE, 0.1),
        (FakeWidget(WidgetType.TOGGLE, "lamp", 1), ConfigType.TOGGLE, True),
        (FakeWidget(WidgetType.TOGGLE, "lamp", 2), ConfigType.TOGGLE, None),
        (FakeWidget(WidgetType.RADIO, "iso", "100", choices=["100", "200"]), ConfigType.MENU, "100"),
        (FakeWidget(WidgetType.MENU, "iso", "100", choices=["100", "200"]), ConfigType.MENU, "100"),
        (FakeWidget(WidgetType.BUTTON, "release", "pressed"), ConfigType.BUTTON, None),
        (FakeWidget(WidgetType.DATE, "datetime", 1_700_000_000), ConfigType.DATE, 1_700_000_000),
    ],
)
def test_every_kind_of_widget_becomes_an_entry(widget: FakeWidget, kind: ConfigType, value: object) -> None:
    entry = read(widget)
    assert (entry.type, entry.value, entry.path) == (kind, value, f"/main/section/{widget.name}")
    assert entry.options == widget.choices


def test_a_range_has_its_limits_and_what_is_no_number_is_none() -> None:
    entry = read(FakeWidget(WidgetType.RANGE, "focus", float("nan"), limits=(-5, 5, 0.5)))
    assert (entry.min, entry.max, entry.step, entry.value) == (-5, 5, 0.5, None)


def test_texts_that_are_no_unicode_are_replaced() -> None:
    entry = read(FakeWidget(WidgetType.MENU, "picture", "Caf\udce9", choices=["Caf\udce9"]))
    assert (entry.value, entry.options) == ("Caf?", ["Caf?"])


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (WidgetType.TOGGLE, True, 1),
        (WidgetType.TOGGLE, False, 0),
        (WidgetType.RANGE, 3, 3.0),
        (WidgetType.DATE, 12.0, 12),
        (WidgetType.RADIO, "1/125", "1/125"),
        (WidgetType.TEXT, 5, "5"),
    ],
)
def test_a_value_takes_the_type_that_its_widget_wants(kind: WidgetType, value: object, wanted: object) -> None:
    got = widget_value(kind, value)
    assert (got, type(got)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("kind", "got", "wanted", "same"),
    [
        ("menu", "f/2.8", "2.8", True),
        ("menu", "0.0100s", "1/100", True),
        ("menu", "30", '30"', True),
        ("menu", "100", "200", False),
        ("menu", "Daylight", "daylight ", True),
        ("menu", "Auto", "Cloudy", False),
        ("text", "", "x", False),
        ("range", 5.02, 5.0, True),
        ("range", 6.0, 5.0, False),
        ("range", None, 5.0, False),
        ("date", 1_000_003, 1_000_000, True),
        ("toggle", False, True, False),
    ],
)
def test_a_value_agrees_whatever_its_spelling(kind: str, got: object, wanted: object, same: bool) -> None:
    raw = {"path": "/main/settings/x", "type": kind, "value": got, "step": 0.1}
    assert agrees(raw, wanted) is same


def test_what_an_action_reads_back_says_nothing() -> None:
    assert agrees({"path": "/main/actions/autofocusdrive", "type": "toggle", "value": False}, wanted=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/250", 0.004),
        ("0.0040s", 0.004),
        ("f/5.6", 5.6),
        ("F5.6", 5.6),
        ("50%", 50),
        ('30"', 30),
        ("2 sec.", 2),
        ("bulb", None),
        ("1/0", None),
    ],
)
def test_numbers_are_found_in_the_texts_of_cameras(text: str, value: float | None) -> None:
    assert number(text) == value


def test_a_widget_that_has_lost_its_name_is_known_by_its_label() -> None:
    """As libgphoto2's charge of a body that states no range for it, which is found as batterylevel all the same."""
    found = read(FakeWidget(WidgetType.TEXT, "", "75%", label="Battery Level"))
    assert (found.name, found.path, found.value) == ("batterylevel", "/main/section/batterylevel", "75%")


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "-inf", "1/1e-999", "1/0"])
def test_what_is_not_finite_is_no_number(text: str) -> None:
    assert number(text) is None
