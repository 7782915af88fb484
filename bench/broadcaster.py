"""The shortest server for live view that one would write: libgphoto2 in a thread, and `websockets.broadcast`. A helper.

Frames have the same header in front as Tetherlight's, so that their age can be read. Nothing else of a server is here:
no captures, no settings, and a camera that hangs takes the whole program with it.
"""

import asyncio
import os
import sys
import threading
import time
from typing import Any

import uvloop
import websockets
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.bare import opened
from tetherlight.protocol.frames import FrameHeader


class Broadcaster:
    """Sends each preview to everybody who is connected."""

    def __init__(self, port: str) -> None:
        self._camera = opened(port)
        self._viewers: set[ServerConnection] = set()
        self._watched = threading.Event()

    async def run(self) -> None:
        """Serve until stdin ends."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pull, args=(loop,), daemon=True).start()
        async with serve(self._viewer, "127.0.0.1", 0, compression=None) as server:
            print(next(iter(server.sockets)).getsockname()[1], flush=True)
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
            data: Any = self._camera.capture_preview().get_data_and_size()
            number += 1
            message = FrameHeader(1, number, time.time(), 640, 480).pack() + bytes(data)
            loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: bytes) -> None:
        broadcast(self._viewers, message)


if __name__ == "__main__":
    uvloop.run(Broadcaster(sys.argv[1]).run())
