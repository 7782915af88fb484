"""Load a server with too many clients, too many requests and clients that do not read, and measure what others notice.

`python tests/endurance/overload.py` prints a table in Markdown. The figures are those of five ordinary viewers and one
client that asks for the light states all the time.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.crowd import Watcher, request, silent_client, watchers
from support.patience import stretched
from support.process_figures import figures
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient

VIEWERS = 5
WINDOW_S = 6.0
REQUESTS = 10_000
CAP = 512
HEAD = """| beside the ordinary clients | frames they keep | p99 of their replies | server's memory | the offender |
|---|---|---|---|---|"""


@dataclass
class Share:
    """What ordinary clients got in a while."""

    fps: float = 0.0
    delays: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    seconds: float = 0.0

    @property
    def p99_ms(self) -> float:
        """The reply that only one in a hundred was slower than."""
        ordered = sorted(self.delays) or [0.0]
        return 1000 * ordered[int(0.99 * (len(ordered) - 1))]


class Measured:
    """A server, its ordinary clients, and what they get."""

    def __init__(self, server: ServerProcess, viewers: list[Watcher]) -> None:
        self.server = server
        self.viewers = viewers

    @property
    def url(self) -> str:
        """Where connections go."""
        return f"ws://127.0.0.1:{self.server.port}/ws"

    async def share(self, seconds: float = WINDOW_S) -> Share:
        """Look on for a while and return what the ordinary clients get."""
        share, stop = Share(), asyncio.Event()
        asking = asyncio.create_task(self._ask(share, stop))
        before, started, cpu = [len(one.seen) for one in self.viewers], time.monotonic(), _cpu_s(self.server.pid)
        await asyncio.sleep(seconds)
        share.seconds = time.monotonic() - started
        share.cpu_s = _cpu_s(self.server.pid) - cpu
        share.fps = min(len(one.seen) - seen for one, seen in zip(self.viewers, before, strict=True)) / share.seconds
        stop.set()
        await asking
        return share

    async def _ask(self, share: Share, stop: asyncio.Event) -> None:
        async with self.server.client() as client:
            while not stop.is_set():
                asked = time.monotonic()
                await client.do("GET_LIGHT_STATES")
                share.delays.append(time.monotonic() - asked)
                await asyncio.sleep(0.02)


Scenario = Callable[[Measured], Awaitable[tuple[Share, str]]]


async def nobody(measured: Measured) -> tuple[Share, str]:
    """Only the ordinary clients."""
    return await measured.share(), "-"


async def crowd(measured: Measured) -> tuple[Share, str]:
    """59 further viewers."""
    async with watchers(measured.url, 64 - VIEWERS) as others:
        before = [len(one.seen) for one in others]
        share = await measured.share()
        rates = [(len(one.seen) - seen) / share.seconds for one, seen in zip(others, before, strict=True)]
        delivered = (sum(rates) + VIEWERS * share.fps) * share.seconds
        return share, f"{min(rates):.1f} fps for each; {1e6 * share.cpu_s / delivered:.0f} µs of CPU a frame"


async def slow_reader(measured: Measured) -> tuple[Share, str]:
    """A viewer that takes a frame a second."""
    async with silent_client(measured.server.port) as slow:
        await slow.send(request("START_LIVEVIEW", {"encoding": "binary"}))
        reading = asyncio.create_task(_read_slowly(slow))
        share = await measured.share()
        reading.cancel()
        (taken,) = await asyncio.gather(reading, return_exceptions=True)
        assert isinstance(taken, asyncio.CancelledError), f"it was not served to the end: {taken}"
        return share, "skips frames"


async def never_reads(measured: Measured) -> tuple[Share, str]:
    """A viewer that takes nothing, until it is sent away."""
    log = measured.server.log
    before = log.read_text().count(" 4429 ")
    async with silent_client(measured.server.port) as silent:
        await silent.send(request("START_LIVEVIEW", {"encoding": "binary"}))
        started, most = time.monotonic(), stretched(90)
        share = await measured.share()
        while log.read_text().count(" 4429 ") == before and time.monotonic() - started < most:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.5)
        assert log.read_text().count(" 4429 ") > before, f"it was not closed within {most:.0f} s"
        return share, f"closed with 4429 after {time.monotonic() - started:.0f} s"


async def burst(measured: Measured) -> tuple[Share, str]:
    """A client that sends ten thousand requests at once, and reads."""
    # In a process of its own: here it would hold up those who measure.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(pool, time.monotonic)
        asking = loop.run_in_executor(pool, _burst, measured.url)
        share = await measured.share()
        answered, seconds = await asking
        assert answered >= REQUESTS, f"only {answered} of {REQUESTS} requests were answered"
        return share, f"{answered} answered in {seconds:.1f} s"


async def burst_unread(measured: Measured) -> tuple[Share, str]:
    """A client that sends ten thousand requests and reads no reply."""
    async with silent_client(measured.server.port) as silent:
        sent = 0

        async def send() -> None:
            nonlocal sent
            for number in range(REQUESTS):
                await silent.send(request("GET_SERVER_INFO", request_id=number))
                sent += 1

        sending = asyncio.create_task(send())
        share = await measured.share()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert sent > 0, "not one request was taken"
        return share, f"{sent} requests taken or waiting in its connection"


async def connections(measured: Measured) -> tuple[Share, str]:
    """As many connections as are allowed, and some more."""
    async with AsyncExitStack() as stack:
        for _ in range(500 - VIEWERS):
            await stack.enter_async_context(measured.server.client())
        share = await measured.share()
        refused = 0
        for _ in range(CAP - 500 + 20):
            late = await stack.enter_async_context(measured.server.client())
            try:
                await late.do("GET_LIGHT_STATES")
            except (ConnectionClosed, asyncio.CancelledError):
                refused += (await late.closed())[0] == 1013
        assert refused >= 20, f"of 20 beyond the {CAP} allowed ones {refused} were refused with 1013"
        return share, f"500 idle; above {CAP} {refused} of 20 refused with 1013"


async def oversized(measured: Measured) -> tuple[Share, str]:
    """Clients that send a megabyte at once, again and again."""
    closed, stop = 0, asyncio.Event()

    async def send() -> None:
        nonlocal closed
        while not stop.is_set():
            async with measured.server.client() as rude:
                with suppress(ConnectionClosed):
                    await rude.send_text("x" * 1_000_000)
                closed += (await rude.closed())[0] in {1009, 1006}  # the kernel may drop the reason with the rest

    sending = [asyncio.create_task(send()) for _ in range(4)]
    share = await measured.share()
    stop.set()
    await asyncio.gather(*sending)
    assert closed > 0, "not one was closed"
    return share, f"{closed} closed with 1009"


SCENARIOS: tuple[tuple[str, Scenario], ...] = (
    ("nobody else", nobody),
    ("64 viewers in all", crowd),
    ("a viewer that reads one frame a second", slow_reader),
    ("10,000 requests in a burst, again and again", burst),
    ("10,000 requests, no reply read", burst_unread),
    ("500 connections", connections),
    ("messages of 1 MB in bursts", oversized),
    ("a viewer that reads nothing", never_reads),
)


async def _read_slowly(slow: ClientConnection) -> str:
    async for message in slow:
        if isinstance(message, bytes):
            await asyncio.sleep(1)
    return "the connection was closed"


def _burst(url: str) -> tuple[int, float]:
    """Ask ten thousand times, again and again for a while; return how many replies came, and in which time."""

    async def ask() -> int:
        async with WireClient(url) as greedy:
            replies = [await greedy.send("GET_LIGHT_STATES") for _ in range(REQUESTS)]
            return sum(reply["success"] for reply in await asyncio.gather(*replies))

    started, answered = time.monotonic(), 0
    while time.monotonic() - started < WINDOW_S:
        answered += asyncio.run(ask())
    return answered, time.monotonic() - started


def _cpu_s(pid: int) -> float:
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@asynccontextmanager
async def measured_server(folder: Path, fps: int) -> AsyncIterator[Measured]:
    """Run a server with its ordinary viewers."""
    environment = {"MAX_CONNECTIONS": str(CAP), "LIVEVIEW_FRAME_INTERVAL": str(1 / fps)}
    async with SimulatorProcess("--fps", "120") as simulator:
        server = ServerProcess(folder, environment=simulator.settings | environment)
        async with server:
            async with server.client() as client:
                await client.do("SELECT_CAMERA")
            async with watchers(f"ws://127.0.0.1:{server.port}/ws", VIEWERS) as viewers:
                yield Measured(server, viewers)


async def overload(folder: Path, fps: int, only: str) -> bool:
    """Run every scenario and print the table; say whether all went as it has to, however slow that was."""
    problems: list[str] = []
    rows = [(title, scenario) for title, scenario in SCENARIOS if only in title]
    print(HEAD, flush=True)
    async with measured_server(folder, fps) as measured:
        await measured.share(2)
        for title, scenario in rows:
            try:
                print(await _row(measured, title, scenario), flush=True)
            except (AssertionError, TimeoutError) as error:
                problems.append(f"{title}: {str(error) or type(error).__name__}")
        print(f"\nThe server at the end: {figures(measured.server.pid)}")
        signs = ("Traceback", "unexpectedly", "never awaited")
        problems += [
            line for line in measured.server.log.read_text().splitlines() if any(sign in line for sign in signs)
        ]
    if not rows:
        problems.append(f"No row is called anything with '{only}': nothing was found out.")
    print("\n".join(problems))
    return not problems


async def _row(measured: Measured, title: str, scenario: Scenario) -> str:
    usual = (await measured.share(3)).fps
    before = figures(measured.server.pid).memory_mb
    share, offender = await scenario(measured)
    after = figures(measured.server.pid).memory_mb
    assert share.fps > 0, "somebody who watched got no frame"
    assert share.delays, "somebody who asked got no answer"
    kept = share.fps / max(usual, 0.1)
    return f"| {title} | {kept:.2f} | {share.p99_ms:.0f} ms | {before:.0f} → {after:.0f} MB | {offender} |"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fps", type=int, default=20, help="previews per second that the server pulls")
    parser.add_argument("--only", default="", help="run the rows whose title contains this")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tetherlight-overload-") as folder:
        sys.exit(0 if asyncio.run(overload(Path(folder), wanted.fps, wanted.only)) else 1)


if __name__ == "__main__":
    main()
