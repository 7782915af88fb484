"""A set becomes a surface: over the wire, by the command line, and of the simulated rig with the scene's own truth."""

import asyncio
import io
import json
import os
import re
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile

from support.image_sets import Bump, coded_normals_error, dome, folder_with_lp, folder_with_manifest
from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.turns import until
from support.wire_client import WireClient
from tetherlight.client.sync import Client
from tetherlight.pixels.decode import decode
from tetherlight.protocol.manifest import Manifest

NORMALS_DEG = 1.0
HEIGHT_SHARE = 0.01
LIGHTS = dome(8)
BUMP = Bump()
NAME = "bump"


@dataclass(frozen=True)
class Kept:
    """A server that keeps one small set, which no camera took."""

    server: ServerProcess
    client: WireClient
    folder: Path


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    folder = tmp_path / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [BUMP.lit(one) for one in LIGHTS], ambient=BUMP.albedo * 0)
    async with ServerProcess(tmp_path) as server, server.client() as client:
        yield Kept(server, client, folder)


async def test_a_set_gets_its_surface_over_the_wire(kept: Kept) -> None:
    """It is told while it is computed, stands in the manifest and in the zip, and counts as no image."""
    await kept.client.do("SUBSCRIBE", {"topics": ["job", "sets"]})
    answer = await kept.client.do("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(60))
    assert coded_normals_error(kept.folder / "results" / "normals.png", BUMP.normals) < 0.7
    told = [one["data"] for one in kept.client.events if one["action"] == "job_changed"]
    assert {one["set_name"] for one in told} == {NAME}
    assert told[-1]["state"] == "completed"
    await kept.client.event(lambda one: one["action"] == "sets_changed" and one["data"]["change"] == "updated")
    details = await kept.client.do("GET_IMAGE_SET", {"set_name": NAME})
    (record,) = details["manifest"]["results"]
    assert record == answer["result"]
    assert (record["kind"], record["folder"]) == ("surface", "results")
    assert details["set"]["image_count"] == len(LIGHTS) + 1
    assert len(await kept.client.do("GET_IMAGE_SET_CONTENTS", {"set_name": NAME})) == len(LIGHTS) + 1
    names = {one["filename"] for one in await kept.client.do("GET_IMAGE_SET_FILES", {"set_name": NAME})}
    assert {one["filename"] for one in record["files"]} <= names
    async with kept.server.http() as http:
        over_http = await http.get(f"/sets/{NAME}/results/normals.png")
        assert over_http.content == (kept.folder / "results" / "normals.png").read_bytes()
        assert over_http.headers["content-type"] == "image/png"
        archive = zipfile.ZipFile(io.BytesIO((await http.get(f"/sets/{NAME}.zip")).content))
    assert {one["filename"] for one in record["files"]} <= {name.split("/", 1)[-1] for name in archive.namelist()}


async def test_the_client_computes_and_downloads_and_a_deletion_takes_it_all(kept: Kept, tmp_path: Path) -> None:
    def used() -> None:
        with Client(kept.server.url) as rig:
            made = rig.reconstruct_set(NAME, method="least-squares")
            assert made.result.method == "least-squares"
            rig.download(NAME, tmp_path / "here")
            rig.delete_set(NAME)

    await asyncio.to_thread(used)
    found = list((tmp_path / "here").rglob("results/normals.png"))
    assert len(found) == 1
    assert not kept.folder.exists()


async def test_a_preview_lies_beside_and_goes_when_the_surface_is_there(kept: Kept) -> None:
    answer = await kept.client.do("RECONSTRUCT_SET", {"set_name": NAME, "preview": True}, timeout=stretched(60))
    assert answer["result"]["folder"] == "preview"
    assert decode(kept.folder / "preview" / "normals.png").shape == (12, 16, 3)
    await kept.client.do("RECONSTRUCT_SET", {"set_name": NAME, "method": "l1"}, timeout=stretched(60))
    assert not (kept.folder / "preview").exists()
    results = Manifest.model_validate_json((kept.folder / "manifest.json").read_bytes()).results
    assert [one.kind for one in results] == ["surface"]


async def test_a_set_of_a_white_plane_is_a_flat_field(kept: Kept) -> None:
    """Its lamps are as strong as the plane says; a set that is not there is refused before the work begins."""
    planes = [0.3 * (1 + number / 8) * one[2] + 0 * BUMP.albedo for number, one in enumerate(LIGHTS)]
    folder_with_manifest(kept.folder.parent / "plane", LIGHTS, planes)
    wanted = {"set_name": NAME, "method": "least-squares", "flat_set_name": "plane"}
    await kept.client.do("RECONSTRUCT_SET", wanted, timeout=stretched(60))
    report = json.loads((kept.folder / "results" / "report.json").read_text())
    assert report["lights"][7]["intensity"] / report["lights"][0]["intensity"] == pytest.approx(1.875, rel=0.03)
    assert report["options"]["flat"] == "plane"
    for wrong, code in (({"flat_set_name": "none"}, "set_not_found"), ({"near": True}, "invalid_payload")):
        refused = await kept.client.request("RECONSTRUCT_SET", wanted | wrong, timeout=stretched(60))
        assert refused["error_code"] == code


async def test_what_cannot_be_computed_is_told_with_its_code_and_leaves_the_older_surface(kept: Kept) -> None:
    await kept.client.do("RECONSTRUCT_SET", {"set_name": NAME, "method": "l1"}, timeout=stretched(60))
    before = (kept.folder / "results" / "report.json").read_bytes()
    (kept.folder / "image_03_light_3.jpg").write_bytes(b"broken")
    refused = await kept.client.request("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(60))
    assert refused["error_code"] == "image_unreadable"
    assert "image_03_light_3.jpg" in refused["error"]
    assert (kept.folder / "results" / "report.json").read_bytes() == before
    assert not [path for path in kept.folder.iterdir() if path.name.startswith(".")]
    missing = await kept.client.request("RECONSTRUCT_SET", {"set_name": "none"})
    assert missing["error_code"] == "set_not_found"
    unknown = await kept.client.request("RECONSTRUCT_SET", {"set_name": NAME, "method": "guess"})
    assert unknown["error_code"] == "invalid_payload"


async def test_room_for_a_surface_is_looked_for_before_anything_is_computed(tmp_path: Path) -> None:
    folder = tmp_path / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    before = sorted(path.name for path in folder.iterdir())
    async with (
        ServerProcess(tmp_path, environment={"MIN_FREE_BYTES": str(10**18)}) as server,
        server.client() as client,
    ):
        refused = await client.request("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(60))
    assert refused["error_code"] == "store_full"
    assert "must stay free" in refused["error"]
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_a_cancel_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    large = Bump((900, 1200))
    folder = tmp_path / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [large.lit(one) for one in LIGHTS])
    async with ServerProcess(tmp_path) as server, server.client() as client:
        before = sorted(path.name for path in folder.iterdir())
        await client.do("SUBSCRIBE", {"topics": ["job"]})
        answer = await client.send("RECONSTRUCT_SET", {"set_name": NAME, "method": "windows"})
        told = await client.event(
            lambda one: one["action"] == "job_changed" and one["data"]["progress"] and one["data"]["progress"] > 0.1,
            timeout=stretched(60),
        )
        busy = await client.request("DELETE_IMAGE_SET", {"set_name": NAME})
        assert busy["error_code"] == "set_busy"
        again = await client.request("RECONSTRUCT_SET", {"set_name": NAME})
        assert again["error_code"] == "cpu_busy"
        ended = await client.do("CANCEL_JOB", {"job_id": told["data"]["job_id"]})
        assert ended["state"] == "cancelled"
        assert (await answer)["error_code"] == "job_error"
        assert sorted(path.name for path in folder.iterdir()) == before


# The command line


async def command(*arguments: str, folder: Path, of: tuple[str, ...] = ("reconstruct",)) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", *of, *arguments, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), stretched(90))
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_works_without_a_server(tmp_path: Path) -> None:
    folder_with_lp(tmp_path / "my set", LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    code, out, err = await command("my set", "--json", folder=tmp_path)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["folder"] == str(tmp_path / "my set" / "results")
    assert coded_normals_error(tmp_path / "my set" / "results" / "normals.png", BUMP.normals) < 0.5
    code, out, _ = await command("my set", "--out", "elsewhere", "--method", "l1", folder=tmp_path)
    assert (code, (tmp_path / "elsewhere" / "report.html").is_file()) == (0, True)
    assert "elsewhere; report.html shows it." in out


async def test_the_command_says_what_is_wrong_and_leaves_nothing(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) * 0 for one in LIGHTS])
    before = sorted(path.name for path in folder.iterdir())
    code, out, err = await command("set", folder=tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("tetherlight: All images are black.")
    code, _, err = await command("set", "--json", folder=tmp_path)
    assert json.loads(err)["error_code"] == "images_black"
    assert (await command("set", "--method", "guess", folder=tmp_path))[0] == 2
    assert (await command("none", folder=tmp_path))[2].startswith(f"tetherlight: There is no folder '{tmp_path}/none'")
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_a_command_asks_the_server_and_names_report_and_manifest(kept: Kept, tmp_path: Path) -> None:
    """It says what the server says where there can be no surface."""
    at_server = ("set", "reconstruct", "--server", kept.server.url)
    code, out, err = await command(NAME, "--method", "l1", "--exclude", "light_2", folder=tmp_path, of=at_server)
    assert (code, err) == (0, "")
    assert json.loads((kept.folder / "results" / "report.json").read_text())["excluded"] != []
    assert f"The surface is in {NAME}/results on the server" in out
    assert "Predicted error of the normals" in out
    async with kept.server.http() as http:
        for what, address in re.findall(r"(Report|Manifest): (\S+)", out):
            assert (await http.get(address)).status_code == 200, what
    assert (kept.folder / "results" / "report.html").is_file()
    code, out, _ = await command(NAME, "--preview", "--json", folder=tmp_path, of=at_server)
    assert (code, json.loads(out)["result"]["folder"]) == (0, "preview")
    code, _, err = await command("none", folder=tmp_path, of=at_server)
    assert (code, err.splitlines()[0]) == (1, "tetherlight: Set 'none' not found or empty.")
    code, _, err = await command(NAME, "--method", "guess", folder=tmp_path, of=at_server)
    assert code == 2
    assert "method" in err


async def test_an_interrupted_command_leaves_the_job_running_at_the_server(tmp_path: Path) -> None:
    large = Bump((900, 1200))
    folder = tmp_path / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [large.lit(one) for one in LIGHTS])
    async with ServerProcess(tmp_path) as server, server.client() as client:
        await client.do("SUBSCRIBE", {"topics": ["job"]})
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tetherlight", "set", "reconstruct", NAME, "--server", server.url,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told = await client.event(
            lambda one: one["action"] == "job_changed" and one["data"]["progress"], timeout=stretched(60)
        )
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), stretched(60))
        job_id = told["data"]["job_id"]
        assert process.returncode == 130
        assert err.decode().startswith(f"Job {job_id} goes on at the server.")
        ended = await client.do("CANCEL_JOB", {"job_id": job_id})
        assert ended["state"] == "cancelled"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
async def test_an_interrupted_command_changes_nothing(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """What a killed one left is gone when the next one begins."""
    large = Bump((900, 1200))
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [large.lit(one) for one in LIGHTS])
    before = sorted(path.name for path in folder.iterdir())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", "reconstruct", "set", "--method", "windows", cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await until(lambda: bool([*folder.glob(".*/normals.png*"), *folder.glob(".*/.normals.png*")]))
    os.kill(process.pid, sent)
    await asyncio.wait_for(process.communicate(), stretched(30))
    assert process.returncode == code
    if sent is signal.SIGKILL:
        assert sorted(path.name for path in folder.iterdir()) != before
        await command("set", "--lights", "none.lp", folder=tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == before


# The simulated rig


@dataclass(frozen=True)
class Shot:
    """A set of the simulated rig, taken through its camera, and what the scene says of itself."""

    client: WireClient
    name: str
    folder: Path
    truth: Path


@pytest.fixture
async def shot(tmp_path: Path) -> AsyncIterator[Shot]:
    async with (
        SimulatorProcess(width=1500, height=1000) as simulator,
        ServerProcess(tmp_path, environment=simulator.settings) as server,
        server.client() as client,
    ):
        await client.do("SELECT_CAMERA")
        lights = list((await client.do("GET_LIGHT_STATES"))["states"])
        for name, value in (("iso", "100"), ("shutterspeed", "1/15")):
            await client.do("SET_CONFIG", {"config_name": name, "value": value})
        plan = {"set_name_prefix": "coin", "light_sequence": lights, "ambient": True}
        taken = await client.do("CAPTURE_PHOTOMETRIC_SET", plan, timeout=stretched(120))
        await simulator.control("export_truth", path=str(tmp_path / "truth"))
        folder = tmp_path / "captures" / taken["set_folder"]
        yield Shot(client, folder.name, folder, tmp_path / "truth")


def normal_error(results: Path, truth: Path) -> float:
    """Return the mean angle in degrees between the normals and those of the scene, over the object."""
    mask, true = np.load(truth / "mask.npy"), np.load(truth / "normals.npy")
    found = decode(results / "normals.png").astype(np.float64) / 65535 * 2 - 1
    found /= np.maximum(np.linalg.norm(found, axis=2, keepdims=True), 1e-9)
    return float(np.degrees(np.arccos(np.clip((found * true).sum(axis=2), -1, 1)))[mask].mean())


def height_error(results: Path, truth: Path) -> float:
    """Return the root mean square difference of the heights, without the offset, as a share of the object's range."""
    mask, true = np.load(truth / "mask.npy"), np.load(truth / "height.npy")
    off = (tifffile.imread(results / "height.tiff") - true)[mask]
    return float(np.std(off) / np.ptp(true[mask]))


async def test_normals_and_height_of_the_simulated_rig_are_those_of_its_scene(shot: Shot) -> None:
    await shot.client.do("RECONSTRUCT_SET", {"set_name": shot.name}, timeout=stretched(120))
    results = shot.folder / "results"
    assert normal_error(results, shot.truth) <= NORMALS_DEG
    assert height_error(results, shot.truth) <= HEIGHT_SHARE
