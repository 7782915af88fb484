"""Lamps of the simulator's scene that do not simply follow their level."""

import pytest

from tetherlight.simulator.lamp import Lamp, LitLamp, signal_of
from tetherlight.simulator.scene import Scene


def test_a_lamp_comes_late_and_slowly_and_turns_round_where_it_stands() -> None:
    lit = LitLamp(Lamp(delay_s=0.2, rise_s=0.4))
    assert lit.light(0) == 0
    lit.switch(1.0, 10.0)
    assert [lit.light(at) for at in (10.0, 10.2, 10.4, 10.6, 20.0)] == pytest.approx([0, 0, 0.5, 1, 1])
    lit.switch(0.0, 10.4)
    assert [lit.light(at) for at in (10.5, 10.8, 11.0)] == pytest.approx([0.5, 0.25, 0])


def test_a_lamp_flickers_and_is_not_linear() -> None:
    lit = LitLamp(Lamp(gamma=2, flicker=0.1, flicker_hz=1))
    lit.switch(lit.lamp.light(0.5), 0.0)
    assert [lit.light(at) for at in (1.0, 1.25, 1.75)] == pytest.approx([0.25, 0.275, 0.225])


def test_what_a_lamp_is_sent_stands_in_the_table_of_its_light() -> None:
    assert signal_of(0.3, ()) == 0.3
    table = ((0.0, 0.0), (0.5, 0.8), (1.0, 1.0))
    assert [signal_of(level, table) for level in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([0, 0.4, 0.8, 1])


def test_a_scene_knows_the_lamps_of_its_lights_alone() -> None:
    scene = Scene(60, 40)
    with pytest.raises(KeyError):
        scene.set_lamp("nobody", Lamp())
    scene.set_lamp("light_left", Lamp(gamma=2))
    scene.set_lights({"light_left": 0.5})
    assert scene.light_levels["light_left"] == 0.5
    scene.set_lamp("light_left", None)
    scene.close()
