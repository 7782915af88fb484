"""A receiver of datagrams on loopback that reads Art-Net and sACN, and holds the last look as real ones do."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from support.patience import stretched

Address = tuple[str, int]


class DmxReceiver(asyncio.DatagramProtocol):
    """Keeps every datagram, and the last look of each universe."""

    def __init__(self) -> None:
        self.port = 0
        self.packets: list[bytes] = []
        self.looks: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.longest_pause_s = 0.0
        """Between two datagrams; whoever measures makes it 0 at the beginning."""
        self._heard_at = time.perf_counter()
        self._news = asyncio.Event()
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self.closed.set()

    def datagram_received(self, data: bytes, addr: Address) -> None:  # noqa: ARG002 - as asyncio calls it
        if not data:
            return  # no receiver heeds it
        self.packets.append(data)
        before, self._heard_at = self._heard_at, time.perf_counter()
        self.longest_pause_s = max(self.longest_pause_s, self._heard_at - before)
        if data.startswith(b"Art-Net\0"):
            universe, length = struct.unpack_from("<H", data, 14)[0], struct.unpack_from(">H", data, 16)[0]
            self.looks[universe] = data[18 : 18 + length]
        else:
            universe = struct.unpack_from(">H", data, 113)[0]
            if data[112] & 0x40:
                self.ended.add(universe)
            else:
                self.looks[universe] = data[126:]
        self._news.set()

    async def until(self, matches: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(stretched(30)):
            while not matches():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def dmx_receiver() -> AsyncIterator[DmxReceiver]:
    """Listen on a free port of loopback."""
    loop = asyncio.get_running_loop()
    transport, receiver = await loop.create_datagram_endpoint(DmxReceiver, local_addr=("127.0.0.1", 0))
    receiver.port = transport.get_extra_info("sockname")[1]
    try:
        yield receiver
    finally:
        transport.close()
        await receiver.closed.wait()
