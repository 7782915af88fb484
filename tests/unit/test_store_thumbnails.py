"""Thumbnails, previews of RAW files and EXIF facts."""

import os
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BufferedReader, BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from support.store_world import jpeg, small
from tetherlight.errors import ImageUnreadable, StoreError
from tetherlight.settings import Settings
from tetherlight.store import drawing
from tetherlight.store.apart import Apart
from tetherlight.store.drawing import draw_apart, stamp_of
from tetherlight.store.exif import drift, exposure_number, read_exif
from tetherlight.store.paths import Places
from tetherlight.store.previews import best_preview, embedded_jpegs, frame_size, orientation_of
from tetherlight.store.thumbnails import Thumbnails, Undrawn, offered_size


def draw(path: Path, size: int) -> bytes:
    """Draw an image as the child does that draws all of them."""
    return draw_apart(None, str(path), str(path.parent), size, stamp_of(path.stat()))


@pytest.fixture
def captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "captures"
    folder.mkdir()
    yield folder
    assert not list(folder.rglob("*.tmp"))


def kept(captures: Path) -> list[Path]:
    return sorted((captures / ".thumbnails").rglob("*.jpg"))


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def colour(image: Image.Image, x: float, y: float) -> str:
    pixel = image.convert("RGB").getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(pixel, tuple)
    return "red" if pixel[0] > 150 > pixel[2] else "blue" if pixel[2] > 150 > pixel[0] else "other"


def raw_file(order: str, *previews: bytes, orientation: int = 1, strips: bool = False) -> bytes:
    """Build a TIFF-like RAW file with a directory per preview, and some bytes of picture data before them."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + b"\0\0\0\0" + b"raw data " * 50
    places, content = [], head
    for preview in previews:
        places.append((len(content), len(preview)))
        content += preview
    starts = []
    for offset, size in places:
        offset_tag, size_tag = (0x111, 0x117) if strips else (0x201, 0x202)
        fields = [(0x103, 3, 6), (0x112, 3, orientation), (offset_tag, 4, offset), (size_tag, 4, size)]
        starts.append(len(content))
        content += struct.pack(f"{order}H", len(fields))
        for tag, kind, value in sorted(fields):
            content += struct.pack(f"{order}HHI", tag, kind, 1)
            content += struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        content += struct.pack(f"{order}I", 0)
    buffer = bytearray(content)
    struct.pack_into(f"{order}I", buffer, 4, starts[0])
    for start, following in pairwise(starts):
        struct.pack_into(f"{order}I", buffer, start + 2 + 4 * 12, following)
    return bytes(buffer)


def test_a_thumbnail_fits_the_smallest_offered_size(captures: Path) -> None:
    """Sizes come from a list; the picture keeps its shape and is never enlarged."""
    assert [offered_size(size) for size in (0, 1, 160, 161, 700, 1600, 99999)] == [160, 160, 160, 320, 1600, 1600, 1600]
    (captures / "a.jpg").write_bytes(jpeg(1200, 800))
    (captures / "small.jpg").write_bytes(jpeg(60, 40))
    made = Thumbnails(Places.of(Settings()), Apart())
    assert opened(small(made, captures / "a.jpg", 300).jpeg).size == (320, 213)
    assert opened(small(made, captures / "small.jpg", 300).jpeg).size == (60, 40)


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (120, 80), (0, 0.5)), (3, (120, 80), (1, 0.5)), (6, (80, 120), (0.5, 0)), (8, (80, 120), (0.5, 1))],
)
def test_a_thumbnail_stands_the_right_way_up(
    captures: Path, orientation: int, size: tuple[int, int], red: tuple[float, float]
) -> None:
    """As EXIF says how the camera was held, in a JPEG and in a RAW."""
    (captures / "a.jpg").write_bytes(jpeg(120, 80, orientation=orientation))
    (captures / "a.nef").write_bytes(raw_file(">", jpeg(120, 80), orientation=orientation))
    for name in ("a.jpg", "a.nef"):
        thumbnail = opened(draw(captures / name, 160))
        assert thumbnail.size == size
        assert colour(thumbnail, *red) == "red"
        assert colour(thumbnail, *(1 - part if part != 0.5 else part for part in red)) == "blue"
        assert thumbnail.getexif().get(0x112, 1) == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("strips", [False, True])
def test_a_raw_is_drawn_from_the_preview_that_suffices(captures: Path, order: str, *, strips: bool) -> None:
    """The smallest one that is large enough, else the largest; both ways in which TIFF points to a JPEG."""
    content = raw_file(order, jpeg(160, 120), jpeg(3000, 2000), jpeg(1600, 1000), strips=strips)
    for wanted, width in ((160, 160), (161, 1600), (1600, 1600), (5000, 3000)):
        found = best_preview(content, wanted)
        assert found is not None
        assert found.width == width
    (captures / "a.cr2").write_bytes(content)
    assert opened(draw(captures / "a.cr2", 1600)).size == (1600, 1000)


def test_a_raw_of_unknown_build_is_searched_for_its_preview(captures: Path) -> None:
    """As in CR3, whose boxes are not TIFF, and RAF, whose header says where the JPEG lies."""
    preview = jpeg(700, 500)
    raf = b"FUJIFILMCCD-RAW ".ljust(84, b" ") + struct.pack(">II", 200, len(preview)) + bytes(108) + preview
    cr3 = (
        b"\0\0\0\x18ftypcrx "
        + bytes(500)
        + b"\xff\xd8\xff\xff\xd8\xff"
        + jpeg(160, 120)
        + b"PRVW"
        + preview
        + bytes(99)
    )
    for name, content in (("a.raf", raf), ("a.cr3", cr3)):
        (captures / name).write_bytes(content)
        assert opened(draw(captures / name, 640)).size == (640, 457)


def test_a_better_preview_than_the_announced_one_is_found(captures: Path) -> None:
    """Makers hide the large one in places of their own."""
    (captures / "a.orf").write_bytes(raw_file("<", jpeg(160, 120)) + bytes(64) + jpeg(1600, 1200))
    assert opened(draw(captures / "a.orf", 640)).size == (640, 480)


def test_lossless_raw_data_is_not_taken_for_a_preview() -> None:
    """It is a JPEG by its markers, but nothing can draw it."""
    lossless = b"\xff\xd8\xff\xc3\x00\x0b\x0e\x10\x00\x10\x00\x01\x01\x11\x00" + bytes(200)
    assert frame_size(lossless) is None
    assert embedded_jpegs(raw_file("<", lossless)) == []


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("depth.png", lambda: Image.fromarray(np.full((80, 120), 40000, np.uint16))),
        ("float.tif", lambda: Image.fromarray(np.linspace(-1, 1, 9600, dtype=np.float32).reshape(80, 120))),
        ("alpha.png", lambda: Image.new("RGBA", (120, 80), (255, 0, 0, 128))),
        ("palette.png", lambda: Image.new("P", (120, 80))),
        ("grey.jpg", lambda: Image.new("L", (120, 80), 90)),
        ("cmyk.jpg", lambda: Image.new("CMYK", (120, 80))),
    ],
)
def test_images_of_every_depth_are_drawn(captures: Path, name: str, make: type[Image.Image]) -> None:
    """Results of a reconstruction have 16 bits or are floating point."""
    make().save(captures / name)
    assert opened(draw(captures / name, 160)).size == (120, 80)


def test_sixteen_bits_keep_their_brightness(captures: Path) -> None:
    """40000 of 65535 is 155 of 255, not white."""
    Image.fromarray(np.full((80, 120), 40000, np.uint16)).save(captures / "a.png")
    pixel = opened(draw(captures / "a.png", 160)).convert("L").getpixel((5, 5))
    assert isinstance(pixel, int | float)
    assert abs(pixel - 155) <= 2


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # what Pillow thinks of damaged TIFF files
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.cr2", "a.cr3", "a.heic", "a.webp"])
@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"II*\0\x08\0\0\0", jpeg()[:200], bytes(5000)])
def test_a_damaged_image_has_its_own_error(captures: Path, name: str, content: bytes) -> None:
    """Nothing else is raised, nothing is kept."""
    (captures / name).write_bytes(content)
    with pytest.raises(ImageUnreadable):
        draw(captures / name, 160)
    with suppress(ImageUnreadable):
        assert isinstance(Thumbnails(Places.of(Settings()), Apart()).look(captures / name), Undrawn)
    assert kept(captures) == []


def test_a_missing_image_is_an_error_of_the_store(captures: Path) -> None:
    """It was deleted between listing and drawing."""
    with pytest.raises(StoreError):
        small(Thumbnails(Places.of(Settings()), Apart()), captures / "gone.jpg")


def test_a_thumbnail_is_drawn_once_until_the_image_changes(captures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is on disk: another server finds it too."""
    drawn: list[int] = []

    draw_open = drawing.drawn

    def counting(file: BufferedReader, path: Path, size: int) -> bytes:
        drawn.append(size)
        return draw_open(file, path, size)

    monkeypatch.setattr(drawing, "drawn", counting)
    (captures / "a.jpg").write_bytes(jpeg())
    places = Places.of(Settings())
    first = small(Thumbnails(places, Apart()), captures / "a.jpg")
    assert small(Thumbnails(places, Apart()), captures / "a.jpg") == first
    assert drawn == [320]
    os.utime(captures / "a.jpg", (1, 1))
    assert small(Thumbnails(places, Apart()), captures / "a.jpg").key != first.key
    assert len(drawn) == 2


def test_many_threads_share_one_cache(captures: Path) -> None:
    """All get the same whole picture, and no more are drawn at once than there are processors."""
    (captures / "a.jpg").write_bytes(jpeg(900, 600))
    made = Thumbnails(Places.of(Settings()), Apart())
    start = threading.Barrier(8)

    def get() -> bytes:
        start.wait()
        return small(made, captures / "a.jpg").jpeg

    with ThreadPoolExecutor(8) as threads:
        pictures = {future.result() for future in [threads.submit(get) for _ in range(8)]}
    assert len(pictures) == 1
    assert len(kept(captures)) == 1


def test_the_cache_stays_below_its_bound(captures: Path) -> None:
    """What was not looked at for longest goes first."""
    made = Thumbnails(Places.of(Settings()), Apart(), cache_bytes=8000)
    for number in range(20):
        path = captures / f"{number}.jpg"
        path.write_bytes(jpeg(300 + number, 200))
        small(made, path)
        for old in kept(captures):
            os.utime(old, (old.stat().st_mtime - 100,) * 2)
    assert sum(path.stat().st_size for path in kept(captures)) <= 8000
    before = kept(captures)
    assert f"{small(made, captures / '19.jpg').key}.jpg" in {path.name for path in before}
    assert kept(captures) == before


def test_a_cache_that_cannot_be_written_still_gives_pictures(captures: Path) -> None:
    """A full disk costs time, not thumbnails."""
    (captures / ".thumbnails").write_text("in the way")
    (captures / "a.jpg").write_bytes(jpeg())
    assert opened(small(Thumbnails(Places.of(Settings()), Apart()), captures / "a.jpg").jpeg).size == (60, 40)
    (captures / ".thumbnails").unlink()


def test_exif_facts_are_read(captures: Path) -> None:
    """As numbers, and the shutter as cameras write it."""
    facts = {
        0x829A: 1 / 125,
        0x829D: 5.6,
        0x8827: 400,
        0x9003: "2026:11:22 13:14:15",
        0xA434: "EF 50mm\0",
        0x920A: 50.0,
    }
    (captures / "a.jpg").write_bytes(jpeg(exif=dict(facts), orientation=6))
    found = read_exif(captures / "a.jpg")
    assert (found.shutter, found.f_number, found.iso, found.lens) == ("1/125", 5.6, 400, "EF 50mm")
    assert (found.width, found.height, found.orientation, found.focal_length_mm) == (60, 40, 6, 50.0)
    assert found.taken_at is not None
    assert found.taken_at.isoformat() == "2026-11-22T13:14:15"


@pytest.mark.parametrize(
    ("fields", "iso"),
    [
        ({0x8827: 65535, 0x8830: 2, 0x8832: 102_400}, 102_400),
        ({0x8827: 65535, 0x8830: 3, 0x8833: 409_600}, 409_600),
        ({0x8827: 65535, 0x8830: 1, 0x8831: 204_800}, 204_800),
        ({0x8832: 800}, 800),
        ({0x8827: 400, 0x8832: 800}, 400),
        ({0x8827: 65535}, None),
    ],
)
def test_a_sensitivity_beyond_16_bits_is_read(captures: Path, fields: dict[int, int], iso: int | None) -> None:
    """Its field says 65535 then, which is no sensitivity that anybody has set."""
    (captures / "a.jpg").write_bytes(jpeg(exif=dict(fields)))
    facts = read_exif(captures / "a.jpg")
    assert facts.iso == iso
    assert drift({"iso": str(iso or 102_400)}, facts) == []


NOT_A_PICTURE = {
    "a.jpg": (b"", "it is empty"),
    "b.jpg": (b"no picture", "it holds no picture, or a damaged one"),
    "c.jpg": (jpeg(400, 300)[:900], "it holds no picture, or a damaged one"),
    "d.hif": (b"\0\0\0\x18ftypheix" + b"\0" * 40, "pictures of its kind (.hif) are only given whole"),
    "e.cr2": (b"nothing", "it holds no preview"),
    "f.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "it holds no picture, or a damaged one"),
}


@pytest.mark.parametrize("name", NOT_A_PICTURE)
def test_what_cannot_be_drawn_is_told_in_words_for_people(captures: Path, name: str) -> None:
    """No path of the server, and nothing of what its libraries call things."""
    content, reason = NOT_A_PICTURE[name]
    (captures / name).write_bytes(content)
    with pytest.raises(ImageUnreadable) as caught:
        draw(captures / name, 160)
    assert str(caught.value) == f"No picture can be drawn of {name}: {reason}."


def test_an_image_without_exif_has_no_facts(captures: Path) -> None:
    """Only its size is known."""
    Image.new("RGB", (10, 20)).save(captures / "a.png")
    found = read_exif(captures / "a.png")
    assert (found.iso, found.shutter, found.width, found.height) == (None, None, 10, 20)
    (captures / "a.cr2").write_bytes(b"nothing")
    assert read_exif(captures / "a.cr2").model is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1/125", 0.008), ("1/125s", 0.008), ("0.3", 0.3), ("30", 30.0), ('2"', 2.0), ("f/5.6", 5.6), ("F5.6", 5.6),
        ("100", 100.0), (200, 200.0), ("Auto", None), ("bulb", None), ("", None), (None, None), ("0", None),
        ("1/0", None), ("a/b", None),
    ],
)  # fmt: skip
def test_values_of_settings_become_numbers(value: object, number: float | None) -> None:
    """Each brand writes them in its own way."""
    assert exposure_number(value) == (None if number is None else pytest.approx(number))


def test_a_drifted_exposure_is_reported(captures: Path) -> None:
    """A third of a stop counts, rounding does not; automatic values are not compared."""
    (captures / "a.jpg").write_bytes(jpeg(exif={0x829A: 1 / 128, 0x829D: 5.66, 0x8827: 100}))
    facts = read_exif(captures / "a.jpg")
    assert drift({"shutterspeed": "1/125", "aperture": "5.6", "iso": "100"}, facts) == []
    assert drift({"shutterspeed": "Auto", "aperture": None, "iso": "Auto"}, facts) == []
    ((sentence, stops),) = drift({"shutterspeed": "1/100", "iso": "100"}, facts)
    assert sentence == "shutterspeed was to be 1/100, but the image was taken with 1/128."
    assert stops == -0.36
    assert len(drift({"shutterspeed": "1/160", "aperture": "6.3", "iso": "125"}, facts)) == 3


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=400),
    order=st.sampled_from([b"II*\0", b"MM\0*", b"", b"FUJIFILMCCD-RAW", b"\xff\xd8\xff"]),
)
def test_no_bytes_upset_the_search_for_previews(content: bytes, order: bytes) -> None:
    """Damaged files are read without any error, and what is found lies inside."""
    data = order + content
    for found in embedded_jpegs(data):
        assert 0 <= found.offset < found.offset + found.size <= len(data)
    assert 1 <= orientation_of(data) <= 8


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_raw_upsets_it(data: st.DataObject) -> None:
    """Any byte of a good file may be any other."""
    content = bytearray(raw_file("<", jpeg(160, 120), jpeg(320, 200)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    embedded_jpegs(bytes(content))
    orientation_of(bytes(content))
