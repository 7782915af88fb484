"""What was made of a set beside its surface: over the wire, by the command line, and whether it still fits."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from support.patience import stretched
from support.server_process import ServerProcess
from support.wire_client import WireClient

LIGHTS = dome(8)
BUMP = Bump()
NAME = "bump"


@dataclass(frozen=True)
class Kept:
    """A server that keeps one small set, which no camera took."""

    server: ServerProcess
    client: WireClient
    folder: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(tmp_path_factory: Any) -> AsyncIterator[Kept]:
    top = tmp_path_factory.mktemp("results")
    folder = top / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    async with ServerProcess(top) as server, server.client() as client:
        yield Kept(server, client, folder)


async def _details(kept: Kept) -> dict[str, Any]:
    found: dict[str, Any] = await kept.client.do("GET_IMAGE_SET", {"set_name": NAME})
    return found


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_set_can_be_lit_anew_and_a_new_surface_leaves_that_there(kept: Kept) -> None:
    asked = {"set_name": NAME, "basis": "lptm"}
    answer = await kept.client.do("RELIGHT_SET", asked, timeout=stretched(90))
    assert (answer["result"]["kind"], answer["result"]["folder"]) == ("relight", "results/relight")
    assert answer["message"] == "Set 'bump' can be lit anew."
    before = (kept.folder / "results" / "relight" / "plane_0.jpg").read_bytes()
    await kept.client.do("RECONSTRUCT_SET", {"set_name": NAME, "method": "l1"}, timeout=stretched(90))
    assert (kept.folder / "results" / "normals.png").is_file()
    assert (kept.folder / "results" / "relight" / "plane_0.jpg").read_bytes() == before
    details = await _details(kept)
    assert [one["kind"] for one in details["manifest"]["results"]] == ["relight", "surface"]
    assert details["set"]["results"] == ["relight", "surface"]
    async with kept.server.http() as http:
        info = await http.get(f"/sets/{NAME}/results/relight/info.json")
        assert info.json()["nplanes"] == 9
        assert (await http.get(f"/images/photometric_sets/{NAME}/results/relight/plane_1.jpg")).status_code == 200
    assert not [path for path in kept.folder.iterdir() if path.name.startswith(".")]


async def test_results_of_a_frame_that_was_taken_again_are_told_as_stale(kept: Kept) -> None:
    """By the checksums of the manifest alone: the image itself stays as it is here."""
    path = kept.folder / "manifest.json"
    original = path.read_text()
    assert (await _details(kept))["stale"] == []
    manifest = json.loads(original)
    manifest["steps"][2]["files"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    details = await _details(kept)
    name = manifest["steps"][2]["files"][0]["filename"]
    assert {(one["kind"], one["reason"]) for one in details["stale"]} == {("surface", "images"), ("relight", "images")}
    assert details["stale"][0]["changed"] == [name]
    assert details["stale"][0]["message"] == f"'{name}' was taken again after this was made; make it again."
    assert details["set"]["stale"]
    path.write_text(original)
    assert not (await _details(kept))["set"]["stale"]


async def test_the_scale_is_set_by_two_points_and_a_height_in_pixels_is_stale_then(kept: Kept) -> None:
    measured = {"set_name": NAME, "points": [[10, 10], [10, 60]], "length_mm": 5}
    assert (await kept.client.do("SET_SCALE", measured))["scale_mm_per_pixel"] == 0.1
    details = await _details(kept)
    assert details["manifest"]["scale_mm_per_pixel"] == 0.1
    assert [(one["kind"], one["reason"]) for one in details["stale"]] == [("surface", "scale")]
    assert (await kept.client.do("SET_SCALE", {"set_name": NAME, "mm_per_pixel": 0.2}))["scale_mm_per_pixel"] == 0.2
    for wrong in (
        {"mm_per_pixel": 0},
        {"mm_per_pixel": -1},
        {"mm_per_pixel": float("nan")},
        {"points": [[1, 1], [1, 1]], "length_mm": 5},
        {"points": [[1, 1], [9, 9]]},
        {"points": [[1, 1], [9, 9]], "length_mm": 5, "mm_per_pixel": 1},
        {},
    ):
        refused = await kept.client.request("SET_SCALE", {"set_name": NAME} | wrong)
        assert refused["error_code"] in {"invalid_payload", "invalid_message"}, wrong
    assert (await _details(kept))["manifest"]["scale_mm_per_pixel"] == 0.2
    await kept.client.do("ANNOTATE_IMAGE_SET", {"set_name": NAME, "scale_mm_per_pixel": 0})
    assert (await _details(kept))["stale"] == []


async def command(*arguments: str, folder: Path) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", *arguments, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), stretched(90))
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_relights_a_folder_without_a_server(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "my set", LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    before = sorted(path.name for path in folder.iterdir())
    code, out, err = await command("relight", "my set", "--basis", "hsh", "--json", folder=tmp_path)
    assert (code, err) == (0, "")
    assert json.loads(out)["folder"] == str(folder / "results" / "relight")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, "results"])
    code, _, err = await command("relight", "my set", "--planes", "7", folder=tmp_path)
    assert (code, err.startswith("tetherlight: 7 planes cannot be")) == (2, True)
    assert (await command("relight", "none", folder=tmp_path))[2].startswith("tetherlight: There is no folder")
