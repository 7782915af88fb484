"""The whole protocol in random order, checked against a small model of the rig.

The machine talks to a real server over a real WebSocket. It knows nothing of the server's code but the tables that are
published: actions, their payloads and results, and the error codes.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from raw_http import Answer, exchange
from server_process import ServerProcess
from simulator_process import SimulatorProcess
from tetherlight.errors import InvalidPayload, error_classes
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.events import EVENTS
from tetherlight.protocol.frames import FrameHeader
from wire_client import Message

T = TypeVar("T")
CODES = {error.code for error in error_classes()} - {"internal_error"}
LIGHTS = ("light_left", "light_right", "light_front", "lights_top")
TOPICS = ("camera", "config", "lights", "job", "sets", "storage")
ISO = ("100", "200", "400", "800", "1600")
ENVELOPE = {"action", "success", "data", "error", "request_id"}
FAILURE = ENVELOPE | {"error_code", "retryable"}
FAILED_SET = "Photometric sequence failed: Failed to capture image for light:"
READS = ("GET_LIGHT_STATES", "GET_JOBS", "GET_CAMERAS", "LIST_IMAGE_SETS", "GET_CONFIG", "DESCRIBE")
OPTIONAL = {"hint", "error_details"}

plain_json: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
names = st.text(alphabet="abcXYZ019_.- /\\\0äß", max_size=12)
bad_names = st.sampled_from(["", ".", "..", "../x", "a/b", "a\0b", ".hidden", "ü", "x" * 300]) | names.map(
    lambda n: n + "/"
)
request_ids = st.one_of(
    st.text(min_size=1, max_size=30), st.integers(), st.integers(min_value=2**63, max_value=2**200)
)  # fmt: skip
wrong_request_ids = st.one_of(st.booleans(), st.floats(allow_nan=False), st.lists(st.integers(), max_size=2), st.none())


class World:
    """A running server with its simulator, and the loop on which the clients of a synchronous machine live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runner = asyncio.Runner()
        self.simulator = SimulatorProcess()
        self.tried: Counter[str] = Counter()
        """How many messages and requests of each kind were sent."""
        self.ids = itertools.count(1)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the loop until it is done."""
        return self.runner.run(work)

    def __enter__(self) -> Self:
        self.do(self._open())
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
            self.runner.close()

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


class RigMachine(RuleBasedStateMachine):
    """Random requests, and what the rig must be like after each."""

    sets = Bundle("sets")
    trashed = Bundle("trashed")
    images = Bundle("images")

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
        reply = well_formed(await self.client.request(action, payload))
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
            return well_formed(await asyncio.wait_for(future, 30))
        await self.client.send_text(text)
        return well_formed(await self.client.event(lambda one: "request_id" in one, after=before))

    def dark(self) -> dict[str, bool]:
        """Return the states of all lights, off."""
        return dict.fromkeys(self.world.lights, False)

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

    # Cameras

    @rule(how=st.sampled_from(["any", "model", "port", "both", "camera_id"]))
    def select(self, how: str) -> None:
        camera = self.world.simulator.camera
        known = {"model": camera.model, "port": camera.port}
        if how == "camera_id":
            (found,) = self.succeeds("GET_CAMERAS")
            payload = {"camera_id": found["camera_id"]}
        else:
            payload = {"any": {}, "model": {"model": camera.model}, "port": {"port": camera.port}, "both": known}[how]
        data = self.succeeds("SELECT_CAMERA", payload)
        assert (data["model"], data["port"], data["selected"]) == (camera.model, camera.port, True)
        self.selected = True

    @rule(wrong=st.sampled_from(["model", "port", "camera_id"]), text=names)
    def select_what_is_not_there(self, wrong: str, text: str) -> None:
        self.fails("camera_not_found", "SELECT_CAMERA", {wrong: "no " + text})

    @rule()
    def deselect(self) -> None:
        self.succeeds("DESELECT_CAMERA")
        self.selected = False

    @rule(value=st.sampled_from(ISO))
    def set_iso(self, value: str) -> None:
        data = self.either(self.selected, "no_camera_selected", "SET_CONFIG", {"config_name": "iso", "value": value})
        if data:
            assert data["value"] == value
            assert self.succeeds("GET_CONFIG", {"config_name": "iso"})["value"] == value

    @precondition(lambda self: self.selected)
    @rule(
        value=st.one_of(
            names.map(lambda n: "not " + n), st.booleans(), st.floats(allow_nan=False), st.integers(max_value=-1)
        )
    )
    def set_what_iso_cannot_be(self, value: Any) -> None:
        self.fails("config_invalid", "SET_CONFIG", {"config_name": "iso", "value": value})

    @precondition(lambda self: self.selected)
    @rule(name=names.map(lambda n: "no " + n))
    def ask_for_a_setting_that_is_not_there(self, name: str) -> None:
        self.fails("config_not_found", "GET_CONFIG", {"config_name": name})
        self.fails("config_not_found", "SET_CONFIG", {"config_name": name, "value": "1"})

    @rule()
    def read_config(self) -> None:
        data = self.either(self.selected, "no_camera_selected", "GET_CONFIG")
        assert data is None or len(data) > 20

    @rule(target=images, download=st.booleans())
    def capture(self, download: bool) -> Any:
        data = self.either(self.selected, "no_camera_selected", "CAPTURE_IMAGE", {"download": download})
        if data is None or not download:
            assert data is None or data["files"] == []
            return None
        assert data["file_path"] == data["files"][0]["path"]
        return data["files"][0]

    @rule(
        encoding=st.sampled_from(["base64", "binary"]),
        max_fps=st.none() | st.floats(min_value=1, max_value=120),
        paced=st.booleans(),
    )
    def watch(self, encoding: str, max_fps: float | None, paced: bool) -> None:
        wanted = {"encoding": encoding, "max_fps": max_fps, "paced": paced}
        frames, events = len(self.client.binary), len(self.client.events)
        if self.either(self.selected, "no_camera_selected", "START_LIVEVIEW", wanted) is None:
            return
        if encoding == "binary":
            self.world.do(self._frame_beyond(frames))
            assert all(FrameHeader.unpack(one).width for one in self.client.binary[frames:])
        else:
            self.world.do(self.client.event("liveview_frame", after=events))
        # The rest of the example would only see how many frames fit between its requests.
        self.succeeds("STOP_LIVEVIEW")

    async def _frame_beyond(self, count: int) -> None:
        if len(self.client.binary) == count:
            await self.client.frames(1)

    @rule()
    def confirm_what_was_not_sent(self) -> None:
        self.fails("invalid_payload", "READY", {"seq": 1})

    # Lights

    @rule(name=st.sampled_from(LIGHTS), state=st.booleans())
    def switch(self, name: str, state: bool) -> None:
        data = self.succeeds("SET_LIGHT_STATE", {"light_name": name, "state": state})
        assert (
            data["message"] == f"Light '{name}' turned {'ON' if state else 'OFF'}." or "(simulated)" in data["message"]
        )
        self.states[name] = state

    @rule(states=st.dictionaries(st.sampled_from(LIGHTS), st.booleans()), others_off=st.booleans())
    def switch_several(self, states: dict[str, bool], others_off: bool) -> None:
        data = self.succeeds("SET_LIGHT_STATES", {"states": states, "others_off": others_off})
        self.states = (self.dark() if others_off else self.states) | states
        assert data["states"] == self.states

    @rule(name=bad_names, known=st.sampled_from(LIGHTS))
    def switch_what_is_not_there(self, name: str, known: str) -> None:
        """One wrong name among several leaves all as they are."""
        self.fails("unknown_light", "SET_LIGHT_STATE", {"light_name": name, "state": True})
        self.fails("unknown_light", "SET_LIGHT_STATES", {"states": {known: True, name: True}})

    # Sets and jobs

    @rule(
        target=sets,
        lights=st.lists(st.sampled_from(LIGHTS), min_size=1, max_size=2),
        prefix=st.none() | st.sampled_from(["", "a set", "x_1.y-z"]),
        ambient=st.booleans(),
    )
    def take_a_set(self, lights: list[str], prefix: str | None, ambient: bool) -> str | None:
        wanted = {"light_sequence": lights, "set_name_prefix": prefix, "ambient": ambient}
        data = self.either(self.selected, "no_camera_selected", "CAPTURE_PHOTOMETRIC_SET", wanted)
        if data is None:
            return None
        assert data["image_count"] == len(lights)
        name = Path(data["set_folder"]).name
        assert name not in self.present
        self.states = self.dark()
        self.present.add(name)
        self.ended.append(data["job_id"])
        return name

    @rule(prefix=bad_names.filter(bool), light=bad_names)
    def ask_for_a_set_that_cannot_be(self, prefix: str, light: str) -> None:
        code = "unknown_light" if self.selected else "no_camera_selected"
        self.fails(code, "CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left", light]})
        code = "invalid_name" if self.selected else "no_camera_selected"
        self.fails(code, "CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left"], "set_name_prefix": prefix})

    @precondition(lambda self: self.selected and self.paused is None)
    @rule(pause=st.booleans())
    def take_a_set_that_fails(self, pause: bool) -> None:
        self.world.do(self._take_a_set_that_fails(pause=pause))

    async def _take_a_set_that_fails(self, *, pause: bool) -> None:
        await self.world.simulator.control("fault", camera="camera1", kind="error", when="capture", count=1)
        wanted = {"light_sequence": ["light_left", "light_right"], "on_failure": "pause" if pause else "fail"}
        heard = len(self.world.watcher.events)
        reply = await self.client.send("CAPTURE_PHOTOMETRIC_SET", wanted)
        halted = await self.world.watcher.event(
            lambda one: one["action"] == "job_changed" and one["data"]["state"] in {"paused", "failed"}, after=heard
        )
        job = halted["data"]
        self.states = self.dark()
        self.present.add(job["set_name"])
        assert job["state"] == ("paused" if pause else "failed"), job
        assert [step["state"] for step in job["steps"]] == ["failed", "pending"], job
        if pause:
            self.paused, self.paused_set, self.waiting = job["job_id"], job["set_name"], reply
        else:
            failed = well_formed(await reply)
            assert (failed["success"], failed["error_code"]) == (False, "sequence_failed")
            assert failed["error"].startswith(
                "Photometric sequence failed: Failed to capture image for light: light_left."
            )
            assert failed["data"]["set_folder"].endswith(job["set_name"])
            self.ended.append(job["job_id"])

    @precondition(lambda self: self.paused is not None)
    @rule(how=st.sampled_from(["RESUME_JOB", "RETRY_STEPS"]))
    def go_on(self, how: str) -> None:
        if not self.selected:
            reply = self.ask(how, {"job_id": self.paused})
            assert reply["error_code"] in {"camera_not_open", "camera_not_found"}, reply
            return
        self.world.do(self._go_on(how))

    async def _go_on(self, how: str) -> None:
        assert self.waiting is not None
        reply = await self._ask(how, {"job_id": self.paused})
        if not reply["success"]:
            # Failed steps that were skipped meanwhile are no failed steps any more.
            assert (how, reply["error_code"]) == ("RETRY_STEPS", "job_conflict"), reply
            return
        done = well_formed(await asyncio.wait_for(self.waiting, 30))
        assert done["success"], done
        self._ended()
        self.states = self.dark()

    @precondition(lambda self: self.paused is not None)
    @rule()
    def cancel(self) -> None:
        assert self.succeeds("CANCEL_JOB", {"job_id": self.paused})["state"] == "cancelled"
        assert self.waiting is not None
        reply = well_formed(self.world.do(asyncio.wait_for(self.waiting, 30)))
        assert reply["error_code"] == "sequence_failed"
        self._ended()

    def _ended(self) -> None:
        assert self.paused is not None
        self.ended.append(self.paused)
        # A job that was cancelled while it was paused held no lights: they stay as somebody has set them since.
        self.paused, self.waiting = None, None

    @precondition(lambda self: self.paused is not None)
    @rule(step=st.integers(min_value=-1, max_value=4))
    def skip(self, step: int) -> None:
        self.either(step in {1, 2}, "job_conflict", "SKIP_STEPS", {"job_id": self.paused, "steps": [step]})

    @precondition(lambda self: self.ended)
    @rule(action=st.sampled_from(["RESUME_JOB", "CANCEL_JOB", "PAUSE_JOB"]), which=st.integers(0, 5))
    def disturb_what_has_ended(self, action: str, which: int) -> None:
        job_id = self.ended[which % len(self.ended)]
        reply = self.ask(action, {"job_id": job_id})
        assert reply["error_code"] in {"job_conflict", "job_not_found"}, reply

    @rule(action=st.sampled_from(["RESUME_JOB", "CANCEL_JOB", "PAUSE_JOB", "RETRY_STEPS", "SKIP_STEPS"]), name=names)
    def disturb_what_is_not_there(self, action: str, name: str) -> None:
        self.fails("job_not_found", action, {"job_id": "no " + name})

    def _known(self, name: str | None) -> bool:
        return name is not None and name in self.present

    @rule(name=sets)
    def look_at_a_set(self, name: str | None) -> None:
        known, wanted = self._known(name), {"set_name": name or "none"}
        self.either(known, "set_not_found", "GET_IMAGE_SET_CONTENTS", wanted)
        data = self.either(known, "set_not_found", "GET_IMAGE_SET", wanted)
        assert data is None or data["set"]["status"] == "completed"

    @rule(target=trashed, name=sets)
    def delete(self, name: str | None) -> str | None:
        known = self._known(name)
        self.either(known, "set_not_found", "DELETE_IMAGE_SET", {"set_name": name or "none"})
        if known and name is not None:
            self.present.discard(name)
            self.deleted[name] += 1
        return name

    @rule(target=sets, name=consumes(trashed))
    def restore(self, name: str | None) -> str | None:
        name = name or "none"
        if self.deleted[name] == 0:
            self.fails("set_not_found", "RESTORE_IMAGE_SET", {"set_name": name})
        elif name in self.present:
            self.fails("set_exists", "RESTORE_IMAGE_SET", {"set_name": name})
        else:
            self.succeeds("RESTORE_IMAGE_SET", {"set_name": name})
            self.deleted[name] -= 1
            self.present.add(name)
        return name

    @rule(target=sets, name=sets, number=st.integers(min_value=1, max_value=3))
    def rename(self, name: str | None, number: int) -> str | None:
        new_name = f"renamed {number}"
        wanted, kept = {"set_name": name or "none", "new_name": new_name}, new_name.replace(" ", "_")
        if not self._known(name) or name is None:
            self.fails("set_not_found", "RENAME_IMAGE_SET", wanted)
            return name
        if kept in self.present and kept != name:
            self.fails("set_exists", "RENAME_IMAGE_SET", wanted)
            return name
        self.succeeds("RENAME_IMAGE_SET", wanted)
        self.present = self.present - {name} | {kept}
        return kept

    @rule(name=sets, new_name=bad_names)
    def rename_to_what_cannot_be(self, name: str | None, new_name: str) -> None:
        self.fails("invalid_name", "RENAME_IMAGE_SET", {"set_name": name or "none", "new_name": new_name})

    @rule(name=sets, rating=st.integers(min_value=0, max_value=5), notes=st.text(max_size=40))
    def annotate(self, name: str | None, rating: int, notes: str) -> None:
        wanted = {"set_name": name or "none", "rating": rating, "notes": notes}
        if self.either(self._known(name), "set_not_found", "ANNOTATE_IMAGE_SET", wanted):
            manifest = self.succeeds("GET_IMAGE_SET", {"set_name": name})["manifest"]
            assert (manifest["rating"], manifest["notes"]) == (rating, notes)

    @precondition(lambda self: self.paused is not None)
    @rule()
    def disturb_the_set_of_a_paused_job(self) -> None:
        self.fails("set_busy", "DELETE_IMAGE_SET", {"set_name": self.paused_set})
        self.fails("set_busy", "RENAME_IMAGE_SET", {"set_name": self.paused_set, "new_name": "other"})

    @rule(
        name=bad_names.filter(bool) | names.map(lambda n: "no " + n),
        action=st.sampled_from(["GET_IMAGE_SET", "GET_IMAGE_SET_CONTENTS", "DELETE_IMAGE_SET", "RESTORE_IMAGE_SET"]),
    )
    def name_a_set_that_is_not_there(self, name: str, action: str) -> None:
        self.fails("set_not_found", action, {"set_name": name})

    @rule(path=names | st.sampled_from(["../server.log", "/etc/passwd", "captures", "captures/photometric_sets"]))
    def name_an_image_that_is_not_there(self, path: str) -> None:
        self.fails("image_not_found", "GET_IMAGE_DATA", {"image_path": path})

    @rule(image=images)
    def look_at_an_image(self, image: Any) -> None:
        if image is not None:
            self.world.do(self._look_at_an_image(image))

    async def _look_at_an_image(self, image: Any) -> None:
        data = await self.client.do("GET_IMAGE_DATA", {"image_path": image["path"]})
        assert data["filename"] == image["filename"]
        whole = await self._get(image["url"])
        assert (whole.status, len(whole.body)) == (200, image["size"])
        part = await self._get(image["url"], {"Range": "bytes=10-19"})
        assert (part.status, part.body) == (206, whole.body[10:20])
        same = await self._get(image["url"], {"If-None-Match": whole.headers["etag"]})
        assert (same.status, same.body) == (304, b"")
        small = await self._get(image["url"].replace("/images/", "/thumbnails/"))
        assert (small.status, small.body[:2]) == (200, b"\xff\xd8")
        assert (await self._get(image["url"].replace("/images/", "/exif/"))).status == 200

    @rule(name=sets)
    def fetch_a_set(self, name: str | None) -> None:
        answer = self.world.do(self._get(f"/sets/{name or 'none'}.zip"))
        assert answer.status == (200 if self._known(name) else 404)
        assert not self._known(name) or answer.body[:2] == b"PK"

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        self.world.tried["HTTP requests"] += 1
        return await exchange(self.world.server.port, "GET", path, headers or {})

    # What is no request, or none that can be carried out

    @rule(action=st.sampled_from(sorted(ACTIONS)), data=st.data())
    def send_a_wrong_payload(self, action: str, data: st.DataObject) -> None:
        """One field of a right payload is of another type, missing, or one too many."""
        payload = dict(ACTIONS[action].example)
        field = data.draw(st.sampled_from([*sorted(ACTIONS[action].payload.model_fields), "surplus"]))
        payload[field] = data.draw(plain_json)
        try:
            ACTIONS[action].parse(payload)
        except InvalidPayload:
            reply = self.fails("invalid_payload", action, payload)
            assert action in reply["error"], reply

    @rule(text=st.text(max_size=200) | plain_json.map(json.dumps))
    def send_any_text(self, text: str) -> None:
        """What is no object with a known action is refused; ids that can be read come back."""
        self.world.do(self._send_any_text(text))

    async def _send_any_text(self, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        reply = await self._text(text, _readable_id(text))
        assert reply["success"] is False, (text, reply)
        assert reply["error_code"] in {"invalid_message", "unknown_action"}, (text, reply)

    @rule(request_id=request_ids, action=st.sampled_from(["GET_LIGHT_STATES", "get_jobs", "List_Captures"]))
    def choose_any_id(self, request_id: Any, action: str) -> None:
        """Any string or whole number is an id, and the action is echoed as it was spelt."""
        text = json.dumps({"action": action, "request_id": request_id})
        reply = self.world.do(self._text(text, request_id))
        assert (reply["action"], reply["success"], reply["request_id"]) == (action, True, request_id)

    @rule(request_id=wrong_request_ids)
    def choose_what_is_no_id(self, request_id: Any) -> None:
        text = json.dumps({"action": "GET_LIGHT_STATES", "request_id": request_id})
        assert self.world.do(self._text(text, None))["request_id"] is None

    @rule(action=st.text(min_size=1, max_size=40).filter(lambda text: text.upper() not in ACTIONS))
    def ask_for_any_action(self, action: str) -> None:
        try:
            action.encode()
        except UnicodeEncodeError:
            return
        self.fails("unknown_action", action)

    @rule(content=st.binary(max_size=100))
    def send_bytes(self, content: bytes) -> None:
        self.world.do(self._send_bytes(content))

    async def _send_bytes(self, content: bytes) -> None:
        before = len(self.client.events)
        await self.client.socket.send(content)
        reply = await self.client.event(lambda one: "request_id" in one, after=before)
        assert well_formed(reply)["error_code"] == "invalid_message"

    @rule(
        actions=st.lists(
            st.sampled_from(
                ["GET_LIGHT_STATES", "GET_JOBS", "GET_CAMERAS", "LIST_IMAGE_SETS", "GET_CONFIG", "DESCRIBE"]
            ),
            min_size=2,
            max_size=12,
        )
    )
    def ask_much_at_once(self, actions: list[str]) -> None:
        self.world.do(self._ask_much_at_once(actions))

    async def _ask_much_at_once(self, actions: list[str]) -> None:
        replies = [await self.client.send(action) for action in actions]
        async with asyncio.timeout(30):
            for action, reply in zip(actions, await asyncio.gather(*replies), strict=True):
                assert well_formed(reply)["action"] == action
        self.world.tried["requests"] += len(actions)

    @rule(topics=st.lists(st.sampled_from(TOPICS), max_size=6))
    def subscribe(self, topics: list[str]) -> None:
        assert set(self.succeeds("SUBSCRIBE", {"topics": topics})["topics"]) == set(topics)

    # HTTP

    @rule(
        place=st.sampled_from(["/", "/images/", "/thumbnails/", "/exif/", "/sets/", "/cameras/", "/login", "/_next/"]),
        path=st.text(max_size=30),
        method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"]),
        header=st.sampled_from(
            ["Range", "If-Range", "If-None-Match", "If-Modified-Since", "Origin", "Cookie", "Authorization", "Accept"]
        ),
        value=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
        | st.sampled_from(["bytes=0-", "bytes=-5", "bytes=9999999999999999999-", "bytes=5-2", "bytes=0-1,3-4", "*"]),
    )
    def send_any_http(self, place: str, path: str, method: str, header: str, value: str) -> None:
        self.world.do(self._send_any_http(method, place + path, header, value))

    async def _send_any_http(self, method: str, path: str, header: str, value: str) -> None:
        self.world.tried["HTTP requests"] += 1
        answer = await exchange(self.world.server.port, method, path, {header: value})
        assert answer.status < 500, (method, path, header, value, answer)
        if answer.headers.get("content-type", "").startswith("application/json") and answer.status >= 400:
            problem = json.loads(answer.body or b'{"error_code": "forbidden"}')
            assert problem.get("error_code", "forbidden") in CODES, answer


def run_machine(factory: Callable[[], RigMachine], wanted: settings) -> None:
    """Try examples of a machine and fail with the shortest one that disagrees with the model."""
    # Hypothesis takes any callable, its annotation only a class.
    run_state_machine_as_test(cast("type[RigMachine]", factory), settings=wanted)


def _readable_id(text: str) -> Any:
    """Return the request_id that the answer to a text must carry."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = value.get("request_id") if isinstance(value, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
