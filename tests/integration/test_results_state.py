"""What was made of a set beside its surface: over the wire, by the command line, and whether it still fits."""

import asyncio
import io
import json
import shutil
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from support.patience import stretched
from support.server_process import ServerProcess
from support.wire_client import WireClient
from tetherlight.files.lp import read_lp

LIGHTS = dome(8)
BUMP = Bump()
NAME = "bump"


@dataclass(frozen=True)
class Kept:
    """A server that keeps one small set, which no camera took, with its surface and what it needs to be lit anew."""

    server: ServerProcess
    client: WireClient
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def first(tmp_path_factory: Any) -> AsyncIterator[Kept]:
    top = tmp_path_factory.mktemp("results")
    folder = top / "captures" / "photometric_sets" / NAME
    folder_with_manifest(folder, LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    async with ServerProcess(top) as server, server.client() as client:
        asked = {"set_name": NAME, "basis": "lptm"}
        answer = await client.do("RELIGHT_SET", asked, timeout=stretched(90))
        assert (answer["result"]["kind"], answer["result"]["folder"]) == ("relight", "results/relight")
        assert answer["message"] == "Set 'bump' can be lit anew."
        await client.do("RECONSTRUCT_SET", {"set_name": NAME, "method": "l1"}, timeout=stretched(90))
        yield Kept(server, client, folder)


@pytest.fixture
def kept(first: Kept) -> Kept:
    """The same with a set of the test's own."""
    numbers = (first.folder.with_name(f"{NAME}-{number}") for number in count(1))
    folder = next(one for one in numbers if not one.exists())
    shutil.copytree(first.folder, folder)
    return replace(first, folder=folder)


async def _details(kept: Kept) -> dict[str, Any]:
    found: dict[str, Any] = await kept.client.do("GET_IMAGE_SET", {"set_name": kept.name})
    return found


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_set_can_be_lit_anew_and_a_new_surface_leaves_that_there(kept: Kept) -> None:
    before = (kept.folder / "results" / "relight" / "plane_0.jpg").read_bytes()
    await kept.client.do("RECONSTRUCT_SET", {"set_name": kept.name, "method": "l1"}, timeout=stretched(90))
    assert (kept.folder / "results" / "normals.png").is_file()
    assert (kept.folder / "results" / "relight" / "plane_0.jpg").read_bytes() == before
    details = await _details(kept)
    assert [one["kind"] for one in details["manifest"]["results"]] == ["relight", "surface"]
    assert details["set"]["results"] == ["relight", "surface"]
    async with kept.server.http() as http:
        info = await http.get(f"/sets/{kept.name}/results/relight/info.json")
        assert info.json()["nplanes"] == 9
        assert (await http.get(f"/images/photometric_sets/{kept.name}/results/relight/plane_1.jpg")).status_code == 200
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


async def test_results_that_were_made_before_their_lights_were_calibrated_are_stale(kept: Kept) -> None:
    manifest = kept.folder / "manifest.json"
    told = json.loads(manifest.read_text())
    surface = next(one for one in told["results"] if one["kind"] == "surface")
    # Of the same moment is not before; a light file of its own owes the calibration nothing.
    calibration = {"kind": "calibration", "folder": "", "made_at": surface["made_at"]}
    relit = next(one for one in told["results"] if one["kind"] == "relight")
    relit["parameters"]["lights_source"] = "bump.lp"
    told["results"].append(calibration)
    manifest.write_text(json.dumps(told))
    assert (await _details(kept))["stale"] == []
    calibration["made_at"] = "2999-01-01T00:00:00Z"
    manifest.write_text(json.dumps(told))
    [stale] = (await _details(kept))["stale"]
    assert (stale["kind"], stale["folder"], stale["reason"]) == ("surface", "results", "lights")
    assert stale["message"] == "The lights were calibrated after this was made; make it again."


async def test_the_scale_is_set_by_two_points_and_a_height_in_pixels_is_stale_then(kept: Kept) -> None:
    measured = {"set_name": kept.name, "points": [[10, 10], [10, 60]], "length_mm": 5}
    assert (await kept.client.do("SET_SCALE", measured))["scale_mm_per_pixel"] == 0.1
    details = await _details(kept)
    assert details["manifest"]["scale_mm_per_pixel"] == 0.1
    assert [(one["kind"], one["reason"]) for one in details["stale"]] == [("surface", "scale")]
    told = await kept.client.do("SET_SCALE", {"set_name": kept.name, "mm_per_pixel": 0.2})
    assert told["scale_mm_per_pixel"] == 0.2
    for wrong in (
        {"mm_per_pixel": 0},
        {"mm_per_pixel": -1},
        {"mm_per_pixel": "nan"},
        {"points": [[1, 1], [1, 1]], "length_mm": 5},
        {"points": [[1, 1], [9, 9]]},
        {"points": [[1, 1], [9, 9]], "length_mm": 5, "mm_per_pixel": 1},
        {},
    ):
        refused = await kept.client.request("SET_SCALE", {"set_name": kept.name} | wrong)
        assert refused["error_code"] == "invalid_payload", wrong
    assert (await _details(kept))["manifest"]["scale_mm_per_pixel"] == 0.2
    await kept.client.do("ANNOTATE_IMAGE_SET", {"set_name": kept.name, "scale_mm_per_pixel": 0})
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


async def test_an_export_is_made_by_a_job_and_comes_as_a_zip_without_a_copy_at_the_server(kept: Kept) -> None:
    answer = await kept.client.do("EXPORT_SET", {"set_name": kept.name, "to": "colmap"}, timeout=stretched(90))
    assert answer["url"] == f"/exports/{kept.name}/colmap.zip"
    assert not list((kept.folder / "exports").rglob("*.jpg"))
    names = {one["filename"] for one in await kept.client.do("GET_IMAGE_SET_FILES", {"set_name": kept.name})}
    assert not [name for name in names if name.startswith("exports/")]
    async with kept.server.http() as http:
        came = await http.get(answer["url"])
        archive = zipfile.ZipFile(io.BytesIO(came.content))
        assert f"{kept.name}-colmap/sparse/0/cameras.txt" in archive.namelist()
        image = archive.read(f"{kept.name}-colmap/images/image_01_light_1.jpg")
        assert image == (kept.folder / "image_01_light_1.jpg").read_bytes()
        assert came.headers["content-disposition"].startswith(f'attachment; filename="{kept.name}-colmap.zip"')
        missing = await http.get(f"/exports/{kept.name}/lp.zip")
        assert (missing.status_code, missing.json()["error_code"]) == (404, "export_missing")
        for odd in ("..", "colmap%2F..", ".colmap.zip"):
            assert (await http.get(f"/exports/{kept.name}/{odd}.zip")).status_code == 404
        (kept.folder / "image_01_light_1.jpg").write_bytes(image + b"more")
        changed = await http.get(answer["url"])
        assert changed.json()["error"] == "'image_01_light_1.jpg' is not as it was exported."
        (kept.folder / "image_01_light_1.jpg").write_bytes(image)
    refused = await kept.client.request("EXPORT_SET", {"set_name": kept.name, "to": "word"})
    assert refused["error_code"] == "invalid_payload"


async def test_the_command_exports_a_set_of_the_server_and_a_folder_whole_or_not_at_all(
    kept: Kept, tmp_path: Path
) -> None:
    code, out, err = await command(
        "--server", kept.server.url, "set", "export", kept.name, "--to", "lp", folder=tmp_path
    )
    assert (code, err) == (0, "")
    assert out == f"{tmp_path}/{kept.name}-lp is there.\n"
    assert len(read_lp(tmp_path / f"{kept.name}-lp" / f"{kept.name}.lp")) == len(LIGHTS)
    code, _, err = await command(
        "set", "export", str(kept.folder), "--to", "lp", "--into", f"{kept.name}-lp", folder=tmp_path
    )
    assert (code, err.splitlines()[0]) == (2, f"tetherlight: '{tmp_path}/{kept.name}-lp' is there already.")
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path / f"{kept.name}-lp", broken)
    (broken / "image_01_light_1.jpg").unlink()
    code, _, err = await command("set", "export", "broken", "--to", "lp", folder=tmp_path)
    assert code == 1
    assert "'image_01_light_1.jpg' of 8 images is not in the folder" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", f"{kept.name}-lp"]
    assert (await command("set", "export", str(kept.folder), "--to", "zip", folder=tmp_path))[0] == 0
    assert zipfile.ZipFile(tmp_path / f"{kept.name}-zip.zip").testzip() is None
