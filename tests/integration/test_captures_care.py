"""Rating, notes, deleting and undoing on a real server, and what its other clients hear of it."""

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.program import finished
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient
from tetherlight import errors
from tetherlight.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("care"), environment=simulator.settings) as process:
        async with process.client() as client:
            await client.do("SELECT_CAMERA")
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def one(server: ServerProcess) -> AsyncIterator[WireClient]:
    async with server.client() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def other(server: ServerProcess) -> AsyncIterator[WireClient]:
    async with server.client() as client:
        await client.do("SUBSCRIBE", {"topics": ["sets"]})
        yield client


def about(change: str) -> Any:
    return lambda message: message["action"] == "captures_changed" and message["data"]["change"] == change


async def both_files(simulator: SimulatorProcess, one: WireClient) -> list[dict[str, Any]]:
    """Take a picture as JPEG and RAW."""
    await simulator.control("set_format", camera="camera1", format="RAW+JPEG")
    try:
        files: list[dict[str, Any]] = (await one.do("CAPTURE_IMAGE"))["files"]
    finally:
        await simulator.control("set_format", camera="camera1", format="JPEG")
    assert len(files) == 2
    return files


async def test_a_rating_is_kept_told_and_listed(server: ServerProcess, one: WireClient, other: WireClient) -> None:
    path = (await one.do("CAPTURE_IMAGE"))["file_path"]
    rated = await one.do("ANNOTATE_IMAGE", {"image_path": path, "rating": 4})
    noted = await one.do("annotate_image", {"image_path": path, "notes": "schräg & <gut>"})
    assert (rated["rating"], rated["notes"]) == (4, None)
    assert (noted["path"], noted["rating"], noted["notes"]) == (path, 4, "schräg & <gut>")
    news = await other.event(lambda message: about("updated")(message) and message["data"]["files"][0]["notes"])
    assert news["data"]["files"] == [noted]
    assert (await other.do("LIST_CAPTURES", {"limit": 1})) == [noted]
    assert (server.folder / path).with_suffix(".xmp").read_bytes().startswith(b"<?xml")
    refused = await one.request("ANNOTATE_IMAGE", {"image_path": path, "rating": 6})
    assert refused["error_code"] == "invalid_payload"


async def test_an_exposure_goes_with_all_its_files_and_comes_back(
    server: ServerProcess, simulator: SimulatorProcess, one: WireClient, other: WireClient
) -> None:
    files = await both_files(simulator, one)
    paths = [file["path"] for file in files]
    await one.do("ANNOTATE_IMAGE", {"image_path": paths[0], "rating": -1})
    contents = {path: (server.folder / path).read_bytes() for path in paths}
    deleted = await one.do("DELETE_IMAGE", {"image_path": paths[1]})
    assert deleted["filenames"] == [Path(path).name for path in reversed(paths)]
    assert deleted["message"] == f"Image '{Path(paths[1]).name}' deleted."
    news = await other.event(about("deleted"))
    assert {file["path"] for file in news["data"]["files"]} == set(paths)
    assert not list((server.folder / paths[0]).parent.glob(f"{Path(paths[0]).stem}.*"))
    async with server.http() as http:
        for file in files:
            assert (await http.get(file["url"])).status_code == 404
            assert (await http.get(file["url"].replace("/images/", "/thumbnails/"))).status_code == 404
    assert (await other.request("GET_IMAGE_DATA", {"image_path": paths[0]}))["error_code"] == "image_not_found"
    assert not {file["path"] for file in await other.do("LIST_CAPTURES")} & set(paths)
    restored = await other.do("RESTORE_IMAGE", {"image_path": paths[0]})
    assert (restored["path"], restored["rating"]) == (paths[0], -1)
    await other.event(about("restored"))
    assert {path: (server.folder / path).read_bytes() for path in paths} == contents
    again = await one.request("RESTORE_IMAGE", {"image_path": paths[0]})
    assert again["error_code"] == "image_not_found"


async def test_of_two_clients_that_delete_at_once_one_finds_no_image(one: WireClient, other: WireClient) -> None:
    path = (await one.do("CAPTURE_IMAGE"))["file_path"]
    replies = await asyncio.gather(*(client.request("DELETE_IMAGE", {"image_path": path}) for client in (one, other)))
    assert sorted(reply["success"] for reply in replies) == [False, True]
    assert [reply["error_code"] for reply in replies if not reply["success"]] == ["image_not_found"]


async def test_images_of_sets_are_rated_in_the_manifest_and_deleted_only_with_it(
    server: ServerProcess, one: WireClient, other: WireClient
) -> None:
    plan = {"light_sequence": ["light_left"], "catalogue_number": "INV 7/3", "scale_mm_per_pixel": 0.02}
    name = Path((await one.do("CAPTURE_PHOTOMETRIC_SET", plan))["set_folder"]).name
    (image,) = await one.do("GET_IMAGE_SET_CONTENTS", {"set_name": name})
    assert image["rating"] is None
    seen = len(other.events)
    rated = await one.do("ANNOTATE_IMAGE", {"image_path": image["path"], "rating": -1})
    assert rated == image | {"rating": -1}
    news = await other.event("sets_changed", after=seen)
    (listed,) = [one for one in await one.do("LIST_IMAGE_SETS") if one["name"] == name]
    assert news["data"] == {"set_name": name, "change": "updated", "new_name": None, "set": listed}
    assert await one.do("GET_IMAGE_SET_CONTENTS", {"set_name": name}) == [rated]
    for action, wanted in (("ANNOTATE_IMAGE", {"notes": "x"}), ("DELETE_IMAGE", {})):
        refused = await one.request(action, {"image_path": image["path"]} | wanted)
        assert refused["success"] is False
        assert "IMAGE_SET" in refused["hint"]
    await one.do("ANNOTATE_IMAGE_SET", {"set_name": name, "rating": 5})
    details = await one.do("GET_IMAGE_SET", {"set_name": name})
    assert details["manifest"]["catalogue_number"] == "INV 7/3"
    assert details["manifest"]["scale_mm_per_pixel"] == 0.02
    assert (details["set"]["rating"], details["set"]["catalogue_number"]) == (5, "INV 7/3")
    async with server.http() as http:
        archive = zipfile.ZipFile(BytesIO((await http.get(f"/sets/{name}.zip")).content))
    members = {Path(member).name for member in archive.namelist()}
    note = Path(image["filename"]).with_suffix(".xmp").name
    assert members == {image["filename"], note, "manifest.json", f"{name}.lp"}


async def test_the_python_client_cares_for_captures(server: ServerProcess) -> None:
    async with Client(server.url) as client:
        taken = (await client.capture()).files[0]
        rated = await client.annotate_image(taken, rating=3, notes="kept")
        assert (rated.rating, rated.notes) == (3, "kept")
        assert await client.delete_image(taken) == [taken.filename]
        with pytest.raises(errors.ImageNotFound):
            await client.annotate_image(taken.path, rating=1)
        assert (await client.restore_image(taken)).notes == "kept"


async def test_the_command_line_shows_what_is_noted_about_a_set(server: ServerProcess) -> None:
    async def tetherlight(*words: str) -> str:
        code, out, _ = await finished("tetherlight", "--server", server.url, *words)
        assert code == 0
        return out

    words = (
        "set",
        "capture",
        "light_left",
        "--catalogue-number",
        "A 12",
        "--scale",
        "0.05",
        "--notes",
        "wet",
        "--json",
    )
    name = json.loads(await tetherlight(*words))["set_folder"].rpartition("/")[2]
    shown = await tetherlight("set", "show", name)
    assert "Catalogue number: A 12\nMillimetres per pixel: 0.05\nNotes: wet\n" in shown
    assert "A 12" in next(line for line in (await tetherlight("set", "list")).splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "captures/../server.log", "captures/.trash_captures", "../secret.jpg", "a\0.jpg", "x" * 5000,
     "captures", "captures/photometric_sets", "captures/none.xmp"],
    ids=lambda path: ascii(path[:20]),
)  # fmt: skip
async def test_other_paths_are_refused_in_one_sentence(one: WireClient, path: str) -> None:
    for action in ("ANNOTATE_IMAGE", "DELETE_IMAGE"):
        wanted = {"rating": 1} if action == "ANNOTATE_IMAGE" else {}
        reply = await one.request(action, {"image_path": path} | wanted)
        assert (reply["success"], reply["error_code"]) == (False, "image_not_found")
        assert reply["error"] == f"Image not found or access denied: {path[:200]}"
    reply = await one.request("RESTORE_IMAGE", {"image_path": path})
    assert (reply["error_code"], reply["error"]) == ("image_not_found", f"Image '{path[:200]}' is not in the trash.")


async def test_each_thing_that_goes_for_good_is_told(
    simulator: SimulatorProcess, one: WireClient, other: WireClient
) -> None:
    """The trash is listed with what brings each thing back; one who empties it is not the only one who hears of it."""
    files = await both_files(simulator, one)
    await one.do("DELETE_IMAGE", {"image_path": files[0]["path"]})
    listed = await one.do("LIST_TRASH", {"kind": "capture", "limit": 1})
    (item,) = listed["items"]
    assert item["image_count"] == 2
    assert item["size"] >= sum(file["size"] for file in files)
    assert listed["total"] >= 1
    await one.do("RESTORE_IMAGE", {"image_path": item["image_path"]})
    await one.do("DELETE_IMAGE", {"image_path": files[0]["path"]})
    emptied = await one.do("EMPTY_TRASH", {"kind": "capture"})
    assert emptied["count"] == listed["total"]
    heard = await other.event(
        lambda message: message["action"] == "trash_removed" and message["data"]["name"] == item["name"]
    )
    assert (heard["data"]["kind"], heard["data"]["why"], heard["topic"]) == ("capture", "asked", "sets")
    assert (await one.do("LIST_TRASH", {"kind": "capture"}))["items"] == []
    refused = await one.request("RESTORE_IMAGE", {"image_path": item["image_path"]})
    assert refused["error_code"] == "image_not_found"
