"""Programs in the server's own process ask the rig as clients do: every action, with the rights that each needs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.patience import stretched
from support.rig_world import World, open_world
from support.turns import turns
from tetherlight.actions.inprocess import InProcess
from tetherlight.errors import (
    CameraNotFound,
    Forbidden,
    InvalidPayload,
    JobConflict,
    LampFailed,
    LiveviewStopped,
    NoFocusStack,
    RequestError,
    ServerStopping,
    SphereNotFound,
    TetherlightError,
    TooFewLights,
    UnknownAction,
)
from tetherlight.liveview.liveview import Frame
from tetherlight.logs.ring import LogRing
from tetherlight.logs.setup import log_ring
from tetherlight.protocol.action import EVERY_RIGHT, Action, Right
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.cameras import CAPTURE_IMAGE, CameraList, CaptureResult
from tetherlight.protocol.lights import GET_LIGHT_STATES, LightStates
from tetherlight.protocol.models import Job, JobState
from tetherlight.publisher import Publication

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRETS = ("very-secret-program", "very-secret-password", "very-secret-place", "very-secret-driver", "10.99.0.7")
RIG = """
# Only the server's machine knows this.
hooks.set_done = { on = ["set_finished"], command = ["/bin/very-secret-program"] }
bridges.mqtt = { username = "rig", password = "very-secret-password" }
offload = { to = "very-secret-place" }
[lights]
light_left = { pin = 27, direction = [-0.7071, 0.0, 0.7071] }
light_front = { pin = 4, direction = [0.0, -0.7071, 0.7071] }
far = { driver = "very-secret-driver", address = "10.99.0.7/1", direction = [0.0, 0.0, 1.0] }
"""
LIGHT = "light_left"


@dataclass
class Prepared:
    """A rig with something of everything that actions are about."""

    world: World
    images: dict[str, str]
    sets: dict[str, str]
    job_id: str
    spare: str
    """A camera that is open and not selected."""


@pytest.fixture(scope="module")
def ring() -> Iterator[LogRing]:
    """What GET_LOG tells."""
    ring, logger = LogRing(), logging.getLogger("tetherlight")
    logger.addHandler(ring)
    yield ring
    logger.removeHandler(ring)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory, ring: LogRing) -> AsyncIterator[Prepared]:
    assert log_ring() is ring
    folder = tmp_path_factory.mktemp("inprocess")
    (folder / "rig.toml").write_text(RIG)
    async with open_world(folder, "--cameras", "2", rig_file=folder / "rig.toml") as world:
        spare = next(one for one in await world.rig.cameras.look() if not one.open)
        await world.rig.cameras.select(None, None, spare.camera_id, select=False)
        async with InProcess(world.rig, "prepare", EVERY_RIGHT) as caller:
            images, sets, job_id = {}, {}, ""
            for use in ("look", "delete", "restore", "rename", "retake"):
                images[use] = (await caller.call(CAPTURE_IMAGE, {"download": True})).files[0].path
                made: Any = await caller.call("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": [LIGHT]})
                sets[use], job_id = Path(made.set_folder).name, made.job_id
        yield Prepared(world, images, sets, job_id, spare.camera_id)


@pytest_asyncio.fixture(loop_scope="module")
async def caller(prepared: Prepared) -> AsyncIterator[InProcess]:
    async with InProcess(prepared.world.rig, "bridge", EVERY_RIGHT, see=lambda _: None) as caller:
        yield caller


PAYLOADS: dict[str, dict[str, Any]] = {
    "SELECT_CAMERA": {},
    "AUTOFOCUS": {},
    "SET_LIGHT_STATE": {"light_name": LIGHT, "state": True},
    "SET_LIGHT_STATES": {"states": {LIGHT: True}, "others_off": True},
    "SET_RIG": {"lights": [{"name": name} for name in (LIGHT, "light_front", "far")]},
    "CAPTURE_PHOTOMETRIC_SET": {"light_sequence": [LIGHT]},
    "CAPTURE_SERIES": {"count": 2},
    "CAPTURE_ALL": {"trigger": "software"},
    "MEASURE_LIGHTS": {"lights": [LIGHT], "levels": 0},
    "SAVE_RECIPE": {
        "recipe": {"name": "Coins, f/8", "settings": {"iso": "200"}, "light_sequence": [LIGHT]},
        "replace": True,
    },
    "NEXT_OBJECT": {},
}


def payload_of(action: Action[Any, Any], prepared: Prepared) -> dict[str, Any]:
    """Give a payload about things that this rig has."""
    if action.name == "DESELECT_CAMERA":
        return {"camera_id": prepared.spare}
    if action.name in PAYLOADS:
        return PAYLOADS[action.name]
    verb = action.name.partition("_")[0].lower()
    use = verb if verb in prepared.sets else "look"
    known = {"set_name": prepared.sets[use], "image_path": prepared.images[use], "job_id": prepared.job_id}
    return action.example | {name: value for name, value in known.items() if name in action.payload.model_fields}


FAILS: dict[str, type[TetherlightError]] = {
    "RECONSTRUCT_SET": TooFewLights,  # its sets have one
    "RELIGHT_SET": TooFewLights,
    "MERGE_FOCUS": NoFocusStack,
    "CALIBRATE_LIGHTS": SphereNotFound,
    "READY": InvalidPayload,  # no live view of this caller is paced
    "CANCEL_JOB": JobConflict,  # the job has ended
    "PAUSE_JOB": JobConflict,
    "RESUME_JOB": JobConflict,
    "RETRY_STEPS": JobConflict,
    "SKIP_STEPS": JobConflict,
}
"""The actions that this rig has to refuse; each declares what it answers, or it is the request's own fault."""


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
async def test_every_action_answers_a_caller_in_the_process(
    action: Action[Any, Any], prepared: Prepared, caller: InProcess
) -> None:
    """With its result or an error that it declares; and nothing that is the server's own is in what it tells."""
    if action.name.startswith("RESTORE_"):
        # Here and not before all: where the tests go to several processes, the trash may have been emptied meanwhile.
        await caller.call(action.name.replace("RESTORE", "DELETE"), payload_of(action, prepared))
    if "recipe" in action.payload.model_fields:
        await caller.call("SAVE_RECIPE", PAYLOADS["SAVE_RECIPE"])
    if "OBJECT" in action.name:
        await caller.call("IMPORT_OBJECTS", ACTIONS["IMPORT_OBJECTS"].example)
    async with asyncio.timeout(stretched(60)):
        end: Any = (await asyncio.gather(caller.call(action, payload_of(action, prepared)), return_exceptions=True))[0]
    if action.name in FAILS:
        assert isinstance(end, FAILS[action.name]), repr(end)
        assert isinstance(end, (RequestError, *action.errors)), repr(end)
        told = json.dumps([end.message, end.hint, end.details, end.data], default=str)
    else:
        assert isinstance(end, action.result), repr(end)
        told = end.model_dump_json()
    assert not [secret for secret in SECRETS if secret in told]
    if isinstance(end, Job) and end.state is JobState.RUNNING:
        # What it has is free for the next one.
        await prepared.world.rig.jobs.find(end.job_id).result()


async def test_what_is_the_servers_own_is_still_in_the_file_and_in_no_event(prepared: Prepared) -> None:
    """After a client has edited everything that it may."""
    heard: list[Publication] = []
    async with InProcess(prepared.world.rig, "editor", EVERY_RIGHT, hear=heard.append) as caller:
        await caller.call("SUBSCRIBE", {"topics": ["lights", "sets"]})
        await caller.call("SET_NAMING", {"capture": "x_{number}"})
        await caller.call("SET_RIG", {"lights": [{"name": "far", "group": "g"}, {"name": LIGHT, "pin": 9}]})
        logging.getLogger("tetherlight.lights").error("('10.99.0.7', 80) refused very-secret-password")
        told: Any = await caller.call("GET_LOG", {"level": "DEBUG", "limit": 1000})
    assert "('***', 80) refused ***" in [line.message for line in told.lines]
    text = prepared.world.rig.lights.rig_file.path.read_text()
    assert all(secret in text for secret in SECRETS)
    assert "# Only the server's machine knows this." in text
    assert {one.event.name for one in heard} >= {"lights_changed"}
    everything = told.model_dump_json() + "".join(one.message.decode() for one in heard)
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.parametrize("right", sorted({action.right for action in ACTIONS.values()}))
async def test_a_right_opens_its_own_actions_and_no_others(
    right: Right, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lacks it is told which it is, and the rig is not asked at all."""
    asked: list[str] = []

    async def handler(context: Any, _: Any) -> Any:
        asked.append(context.request.action)
        return None

    monkeypatch.setattr("tetherlight.actions.dispatch.HANDLERS", dict.fromkeys(ACTIONS, handler))
    async with InProcess(prepared.world.rig, "half", {right}) as caller:
        for action in ACTIONS.values():
            if action.right == right:
                await caller.call(action, action.example)
                continue
            with pytest.raises(Forbidden) as caught:
                await caller.call(action, action.example)
            assert caught.value.message == f"{action.name} needs the right '{action.right}', which half does not have."
            assert caught.value.details == {"right": action.right}
    assert asked == [action.name for action in ACTIONS.values() if action.right == right]
    assert asked


async def test_without_rights_nothing_can_be_asked_and_nothing_is_heard(prepared: Prepared) -> None:
    heard: list[Publication] = []
    async with (
        InProcess(prepared.world.rig, "nobody", hear=heard.append) as nobody,
        InProcess(prepared.world.rig, "half", {"control"}, hear=heard.append) as half,
        InProcess(prepared.world.rig, "other", EVERY_RIGHT) as other,
    ):
        nobody.topics = half.topics = frozenset({"lights"})
        for action in ACTIONS:
            with pytest.raises(Forbidden):
                await nobody.call(action)
        # Also a request that is wrong tells nothing else.
        with pytest.raises(Forbidden):
            await nobody.call("SET_LIGHT_STATE", {"wrong": 1})
        with pytest.raises(UnknownAction):
            await nobody.call("FLY")
        await half.call("SET_LIGHT_STATE", {"light_name": LIGHT, "state": True})
        await other.call("SET_LIGHT_STATE", {"light_name": LIGHT, "state": False})
    assert heard == []


async def test_a_caller_hears_its_topics_and_those_of_others_it_did_not_ask_for_never(prepared: Prepared) -> None:
    first: list[str] = []
    second: list[str] = []

    def broken(_: Publication) -> None:
        raise RuntimeError("a bridge that is broken")

    async with (
        InProcess(prepared.world.rig, "bad", EVERY_RIGHT, hear=broken) as bad,
        InProcess(prepared.world.rig, "a", EVERY_RIGHT, hear=lambda one: first.append(one.event.name)) as a,
        InProcess(prepared.world.rig, "b", EVERY_RIGHT, hear=lambda one: second.append(one.event.name)) as b,
    ):
        for one in (bad, a):
            await one.call("SUBSCRIBE", {"topics": ["lights"]})
        await b.call("SET_LIGHT_STATES", {"states": {LIGHT: True}})
        await b.call("SET_LIGHT_STATES", {"states": {LIGHT: False}})
        assert (first, second) == (["lights_changed"] * 2, [])
        await b.call("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": [LIGHT]})
        assert "photometric_progress" in second
        assert "photometric_progress" not in first


async def test_each_call_is_logged_with_name_and_rights(prepared: Prepared, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tetherlight.actions.dispatch")
    async with InProcess(prepared.world.rig, "mqtt", {"read", "control"}) as caller:
        await caller.call("GET_LIGHT_STATES")
        with pytest.raises(Forbidden):
            await caller.call("DELETE_IMAGE", {"image_path": "x"})
    async with InProcess(prepared.world.rig, "nobody") as caller:
        with pytest.raises(Forbidden):
            await caller.call("GET_JOBS")
    lines = [record.message for record in caplog.records]
    assert [line.split(" id=")[0] for line in lines] == [
        "mqtt (control,read) GET_LIGHT_STATES",
        "mqtt (control,read) DELETE_IMAGE",
        "nobody (no rights) GET_JOBS",
    ]
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["ok", "right_missing", "right_missing"]


async def test_results_have_the_types_of_the_table(caller: InProcess) -> None:
    states: LightStates = await caller.call(GET_LIGHT_STATES)
    assert LIGHT in states.states
    cameras = await caller.call("get_cameras")
    assert isinstance(cameras, CameraList)
    taken: CaptureResult = await caller.call(CAPTURE_IMAGE, {"download": True})
    assert taken.files


async def test_errors_are_those_that_a_client_is_told(
    prepared: Prepared, caller: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the action's own sentence before them; and what nobody foresaw is the server's mistake."""
    with pytest.raises(InvalidPayload, match="SET_LIGHT_STATE has no field 'colour'"):
        await caller.call("SET_LIGHT_STATE", {"light_name": LIGHT, "state": True, "colour": 1})
    with pytest.raises(CameraNotFound, match=r"^Failed to capture image"):
        await caller.call(CAPTURE_IMAGE, {"camera_id": "none"})

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(prepared.world.rig.cameras, "look", broken)
    with pytest.raises(TetherlightError) as caught:
        await caller.call("GET_CAMERAS")
    assert caught.value.code == "internal_error"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


class Seen:
    """The frames that a caller was shown."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._news = asyncio.Event()

    def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._news.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until enough was seen."""
        async with asyncio.timeout(stretched(30)):
            while not enough():
                self._news.clear()
                await self._news.wait()


async def test_a_caller_sees_the_live_view_until_it_stops_it_or_leaves(prepared: Prepared) -> None:
    seen, live = Seen(), prepared.world.rig.cameras
    async with InProcess(prepared.world.rig, "screen", {"read"}, see=seen) as caller:
        started: Any = await caller.call("START_LIVEVIEW", {"max_fps": 60})
        await seen.until(lambda: len(seen.frames) >= 3)
        assert seen.frames[0].jpeg[:2] == b"\xff\xd8"
        assert live.liveview(started.camera_id).viewers == 1
        await caller.call("START_LIVEVIEW")
        assert live.liveview(started.camera_id).viewers == 1
        await caller.call("STOP_LIVEVIEW")
        assert live.liveview(started.camera_id).viewers == 0
        await caller.call("START_LIVEVIEW")
        assert live.liveview(started.camera_id).viewers == 1
    assert live.liveview(started.camera_id).viewers == 0


async def test_a_live_view_that_is_stopped_before_it_begins_does_not_begin(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, cameras = asyncio.Event(), prepared.world.rig.cameras
    find = cameras.find_liveview

    async def slow(camera_id: str | None) -> Any:
        await found.wait()
        return await find(camera_id)

    monkeypatch.setattr(cameras, "find_liveview", slow)
    async with InProcess(prepared.world.rig, "screen", {"read"}, see=Seen()) as caller:
        start = asyncio.create_task(caller.call("START_LIVEVIEW"))
        await turns(2)
        await caller.call("STOP_LIVEVIEW")
        found.set()
        with pytest.raises(LiveviewStopped):
            await start


async def test_who_sees_nothing_gets_no_live_view(prepared: Prepared, caller: InProcess) -> None:
    async with InProcess(prepared.world.rig, "blind", {"read"}) as blind:
        with pytest.raises(InvalidPayload, match="blind takes no live view"):
            await blind.call("START_LIVEVIEW")
    with pytest.raises(InvalidPayload, match="bridge takes no paced live view"):
        await caller.call("START_LIVEVIEW", {"paced": True})


async def test_work_goes_on_where_who_asked_is_cancelled_and_ends_with_the_caller(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, ends = asyncio.Event(), asyncio.Event(), []

    async def look(**_: Any) -> Any:
        begun.set()
        try:
            await go_on.wait()
            ends.append("done")
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        raise LampFailed("Nobody hears this.")

    monkeypatch.setattr(prepared.world.rig.cameras, "look", look)
    async with InProcess(prepared.world.rig, "hasty", {"read"}) as caller:
        for _ in range(2):
            call = asyncio.create_task(caller.call("GET_CAMERAS"))
            await begun.wait()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert call.cancelled()
            if not ends:
                go_on.set()
                while not ends:
                    await turns()
                begun.clear()
                go_on.clear()
    assert ends == ["done", "cancelled"]
    with pytest.raises(ServerStopping, match="hasty has been closed"):
        await caller.call("GET_CAMERAS")
