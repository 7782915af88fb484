"""A camera in a process of its own, and nothing else around it. A helper: `python -m bench.apart PORT`.

What it costs more than a bare camera is the price of outliving one that hangs, whoever pays it.
"""

import os
import socket
import struct
import sys
import time

from bench.bare import opened
from bench.processes import obey

LENGTH = struct.Struct("<I")


class CameraApart:
    """A child with a camera; to be made before any thread is."""

    def __init__(self, port: str) -> None:
        self._connection, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self._connection.close()
            _preview_on_demand(theirs, port)
            os._exit(0)
        theirs.close()

    def preview(self) -> bytes:
        """Take a preview."""
        self._connection.sendall(b"x")
        return self._received(LENGTH.unpack(self._received(LENGTH.size))[0])

    def _received(self, count: int) -> bytes:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            view = view[self._connection.recv_into(view) :]
        return bytes(data)

    def close(self) -> None:
        """Leave the camera."""
        self._connection.close()
        os.waitpid(self.pid, 0)


def _preview_on_demand(connection: socket.socket, port: str) -> None:
    camera = opened(port)
    while connection.recv(1):
        file = camera.capture_preview()
        # The view points into memory that goes away with the file.
        data = bytes(file.get_data_and_size())
        connection.sendall(LENGTH.pack(len(data)) + data)
    camera.exit()


def main() -> None:
    """Take previews as stdin tells."""
    camera = CameraApart(sys.argv[1])

    def previews(seconds: float) -> float:
        count = 0
        camera.preview()
        began = time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            camera.preview()
            count += 1
        return count / took

    print("true", flush=True)
    obey({"previews": previews})
    camera.close()


if __name__ == "__main__":
    main()
