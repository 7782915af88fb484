"""A set travels whole, whichever way it takes: zip, single files, the client, the command line."""

import asyncio
import contextlib
import hashlib
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from support.program import finished
from support.server_process import ServerProcess
from support.store_world import jpeg
from tetherlight import errors
from tetherlight.client import Client as AsyncClient
from tetherlight.client.sync import Client
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.protocol.sets import Files, SetFile
from tetherlight.store.manifest import write_manifest

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXPORT = Path(__file__).parents[2] / "docs" / "examples" / "export_lp.py"
SETS = Path("captures") / "photometric_sets"
NAME = "vase_20261122-120000"


def make_set(folder: Path) -> Path:
    """Put down a set of two lights in JPEG and RAW, with results."""
    (folder / "results").mkdir(parents=True)
    steps = []
    for index, light in enumerate(("left", "right"), start=1):
        records = []
        for suffix, mimetype in ((".jpg", "image/jpeg"), (".cr2", "image/x-canon-cr2")):
            name, content = f"image_{index:02}_{light}{suffix}", jpeg(40 + index, 30) + suffix.encode()
            (folder / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            records.append(FileRecord(filename=name, size=len(content), sha256=digest, mimetype=mimetype))
        steps.append(
            StepRecord(index=index, light=light, state="done", direction=(0.6, 0.0, 0.8), files=tuple(records))
        )
    write_manifest(folder, Manifest(steps=tuple(steps)))
    (folder / "results" / "normal map.png").write_bytes(b"n" * 1000)
    (folder / ".image.jpg.1f.tmp").write_bytes(b"unfinished")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    make_set(folder / SETS / NAME)
    async with ServerProcess(folder, environment={"HOME": str(folder)}) as process:
        yield process


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def by_zip(server: ServerProcess, target: Path, files: Files) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.get(f"{server.url}/sets/{NAME}.zip", params={"files": files})
    with zipfile.ZipFile(BytesIO(reply.content)) as archive:
        archive.extractall(target)


async def by_single_files(server: ServerProcess, target: Path, files: Files) -> None:
    async with AsyncClient(server.url) as rig, httpx.AsyncClient(trust_env=False, base_url=server.url) as http:
        for one in await rig.set_files(NAME, files):
            reply = await http.get(one.url)
            assert (reply.status_code, len(reply.content)) == (200, one.size)
            known = one.filename != "results/normal map.png"
            assert one.sha256 == (hashlib.sha256(reply.content).hexdigest() if known else None)
            assert reply.headers["content-type"].split(";")[0] == one.mimetype
            place = target / NAME / one.filename
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(reply.content)


async def by_client(server: ServerProcess, target: Path, files: Files) -> None:
    async with AsyncClient(server.url) as rig:
        told: list[int] = []
        paths = await rig.download(NAME, target, files=files, progress=told.append)
        assert sum(told) == sum(path.stat().st_size for path in paths)


async def by_blocking_client(server: ServerProcess, target: Path, files: Files) -> None:
    def download() -> None:
        with Client(server.url) as rig:
            rig.download(NAME, target, files=files)

    await asyncio.to_thread(download)


async def by_command_line(server: ServerProcess, target: Path, files: Files) -> None:
    words = ("set", "download", NAME, "--output", str(target), "--files", files)
    code, said, complaints = await finished("tetherlight", "--server", server.url, *words)
    assert code == 0, complaints
    assert said == f"{len(tree(target / NAME))} files in {target / NAME} on this computer\n"


WAYS = [by_zip, by_single_files, by_client, by_blocking_client, by_command_line]
Way = Callable[[ServerProcess, Path, Files], Awaitable[None]]


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_brings_all_of_a_set(server: ServerProcess, tmp_path: Path, way: Way) -> None:
    """The same names and bytes as lie on the disk, with the light directions; the export example runs on them."""
    await way(server, tmp_path, "all")
    found = tree(tmp_path / NAME)
    there = {name: content for name, content in tree(server.folder / SETS / NAME).items() if not name.startswith(".")}
    assert found.pop(f"{NAME}.lp").splitlines()[:2] == [b"2", b"image_01_left.jpg 0.600000 0.000000 0.800000"]
    assert found == there
    process = await asyncio.create_subprocess_exec(sys.executable, str(EXPORT), str(tmp_path / NAME))
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert (tmp_path / NAME / "lights.lp").read_text().startswith("2\nimage_01_left.jpg 0.6")


@pytest.mark.parametrize("files", ["jpeg", "raw"])
async def test_every_way_means_the_same_by_a_choice(server: ServerProcess, tmp_path: Path, files: Files) -> None:
    """Images of one kind, with the manifest and light directions that name them."""
    found = []
    for way in WAYS:
        target = tmp_path / way.__name__
        await way(server, target, files)
        found.append(tree(target / NAME))
    suffix = ".jpg" if files == "jpeg" else ".cr2"
    names = [f"image_01_left{suffix}", f"image_02_right{suffix}", "manifest.json", f"{NAME}.lp"]
    assert all(sorted(one) == sorted(names) for one in found)
    assert all(one == found[0] for one in found)
    assert f"image_01_left{suffix} ".encode() in found[0][f"{NAME}.lp"]


async def test_a_manifest_that_changed_is_brought_anew(tmp_path: Path, server: ServerProcess) -> None:
    """The images stay as they are, and the manifest that was here before is kept beside the new one."""
    name = "bowl_20261122-120000"
    make_set(server.folder / SETS / name)
    async with AsyncClient(server.url) as rig:
        first = await rig.download(name, tmp_path)
        times = {path: path.stat().st_mtime_ns for path in first if path.suffix in {".jpg", ".cr2"}}
        old = (tmp_path / name / "manifest.json").read_bytes()
        await rig.annotate_set(name, notes="from above")
        assert await rig.download(name, tmp_path) == first
        assert {path: path.stat().st_mtime_ns for path in times} == times
        assert json.loads((tmp_path / name / "manifest.json").read_text())["notes"] == "from above"
        assert (tmp_path / name / "manifest-2.json").read_bytes() == old
        assert await rig.download(name, tmp_path) == first
        assert len(tree(tmp_path / name)) == len(first) + 1


async def test_a_file_that_changes_on_its_way_is_asked_for_again(
    tmp_path: Path, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set under capture writes its manifest anew with each frame."""
    name = "cup_20261122-120000"
    make_set(server.folder / SETS / name)
    async with AsyncClient(server.url) as rig:
        listed = rig.set_files
        rounds = iter(range(3))

        async def listed_and_changed(set_name: str, files: Files = "all") -> list[SetFile]:
            found = await listed(set_name, files)
            with contextlib.suppress(StopIteration):
                await rig.annotate_set(name, notes="x" * (1 + next(rounds)))
            return found

        monkeypatch.setattr(rig, "set_files", listed_and_changed)
        await rig.download(name, tmp_path)
    assert tree(tmp_path / name)["manifest.json"] == (server.folder / SETS / name / "manifest.json").read_bytes()


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fsecret.jpg", ".image.jpg.1f.tmp", "results", "results/", "results//normal%20map.png", "link.jpg",
     "folder/secret.jpg", "none.jpg", "other.lp", "%00", "results/%2e%2e/manifest.json", "pipe.jpg"],
)  # fmt: skip
async def test_only_what_belongs_to_a_set_is_given(server: ServerProcess, path: str) -> None:
    """One sentence for everything else, whatever lies there."""
    folder = make_set(server.folder / SETS / f"odd{hashlib.sha256(path.encode()).hexdigest()[:8]}")
    (server.folder / "secret.jpg").write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(server.folder / "secret.jpg")
    (folder / "folder").symlink_to(server.folder)
    with contextlib.suppress(FileExistsError):
        (folder / "pipe.jpg").symlink_to("/dev/zero")
    async with httpx.AsyncClient(trust_env=False) as http:
        request = http.build_request("GET", f"{server.url}/sets/{folder.name}/x")
        request.url = request.url.copy_with(raw_path=f"/sets/{folder.name}/{path}".encode())
        reply = await http.send(request)
    assert reply.status_code == 404
    assert b"secret" not in reply.content.replace(path.encode(), b"").replace(b"secret.jpg", b"")


async def test_a_file_of_a_set_comes_in_parts_and_not_twice(server: ServerProcess) -> None:
    """As images do, made ones too."""
    async with httpx.AsyncClient(trust_env=False, base_url=server.url) as http:
        for name in ("manifest.json", f"{NAME}.lp", "image_01_left.jpg"):
            whole = await http.get(f"/sets/{NAME}/{name}")
            tag = whole.headers["etag"]
            part = await http.get(f"/sets/{NAME}/{name}", headers={"Range": "bytes=1-4", "If-Range": tag})
            assert (part.status_code, part.content) == (206, whole.content[1:5])
            assert (await http.get(f"/sets/{NAME}/{name}", headers={"If-None-Match": tag})).status_code == 304
            assert (await http.head(f"/sets/{NAME}/{name}")).headers["content-length"] == str(len(whole.content))
        saved = await http.get(f"/sets/{NAME}/manifest.json?download=1")
        assert saved.headers["content-disposition"].startswith('attachment; filename="manifest.json"')


async def test_a_set_with_letters_of_any_script_travels(server: ServerProcess, tmp_path: Path) -> None:
    """Its name is the same in replies, addresses, headers, the zip and on both disks, however it was typed."""
    make_set(server.folder / SETS / "jug_20261122-120000")
    async with AsyncClient(server.url) as rig, httpx.AsyncClient(trust_env=False, base_url=server.url) as http:
        name = "größe_日本語"
        assert name in await rig.rename_set("jug_20261122-120000", "gro\u0308ße 日本語")
        reply = await http.get(f"/sets/{quote(name)}.zip")
        assert reply.headers["content-disposition"].endswith(f"filename*=UTF-8''{quote(name)}.zip")
        with zipfile.ZipFile(BytesIO(reply.content)) as archive:
            assert f"{name}/image_01_left.jpg" in archive.namelist()
        assert f"{name}.lp" in {path.name for path in await rig.download(name, tmp_path)}
        await rig.delete_set(name)
        await rig.restore_set(name)
        assert name in {one.name for one in await rig.sets()}


async def test_a_set_that_is_gone_is_said_so(server: ServerProcess, tmp_path: Path) -> None:
    async with AsyncClient(server.url) as rig:
        with pytest.raises(errors.SetNotFound):
            await rig.download("no_such_set", tmp_path)
