"""The lights of a captured set are calibrated over the wire, by the mirror ball that the camera saw."""

import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from support.server_process import ServerProcess
from tetherlight import Client
from tetherlight.simulator.objects import Plan
from tetherlight.simulator.scene import DEFAULT_LIGHTS

WIDTH, HEIGHT = 1500, 1000
LIGHTS = list(DEFAULT_LIGHTS)
SIZE = ("--simulate", "--width", str(WIDTH), "--height", str(HEIGHT))


def ball(which: str) -> tuple[float, float, float]:
    """Give the outline of a ball in the scene, in pixels."""
    plan = Plan.draw(WIDTH, HEIGHT)
    one = getattr(plan.layout, which)
    return (*plan.grid.pixel(one.x, one.y), one.radius * plan.grid.scale)


def degrees(found, truth):
    """Give the angles between vectors, row by row."""
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(truth, axis=1)
    return np.degrees(np.arccos(np.clip(np.sum(np.asarray(found) * truth, axis=1) / lengths, -1, 1)))


TRUTH = np.array([DEFAULT_LIGHTS[name].direction for name in LIGHTS])


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path, *SIZE) as running:
        yield running


@pytest.mark.timeout(400)
async def test_the_mirror_ball_in_the_scene_tells_where_the_lights_are(server: ServerProcess) -> None:
    """Found by itself, within the goals; then the rig file has it, and a light that was moved since is told."""
    async with server.client() as client:
        await client.do("SELECT_CAMERA")
        taken = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": LIGHTS, "set_name_prefix": "balls"})
        name = Path(taken["set_folder"]).name
        await client.do("SUBSCRIBE", {"topics": ["job", "lights"]})
        seen = len(client.events)
        told = await client.do("CALIBRATE_LIGHTS", {"set_name": name})
        [sphere] = told["spheres"]
        assert (sphere["x"], sphere["y"], sphere["r"]) == pytest.approx(ball("mirror"), abs=1.5)
        assert [one["light"] for one in told["lights"]] == LIGHTS
        off = degrees([one["direction"] for one in told["lights"]], TRUTH)
        assert off.mean() <= 0.8
        assert off.max() <= 2
        assert told["moved_deg"] == pytest.approx(off.max(), abs=0.05)
        assert told["applied"] is False
        assert not (server.folder / "rig.toml").exists()
        progress = [one["data"] for one in client.events[seen:] if one["action"] == "job_changed"]
        assert {one["kind"] for one in progress} == {"computation"}
        assert {one["job_id"] for one in progress} == {told["job_id"]}
        assert any(one["activity"] for one in progress)

        circle = {key: sphere[key] for key in ("x", "y", "r")}
        x, y, r = ball("matte")
        applied = await client.do(
            "CALIBRATE_LIGHTS",
            {"set_name": name, "spheres": [circle], "matte": {"x": x, "y": y, "r": r}, "apply": True},
        )
        assert applied["applied"] is True
        strengths = np.array([one["intensity"] for one in applied["lights"]])
        expected = np.array([DEFAULT_LIGHTS[light].intensity for light in LIGHTS])
        # The server's own lamps in the scene are all alike.
        assert strengths == pytest.approx(np.ones_like(expected), rel=0.05)
        # The dome's drawing, turned by a quarter and in millimetres.
        drawn = [
            {"light": light, "place": [300 * y, -300 * x, 300 * z]}
            for light, (x, y, z) in zip(LIGHTS, TRUTH, strict=True)
        ]
        dome = await client.do("CALIBRATE_LIGHTS", {"set_name": name, "spheres": [circle], "dome": drawn})
        assert degrees([one["direction"] for one in dome["lights"]], TRUTH).max() <= 0.8
        assert max(one["dome_off_deg"] for one in dome["lights"]) <= 2
        rig = tomllib.loads((server.folder / "rig.toml").read_text())
        assert rig["calibration"]["set"] == name
        assert rig["calibration"]["lights"] == len(LIGHTS)
        assert len(rig["calibration"]["history"]) == 1
        assert rig["lights"]["light_left"]["direction"] == pytest.approx(
            next(one["direction"] for one in applied["lights"] if one["light"] == "light_left"), abs=1e-5
        )
        lights = (await client.do("GET_LIGHT_STATES"))["lights"]
        assert all(light["calibrated_at"] == applied["calibrated_at"] for light in lights)
        manifest = json.loads((server.folder / "captures" / "photometric_sets" / name / "manifest.json").read_text())
        assert [one["kind"] for one in manifest["results"]] == ["calibration"]

        again = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": LIGHTS[:3], "set_name_prefix": "vase"})
        manifest = (await client.do("GET_IMAGE_SET", {"set_name": Path(again["set_folder"]).name}))["manifest"]
        assert all(one["calibrated_at"] == applied["calibrated_at"] for one in manifest["plan"]["lights"])
        assert all(step["intensity"] == pytest.approx(1, rel=0.05) for step in manifest["steps"])

        moved = [
            {key: light[key] for key in ("name", "pin", "direction")}
            | ({"direction": [0.5, 0.2, 0.84]} if light["name"] == "light_left" else {})
            for light in lights
        ]
        await client.do("SET_RIG", {"lights": moved})
        told = await client.do("CALIBRATE_LIGHTS", {"set_name": name, "spheres": [circle]})
        assert told["moved_deg"] > 60
        worst = max(told["lights"], key=lambda one: one["off_deg"])
        assert (worst["light"], worst["former"]["calibrated_at"]) == ("light_left", None)


async def test_a_client_is_told_what_is_wrong(server: ServerProcess) -> None:
    async with server.client() as client:
        await client.do("SELECT_CAMERA")
        taken = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": LIGHTS[:2]})
        name = Path(taken["set_folder"]).name
        for payload, code in (
            ({"set_name": "none"}, "set_not_found"),
            ({"set_name": name}, "sphere_not_found"),
            ({"set_name": name, "flat_set_name": "../.."}, "set_not_found"),
            ({"set_name": name, "spheres": [{"x": 1244, "y": 604, "r": 20}]}, "sphere_too_small"),
            ({"set_name": name, "spheres": [{"x": -9000, "y": 0, "r": 90}]}, "calibration_error"),
            ({"set_name": name, "spheres": [{"x": 0, "y": 0, "r": 0}]}, "invalid_payload"),
        ):
            answer = await client.request("CALIBRATE_LIGHTS", payload)
            assert answer["error_code"] == code, answer
        assert not (server.folder / "rig.toml").exists()
    async with Client(server.url) as rig:
        told = await rig.calibrate_lights(name, spheres=[ball("mirror")])
        assert [one.light for one in told.lights] == LIGHTS[:2]
        assert told.spheres[0].given
