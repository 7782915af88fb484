"""What simulated cameras write: TIFF structures, JPEG and raw files, and the card that holds them."""

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tetherlight.simulator import dng, images, ptp, tiff
from tetherlight.simulator.card import Card, CardFullError, Picture

WHEN = datetime(2026, 11, 22, 12, 30, 15, 250_000, tzinfo=UTC)
TAGS = images.Tags(
    make="Canon",
    model="Canon EOS 1300D",
    serial="0123",
    lens="EF50mm",
    artist="A. Painter",
    copyright="",
    when=WHEN,
    shutter_s=1 / 60,
    aperture=5.6,
    iso=400,
    bias=-1 / 3,
    manual_exposure=True,
    white_balance="Auto",
    width=64,
    height=48,
)
PIXELS = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def picture(name: str = "A.JPG", size: int = 100) -> Picture:
    return Picture(name, ptp.Format.JPEG, bytes(size), b"thumb", WHEN, 64, 48)


def test_directories_are_chained_and_nested() -> None:
    first, second = tiff.Directory(), tiff.Directory()
    first.set(0x0110, tiff.ASCII, "camera")
    first.below(0x8769).set(0x8827, tiff.SHORT, 400)
    second.data(0x0201, 0x0202, b"odd")
    content = tiff.assemble([first, second])
    image = Image.Exif()
    image.load(b"Exif\0\0" + content)
    assert image[0x0110] == "camera"
    assert image.get_ifd(0x8769) == {0x8827: 400}
    thumbnail = image.get_ifd(-1)
    assert content[thumbnail[0x0201] :][: thumbnail[0x0202]] == b"odd"


def test_a_picture_carries_exif_and_a_thumbnail_instead_of_jfif() -> None:
    content = images.jpeg_file(PIXELS, TAGS, images.thumbnail(PIXELS), 95)
    image = Image.open(io.BytesIO(content))
    assert image.size == (64, 48)
    assert "jfif" not in image.info
    exif = image.getexif()
    details = exif.get_ifd(0x8769)
    assert (exif[0x010F], exif[0x013B], exif[0x0132]) == ("Canon", "A. Painter", "2026:11:22 12:30:15")
    assert 0x8298 not in exif
    assert (details[0x9003], details[0x9291], details[0x9011]) == ("2026:11:22 12:30:15", "250", "+00:00")
    assert float(details[0x9204]) == pytest.approx(-1 / 3, abs=1e-5)
    inside = exif.get_ifd(-1)
    assert inside[0x0202] > 100


def test_a_thumbnail_keeps_the_shape_between_black_bars() -> None:
    thumb = np.asarray(Image.open(io.BytesIO(images.thumbnail(np.full((400, 600, 3), 200, np.uint8)))))
    assert thumb.shape == (120, 160, 3)
    assert thumb[60, 80].min() > 180
    assert thumb[2].max() < 20


def test_white_balance_tints_and_daylight_does_not() -> None:
    gray = np.full((4, 4, 3), 128, np.uint8)
    assert images.balance(gray, "Auto") is gray
    tungsten = images.balance(gray, "Tungsten")[0, 0]
    assert tungsten[0] < tungsten[1] < tungsten[2]


def test_a_raw_file_holds_a_bayer_mosaic_and_a_jpeg() -> None:
    linear = np.random.default_rng(2).integers(0, dng.WHITE_LEVEL, (48, 64, 3), dtype=np.uint16)
    content = dng.raw_file(linear, TAGS, b"\xff\xd8jpeg")
    image = Image.Exif()
    image.load(b"Exif\0\0" + content)
    assert image[0xC612] == b"\1\4\0\0"
    assert image[0xC61D] == dng.WHITE_LEVEL
    stored = np.frombuffer(content[image[0x0111] :][: image[0x0117]], "<u2").reshape(48, 64)
    assert (stored[0::2, 0::2] == linear[0::2, 0::2, 0]).all()
    assert (stored[0::2, 1::2] == linear[0::2, 1::2, 1]).all()
    assert (stored[1::2, 0::2] == linear[1::2, 0::2, 1]).all()
    assert (stored[1::2, 1::2] == linear[1::2, 1::2, 2]).all()
    (tags,) = struct.unpack_from("<H", content, image[0x014A])
    entries = struct.iter_unpack("<HHII", content[image[0x014A] + 2 :][: 12 * tags])
    embedded = {tag: value for tag, _, _, value in entries}
    assert content[embedded[0x0111] :][: embedded[0x0117]] == b"\xff\xd8jpeg"


def test_a_card_stores_reads_and_deletes(tmp_path: Path) -> None:
    card = Card(tmp_path, dcim="100CANON", capacity=1000)
    stored = card.store(picture(size=400))
    assert card.free == 600
    assert card.get(stored.handle).read(100, 50) == bytes(50)
    assert [file.name for file in card.children(ptp.ROOT)] == ["DCIM"]
    assert [file.name for file in card.children(stored.parent)] == ["A.JPG"]
    card.delete(stored.handle)
    assert card.free == 1000
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ptp.PtpError):
        card.get(stored.handle)


def test_a_full_card_takes_nothing_and_has_what_it_had(tmp_path: Path) -> None:
    card = Card(tmp_path, dcim="100CANON", capacity=1000)
    card.store(picture())
    card.set_free(50)
    with pytest.raises(CardFullError):
        card.store(picture("B.JPG"))
    assert card.names() == ["A.JPG"]


def test_files_in_memory_take_no_room_and_are_lost_with_the_client(tmp_path: Path) -> None:
    card = Card(tmp_path, dcim="100CANON", capacity=1000, first_held=0xFFFF0001)
    first, second = card.hold(picture()), card.hold(picture("B.JPG"))
    assert (first.handle, second.handle) == (0xFFFF0001, 0xFFFF0002)
    assert (card.free, card.names()) == (1000, [])
    card.delete(first.handle)
    assert card.hold(picture()).handle == 0xFFFF0001
    card.drop_held()
    with pytest.raises(ptp.PtpError):
        card.get(second.handle)


def test_folders_cannot_be_deleted(tmp_path: Path) -> None:
    card = Card(tmp_path, dcim="100CANON", capacity=1000)
    with pytest.raises(ptp.PtpError):
        card.delete(card.children(ptp.ROOT)[0].handle)


def test_exposure_times_become_exact_fractions() -> None:
    directory = tiff.Directory()
    directory.set(0x829A, tiff.RATIONAL, 1 / 4000)
    content = tiff.assemble([directory])
    (offset,) = struct.unpack_from("<I", content, 8 + 2 + 8)
    assert struct.unpack_from("<II", content, offset) == (1, 4000)
