"""The header of binary live view frames."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.protocol.frames import HEADER, FrameHeader

headers = st.builds(
    FrameHeader,
    stream=st.integers(0, 0xFFFF),
    seq=st.integers(0, 0xFFFFFFFF),
    captured_at=st.floats(allow_nan=False),
    width=st.integers(0, 0xFFFF),
    height=st.integers(0, 0xFFFF),
    flags=st.integers(0, 0xFF),
)


@given(headers, st.binary(max_size=50))
def test_a_header_reads_back_as_it_was_packed(header: FrameHeader, jpeg: bytes) -> None:
    """Whatever follows it is not looked at."""
    assert FrameHeader.unpack(header.pack() + jpeg) == header


def test_the_layout_is_the_documented_one() -> None:
    """Programs in other languages read these 20 bytes by offset."""
    packed = FrameHeader(stream=2, seq=3, captured_at=4.5, width=960, height=640).pack()
    assert len(packed) == HEADER.size == 20
    assert packed[:2] == b"\x01\x00"
    assert struct.unpack_from("<H", packed, 2) == (2,)
    assert struct.unpack_from("<I", packed, 4) == (3,)
    assert struct.unpack_from("<d", packed, 8) == (4.5,)
    assert struct.unpack_from("<HH", packed, 16) == (960, 640)


def test_the_sequence_number_wraps_around() -> None:
    """A stream that runs for years does not end at 32 bits."""
    assert FrameHeader.unpack(FrameHeader(1, 2**32 + 5, 0.0, 1, 1).pack()).seq == 5


@pytest.mark.parametrize("message", [b"", b"\x01" * 19, b"\x02" + bytes(30), b"\xff\xd8\xff" + bytes(30)])
def test_what_is_no_frame_is_refused(message: bytes) -> None:
    """Short messages, other versions and bare JPEGs are told apart from frames."""
    with pytest.raises(ValueError, match="not a live view frame"):
        FrameHeader.unpack(message)
