"""From a set of the simulated rig to its surface, through a real server: lights calibrated from the set's own sphere.

What comes out is held against the scene's own truth.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_sets import error_of
from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient
from tetherlight.pixels.decode import decode
from tetherlight.simulator.objects import Plan
from tetherlight.simulator.scene import DEFAULT_LIGHTS, SceneLight

NORMALS_DEG = 2.0
LIGHTS = ["lights_top", "light_left", "light_right", "light_front", "light_rear", "light_front_left"]
WIDTH, HEIGHT = 900, 600
DIM = 0.25
"""The strength of one lamp against the others."""


@dataclass(frozen=True)
class Rig:
    """A server on a simulated camera and its lit scene."""

    client: WireClient
    simulator: SimulatorProcess
    captures: Path
    truth: Path

    async def take(self, **wanted: Any) -> str:
        """Capture a set and return its name."""
        plan = {"light_sequence": LIGHTS, "ambient": True} | wanted
        taken = await self.client.do("CAPTURE_PHOTOMETRIC_SET", plan, timeout=stretched(180))
        return Path(taken["set_folder"]).name

    async def light(self, **changed: SceneLight) -> None:
        """Let the scene have its own lamps, whatever the server, which switches them, takes them for."""
        lights = {name: asdict(one) for name, one in {**DEFAULT_LIGHTS, **changed}.items()}
        await self.simulator.control("define_lights", lights=lights)

    def folder(self, name: str) -> Path:
        return self.captures / "photometric_sets" / name

    async def surface(self, name: str, **wanted: Any) -> tuple[float, dict[str, Any]]:
        """Compute a set's surface; return the mean error of its normals in degrees, over the object, and its report."""
        await self.client.do("RECONSTRUCT_SET", {"set_name": name} | wanted, timeout=stretched(180))
        results = self.folder(name) / "results"
        mask, true = np.load(self.truth / "mask.npy"), np.load(self.truth / "normals.npy")
        found = decode(results / "normals.png").astype(np.float64) / 65535 * 2 - 1
        found /= np.maximum(np.linalg.norm(found, axis=2, keepdims=True), 1e-9)
        return error_of(found[mask], true[mask]), json.loads((results / "report.json").read_text())


def matte_ball() -> dict[str, float]:
    """Return the outline of the matte ball in the scene, in pixels."""
    plan = Plan.draw(WIDTH, HEIGHT)
    ball = plan.layout.matte
    x, y = plan.grid.pixel(ball.x, ball.y)
    return {"x": x, "y": y, "r": ball.radius * plan.grid.scale}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with (
        SimulatorProcess(width=WIDTH, height=HEIGHT) as simulator,
        ServerProcess(tmp_path, environment=simulator.settings) as server,
        server.client() as client,
    ):
        await client.do("SELECT_CAMERA")
        for name, value in (("iso", "100"), ("shutterspeed", "1/15")):
            await client.do("SET_CONFIG", {"config_name": name, "value": value})
        await simulator.control("export_truth", path=str(tmp_path / "truth"))
        yield Rig(client, simulator, tmp_path / "captures", tmp_path / "truth")


@pytest.mark.timeout(400)
async def test_a_rig_that_knows_nothing_of_its_lights_calibrates_and_computes(rig: Rig) -> None:
    """In the set that shows the sphere, with a time for each lamp, and with several exposures."""
    states = (await rig.client.do("GET_LIGHT_STATES"))["lights"]
    await rig.client.do("SET_RIG", {"lights": [{key: one[key] for key in ("name", "pin")} for one in states]})
    # A strength that rises across the rig looks nearly like a tilt of the surface: the matte ball tells the strengths.
    await rig.light(light_left=SceneLight(DEFAULT_LIGHTS["light_left"].direction, DIM))
    name = await rig.take(set_name_prefix="first")
    refused = await rig.client.request("RECONSTRUCT_SET", {"set_name": name}, timeout=stretched(60))
    assert refused["error_code"] == "lights_unknown"
    wanted = {"set_name": name, "apply": True, "matte": matte_ball()}
    told = await rig.client.do("CALIBRATE_LIGHTS", wanted, timeout=stretched(180))
    strengths = {one["light"]: one["intensity"] for one in told["lights"]}
    assert strengths["light_left"] / strengths["light_right"] == pytest.approx(DIM, rel=0.05)
    error, report = await rig.surface(name)
    assert error <= NORMALS_DEG
    assert report["lights_source"] == "manifest"

    await rig.light(light_left=SceneLight(DEFAULT_LIGHTS["light_left"].direction, DIM))
    name = await rig.take(set_name_prefix="bracket", exposure=[2, -2])
    error, report = await rig.surface(name)
    assert error <= NORMALS_DEG
    assert [len(one["merged_with"]) for one in report["lights"]] == [1] * len(LIGHTS)
    assert max(one["clipped_share"] for one in report["lights"]) < 0.001
    assert not any("pictures of each light" in one for one in report["warnings"])

    # What is metered reaches to where the camera bends the light in its JPEGs.
    await rig.client.do("SET_CONFIG", {"config_name": "imageformat", "value": "RAW + L"})
    few = LIGHTS[:4]
    name = await rig.take(set_name_prefix="metered", metering="light", light_sequence=few)
    error, report = await rig.surface(name, files="raw")
    assert error <= NORMALS_DEG
    exposures = [one["exposure"] for one in report["lights"]]
    assert exposures[few.index("light_left")] > 3 * min(exposures)
    assert report["lights"][0]["filename"].endswith(".cr2")
