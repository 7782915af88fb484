"""Images, thumbnails, EXIF facts and zips over HTTP."""

import asyncio
import os
import shutil
import threading
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import formatdate
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from support.store_world import jpeg
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.server.http.images import CHUNK, images_router
from tetherlight.server.http.ranges import Unsatisfiable, byte_range
from tetherlight.settings import Settings
from tetherlight.store.store import Store

CONTENT = bytes(range(256)) * 4
NAME = "/images/photometric_sets/vase/image_01_a.cr2"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    folder = Path("captures/photometric_sets/vase")
    folder.mkdir(parents=True)
    (folder / "image_01_a.cr2").write_bytes(CONTENT)
    (folder / "image_01_a.jpg").write_bytes(jpeg(800, 600, exif={0x829A: 0.5, 0x8827: 200}))
    made = Store(Settings())
    file = FileRecord(filename="image_01_a.jpg", size=1, sha256="", mimetype="image/jpeg")
    made.sets.write_manifest(
        "vase", Manifest(steps=(StepRecord(index=1, light="a", direction=(0, 0, 1), files=(file,)),))
    )
    return made


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(images_router(store))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://rig.test") as made:
        yield made


async def test_an_image_comes_whole_with_all_that_caches_need(client: httpx.AsyncClient) -> None:
    """Type, length, entity tag, time of change; never guessed at by the browser, kept only by this one."""
    reply = await client.get(NAME)
    assert (reply.status_code, reply.content) == (200, CONTENT)
    assert reply.headers["content-type"] == "image/x-canon-cr2"
    assert reply.headers["content-length"] == str(len(CONTENT))
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["cache-control"] == "private, no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["etag"].startswith('"')
    assert "content-disposition" not in reply.headers


async def test_head_tells_the_same_without_the_bytes(client: httpx.AsyncClient) -> None:
    """Also where a range is asked for, which HEAD does not know."""
    whole = await client.get(NAME)
    for headers in ({}, {"Range": "bytes=0-9"}):
        reply = await client.head(NAME, headers=headers)
        assert (reply.status_code, reply.content) == (200, b"")
        assert dict(reply.headers) == dict(whole.headers)


@pytest.mark.parametrize("tags", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
async def test_a_known_image_is_not_sent_again(client: httpx.AsyncClient, tags: str) -> None:
    """The entity tag says so, before any date."""
    tag = (await client.get(NAME)).headers["etag"]
    headers = {"If-None-Match": tags.format(tag=tag), "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    for method in ("GET", "HEAD"):
        reply = await client.request(method, NAME, headers=headers)
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", tag)


async def test_a_changed_image_is_sent_again(client: httpx.AsyncClient) -> None:
    """A new file under the old name has another entity tag, even with the same size and time."""
    path = Path("captures/photometric_sets/vase/image_01_a.cr2")
    tag, when = (await client.get(NAME)).headers["etag"], path.stat().st_mtime_ns
    path.rename(path.with_suffix(".old"))
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(when, when))
    reply = await client.get(NAME, headers={"If-None-Match": tag})
    assert (reply.status_code, reply.content) == (200, CONTENT[::-1])


async def test_dates_are_compared_where_there_is_no_tag(client: httpx.AsyncClient) -> None:
    """A date that cannot be read is ignored."""
    changed = (await client.get(NAME)).headers["last-modified"]
    later = formatdate(datetime.now(UTC).timestamp() + 100, usegmt=True)
    for since, status in {changed: 304, later: 304, "Thu, 01 Jan 1970 00:00:00 GMT": 200, "soon": 200}.items():
        assert (await client.get(NAME, headers={"If-Modified-Since": since})).status_code == status


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=1000-", 1000, 1024), ("bytes=-24", 1000, 1024), ("bytes=-9999", 0, 1024),
     ("bytes=1020-99999", 1020, 1024), ("BYTES = 5 - 5", 5, 6)],
)  # fmt: skip
async def test_a_part_can_be_asked_for(client: httpx.AsyncClient, wanted: str, start: int, end: int) -> None:
    """For broken downloads and for programs that read only a header."""
    reply = await client.get(NAME, headers={"Range": wanted})
    assert (reply.status_code, reply.content) == (206, CONTENT[start:end])
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert reply.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
async def test_a_part_behind_the_end_is_refused(client: httpx.AsyncClient, wanted: str) -> None:
    """With the size that would have been right."""
    reply = await client.get(NAME, headers={"Range": wanted})
    assert (reply.status_code, reply.headers["content-range"]) == (416, "bytes */1024")
    assert reply.json()["error_code"] == "invalid_payload"


@pytest.mark.parametrize(
    "wanted", ["bytes=9-0", "bytes=a-b", "lines=1-2", "bytes=-", "bytes=0-1,5-6", "", "bytes=1--2"]
)
async def test_other_ranges_give_the_whole(client: httpx.AsyncClient, wanted: str) -> None:
    """What is not understood is ignored, as the standard says."""
    reply = await client.get(NAME, headers={"Range": wanted})
    assert (reply.status_code, reply.content) == (200, CONTENT)


async def test_a_part_fits_only_to_the_same_file(client: httpx.AsyncClient) -> None:
    """If-Range with an old tag or date gives the whole new file."""
    whole = await client.get(NAME)
    for condition, status in {
        whole.headers["etag"]: 206, whole.headers["last-modified"]: 206, '"old"': 200,
        f"W/{whole.headers['etag']}": 200, "Thu, 01 Jan 1970 00:00:00 GMT": 200,
    }.items():  # fmt: skip
        reply = await client.get(NAME, headers={"Range": "bytes=0-9", "If-Range": condition})
        assert reply.status_code == status


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.one_of(st.text(max_size=30), st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True)),
    size=st.integers(0, 2000),
)
def test_any_range_lies_inside_the_file(header: str, size: int) -> None:
    """Or is ignored, or refused."""
    try:
        part = byte_range(header, size)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size


async def test_a_download_is_named(client: httpx.AsyncClient) -> None:
    """Also a file whose name is not ASCII."""
    Path('captures/Krüge "alt".jpg').write_bytes(b"x")
    reply = await client.get("/images/Kr%C3%BCge%20%22alt%22.jpg?download=1")
    disposition = reply.headers["content-disposition"]
    assert disposition == "attachment; filename=\"Kr_ge _alt_.jpg\"; filename*=UTF-8''Kr%C3%BCge%20%22alt%22.jpg"


async def test_the_url_of_an_image_leads_to_it(client: httpx.AsyncClient, store: Store) -> None:
    """Whatever stands in its name, and also where the folder is called as the captures are."""
    for name in ("a b#c?.jpg", "100%.jpg", "ä.png", "captures/x.jpg"):
        path = Path("captures", name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
        assert (await client.get(store.image_file(path.absolute()).url)).content == name.encode()
    Path("captures/x.jpg").write_bytes(b"outer")
    assert (await client.get("/images/captures/x.jpg")).content == b"captures/x.jpg"
    assert (await client.get("/images/x.jpg")).content == b"outer"


@pytest.mark.parametrize(
    "path",
    ["/images/nothing.jpg", "/images/", "/images/photometric_sets/vase/manifest.json", "/images/photometric_sets/vase",
     "/thumbnails/nothing.jpg", "/exif/nothing.jpg", "/images/%2e%2e/secret.jpg", "/images/a%00.jpg"],
)  # fmt: skip
async def test_what_is_not_there_is_one_sentence(client: httpx.AsyncClient, path: str) -> None:
    """As a reply on the WebSocket has it."""
    for method in ("GET", "HEAD"):
        reply = await client.request(method, path)
        assert reply.status_code == 404
    assert (await client.get(path)).json()["error_code"] == "image_not_found"
    assert (await client.get(path)).json()["error"].startswith("Image not found or access denied: ")


async def test_a_thumbnail_is_a_small_jpeg(client: httpx.AsyncClient) -> None:
    """320 pixels unless another size is asked for; known ones are not sent again."""
    path = "/thumbnails/photometric_sets/vase/image_01_a.jpg"
    reply = await client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(BytesIO(reply.content)).size == (320, 240)
    assert Image.open(BytesIO((await client.get(f"{path}?size=100")).content)).size == (160, 120)
    assert (await client.get(path, headers={"If-None-Match": reply.headers["etag"]})).status_code == 304
    head = await client.head(path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(reply.content)))


async def test_an_empty_choice_is_none(client: httpx.AsyncClient) -> None:
    """As it comes from a form that was not filled in."""
    path = "/thumbnails/photometric_sets/vase/image_01_a.jpg"
    assert (await client.get(f"{path}?size=")).content == (await client.get(path)).content
    assert (await client.get("/sets/vase.zip?files=")).status_code == 200


@pytest.mark.parametrize("size", ["abc", "-1", "1e3", "99999999", "٣"])
async def test_a_size_that_is_none_is_refused(client: httpx.AsyncClient, size: str) -> None:
    """With a code for programs."""
    reply = await client.get("/thumbnails/photometric_sets/vase/image_01_a.jpg", params={"size": size})
    assert (reply.status_code, reply.json()["error_code"]) == (400, "invalid_payload")


async def test_an_image_that_cannot_be_drawn_says_so(client: httpx.AsyncClient) -> None:
    """It can still be downloaded."""
    reply = await client.get("/thumbnails/photometric_sets/vase/image_01_a.cr2")
    assert (reply.status_code, reply.json()["error_code"]) == (415, "image_unreadable")


async def test_exif_facts_are_json(client: httpx.AsyncClient) -> None:
    """Numbers as numbers."""
    facts = (await client.get("/exif/photometric_sets/vase/image_01_a.jpg")).json()
    assert (facts["exposure_time_s"], facts["iso"], facts["width"], facts["height"]) == (0.5, 200, 800, 600)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"image_01_a.cr2", "image_01_a.jpg", "manifest.json", "vase.lp"}),
        ("?files=jpeg", {"image_01_a.jpg", "manifest.json", "vase.lp"}),
        ("?files=raw", {"image_01_a.cr2", "manifest.json"}),
    ],
)
async def test_a_set_comes_as_zip(client: httpx.AsyncClient, query: str, names: set[str]) -> None:
    """All of it, or only JPEG or RAW."""
    reply = await client.get(f"/sets/vase.zip{query}")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/zip")
    assert reply.headers["content-disposition"].startswith('attachment; filename="vase')
    with zipfile.ZipFile(BytesIO(reply.content)) as archive:
        assert {Path(name).name for name in archive.namelist()} == names
    head = await client.head(f"/sets/vase.zip{query}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/zip"
    assert "content-length" not in head.headers


async def test_several_sets_come_as_one_zip(client: httpx.AsyncClient, store: Store) -> None:
    """Each in a folder of its name, once however often it is named; one that is not there refuses all."""
    shutil.copytree(store.places.set_folder("vase"), store.places.sets_dir / "cup")
    reply = await client.get("/sets.zip", params={"name": ["vase", "cup", "vase"], "files": "jpeg"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/zip")
    assert reply.headers["content-disposition"].startswith('attachment; filename="2-sets-jpeg.zip"')
    with zipfile.ZipFile(BytesIO(reply.content)) as archive:
        images = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
    assert images == ["cup/image_01_a.jpg", "vase/image_01_a.jpg"]
    assert (await client.get("/sets.zip", params={"name": ["vase", "nothing"]})).status_code == 404
    assert (await client.get("/sets.zip")).status_code == 400


async def test_a_zip_of_nothing_is_refused(client: httpx.AsyncClient) -> None:
    """Before anything is sent."""
    reply = await client.get("/sets/nothing.zip")
    assert (reply.status_code, reply.json()["error"]) == (404, "Set 'nothing' not found or empty.")
    assert (await client.get("/sets/vase.zip?files=gif")).status_code == 400


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _scope(path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": list(headers), "scheme": "http",
        "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "root_path": "",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/images/big.jpg", "/sets/vase.zip"])
async def test_a_client_that_leaves_costs_nothing_more(store: Store, path: str) -> None:
    """The file is closed, and what was not sent is not read."""
    for place in ("captures/big.jpg", "captures/photometric_sets/vase/big.jpg"):
        Path(place).touch()
        os.truncate(place, 200 * CHUNK)
    app = FastAPI()
    app.include_router(images_router(store))
    gone, sent = asyncio.Event(), 0

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent > 3 * CHUNK:
            gone.set()
            await asyncio.Event().wait()

    before = _open_files()
    await app(_scope(path), receive, send)
    assert sent < 10 * CHUNK
    assert _open_files() == before


async def test_answers_without_a_body_leave_no_file_open(client: httpx.AsyncClient) -> None:
    """HEAD, 304 and 416 close what they looked at."""
    tag = (await client.get(NAME)).headers["etag"]
    before = _open_files()
    for headers in ({}, {"If-None-Match": tag}, {"Range": "bytes=9999-"}):
        await client.request("HEAD", NAME, headers=headers)
        await client.get(NAME, headers=headers)
    assert _open_files() == before


async def test_a_zip_that_breaks_on_the_way_has_no_end(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The server then closes the connection, so nobody takes the torn zip for a whole one."""
    app = FastAPI()
    app.include_router(images_router(store))
    messages: list[Any] = []

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        messages.append(message)
        Path("captures/photometric_sets/vase/manifest.json").unlink(missing_ok=True)

    await app(_scope("/sets/vase.zip"), receive, send)
    assert messages[0]["status"] == 200
    assert all(message["more_body"] for message in messages[1:])
    assert "cut short" in caplog.text


async def test_the_loop_stays_free_while_files_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading happens in threads, never on the event loop's own."""
    threads: set[int] = set()
    read = os.pread

    def noting(descriptor: int, size: int, start: int) -> bytes:
        threads.add(threading.get_ident())
        return read(descriptor, size, start)

    monkeypatch.setattr("tetherlight.server.http.images.os.pread", noting)
    app = FastAPI()
    app.include_router(images_router(store))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rig.test") as client:
        assert (await client.get(NAME)).content == CONTENT
    assert threads
    assert threading.get_ident() not in threads
