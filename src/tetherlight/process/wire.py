"""The messages between server and child: length of the header, header in JSON, raw bytes; nothing is unpickled."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
from typing import Any

from tetherlight.errors import TetherlightError

LENGTH = struct.Struct(">I")
ROOM = 1 << 16
"""Bytes read at once: requests are much smaller."""
PR_SET_PDEATHSIG = 1
JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
"""Made once: `json.dumps` would make one for each message."""


def encode(header: dict[str, Any], size: int = 0) -> bytes:
    """Encode a header that announces `size` raw bytes behind it."""
    text = JSON.encode({**header, "size": size}).encode()
    return LENGTH.pack(len(text)) + text


def send(connection: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Send one message, blocking until the kernel has all of it."""
    parts = [memoryview(encode(header, len(body))), memoryview(body)]
    while parts:
        sent = connection.sendmsg(parts)
        while parts and sent >= len(parts[0]):
            sent -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][sent:]


def failure(error: TetherlightError) -> dict[str, Any]:
    """Return an error as its code and sentences, which `Channel` turns into the same class again."""
    return {"code": error.code, "message": error.message, "hint": error.hint, "details": error.details}


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Wait for one message without raw bytes; None when the other side is gone.

    Nothing comes behind it before it is answered, so all that arrives belongs to it.
    """
    message, size = b"", LENGTH.size
    while len(message) < size:
        part = connection.recv(ROOM)
        if not part:
            return None
        message += part
        if len(message) >= LENGTH.size:
            size = LENGTH.size + LENGTH.unpack_from(message)[0]
    request: dict[str, Any] = json.loads(message[LENGTH.size :].decode())
    return request


def close_inherited(*kept: int) -> None:
    """Close all but the standard streams and what is `kept`.

    The server's event loop hands down whatever is inheritable, such as the socket on which the server listens.
    """
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - plain numbers are wanted
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):  # the one of this list itself is closed already
                os.close(int(name))


def outlive_parent() -> None:
    """Let this process end what it has begun when its parent dies; it notices by its connection."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends; end at once if it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(0)
