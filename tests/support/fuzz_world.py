"""A running server for a synchronous machine, the model of its rig, and what every reply must look like."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, get_args

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from support.patience import crowding, stretched
from support.raw_http import Answer, exchange
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import ANSWER_S, Message
from tetherlight.errors import error_classes
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.events import EVENTS
from tetherlight.protocol.names import Topic

T = TypeVar("T")
CODES = {error.code for error in error_classes()} - {"internal_error"}
LIGHTS = ("light_left", "light_right", "light_front", "lights_top")
TOPICS = get_args(Topic)
ENVELOPE = {"action", "success", "data", "error", "request_id"}
FAILURE = ENVELOPE | {"error_code", "retryable"}
OPTIONAL = {"hint", "error_details"}
LATE = {"camera_timeout", "camera_lost"}
"""What nothing in these tests lets a camera do, and what a busy machine does."""
CROWDED = 1.5
"""Programs for each processor from which on a simulated camera may be too slow."""

names = st.text(alphabet="abcXYZ019_.- /\\\0äß", max_size=12)
bad_names = st.sampled_from(["", ".", "..", "../x", "a/b", "a\0b", ".hidden", "-rf", "CON", "x" * 300]) | names.map(
    lambda n: n + "/"
)


class TooLateError(Exception):
    """The simulator was too slow for libgphoto2, which waits for 2.5 s: that says nothing of the server."""


class World:
    """A running server with its simulator, and the loop on which the clients of a synchronous machine live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        # Always running: between two rules as well a client answers the server's pings, however long that takes.
        self._thread = threading.Thread(target=self._loop.run_forever, name="fuzz-clients")
        self.simulator = SimulatorProcess()
        self.tried: Counter[str] = Counter()
        """How many messages and requests of each kind were sent."""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the loop until it is done; leave the example where the machine was too busy for it."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except TooLateError:
            self.tried["examples left because the machine was too busy"] += 1
            reject()

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.do(self._open())
        except BaseException:
            self._stop()
            raise
        return self

    async def _open(self) -> None:
        await self.simulator.__aenter__()
        self.server = ServerProcess(self.folder, environment=self.simulator.settings | {"LOG_LEVEL": "WARNING"})
        await self.server.start()
        self.client = await self.server.client(ping_interval=None).__aenter__()
        self.watcher = await self.server.client(ping_interval=None).__aenter__()
        await self.watcher.do("SUBSCRIBE", {"topics": list(TOPICS)})
        self.lights: list[str] = list((await self.client.do("GET_LIGHT_STATES"))["states"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.do(self._close())
        finally:
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for client in (self.client, self.watcher):
            await client.__aexit__(None, None, None)
        await self.server.stop()
        await self.simulator.__aexit__(None, None, None)

    def mistakes(self) -> list[str]:
        """Return the lines of the server's log that it should never write."""
        signs = ("Traceback", "unexpectedly", "internal_error", "ERROR", "never awaited", "never retrieved")
        return [line for line in self.server.log.read_text().splitlines() if any(sign in line for sign in signs)]


def well_formed(reply: Message) -> Message:
    """Check a reply as far as every reply can be checked, and give it back."""
    assert set(reply) >= ENVELOPE, reply
    if reply["success"]:
        assert set(reply) == ENVELOPE, reply
        assert reply["error"] is None, reply
        ACTIONS[reply["action"].upper()].result.model_validate_json(json.dumps(reply["data"]))
    else:
        assert reply["success"] is False, reply
        assert set(reply) - OPTIONAL == FAILURE, reply
        assert reply["error_code"] in CODES, reply
        assert isinstance(reply["error"], str), reply
        assert reply["error"], reply
        assert len(reply["error"]) < 2000, reply
    return reply


def in_time(reply: Message) -> Message:
    """Give a reply back; raise TooLateError where the camera had no time for it on a busy machine."""
    causes = {reply.get("error_code"), (reply.get("error_details") or {}).get("cause")}
    if causes & LATE and crowding() > CROWDED:
        raise TooLateError(reply["error"])
    return reply


class RigModel(RuleBasedStateMachine):
    """What the rig must be like, and how a rule asks it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.client = world.client
        self.selected = False
        self.states = self.dark()
        self.present: set[str] = set()
        self.deleted: Counter[str] = Counter()
        self.paused: str | None = None
        self.paused_set = ""
        self.ended: list[str] = []
        self.waiting: asyncio.Future[Message] | None = None

    # Plumbing

    def ask(self, action: str, payload: Any = None) -> Message:
        """Send a request and check its reply as far as any reply can be checked."""
        return self.world.do(self._ask(action, payload))

    async def _ask(self, action: str, payload: Any = None) -> Message:
        self.world.tried["requests"] += 1
        reply = in_time(well_formed(await self.client.request(action, payload)))
        assert reply["action"] == action, reply
        return reply

    def succeeds(self, action: str, payload: Any = None) -> Any:
        """Insist on success and give the data."""
        reply = self.ask(action, payload)
        assert reply["success"], (action, payload, reply)
        return reply["data"]

    def fails(self, code: str, action: str, payload: Any = None) -> Message:
        """Insist on a failure with this code."""
        self.world.tried["bad requests"] += 1
        reply = self.ask(action, payload)
        assert reply["success"] is False, (action, payload, reply)
        assert reply["error_code"] == code, (action, payload, reply)
        return reply

    def either(self, good: bool, code: str, action: str, payload: Any = None) -> Any:
        """Insist on success where the model says so, else on this code."""
        if good:
            return self.succeeds(action, payload)
        self.fails(code, action, payload)
        return None

    async def _text(self, text: str, request_id: Any) -> Message:
        """Send a text and give its one answer; `request_id` is what it must carry."""
        self.world.tried["texts"] += 1
        before = len(self.client.events)
        if request_id is not None:
            loop = asyncio.get_running_loop()
            future = self.client._replies[request_id] = loop.create_future()
            await self.client.send_text(text)
            return well_formed(await asyncio.wait_for(future, stretched(ANSWER_S)))
        await self.client.send_text(text)
        return well_formed(await self.client.event(lambda one: "request_id" in one, after=before))

    def dark(self) -> dict[str, bool]:
        """Return the states of all lights, off."""
        return dict.fromkeys(self.world.lights, False)

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        self.world.tried["HTTP requests"] += 1
        return await exchange(self.world.server.port, "GET", path, headers or {})

    # The beginning and the end of an example

    @initialize()
    def begin(self) -> None:
        """Put the rig back to how it starts."""
        self.world.do(self._begin())

    async def _begin(self) -> None:
        client = self.client
        client.events.clear()
        client.binary.clear()
        self.world.watcher.events.clear()
        await client.do("STOP_LIVEVIEW")
        await client.do("SUBSCRIBE", {"topics": []})
        for job in await client.do("GET_JOBS"):
            if job["state"] == "paused":
                await client.do("CANCEL_JOB", {"job_id": job["job_id"]})
        await client.do("DESELECT_CAMERA")
        await client.do("SET_LIGHT_STATES", {"states": {}, "others_off": True})
        for one in await client.do("LIST_IMAGE_SETS"):
            await client.do("DELETE_IMAGE_SET", {"set_name": one["name"]})
        await self.world.simulator.control("clear_faults")

    def teardown(self) -> None:
        """Nothing was answered twice, and nothing was said that is not in the tables."""
        for message in (*self.client.events, *self.world.watcher.events):
            if "request_id" in message:
                continue  # the answer to a text without an id that could be read
            assert message["action"] in EVENTS, message
        assert not [one for one in self.client.events if one.get("request_id") is not None]
        assert self.world.mistakes() == []

    @invariant()
    def agrees(self) -> None:
        """The rig is as the model says, and so is the scene in front of the simulated camera."""
        self.world.do(self._agrees())

    async def _agrees(self) -> None:
        lights = await self.client.do("GET_LIGHT_STATES")
        assert lights["states"] == self.states
        info = await self.client.do("GET_SERVER_INFO")
        assert (info["selected"] is not None) == self.selected
        assert [job["job_id"] for job in info["jobs"] if job["state"] == "running"] == []
        assert [job["job_id"] for job in info["jobs"] if job["state"] == "paused"] == [self.paused] * bool(self.paused)
        assert {one["name"] for one in await self.client.do("LIST_IMAGE_SETS")} == self.present
        scene = (await self.world.simulator.control("status"))["lights"]
        assert {name: scene.get(name, False) for name in self.states} == self.states
