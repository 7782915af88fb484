"""The shortest server for live view that one would write: libgphoto2 in a thread, and `websockets.broadcast`. A helper.

Frames have the same header in front as Tetherlight's, so that their age can be read. Nothing else of a server is here:
no captures, no settings, and a camera that hangs takes the whole program with it, unless it is `apart`.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable

import uvloop
import websockets
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.apart import CameraApart
from bench.bare import opened
from tetherlight.protocol.frames import FrameHeader


class Broadcaster:
    """Sends each preview to everybody who is connected."""

    def __init__(self, preview: Callable[[], bytes], pids: list[int]) -> None:
        self._preview = preview
        self._pids = pids
        self._viewers: set[ServerConnection] = set()
        self._watched = threading.Event()

    async def run(self) -> None:
        """Serve until stdin ends."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pull, args=(loop,), daemon=True).start()
        async with serve(self._viewer, "127.0.0.1", 0, compression=None) as server:
            print(json.dumps([next(iter(server.sockets)).getsockname()[1], self._pids]), flush=True)
            # Descriptor 0 is not safe from libgphoto2.
            await loop.run_in_executor(None, os.read, os.dup(0), 1)
        os._exit(0)

    async def _viewer(self, connection: ServerConnection) -> None:
        self._viewers.add(connection)
        self._watched.set()
        try:
            async for _ in connection:
                pass
        except websockets.ConnectionClosed:
            pass
        finally:
            self._viewers.discard(connection)
            if not self._viewers:
                self._watched.clear()

    def _pull(self, loop: asyncio.AbstractEventLoop) -> None:
        number = 0
        while self._watched.wait():
            data = self._preview()
            number += 1
            message = FrameHeader(1, number, time.time(), 640, 480).pack() + data
            loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: bytes) -> None:
        broadcast(self._viewers, message)


def main() -> None:
    """Serve the camera at a port, from a process of its own where `apart` follows."""
    port = sys.argv[1]
    if sys.argv[2:] == ["apart"]:
        apart = CameraApart(port)
        broadcaster = Broadcaster(apart.preview, [os.getpid(), apart.pid])
    else:
        camera = opened(port)

        def preview() -> bytes:
            file = camera.capture_preview()
            return bytes(file.get_data_and_size())

        broadcaster = Broadcaster(preview, [os.getpid()])
    uvloop.run(broadcaster.run())


if __name__ == "__main__":
    main()
