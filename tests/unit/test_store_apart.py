"""Pictures that cost much: told without being decoded, read in a child that is bounded, and refused once for all."""

import struct
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from support.store_world import jpeg
from tetherlight.errors import ImageUnreadable
from tetherlight.server.http.images import images_router
from tetherlight.settings import Settings
from tetherlight.store.apart import Apart
from tetherlight.store.drawing import Costly, reduced
from tetherlight.store.exif import exif_of
from tetherlight.store.frugal import is_frugal
from tetherlight.store.paths import Places
from tetherlight.store.store import Store
from tetherlight.store.thumbnails import Thumbnail, Thumbnails, Undrawn

MEGABYTE = 1_000_000


@pytest.fixture
def captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "captures"
    folder.mkdir()
    return folder


@pytest.fixture
async def client(captures: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(images_router(Store(Settings(captures_base_dir=captures))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rig.test") as made:
        yield made


def bomb(width: int = 24_000, height: int = 25_000) -> bytes:
    """Return a PNG of a megabyte that holds 600 MB of black."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def picture(kind: str, size: tuple[int, int] = (600, 400), **options: object) -> bytes:
    encoded = BytesIO()
    Image.new("RGB", size, (200, 10, 10)).save(encoded, kind, **options)
    return encoded.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
async def test_what_is_no_jpeg_is_drawn_in_a_child_and_kept(
    captures: Path, client: httpx.AsyncClient, kind: str
) -> None:
    """It comes as every thumbnail does, and the next time from the cache."""
    name = f"a.{kind.lower()}"
    (captures / name).write_bytes(picture(kind))
    thumbnails = Thumbnails(Places.of(Settings()), Apart())
    assert isinstance(thumbnails.look(captures / name), Undrawn)
    reply = await client.get(f"/thumbnails/{name}?size=160")
    assert reply.status_code == 200
    assert Image.open(BytesIO(reply.content)).size == (160, 107)
    kept = thumbnails.look(captures / name, 160)
    assert isinstance(kept, Thumbnail)
    assert kept.jpeg == reply.content
    facts = await client.get(f"/exif/{name}")
    assert (facts.status_code, facts.json()["width"], facts.json()["height"]) == (200, 600, 400)


async def test_a_small_file_of_a_huge_picture_is_refused(captures: Path, client: httpx.AsyncClient) -> None:
    """Once by a child; after that it is known, until the file is another one."""
    (captures / "a.png").write_bytes(bomb())
    assert (captures / "a.png").stat().st_size < MEGABYTE
    for path in ("/thumbnails/a.png", "/thumbnails/a.png", "/exif/a.png"):
        reply = await client.get(path)
        assert (reply.status_code, reply.json()["error_code"]) == (415, "image_unreadable"), path
        assert str(captures) not in reply.text
    (captures / "a.png").write_bytes(picture("PNG"))
    assert (await client.get("/thumbnails/a.png")).status_code == 200


async def test_what_was_in_vain_is_not_tried_again(captures: Path) -> None:
    """The second one is told without a child."""
    (captures / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    thumbnails = Thumbnails(Places.of(Settings()), Apart())
    undrawn = thumbnails.look(captures / "a.png")
    assert isinstance(undrawn, Undrawn)
    with pytest.raises(ImageUnreadable):
        await thumbnails.draw(undrawn)
    with pytest.raises(ImageUnreadable):
        thumbnails.look(captures / "a.png")


@pytest.mark.parametrize(
    ("apart", "sentence"),
    [(Apart(memory=1), "more memory to read"), (Apart(deadline_s=0.001), "longer to read")],
    ids=["memory", "time"],
)
async def test_a_child_that_needs_too_much_is_ended(captures: Path, apart: Apart, sentence: str) -> None:
    """What is said names the image and no path."""
    (captures / "a.png").write_bytes(picture("PNG"))
    with pytest.raises(ImageUnreadable, match=rf"^a\.png takes {sentence}"):
        await exif_of(captures / "a.png", captures, apart)


async def test_an_image_that_is_exchanged_before_it_is_drawn_is_not_kept(captures: Path) -> None:
    """Its thumbnail would stay under the name of the other one."""
    path = captures / "a.png"
    path.write_bytes(picture("PNG"))
    with pytest.raises(ImageUnreadable, match="changed while it was read"):
        await Apart().ask("tetherlight.store.drawing:draw_apart", path, captures, size=160, stamp=[1, 2, 3])


@pytest.mark.parametrize("size", [160, 320, 640, 1600])
def test_ordinary_jpegs_cost_little(size: int) -> None:
    """Up to the largest sensors, also where they are progressive and not large."""
    assert is_frugal(jpeg(), size)
    assert is_frugal(picture("JPEG", (3000, 2000)), size)
    assert is_frugal(picture("JPEG", (3000, 2000), progressive=True), size)
    large = bytearray(jpeg())
    at = large.index(b"\xff\xc0")
    large[at + 5 : at + 9] = struct.pack(">HH", 6336, 9504)
    assert is_frugal(bytes(large), size)
    assert is_frugal(b"before" + bytes(large), size, 6)


def test_jpegs_that_a_decoder_holds_whole_cost_much(captures: Path) -> None:
    """A progressive one, one whose colours come one after the other, and one that says it is gigantic."""
    assert not is_frugal(picture("JPEG", (3000, 3000), progressive=True), 160)
    alone = bytearray(picture("JPEG", (3000, 3000)))
    assert is_frugal(bytes(alone), 160)
    alone[alone.index(b"\xff\xda") + 4] = 1
    assert not is_frugal(bytes(alone), 160)
    gigantic = bytearray(jpeg())
    at = gigantic.index(b"\xff\xc0")
    gigantic[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    assert not is_frugal(bytes(gigantic), 160)
    (captures / "a.jpg").write_bytes(gigantic)
    with pytest.raises(Costly):
        reduced(captures / "a.jpg")


@given(head=st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff"]), rest=st.binary(max_size=200), at=st.integers(0, 3))
def test_whatever_stands_in_a_file_its_cost_is_told(head: bytes, rest: bytes, at: int) -> None:
    """Nothing is believed that lies behind the end."""
    assert is_frugal(head + rest, 160, at) in {True, False}
