"""PTP/IP packets over a TCP connection (CIPA DC-005): framing only, no camera."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from tetherlight.simulator.ptp import Operation, u32

_HEADER = struct.Struct("<II")
_LARGEST_PACKET = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_SHORTEST_WAIT_S = 0.0005
_IDLE_STEP_S = 0.05
_PROTOCOL_VERSION = 0x00010000


class Packet(IntEnum):
    """Packet types."""

    INIT_COMMAND_REQUEST = 1
    INIT_COMMAND_ACK = 2
    INIT_EVENT_REQUEST = 3
    INIT_EVENT_ACK = 4
    INIT_FAIL = 5
    OPERATION = 6
    RESPONSE = 7
    EVENT = 8
    START_DATA = 9
    DATA = 10
    CANCEL = 11
    END_DATA = 12
    PING = 13
    PONG = 14


REASON_REJECTED = 1
REASON_BUSY = 2


class Disconnected(Exception):
    """The peer has gone, or the connection was taken down from our side."""


class Link:
    """The speed of the way between camera and computer, in bytes per second."""

    def __init__(self, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s

    def wait_after(self, began: float, sent: int) -> float:
        """Give the seconds to wait so that `sent` bytes since `began` are not faster than the link."""
        return began + sent / self.bytes_per_s - time.monotonic()


@dataclass(frozen=True)
class Greeting:
    """The first packet of a connection: the host's name on the command one, the connection number on the event one."""

    kind: int
    host: str = ""
    number: int = 0


class Connection:
    """One TCP connection that carries packets. One thread reads; any thread may send an event or take it down."""

    def __init__(self, stream: socket.socket, link: Link) -> None:
        self._stream = stream
        self._link = link
        self._down = threading.Event()
        self._sending = threading.Lock()
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> tuple[int, bytes]:
        """Wait for a packet and give its type and body; raise Disconnected."""
        length, kind = _HEADER.unpack(self._read(_HEADER.size))
        if not _HEADER.size <= length <= _LARGEST_PACKET:
            raise Disconnected
        return kind, self._read(length - _HEADER.size)

    def receive_greeting(self) -> Greeting:
        """Wait for the packet that opens a connection; raise Disconnected for any other."""
        kind, body = self.receive()
        if kind == Packet.INIT_COMMAND_REQUEST:
            return Greeting(kind, host=body[16:-4].decode("utf-16-le", errors="replace").rstrip("\0"))
        if kind == Packet.INIT_EVENT_REQUEST and len(body) >= 4:
            return Greeting(kind, number=struct.unpack_from("<I", body)[0])
        raise Disconnected

    def receive_operation(self) -> Operation:
        """Wait for the next operation with its data phase; answer pings on the way."""
        while True:
            kind, body = self.receive()
            if kind == Packet.PING:
                self.send(Packet.PONG)
            elif kind == Packet.OPERATION and len(body) >= 10:
                phase, code, transaction = struct.unpack_from("<IHI", body)
                params = struct.unpack_from(f"<{(len(body) - 10) // 4}I", body, 10)
                data = self._receive_data() if phase == 2 else b""
                return Operation(code, transaction, params, data)

    def _receive_data(self) -> bytes:
        parts: list[bytes] = []
        while True:
            kind, body = self.receive()
            if kind in {Packet.DATA, Packet.END_DATA}:
                parts.append(body[4:])
            if kind == Packet.END_DATA:
                return b"".join(parts)

    def send(self, kind: int, body: bytes = b"") -> None:
        """Send one packet; raise Disconnected."""
        self.send_raw(_HEADER.pack(len(body) + _HEADER.size, kind) + body)

    def send_ack(self, number: int, guid: bytes, name: str) -> None:
        """Accept a command connection."""
        body = u32(number) + guid + (name + "\0").encode("utf-16-le") + u32(_PROTOCOL_VERSION)
        self.send(Packet.INIT_COMMAND_ACK, body)

    def send_response(self, code: int, transaction: int, params: tuple[int, ...] = ()) -> None:
        """Send the response that ends an operation."""
        self.send(Packet.RESPONSE, struct.pack("<HI", code, transaction) + u32(*params))

    def send_event(self, code: int, *params: int) -> None:
        """Tell the client what happened, on an event connection."""
        self.send(Packet.EVENT, struct.pack("<HI", code, 0) + u32(*params))

    def start_data(self, transaction: int, total: int) -> None:
        """Announce a data phase of so many bytes."""
        self.send(Packet.START_DATA, struct.pack("<IQ", transaction, total))

    def send_data(self, transaction: int, data: bytes) -> None:
        """Send a whole data phase, no faster than the link."""
        self.start_data(transaction, len(data))
        head = _HEADER.pack(len(data) + 12, Packet.END_DATA) + u32(transaction)
        if len(data) <= _CHUNK:
            self._paced(lambda: self.send_raw(head + data), len(data))
            return
        self.send_raw(head)
        view = memoryview(data)
        began = time.monotonic()
        for offset in range(0, len(data), _CHUNK):
            self.send_raw(view[offset : offset + _CHUNK])
            self._sleep(self._link.wait_after(began, min(offset + _CHUNK, len(data))))

    def _paced(self, send: Callable[[], None], size: int) -> None:
        began = time.monotonic()
        send()
        self._sleep(self._link.wait_after(began, size))

    def _sleep(self, seconds: float) -> None:
        if seconds > _SHORTEST_WAIT_S and self._down.wait(seconds):
            raise Disconnected

    def send_raw(self, data: bytes | memoryview) -> None:
        """Send bytes as they are; raise Disconnected."""
        try:
            with self._sending:
                self._stream.sendall(data)
        except OSError:
            raise Disconnected from None

    def _read(self, size: int) -> bytes:
        """Read exactly so many bytes; raise Disconnected."""
        content = bytearray(size)
        view = memoryview(content)
        while view:
            # The client leaves Nagle's algorithm on: without an immediate acknowledgement each write of it waits 40 ms.
            with contextlib.suppress(OSError):
                self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            try:
                count = self._stream.recv_into(view)
            except OSError:
                raise Disconnected from None
            if count == 0:
                raise Disconnected
            view = view[count:]
        return bytes(content)

    def idle(self, seconds: float) -> None:
        """Let time pass, unless the connection ends meanwhile; raise Disconnected."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._down.wait(min(left, _IDLE_STEP_S)) or self._peer_has_gone():
                raise Disconnected

    def _peer_has_gone(self) -> bool:
        try:
            return self._stream.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def set_deadline(self, seconds: float | None) -> None:
        """Make the reader give up after so long; None is never."""
        self._stream.settimeout(seconds)

    def take_down(self) -> None:
        """Make the reader's thread notice that the connection is over."""
        self._down.set()
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close with a TCP reset instead of a normal end."""
        with contextlib.suppress(OSError):
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Free the socket; only from the thread that reads."""
        self._stream.close()
