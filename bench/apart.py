"""A preview loop whose camera is in a process of its own, and nothing else. A helper: `python -m bench.apart PORT`.

What it loses against a bare loop is the price of outliving a camera that hangs, whoever pays it.
"""

import os
import socket
import struct
import sys
import time

from bench.bare import opened
from bench.processes import obey

LENGTH = struct.Struct("<I")


def preview_on_demand(connection: socket.socket, port: str) -> None:
    """Answer each byte with a preview, in the child."""
    camera = opened(port)
    while connection.recv(1):
        file = camera.capture_preview()
        # The view points into memory that goes away with the file.
        data = bytes(file.get_data_and_size())
        connection.sendall(LENGTH.pack(len(data)) + data)
    camera.exit()


def received(connection: socket.socket, count: int) -> bytes:
    """Read so many bytes."""
    parts = bytearray(count)
    view = memoryview(parts)
    while view:
        view = view[connection.recv_into(view) :]
    return bytes(parts)


def main() -> None:
    """Start the child, and take previews as stdin tells."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        preview_on_demand(theirs, sys.argv[1])
        os._exit(0)
    theirs.close()

    def preview() -> None:
        ours.sendall(b"x")
        received(ours, LENGTH.unpack(received(ours, LENGTH.size))[0])

    def previews(seconds: float) -> float:
        count = 0
        preview()
        began = time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            preview()
            count += 1
        return count / took

    with ours:
        print("true", flush=True)
        obey({"previews": previews})
    os.wait()


if __name__ == "__main__":
    main()
