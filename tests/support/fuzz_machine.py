"""The whole protocol in random order, checked against a small model of the rig.

The machine talks to a real server over a real WebSocket. It knows nothing of the server's code but the tables that are
published: actions, their payloads and results, and the error codes.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, precondition, rule, run_state_machine_as_test

from support.fuzz_input import WrongInput
from support.fuzz_world import LIGHTS, bad_names, in_time, names, well_formed
from support.patience import stretched
from support.wire_client import ANSWER_S
from tetherlight.protocol.frames import FrameHeader

ISO = ("100", "200", "400", "800", "1600")
FAILED_SET = "Photometric sequence failed: Failed to capture image for light:"


class RigMachine(WrongInput):
    """Random requests, and what the rig must be like after each."""

    sets = Bundle("sets")
    trashed = Bundle("trashed")
    images = Bundle("images")

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
            names.map(lambda n: "not " + n),
            st.booleans(),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(max_value=-1),
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

    @rule(action=st.sampled_from(["START_LIVEVIEW", "GET_PREVIEW"]))
    def watch_and_stop_in_one_breath(self, action: str) -> None:
        """Both are answered, and nothing flows after the reply to the stop."""
        started, stopped = self.world.do(self._both(action, "STOP_LIVEVIEW"))
        assert stopped["success"], stopped
        wanted = {None, "liveview_stopped"} if self.selected else {"no_camera_selected"}
        assert started.get("error_code") in wanted, started
        frames, events = len(self.client.binary), len(self.client.events)
        self.succeeds("PING")
        assert len(self.client.binary) == frames
        assert not [one for one in self.client.events[events:] if one["action"] == "liveview_frame"]

    @precondition(lambda self: self.selected)
    @rule(values=st.lists(st.sampled_from(ISO), min_size=1, max_size=4))
    def set_in_one_breath(self, values: list[str]) -> None:
        """Settings in flight together are made in their order."""
        replies = self.world.do(self._each([("SET_CONFIG", {"config_name": "iso", "value": one}) for one in values]))
        assert [reply["data"]["value"] for reply in replies] == values
        assert self.succeeds("GET_CONFIG", {"config_name": "iso"})["value"] == values[-1]

    async def _both(self, first: str, second: str) -> list[dict[str, Any]]:
        return await self._each([(first, None), (second, None)])

    async def _each(self, requests: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        sent = [await self.client.send(action, payload) for action, payload in requests]
        return [well_formed(await asyncio.wait_for(reply, 30)) for reply in sent]

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
        in_time(job)
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
        done = in_time(well_formed(await asyncio.wait_for(self.waiting, stretched(ANSWER_S))))
        assert done["success"], done
        self._ended()
        self.states = self.dark()

    @precondition(lambda self: self.paused is not None)
    @rule()
    def cancel(self) -> None:
        assert self.succeeds("CANCEL_JOB", {"job_id": self.paused})["state"] == "cancelled"
        assert self.waiting is not None
        reply = well_formed(self.world.do(asyncio.wait_for(self.waiting, stretched(ANSWER_S))))
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


def run_machine(factory: Callable[[], RigMachine], wanted: settings) -> None:
    """Try examples of a machine and fail with the shortest one that disagrees with the model."""
    # Hypothesis takes any callable, its annotation only a class.
    run_state_machine_as_test(cast("type[RigMachine]", factory), settings=wanted)
