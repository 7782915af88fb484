"""The simulator's scene: light adds up, exposure scales it, and its exported truth is what its pictures show."""

import json
import threading
from itertools import pairwise

import numpy as np
import pytest

from tetherlight.simulator.scene import DEFAULT_LIGHTS, REFERENCE_EXPOSURE, Exposure, Scene, SceneLight

SIZE = (600, 400)


@pytest.fixture(scope="module")
def rendered():
    """A scene without noise, shared because building one costs more than looking at it."""
    return Scene(*SIZE, seed=None)


@pytest.fixture
def scene(rendered):
    """The shared scene with the usual lights, all off and all working."""
    rendered.define_lights({})
    rendered.define_lights(DEFAULT_LIGHTS)
    return rendered


@pytest.fixture(scope="module")
def truth(rendered, tmp_path_factory):
    """The exported truth as arrays and parsed JSON, by file stem."""
    rendered.define_lights(DEFAULT_LIGHTS)
    folder = tmp_path_factory.mktemp("truth")
    rendered.export_truth(folder)
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    return arrays | {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def only(scene, *names):
    scene.set_lights({name: name in names for name in scene.light_states})


def shine(scene, *names):
    """Return the linear picture with just these lights on, as floats."""
    only(scene, *names)
    return scene.linear(REFERENCE_EXPOSURE).astype(np.float64)


def test_light_adds_up(scene):
    """Two lights together give the sum of each alone, the room's light counted once."""
    dark, left, right = shine(scene), shine(scene, "light_left"), shine(scene, "light_right")
    both = shine(scene, "light_left", "light_right")
    unclipped = both < 16000
    np.testing.assert_allclose(both[unclipped], (left + right - dark)[unclipped], atol=2.5)


def test_brightness_follows_the_level_of_a_light(scene):
    dark, full = shine(scene), shine(scene, "light_left")
    scene.set_lights({"light_left": 0.25})
    dimmed = scene.linear(REFERENCE_EXPOSURE).astype(np.float64)
    unclipped = full < 16000
    np.testing.assert_allclose(dimmed[unclipped], (dark + 0.25 * (full - dark))[unclipped], atol=2.5)
    assert (scene.light_states["light_left"], scene.light_levels["light_left"]) == (True, 0.25)


def test_doubling_the_time_doubles_the_values(scene):
    """Exposure is linear in time and in sensitivity, and the aperture counts squared."""
    only(scene, "light_front")
    base = scene.linear(Exposure(1 / 60, 5.6, 200)).astype(np.float64)
    unclipped = base < 8000
    for double in (Exposure(1 / 30, 5.6, 200), Exposure(1 / 60, 5.6, 400), Exposure(1 / 60, 5.6 / np.sqrt(2), 200)):
        np.testing.assert_allclose(scene.linear(double)[unclipped], 2 * base[unclipped], atol=1.6)


def test_a_dead_light_gives_nothing_though_it_is_on(scene):
    """A lamp that does not fire leaves the picture as dark as with the lights off, until it is mended."""
    dark = shine(scene)
    scene.kill_light("light_rear", dead=True)
    np.testing.assert_array_equal(shine(scene, "light_rear"), dark)
    assert scene.light_states["light_rear"] is True
    scene.kill_light("light_rear", dead=False)
    assert scene.linear(REFERENCE_EXPOSURE).mean() > 20 * dark.mean()


def test_darkness_is_nearly_black_and_a_long_exposure_brightens_it(scene):
    """With all lights off only the room's faint light is left, which a long exposure still collects."""
    only(scene)
    assert scene.capture(REFERENCE_EXPOSURE).mean() < 4
    assert scene.capture(Exposure(4.0, 5.6, 1600)).mean() > 60


def test_one_light_is_exposed_right(scene, truth):
    """At the reference exposure the object is well inside the range in which pixels are exact sRGB."""
    for name in DEFAULT_LIGHTS:
        only(scene, name)
        on_object = scene.capture(REFERENCE_EXPOSURE)[truth["mask"]]
        assert 90 < np.median(on_object) < 150
        assert np.percentile(on_object, 99.9) < 188


def test_all_lights_leave_detail_on_the_object(scene, truth):
    """With everything on the picture is bright, but the object is not burnt out."""
    only(scene, *DEFAULT_LIGHTS)
    on_object = scene.capture(REFERENCE_EXPOSURE)[truth["mask"]]
    assert np.median(on_object) > 200
    assert np.mean(on_object == 255) < 0.01


def test_capture_is_exact_srgb_of_the_linear_values(scene):
    """Below the shoulder the still picture and the linear values tell the same."""
    only(scene, "light_right")
    encoded = scene.capture(REFERENCE_EXPOSURE) / 255
    linear = scene.linear(REFERENCE_EXPOSURE) / 16383 * 4
    decoded = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    exact = linear < 0.49
    assert np.abs(decoded - linear)[exact].max() < 0.005


def test_only_the_clock_moves(scene, truth):
    """Two previews at different times differ in the clock's box alone, which is clear of object and spheres."""
    only(scene, "light_front")
    first, second = (scene.preview(REFERENCE_EXPOSURE, t, SIZE) for t in (0.0, 1 / 30))
    left, top, right, bottom = scene.moving_box(SIZE)
    moved = (first != second).any(axis=-1)
    assert moved[top:bottom, left:right].any()
    moved[top:bottom, left:right] = False
    assert not moved.any()
    assert not truth["mask"][top:bottom, left:right].any()
    for ball in truth["spheres"].values():
        apart = np.hypot(np.clip(ball["cx"], left, right) - ball["cx"], np.clip(ball["cy"], top, bottom) - ball["cy"])
        assert apart > ball["r"]


@pytest.mark.parametrize("lights", [(), ("light_front_left",), tuple(DEFAULT_LIGHTS)])
def test_the_clock_is_seen_moving_under_every_light(scene, lights):
    """A frozen stream can be told from a live one even in the dark: consecutive frames differ."""
    only(scene, *lights)
    left, top, right, bottom = scene.moving_box(SIZE)
    frames = [scene.preview(REFERENCE_EXPOSURE, t / 10, SIZE)[top:bottom, left:right] for t in range(4)]
    assert all((before != after).any() for before, after in pairwise(frames))


def test_least_squares_recovers_the_exported_normals(scene, truth):
    """Plain photometric stereo over the linear pictures finds the true normals within 1.5 degrees on average."""
    mask = truth["mask"]
    directions, values = [], []
    for name, light in truth["lights"].items():
        values.append(shine(scene, name)[mask].mean(axis=-1))
        directions.append(np.array(light["direction"]) * light["intensity"])
    found = np.linalg.lstsq(np.array(directions), np.array(values), rcond=None)[0].T
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    cosine = np.clip((found * truth["normals"][mask]).sum(axis=1), -1, 1)
    assert np.degrees(np.arccos(cosine)).mean() < 1.5


def test_exported_height_and_normals_agree(truth):
    """The slope of the height map is the slope that the normals tell, on the object."""
    inside = truth["mask"].copy()
    inside[:2] = inside[-2:] = False
    dy, dx = np.gradient(truth["height"])
    normals = truth["normals"]
    np.testing.assert_allclose(-dx[inside], (normals[..., 0] / normals[..., 2])[inside], atol=2e-3)
    np.testing.assert_allclose(dy[inside], (normals[..., 1] / normals[..., 2])[inside], atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)


def test_highlights_on_the_mirror_tell_the_directions(scene, truth):
    """The brightest spot on the mirror sphere reflects the lamp where the exported direction says."""
    ball = truth["spheres"]["mirror"]
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    inside = np.hypot(columns - ball["cx"], rows - ball["cy"]) < 0.68 * ball["r"]
    for name, light in truth["lights"].items():
        weight = np.where(inside, np.clip(shine(scene, name).sum(axis=-1) - 6000, 0, None), 0)
        x = ((columns * weight).sum() / weight.sum() - ball["cx"]) / ball["r"]
        y = -((rows * weight).sum() / weight.sum() - ball["cy"]) / ball["r"]
        z = np.sqrt(1 - x * x - y * y)
        found = 2 * z * np.array((x, y, z)) - (0, 0, 1)
        assert np.degrees(np.arccos(np.clip(found @ light["direction"], -1, 1))) < 1.5


def test_spheres_are_big_enough_at_full_size():
    """At 3000 pixels of width both spheres have a radius of at least 150 pixels, in every view."""
    for viewpoint in (0, 1):
        scene = Scene(300, 200, viewpoint=viewpoint)
        world = scene.world
        assert min(world.layout.mirror.radius, world.layout.matte.radius) * world.grid.scale * 10 >= 150


def test_size_and_type_of_pictures(scene):
    """Each kind of picture has the size asked for, whatever its proportions."""
    assert scene.capture(REFERENCE_EXPOSURE).shape == (400, 600, 3)
    wide = scene.capture(REFERENCE_EXPOSURE, (320, 180))
    assert (wide.shape, wide.dtype) == ((180, 320, 3), np.uint8)
    assert scene.linear(REFERENCE_EXPOSURE, (320, 180)).dtype == np.uint16
    assert scene.preview(REFERENCE_EXPOSURE, 0.0, (320, 212)).shape == (212, 320, 3)


def test_views_differ():
    """A second camera looks at another arrangement."""
    exposure = Exposure(1 / 15, 5.6, 400)
    pictures = []
    for viewpoint in (0, 1):
        scene = Scene(300, 200, viewpoint=viewpoint, seed=None)
        scene.set_lights({"lights_top": True})
        pictures.append(scene.capture(exposure).astype(int))
    assert np.abs(pictures[0] - pictures[1]).mean() > 5


def test_noise_is_repeatable_and_grows_with_iso():
    """The same seed gives the same series of pictures; a higher ISO at the same brightness is noisier."""
    first, second = (Scene(300, 200, seed=7) for _ in range(2))
    slow, fast = Exposure(1 / 15, 5.6, 100), Exposure(1 / 960, 5.6, 6400)
    for scene in (first, second):
        scene.set_lights({"lights_top": True})
    calm, again = first.capture(slow), second.capture(slow)
    np.testing.assert_array_equal(calm, again)
    assert (first.capture(slow) != calm).any()
    spread = [(first.linear(e).astype(float) - first.linear(e)).std() for e in (slow, fast)]
    assert spread[1] > 3 * spread[0]


def test_unknown_lights_are_refused_and_change_nothing(scene):
    """Switching a light that is not there raises KeyError and switches none of the others."""
    with pytest.raises(KeyError):
        scene.set_lights({"light_left": True, "candle": True})
    with pytest.raises(KeyError):
        scene.kill_light("candle", dead=True)
    assert not any(scene.light_states.values())


def test_lights_can_be_defined_anew(scene):
    """New lights replace the old; a name that stays keeps its state; a lamp below the table lights nothing."""
    scene.set_lights({"light_left": True})
    scene.define_lights({"light_left": SceneLight((0, 0, 2), 0.5), "cellar": SceneLight((0.1, 0, -1))})
    assert scene.light_states == {"light_left": True, "cellar": False}
    half = scene.linear(REFERENCE_EXPOSURE).astype(float)
    scene.define_lights({"light_left": SceneLight((0, 0, 1), 1.0), "cellar": SceneLight((0.1, 0, -1))})
    full = scene.linear(REFERENCE_EXPOSURE).astype(float)
    np.testing.assert_array_equal(full, shine(scene, "light_left", "cellar"))
    dark = shine(scene)
    unclipped = full < 16000
    np.testing.assert_allclose(2 * (half - dark)[unclipped], (full - dark)[unclipped], atol=3)


def test_many_lights_stay_within_bounds(monkeypatch):
    """With more lights than fit, the picture is still their sum and memory stays bounded."""
    monkeypatch.setattr("tetherlight.simulator.scene.LAYER_BYTES", 1_000_000)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    lights = {f"lamp_{i}": SceneLight((np.cos(a), np.sin(a), 1.0), 0.1) for i, a in enumerate(angles)}
    scene = Scene(240, 160, lights, seed=None)
    dark = scene.linear(REFERENCE_EXPOSURE).astype(float)
    total = sum(shine(scene, name) - dark for name in lights)
    together = shine(scene, *lights) - dark
    unclipped = together < 12000
    np.testing.assert_allclose(together[unclipped], total[unclipped], atol=25)
    assert scene.memory() < 2_000_000


def test_threads_may_switch_and_look_at_once(scene):
    """Pictures taken while other threads switch the lights show one of the states, never a mixture."""
    dark, lit = shine(scene), shine(scene, "light_left")
    stop = threading.Event()
    failures = []

    def switch():
        on = False
        while not stop.wait(0.002):
            on = not on
            scene.set_lights({"light_left": on})

    def look():
        for _ in range(12):
            picture = scene.linear(REFERENCE_EXPOSURE)
            if not (np.array_equal(picture, dark) or np.array_equal(picture, lit)):
                failures.append(picture)
            scene.preview(REFERENCE_EXPOSURE, 0.0, (300, 200))

    switcher = threading.Thread(target=switch)
    lookers = [threading.Thread(target=look) for _ in range(3)]
    for thread in (switcher, *lookers):
        thread.start()
    for thread in lookers:
        thread.join()
    stop.set()
    switcher.join()
    assert not failures
