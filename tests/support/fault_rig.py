"""A server with two simulated cameras: one that faults strike, and one that a bystander watches meanwhile."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from support.patience import stretched
from support.process_figures import children, workers
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import Message, WireClient

STRUCK = "camera1"
LIGHTS = ["light_left", "light_right", "light_front"]
PATIENCE_S = 120.0
FPS = 20


class Bystander(WireClient):
    """Watches the other camera and asks small questions all the time, and remembers how long it had to wait."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.times: list[float] = []
        self.slowest_reply = 0.0

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.times.append(time.monotonic())
            return
        super()._take(message)

    async def ask(self, stop: asyncio.Event) -> None:
        """Ask until it is told to stop."""
        while not stop.is_set():
            asked = time.monotonic()
            await self.do("GET_LIGHT_STATES")
            self.slowest_reply = max(self.slowest_reply, time.monotonic() - asked)
            await asyncio.sleep(0.05)

    def begin(self) -> None:
        """Forget what was before."""
        self.times, self.slowest_reply = [time.monotonic()], 0.0

    @property
    def longest_gap(self) -> float:
        """Seconds between two frames, at most."""
        times = [*self.times, time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(times))


@dataclass
class Outcome:
    """What one fault did."""

    title: str
    saw: str = "nothing"
    """Error code, or what else the client noticed."""
    sentence: str = ""
    told_s: float | None = None
    """Seconds from the fault, or from the request that it struck, until the client was told."""
    usable_s: float = 0.0
    """Seconds from the end of the fault until a setting could be written again."""
    resumed_s: float | None = None
    """Seconds from the end of the fault until the live view flowed again by itself."""
    gap_ms: float = 0.0
    slowest_ms: float = 0.0
    problems: list[str] = field(default_factory=list)


class FaultRig:
    """What a fault's script works with."""

    def __init__(self, simulator: SimulatorProcess, server: ServerProcess, client: WireClient) -> None:
        self.simulator = simulator
        self.server = server
        self.client = client
        self.camera_id = ""
        self.stills = 0

    async def fault(self, kind: str, when: str = "*", count: int | None = 1, **more: Any) -> None:
        """Let a fault strike the camera's next operation of a family, or all of them."""
        await self.simulator.control("fault", camera=STRUCK, kind=kind, when=when, count=count, **more)

    async def control(self, op: str, **fields: Any) -> dict[str, Any]:
        """Do something to the struck camera."""
        return await self.simulator.control(op, camera=STRUCK, **fields)

    async def next(self, event: str, further: int = 1) -> "asyncio.Task[dict[str, Any]]":
        """Return a task that ends when the camera has done something once more."""
        count = (await self.simulator.status(STRUCK))["events"][event] + further
        return asyncio.create_task(self.simulator.wait(event, count, STRUCK))

    async def reached(self, moment: "asyncio.Task[dict[str, Any]]", reply: "asyncio.Future[Message]") -> None:
        """Wait for a moment within a request; fail at once where the request ends before it."""
        await asyncio.wait({moment, reply}, return_when=asyncio.FIRST_COMPLETED)
        if not moment.done():
            moment.cancel()
            await asyncio.gather(moment, return_exceptions=True)
            raise AssertionError(f"it ended before the fault could strike: {await reply}")
        await moment

    async def ask(self, outcome: Outcome, action: str, payload: Any = None) -> Message:
        """Make a request that may fail; note how it ended and when."""
        asked = time.monotonic()
        reply = await self.client.request(action, payload, timeout=PATIENCE_S)
        self.note(outcome, reply, asked)
        return reply

    @staticmethod
    def note(outcome: Outcome, reply: Message, since: float) -> None:
        """Keep what a reply or an event says."""
        outcome.told_s = time.monotonic() - since
        outcome.saw = "success" if reply["success"] else reply["error_code"]
        outcome.sentence = reply.get("error") or ""

    async def heard(self, action: str, after: int) -> Message:
        """Wait for an event of the struck camera."""
        return await self.client.event(
            lambda one: one["action"] == action and one["data"].get("camera_id") == self.camera_id,
            after=after,
            timeout=PATIENCE_S,
        )

    async def expose(self, seconds: float) -> None:
        """Choose the shutter speed that is nearest to so many seconds, however the maker writes it.

        A body that still exposes is waited for.
        """
        entry = await self.client.do("GET_CONFIG", {"config_name": "shutterspeed"})
        timed = {text: length for text in entry["options"] if (length := _seconds(text)) is not None}
        nearest = min(timed, key=lambda text: abs(timed[text] - seconds))
        wanted = {"config_name": "shutterspeed", "value": nearest}
        async with asyncio.timeout(stretched(PATIENCE_S)):
            while not (reply := await self.client.request("SET_CONFIG", wanted, timeout=PATIENCE_S))["success"]:
                assert reply["error_code"] == "camera_busy", reply

    async def other(self, name: str) -> str:
        """Return a value that a setting could have and has not."""
        entry = await self.client.do("GET_CONFIG", {"config_name": name})
        return next(str(option) for option in entry["options"] if option != entry["value"])

    async def kill_worker(self) -> None:
        """Kill the worker of the struck camera, whose configuration folder bears the camera's name."""
        for pid in workers(self.server.pid):
            if self.camera_id.encode() in Path("/proc", str(pid), "environ").read_bytes():
                os.kill(pid, signal.SIGKILL)

    async def mended(self) -> float:
        """End every fault and return the moment."""
        await self.control("clear_faults")
        await self.control("set_speed", bandwidth_bytes_per_s=1e9)
        status = await self.simulator.status(STRUCK)
        if not status["powered"]:
            await self.control("power", on=True)
        now = time.monotonic()
        if not status["plugged"]:
            await self.control("plug", move=True)
        await self.control("card", free_bytes=10**10)
        return now

    async def usable(self, since: float) -> float:
        """Write a setting until that succeeds and return the seconds that it took."""
        async with asyncio.timeout(stretched(PATIENCE_S)):
            while True:
                self.stills += 1
                wanted = {"config_name": "iso", "value": ("100", "200")[self.stills % 2], "camera_id": self.camera_id}
                if (await self.client.request("SET_CONFIG", wanted, timeout=PATIENCE_S))["success"]:
                    return time.monotonic() - since
                await asyncio.sleep(0.02)

    async def check(self, outcome: Outcome) -> None:
        """Check that everything is as it should be after a fault."""
        reply = await self.captured()
        if not reply["success"]:
            outcome.problems.append(f"no capture afterwards: {reply['error']}")
        lit = [name for name, on in (await self.simulator.control("status"))["lights"].items() if on]
        if lit:
            outcome.problems.append(f"lit: {lit}")
        left = [path.name for path in (self.server.folder / "captures").rglob(".*part*")]
        if left:
            outcome.problems.append(f"left over: {left}")
        if len(workers(self.server.pid)) != 2:
            outcome.problems.append(f"{len(workers(self.server.pid))} workers")
        zombies = [pid for pid in children(self.server.pid) if _state(pid) == "Z"]
        if zombies:
            outcome.problems.append(f"{len(zombies)} zombies")
        outcome.problems += self.untruths()

    async def captured(self) -> Message:
        """Take a picture; a body that still exposes what was asked for before is waited for."""
        async with asyncio.timeout(stretched(PATIENCE_S)):
            while True:
                reply = await self.client.request("CAPTURE_IMAGE", timeout=PATIENCE_S)
                if reply["success"] or reply["error_code"] != "camera_busy":
                    return reply

    def untruths(self, *, running: bool = True) -> list[str]:
        """Return what the manifests say that is not so; with `running` also that a set is being captured."""
        found = []
        for path in (self.server.folder / "captures" / "photometric_sets").glob("*/manifest.json"):
            told = json.loads(path.read_text())
            if told["status"] == "running":
                if not running:
                    continue
                found.append(f"{path.parent.name} is said to be running")
            for step in told["steps"]:
                there = [(path.parent / file["filename"]).exists() for file in step["files"]]
                if (step["state"] == "done") != bool(there) or not all(there):
                    found.append(f"{path.parent.name} step {step['index']} is said to be {step['state']}")
        return found


@contextlib.asynccontextmanager
async def fault_rig(
    folder: Path, vendor: str = "canon", log_level: str = "INFO"
) -> AsyncIterator[tuple[FaultRig, Bystander]]:
    """Run simulator, server, the client that meets the faults, and the bystander."""
    arguments = ("--cameras", "2", "--vendor", vendor, "--fps", "30")
    async with SimulatorProcess(*arguments) as simulator:
        server = ServerProcess(folder, environment=simulator.settings | {"LOG_LEVEL": log_level})
        async with server, server.client() as client, Bystander(f"ws://127.0.0.1:{server.port}/ws") as bystander:
            rig = FaultRig(simulator, server, client)
            cameras = {camera["port"]: camera["camera_id"] for camera in await client.do("GET_CAMERAS")}
            struck, other = (cameras[camera.port] for camera in simulator.cameras)
            await client.do("SELECT_CAMERA", {"camera_id": other})
            await client.do("SELECT_CAMERA", {"camera_id": struck})
            rig.camera_id = struck
            watched = {"camera_id": other, "encoding": "binary", "max_fps": FPS}
            await bystander.do("START_LIVEVIEW", watched)
            stop = asyncio.Event()
            asking = asyncio.create_task(bystander.ask(stop))
            try:
                yield rig, bystander
            finally:
                stop.set()
                await asyncio.gather(asking, return_exceptions=True)


def _seconds(text: str) -> float | None:
    try:
        return float(Fraction(text.removesuffix("s")))
    except (ValueError, ZeroDivisionError):
        return None


def _state(pid: int) -> str:
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
