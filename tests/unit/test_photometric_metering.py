"""The exposure that holds the light, found with few test shots of cameras with several curves."""

from collections.abc import Callable

import numpy as np
import pytest

from tetherlight.photometric.metering import MOST_CLIPPED, MOST_SHOTS, Meter, Metered

TIMES = [1 / 8000 * 2 ** (step / 3) for step in range(54)]

Curve = Callable[[np.ndarray], np.ndarray]


def srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def straight(light: np.ndarray) -> np.ndarray:
    return srgb(np.clip(light, 0, 1))


def shoulder(light: np.ndarray) -> np.ndarray:
    """Straight up to a half, then ever flatter up to four times white, as cameras bend their highlights."""
    rest = np.clip(light - 0.5, 0, 3.5)
    return srgb(np.minimum(light, 0.5) + 0.5 * np.log1p(6.3 * rest) / np.log1p(6.3 * 3.5))


class Rig:
    """A camera with a curve in front of an object."""

    def __init__(self, curve: Curve, *, highlights: float = 0.0) -> None:
        dice = np.random.default_rng(11)
        self._albedo = dice.beta(2, 3, 60_000)
        shiny = int(highlights * self._albedo.size)
        self._albedo[:shiny] *= 200
        self._curve = curve

    def shoot(self, seconds: float, light: float) -> Metered:
        levels = (self._curve(self._albedo * light * seconds) * 255).round().astype(int)
        return Metered(seconds, np.bincount(levels, minlength=256))

    def longest(self, light: float) -> float:
        return max(one for one in TIMES if self.shoot(one, light).clipped <= MOST_CLIPPED)


def solve(meter: Meter, rig: Rig, light: float, now: float) -> tuple[float, int]:
    meter.begin()
    shots = 0
    while (seconds := meter.next(now)) is not None:
        meter.add(rig.shoot(seconds, light))
        shots += 1
    return meter.choice().seconds, shots


@pytest.mark.parametrize("curve", [straight, shoulder])
@pytest.mark.parametrize("highlights", [0.0, 0.0005])
@pytest.mark.parametrize("off", [-6, -4, -2, -1, 0, 1, 2, 4])
def test_one_light_takes_three_shots_at_most_and_is_held_within_a_third(
    curve: Curve, highlights: float, off: float
) -> None:
    """Also where the camera starts some stops away from it, and with highlights that no exposure holds."""
    rig = Rig(curve, highlights=highlights)
    best = rig.longest(300.0)
    chosen, shots = solve(Meter(TIMES), rig, 300.0, best * 2.0**off)
    assert shots <= MOST_SHOTS
    assert rig.shoot(chosen, 300.0).clipped <= MOST_CLIPPED
    assert chosen <= best * 1.01
    if abs(off) <= 4:
        assert np.log2(best / chosen) < 0.34


@pytest.mark.parametrize("curve", [straight, shoulder])
def test_further_lights_are_found_from_the_curve_of_the_first(curve: Curve) -> None:
    rig, meter = Rig(curve), Meter(TIMES)
    now, _ = solve(meter, rig, 300.0, 1 / 60)
    for light in (80.0, 900.0, 300.0, 40.0):
        now, shots = solve(meter, rig, light, now)
        assert shots <= MOST_SHOTS
        assert np.log2(rig.longest(light) / now) == pytest.approx(0, abs=0.34)
        assert rig.shoot(now, light).clipped <= MOST_CLIPPED


def test_a_light_that_no_time_holds_gets_the_shortest() -> None:
    chosen, _ = solve(Meter(TIMES), Rig(straight), 1e7, 1 / 60)
    assert chosen == min(TIMES)


def test_a_black_scene_gets_no_time_out_of_thin_air() -> None:
    """Nothing is known of it; what was tried stands."""
    chosen, shots = solve(Meter(TIMES), Rig(straight), 1e-9, 1 / 60)
    assert shots <= MOST_SHOTS
    assert chosen in TIMES


def test_without_a_shot_there_is_no_choice() -> None:
    with pytest.raises(ValueError, match="no test shot"):
        Meter(TIMES).choice()
