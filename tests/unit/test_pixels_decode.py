"""Image files become arrays: of every kind, upright, in their own depth, and never more than they may be."""

import struct
import sys
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image, ImageOps

from tetherlight.errors import ImageUnreadable
from tetherlight.pixels.decode import decode, shrunk
from tetherlight.pixels.look import look
from tetherlight.pixels.png import write_png
from tetherlight.simulator import dng
from tetherlight.simulator.images import Tags


def gradient(height=24, width=40):
    """Return a picture (H, W, 3) whose corners all differ."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack((rows * 8, columns * 5, rows + columns), axis=-1).astype(np.uint8)


def save_jpeg(path, pixels, orientation=None):
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, quality=95, subsampling=0, exif=exif)
    return path


def test_a_jpeg_is_read_in_colour_and_as_luma(tmp_path):
    path = save_jpeg(tmp_path / "a.jpg", gradient())
    assert np.abs(decode(path).astype(int) - gradient()).max() <= 8
    luma = gradient() @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decode(path, gray=True) - luma).max() <= 5
    assert decode(path, gray=True).dtype == np.uint8


def test_a_gray_jpeg_has_no_colours(tmp_path):
    path = save_jpeg(tmp_path / "a.jpg", gradient()[..., 1])
    assert look(path).channels == 1
    assert decode(path).shape == (24, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_its_tag_says(tmp_path, orientation):
    path = save_jpeg(tmp_path / "a.jpg", gradient(), orientation)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    found = look(path)
    assert decode(path).shape == found.shape() == expected.shape
    assert np.abs(decode(path).astype(int) - expected).max() <= 3
    assert found.shape(orientation=1) == (24, 40, 3)
    assert decode(path, orientation=1).shape == (24, 40, 3)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_picture_is_decoded_into_an_array_that_is_there(tmp_path, orientation):
    path = save_jpeg(tmp_path / "a.jpg", gradient(), orientation)
    room = np.zeros(look(path).shape(), np.uint8)
    assert decode(path, into=room) is room
    np.testing.assert_array_equal(room, decode(path))


@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_a_jpeg_and_a_png_are_made_smaller_to_the_same_size(tmp_path, shrink):
    smooth = gradient(37, 51) // 2
    jpeg, png = save_jpeg(tmp_path / "a.jpg", smooth), tmp_path / "a.png"
    Image.fromarray(smooth).save(png)
    one, other = decode(jpeg, shrink=shrink), decode(png, shrink=shrink)
    assert one.shape == other.shape == look(jpeg).shape(shrink=shrink)
    assert np.abs(one.astype(int) - other).max() <= 12


def test_means_at_the_edge_are_of_what_is_there():
    np.testing.assert_allclose(
        shrunk(np.arange(15, dtype=np.float32).reshape(3, 5), 2), [[3, 5, 6.5], [10.5, 12.5, 14]]
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(24, 40), (24, 40, 3)])
def test_a_tiff_keeps_its_depth(tmp_path, dtype, shape):
    values = np.random.default_rng(1).random(shape).astype(np.float32)
    values = values if dtype == "float32" else (values * np.iinfo(dtype).max).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb" if len(shape) == 3 else "minisblack")
    found = decode(tmp_path / "a.tif")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)
    assert look(tmp_path / "a.tif").linear == (dtype == "float32")


def test_a_tiff_of_32_bit_numbers_becomes_floats_up_to_one(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 2**31, np.uint32))
    assert decode(tmp_path / "a.tif")[0, 0] == pytest.approx(0.5)


def test_a_compressed_tiff_is_read(tmp_path):
    values = np.arange(960, dtype=np.uint16).reshape(24, 40)
    tifffile.imwrite(tmp_path / "a.tif", values, compression="zlib", predictor=True)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif"), values)


def test_a_gray_png_of_16_bits_keeps_them(tmp_path):
    values = np.arange(960, dtype=np.uint16).reshape(24, 40) * 60
    Image.fromarray(values).save(tmp_path / "a.png")
    assert look(tmp_path / "a.png").dtype == np.uint16
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), values)


def test_a_colour_png_of_16_bits_keeps_them(tmp_path):
    values = np.random.default_rng(1).integers(0, 65536, (24, 40, 3)).astype(np.uint16)
    write_png(tmp_path / "a.png", values)
    assert look(tmp_path / "a.png").shape() == (24, 40, 3)
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), values)
    assert decode(tmp_path / "a.png", gray=True, shrink=2).shape == (12, 20)


def test_transparency_is_left_out(tmp_path):
    Image.fromarray(np.dstack((gradient(), gradient()[..., 0]))).save(tmp_path / "a.png")
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), gradient())


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0"])
def test_what_holds_no_picture_is_told_with_the_name_of_the_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageUnreadable, match=name) as refused:
        decode(tmp_path / name)
    assert "BufferedReader" not in (refused.value.hint or "")


def test_a_jpeg_that_breaks_off_is_damaged(tmp_path):
    content = bytes(simplejpeg.encode_jpeg(np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)))
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageUnreadable, match=r"a\.jpg .* damaged"):
        decode(tmp_path / "a.jpg")


def test_padding_that_some_cameras_write_is_no_damage(tmp_path):
    content = bytes(simplejpeg.encode_jpeg(gradient()))
    (tmp_path / "a.jpg").write_bytes(content[:-2] + b"\0" * 7 + content[-2:])
    assert decode(tmp_path / "a.jpg").shape == (24, 40, 3)


def test_a_small_file_that_claims_a_huge_picture_is_not_decoded(tmp_path):
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    data = zlib.compress(b"\0" * 1000)
    body = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + body)
    with pytest.raises(ImageUnreadable, match=r"a\.png"):
        decode(tmp_path / "a.png")
    jpeg = bytes(simplejpeg.encode_jpeg(gradient()))
    at = jpeg.index(b"\xff\xc0") + 5
    (tmp_path / "a.jpg").write_bytes(jpeg[:at] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 4 :])
    with pytest.raises(ImageUnreadable, match="million"):
        decode(tmp_path / "a.jpg")


def test_a_link_is_not_followed_out_of_the_folder(tmp_path):
    save_jpeg(tmp_path / "secret.jpg", gradient())
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").symlink_to("../secret.jpg")
    with pytest.raises(ImageUnreadable, match=r"a\.jpg .* link"):
        decode(tmp_path / "set" / "a.jpg")


def test_a_kind_that_has_no_reader_is_told(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"x")
    with pytest.raises(ImageUnreadable, match=r"no reader for \.heic") as refused:
        decode(tmp_path / "a.heic")
    assert "JPEG" in (refused.value.hint or "")


def raw_file(path, linear, orientation):
    """Write a RAW file of linear sensor values (H, W, 3) as a simulated camera does."""
    tags = Tags(
        make="T", model="M", serial="1", lens="L", artist="", copyright="", when=datetime(2026, 1, 1, tzinfo=UTC),
        shutter_s=0.1, aperture=8, iso=100, bias=0, manual_exposure=True, white_balance="Daylight",
        width=linear.shape[1], height=linear.shape[0], orientation=orientation,
    )  # fmt: skip
    path.write_bytes(dng.raw_file(linear, tags, bytes(simplejpeg.encode_jpeg(gradient()))))
    return path


def test_a_raw_file_gives_light_and_is_turned_upright(tmp_path):
    pytest.importorskip("rawpy")
    linear = np.full((64, 96, 3), 2000, np.uint16)
    linear[:, 48:] = 8000
    linear[:32] //= 2
    path = raw_file(tmp_path / "a.dng", linear, 6)
    found, pixels = look(path), decode(path).astype(float)
    assert found.linear
    assert pixels.shape == found.shape() == (96, 64, 3)
    corners = [pixels[rows, columns].mean() for rows in (20, 70) for columns in (15, 50)]
    expected = [2000, 1000, 8000, 4000]  # as a picture that lies on its side is seen upright
    np.testing.assert_allclose(np.array(corners) / corners[0], np.array(expected) / 2000, rtol=0.02)


def test_without_the_extra_a_raw_file_is_told_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    (tmp_path / "a.cr2").write_bytes(b"II*\0")
    with pytest.raises(ImageUnreadable, match="rawpy is missing") as refused:
        decode(tmp_path / "a.cr2")
    assert "tetherlight[raw]" in (refused.value.hint or "")


def test_a_damaged_raw_file_is_told(tmp_path):
    pytest.importorskip("rawpy")
    (tmp_path / "a.nef").write_bytes(b"II*\0" + b"\1" * 1000)
    with pytest.raises(ImageUnreadable, match=r"a\.nef"):
        decode(tmp_path / "a.nef")
