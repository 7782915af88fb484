"""PTP and PTP/IP as bytes."""

import socket
import struct
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.patience import stretched
from tetherlight.simulator import ptp
from tetherlight.simulator.ptp import Kind
from tetherlight.simulator.ptpip import Connection, Disconnected, Link, Packet


@pytest.mark.parametrize(("text", "packed"), [("", b"\0"), ("a", b"\2a\0\0\0"), ("\u00e9t", b"\3\xe9\0t\0\0\0")])
def test_text_is_counted_in_units_with_its_end(text: str, packed: bytes) -> None:
    assert ptp.text(text) == packed
    assert ptp.read_text(packed) == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=200))
def test_text_survives_the_wire(text: str) -> None:
    assert ptp.read_text(ptp.text(text)) == text


@pytest.mark.parametrize(
    ("kind", "value", "packed"),
    [
        (Kind.UINT8, 255, b"\xff"),
        (Kind.INT8, -1, b"\xff"),
        (Kind.INT16, -333, b"\xb3\xfe"),
        (Kind.UINT32, 0xFFFFFFFF, b"\xff\xff\xff\xff"),
    ],
)
def test_numbers_are_little_endian_in_their_width(kind: Kind, value: int, packed: bytes) -> None:
    assert ptp.number(kind, value) == packed
    assert ptp.read_number(kind, packed) == value


def test_a_number_that_is_too_short_is_an_invalid_value() -> None:
    with pytest.raises(ptp.PtpError) as raised:
        ptp.read_number(Kind.UINT32, b"\1\2")
    assert raised.value.code == ptp.Code.INVALID_VALUE


def test_arrays_begin_with_their_count() -> None:
    assert ptp.array16([1, 2]) == b"\2\0\0\0\1\0\2\0"
    assert ptp.array32([7]) == b"\1\0\0\0\7\0\0\0"


def test_object_info_has_its_fields_where_ptp_puts_them() -> None:
    info = ptp.ObjectInfo(0x10001, 0x3801, 1234, 7, "A.JPG", datetime(2026, 1, 2, 3, 4, 5), 600, 400, 99)  # noqa: DTZ001
    packed = info.pack()
    assert struct.unpack_from("<IHHI", packed) == (0x10001, 0x3801, 0, 1234)
    assert struct.unpack_from("<III", packed, 26) == (600, 400, 24)
    assert struct.unpack_from("<I", packed, 38) == (7,)
    assert ptp.read_text(packed[52:]) == "A.JPG"
    assert ptp.read_text(packed[52 + 13 :]) == "20260102T030405"


def test_a_property_tells_its_choices_or_its_range() -> None:
    described = ptp.property_description(
        0x500F, Kind.UINT16, writable=True, default=100, current=200, choices=(100, 200)
    )
    assert described == bytes.fromhex("0f50 0400 01 6400 c800 02 0200 6400 c800")
    described = ptp.property_description(0x5001, Kind.UINT8, writable=False, default=100, current=9, span=(0, 100))
    assert described == bytes.fromhex("0150 0200 00 64 09 01 00 64 01")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Connection]]:
    """A client's socket and the camera's connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname(), timeout=stretched(5))
        stream, _ = server.accept()
    connection = Connection(stream, Link(1e9))
    yield client, connection
    client.close()
    connection.close()


def packet(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<II", len(body) + 8, kind) + body


def test_an_operation_comes_with_its_parameters_and_data(pair: tuple[socket.socket, Connection]) -> None:
    client, connection = pair
    head = struct.pack("<IHIII", 2, 0x9110, 42, 5, 6)
    client.sendall(packet(Packet.PING) + packet(Packet.OPERATION, head) + packet(Packet.START_DATA, bytes(12)))
    client.sendall(packet(Packet.DATA, struct.pack("<I", 42) + b"abc"))
    client.sendall(packet(Packet.END_DATA, struct.pack("<I", 42) + b"def"))
    operation = connection.receive_operation()
    assert operation == ptp.Operation(0x9110, 42, (5, 6), b"abcdef")
    assert operation.param(2) == 0
    assert client.recv(8) == packet(Packet.PONG)


def test_a_data_phase_is_announced_and_followed_by_a_response(pair: tuple[socket.socket, Connection]) -> None:
    client, connection = pair
    connection.send_data(3, b"xyz")
    connection.send_response(0x2001, 3, (9,))
    expected = packet(Packet.START_DATA, struct.pack("<IQ", 3, 3)) + packet(Packet.END_DATA, b"\3\0\0\0xyz")
    expected += packet(Packet.RESPONSE, struct.pack("<HII", 0x2001, 3, 9))
    with client.makefile("rb") as stream:
        assert stream.read(len(expected)) == expected


def test_a_length_beyond_reason_ends_the_connection(pair: tuple[socket.socket, Connection]) -> None:
    client, connection = pair
    client.sendall(struct.pack("<II", 0x7FFFFFFF, Packet.OPERATION))
    with pytest.raises(Disconnected):
        connection.receive()


def test_a_slow_transfer_ends_when_the_cable_is_pulled(pair: tuple[socket.socket, Connection]) -> None:
    client, connection = pair
    connection._link.bytes_per_s = 1.0
    ended = threading.Event()

    def transfer() -> None:
        with pytest.raises(Disconnected):
            connection.send_data(1, bytes(1000))
        ended.set()

    thread = threading.Thread(target=transfer)
    thread.start()
    with client.makefile("rb") as stream:
        assert len(stream.read(20 + 12 + 1000)) == 1032
    connection.take_down()
    thread.join(10)
    assert ended.is_set()
