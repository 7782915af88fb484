"""The options of the command line that make a grid."""

from typing import Any

import pytest
import typer

from tetherlight.cli.axes import Grid, exposures, focus_places

LIGHTS = ["light_left"]


def grid(focus: str | None = None, exposure: str | None = None, *axes: str, ambient: bool = False) -> dict[str, Any]:
    return Grid(focus, exposure, axes, ambient=ambient).with_lights(LIGHTS)


def test_focus_and_exposure_alone_go_with_the_sequence_of_lights() -> None:
    assert grid("8x3", "-2,0,2") == {
        "light_sequence": LIGHTS, "ambient": False, "focus": (8, 3), "exposure": [-2, 0, 2],
    }  # fmt: skip
    assert grid() == {"light_sequence": LIGHTS, "ambient": False, "focus": None, "exposure": None}


def test_further_axes_stand_outside_of_focus_lights_and_exposure() -> None:
    axes = grid("4x-1", "0,1", "time=10x60", "setting:iso=100,400", "angle=0,90.5,left", ambient=True)["axes"]
    assert axes == [
        {"axis": "time", "count": 10, "step": 60.0},
        {"axis": "setting", "name": "iso", "values": ["100", "400"]},
        {"axis": "angle", "values": [0, 90.5, "left"]},
        {"axis": "focus", "count": 4, "step": -1},
        {"axis": "light", "values": [None, "light_left"]},
        {"axis": "exposure", "values": [0, 1]},
    ]
    assert grid(None, None, "repeat=4")["axes"][0] == {"axis": "repeat", "count": 4}


@pytest.mark.parametrize("text", ["", "8", "8x2", "8x-3"])
def test_a_focus_is_a_count_and_the_size_of_a_drive(text: str) -> None:
    if text:
        assert focus_places(text) == (8, int(text.partition("x")[2] or 1))
    else:
        assert focus_places(None) is None


@pytest.mark.parametrize("text", ["x2", "8x4", "8x0", "8x1.5", "0x2", "many", "8x"])
def test_another_focus_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="8x2"):
        focus_places(text)


@pytest.mark.parametrize("text", ["bright", "1,,2", ""])
def test_exposures_are_numbers(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="-2,0,2"):
        exposures(text)


@pytest.mark.parametrize("text", ["repeat", "=4", "repeat="])
def test_an_axis_is_a_name_and_its_values(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="repeat=4"):
        grid(None, None, text)
