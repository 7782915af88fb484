"""A preview that is asked for while its set is captured: its images are decoded as they come."""

import json
from pathlib import Path

import numpy as np

from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient
from tetherlight.pixels.decode import decode

SLOW = 60_000
"""Bytes of pictures a second: the set takes many times as long as a computation needs to start."""


async def began(client: WireClient) -> str:
    """Wait for the first sign of a set and return its name."""
    told = await client.event("photometric_progress")
    return Path(told["data"]["set_folder"]).name


async def test_a_preview_is_there_when_its_set_is(tmp_path: Path) -> None:
    """It reads while the camera still exposes, and the whole surface takes its place later."""
    async with (
        SimulatorProcess() as simulator,
        ServerProcess(tmp_path, environment=simulator.settings) as server,
        server.client() as client,
    ):
        await client.do("SELECT_CAMERA")
        await client.do("SET_CONFIG", {"config_name": "shutterspeed", "value": "1/15"})
        await client.do("SUBSCRIBE", {"topics": ["job"]})
        lights = list((await client.do("GET_LIGHT_STATES"))["states"]) * 3
        await simulator.control("set_speed", camera="camera1", bandwidth_bytes_per_s=SLOW)
        captured = await client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": lights, "ambient": True})
        name = await began(client)
        previewed = await client.send("RECONSTRUCT_SET", {"set_name": name, "preview": True})
        await client.event(
            lambda one: (
                one["action"] == "job_changed"
                and one["data"]["kind"] == "computation"
                and (one["data"]["activity"] or "").startswith("reading image_")
            ),
            timeout=stretched(60),
        )
        assert not captured.done()
        refused = await client.request("RECONSTRUCT_SET", {"set_name": name})
        assert refused["error_code"] in {"cpu_busy", "set_busy"}
        await simulator.control("set_speed", camera="camera1", bandwidth_bytes_per_s=None)
        taken = await captured
        assert taken["success"], taken
        answer = await previewed
        assert answer["success"], answer
        result = answer["data"]["result"]
        folder = tmp_path / "captures" / "photometric_sets" / name
        report = json.loads((folder / "preview" / "report.json").read_text())
        assert (result["kind"], report["figures"]["lights"]) == ("preview", len(lights))
        manifest = json.loads((folder / "manifest.json").read_text())
        sums = {file["filename"]: file["sha256"] for step in manifest["steps"] for file in step["files"]}
        assert report["inputs_sha256"] == sums
        assert [one["kind"] for one in manifest["results"]] == ["preview"]
        beside = decode(folder / "preview" / "normals.png")
        # Decoded in the ordinary way it is the same to the last bit.
        await client.do("RECONSTRUCT_SET", {"set_name": name, "preview": True}, timeout=stretched(60))
        assert np.array_equal(beside, decode(folder / "preview" / "normals.png"))
