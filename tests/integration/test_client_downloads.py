"""Downloads from a server whose connections break in the middle."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tetherlight import errors
from tetherlight.client.address import Address
from tetherlight.client.downloads import Downloads
from tetherlight.protocol.models import ImageFile
from tetherlight.protocol.sets import SetFile

CONTENT = bytes(range(256)) * 4000
IMAGE = ImageFile(
    filename="a.jpg", path="a.jpg", size=len(CONTENT), mimetype="image/jpeg", url="/images/a.jpg",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)  # fmt: skip


class BreakingServer:
    """Gives a file over HTTP, in each answer only so many bytes of it, and then breaks the connection."""

    def __init__(self, pieces: list[int], *, ranges: bool = True, tags: tuple[str, ...] = ('"one"',)) -> None:
        self.pieces = pieces
        self.ranges = ranges
        self.tags = list(tags)
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        tag = self.tags.pop(0) if len(self.tags) > 1 else self.tags[0]
        condition = re.search(r"if-range: (\S+)", head, re.IGNORECASE)
        wanted = re.search(r"range: bytes=(\d+)-", head, re.IGNORECASE)
        start = int(wanted[1]) if wanted and self.ranges and (condition is None or condition[1] == tag) else 0
        status = "206 Partial Content" if start else "200 OK"
        body = CONTENT[start:]
        writer.write(f"HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body[: self.pieces.pop(0) if self.pieces else None])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Downloads]:
        """Listen for a while and give what downloads from here."""
        async with await asyncio.start_server(self.answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            downloads = Downloads(Address.parse(f"127.0.0.1:{port}"), None)
            try:
                yield downloads
            finally:
                await downloads.close()


async def test_a_download_goes_on_behind_what_came(tmp_path: Path) -> None:
    server = BreakingServer([600_000, 100_000])
    told: list[int] = []
    async with server.run() as downloads:
        path = await downloads.fetch(IMAGE, tmp_path, told.append)
    assert path.read_bytes() == CONTENT
    assert sum(told) == len(CONTENT)
    assert len(server.asked) == 3
    assert 'if-range: "one"' in server.asked[1].lower()


async def test_a_server_without_ranges_begins_anew(tmp_path: Path) -> None:
    server = BreakingServer([600_000], ranges=False)
    told: list[int] = []
    async with server.run() as downloads:
        path = await downloads.fetch(IMAGE, tmp_path, told.append)
    assert path.read_bytes() == CONTENT
    assert sum(told) == len(CONTENT)


async def test_a_file_that_changed_meanwhile_is_not_mixed_with_its_old_self(tmp_path: Path) -> None:
    server = BreakingServer([600_000], tags=('"one"', '"two"'))
    async with server.run() as downloads:
        path = await downloads.fetch(IMAGE.model_copy(update={"sha256": None}), tmp_path)
    assert path.read_bytes() == CONTENT


async def test_a_server_that_brings_nothing_new_is_given_up_and_what_came_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tetherlight.client.downloads.PAUSE", 0.0)
    server = BreakingServer([600_000] + [0] * 20)
    async with server.run() as downloads:
        with pytest.raises(errors.ServerUnreachable, match="broke off"):
            await downloads.fetch(IMAGE, tmp_path)
    kept = (tmp_path / "a.jpg.part").stat().st_size
    assert 0 < kept <= 600_000
    server.pieces = []
    async with server.run() as downloads:
        assert (await downloads.fetch(IMAGE, tmp_path)).read_bytes() == CONTENT
    assert f"range: bytes={kept}-" in server.asked[-1].lower()


async def test_a_name_from_the_server_cannot_leave_the_folder(tmp_path: Path) -> None:
    async with BreakingServer([]).run() as downloads:
        path = await downloads.fetch(IMAGE.model_copy(update={"filename": "../../evil.jpg"}), tmp_path / "here")
    assert path == tmp_path / "here" / "evil.jpg"


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "a/../../b.jpg", ".hidden", "results/.x", "", "..", "a\0b"])
async def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Files of a set may lie in folders of it; a server that lists others is not believed."""
    file = SetFile(filename=name, size=1, mimetype="image/jpeg", url="/images/a.jpg")
    server = BreakingServer([])
    async with server.run() as downloads:
        with pytest.raises(errors.StoreError, match="which is none"):
            await downloads.fetch(file, tmp_path / "inner")
    assert (list(tmp_path.iterdir()), server.asked) == ([], [])


@pytest.mark.parametrize("left", [b"of another file", b"x" * len(CONTENT), b"x" * (len(CONTENT) + 1)])
async def test_what_is_left_of_another_file_is_not_gone_on_with(tmp_path: Path, left: bytes) -> None:
    """A manifest is written anew all the time; an attempt at the one before may have been broken off."""
    (tmp_path / "a.jpg.part").write_bytes(left)
    told: list[int] = []
    server = BreakingServer([])
    async with server.run() as downloads:
        path = await downloads.fetch(IMAGE, tmp_path, told.append)
    assert path.read_bytes() == CONTENT
    assert sum(told) == len(CONTENT)
