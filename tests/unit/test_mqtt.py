"""What the MQTT bridge makes of the rig and of messages, without a broker."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mqtt.broker import Trouble, password_of, tls_of
from tetherlight.bridges.mqtt.commands import Commands, Reader, light_payload, setting_value
from tetherlight.bridges.mqtt.discovery import Discovery, settable, without
from tetherlight.bridges.mqtt.names import Topics, safe
from tetherlight.bridges.mqtt.outbox import MOST_EVENTS, Outbox
from tetherlight.bridges.mqtt.states import States
from tetherlight.errors import InvalidPayload, LampFailed
from tetherlight.protocol.events import (
    CAMERAS_CHANGED,
    CAPTURES_CHANGED,
    IMAGE_CAPTURED,
    JOB_CHANGED,
    LIGHTS_CHANGED,
    CameraInventory,
    CapturesChange,
    ImageCaptured,
)
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import (
    CameraState,
    CameraStatus,
    ConfigEntry,
    ConfigType,
    ImageFile,
    Job,
    JobState,
    JobStep,
    LightInfo,
    Storage,
)
from tetherlight.publisher import Publication
from tetherlight.rigfile.bridges import BridgesTable, MqttTable

RIG = Identity("lab", "Lab rig")
TOPICS = Topics("tetherlight/lab")
DISCOVERY = Discovery(RIG, TOPICS, "homeassistant", commands=True, pictures=True)
CAMERA = CameraStatus(
    model="Canon EOS 1300D", port="usb:001,002", camera_id="cam-1", open=True, state=CameraState.READY, serial="17"
)


def entry(name: str, kind: ConfigType, value: Any, **more: Any) -> ConfigEntry:
    return ConfigEntry(name=name, label=name, value=value, type=kind, readonly=False, path=f"/main/{name}", **more)


ISO = entry("iso", ConfigType.MENU, "100", options=["100", "200"], alias="iso")
ZOOM = entry("zoom", ConfigType.RANGE, 2.0, min=0.0, max=10.0, step=0.5)
BEEP = entry("beep", ConfigType.TOGGLE, value=True)


def lights(*names: str, on: str | None = None) -> LightStates:
    return LightStates(
        states={name: name == on for name in names},
        levels={name: 0.2 * (name == on) for name in names},
        gpio_available=True,
        driver="fake",
        lights=[LightInfo(name=name, state=name == on, dims=name == "left") for name in names],
    )


def heard(event: Any, data: Any) -> Publication:
    return Publication(event, data, topic=event.topic, seq=1, requester=None, error=None)


class Sent:
    """Takes what an outbox sends."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {}
        self.events: list[tuple[str, Any]] = []

    async def __call__(self, topic: str, payload: bytes | str, retain: bool) -> None:
        if retain:
            self.states[topic] = payload
        else:
            self.events.append((topic, payload))


def states_of(**table: Any) -> tuple[States, Outbox]:
    outbox = Outbox()
    return States(outbox, TOPICS, MqttTable(**table), RIG), outbox


@given(st.text())
def test_every_name_becomes_one_that_topics_and_ids_take(name: str) -> None:
    assert safe(name)
    assert set(safe(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def test_names_that_differ_stay_different() -> None:
    names = ["left", "left ", "left/1", "left#1", "left+1", "left_1", "Länge", "Lange", "läng/e", "灯", "燈", ""]
    assert len({safe(name) for name in names}) == len(names)
    assert safe("light_left-2") == "light_left-2"


async def test_of_a_state_the_newest_alone_is_sent_and_nothing_twice() -> None:
    outbox, sent = Outbox(), Sent()
    for step in range(1000):
        outbox.keep("job", str(step))
    await outbox.flush(sent)
    assert sent.states == {"job": "999"}
    sent.states.clear()
    outbox.keep("job", "999")
    await outbox.flush(sent)
    assert sent.states == {}
    outbox.again()
    await outbox.flush(sent)
    assert sent.states == {"job": "999"}


async def test_events_that_wait_for_the_broker_are_a_bounded_number() -> None:
    outbox, sent = Outbox(), Sent()
    for step in range(MOST_EVENTS + 50):
        outbox.tell("event", str(step))
    assert outbox.dropped == 50
    await outbox.flush(sent)
    assert [payload for _, payload in sent.events] == [str(step) for step in range(50, MOST_EVENTS + 50)]


async def test_what_could_not_be_sent_stays_due() -> None:
    outbox, sent = Outbox(), Sent()
    outbox.keep("lights/left", "ON")
    outbox.tell("event", "x")

    async def fails(*_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await outbox.flush(fails)
    await outbox.flush(sent)
    assert (sent.states, sent.events) == ({"lights/left": "ON"}, [("event", "x")])


async def test_the_rig_is_told_topic_by_topic() -> None:
    states, outbox = states_of(home_assistant=False)
    states.begin({"lights": lights("left", "top/1"), "storage": Storage(path="x", free_bytes=5, total_bytes=9)})
    states.hear(heard(LIGHTS_CHANGED, lights("left", "top/1", on="left")))
    states.hear(heard(CAMERAS_CHANGED, CameraInventory(cameras=[], open=[CAMERA])))
    sent = Sent()
    await outbox.flush(sent)
    assert json.loads(sent.states["tetherlight/lab/lights/left"]) == {
        "state": "ON", "color_mode": "brightness", "brightness": 51,
    }  # fmt: skip
    assert json.loads(sent.states[f"tetherlight/lab/lights/{safe('top/1')}"])["state"] == "OFF"
    assert json.loads(sent.states["tetherlight/lab/storage"]) == {"free_bytes": 5, "total_bytes": 9, "low": False}
    assert json.loads(sent.states["tetherlight/lab/job"]) == {"state": "idle", "percent": None}
    assert sent.states["tetherlight/lab/cameras/cam-1/availability"] == "online"
    assert "port" not in json.loads(sent.states["tetherlight/lab/cameras/cam-1/state"])
    assert not any(topic.startswith("homeassistant") for topic in sent.states)


async def test_a_light_and_a_camera_that_are_gone_are_taken_back() -> None:
    states, outbox = states_of()
    states.begin({"lights": lights("left", "right")})
    states.hear(heard(CAMERAS_CHANGED, CameraInventory(cameras=[], open=[CAMERA])))
    sent = Sent()
    await outbox.flush(sent)
    states.hear(heard(LIGHTS_CHANGED, lights("left")))
    states.hear(heard(CAMERAS_CHANGED, CameraInventory(cameras=[], open=[])))
    await outbox.flush(sent)
    assert sent.states["tetherlight/lab/lights/right"] == b""
    assert sent.states["tetherlight/lab/cameras/cam-1/availability"] == "offline"
    message = json.loads(sent.states["homeassistant/device/tetherlight_lab/config"])
    assert message["components"]["light_right"] == {"platform": "binary_sensor"}, "Home Assistant removes it"


async def test_what_an_earlier_run_has_told_home_assistant_is_taken_back() -> None:
    """A light that was taken out of the rig file while the server was down, a setting of a camera as well."""
    states, outbox = states_of(allow_commands=True)
    rig, camera = DISCOVERY.topic(), DISCOVERY.topic("cam-1")
    former = {topic: json.dumps(message).encode() for topic, message in (
        (rig, DISCOVERY.rig(lights("left", "gone").lights)), (camera, DISCOVERY.camera(CAMERA, [ISO, BEEP])),
    )}  # fmt: skip
    states.begin({"lights": lights("left")})
    for topic, said in (*former.items(), (rig, b""), (rig, b"[1]"), (rig, b'{"components":{"x":1}}'), ("other", b"{}")):
        states.told_before(topic, said)
    states.hear(heard(CAMERAS_CHANGED, CameraInventory(cameras=[], open=[CAMERA])))
    states.settings_read("cam-1", [ISO])
    sent = Sent()
    await outbox.flush(sent)
    for topic, key, platform in ((rig, "light_gone", "light"), (camera, "config_beep", "switch")):
        parts = json.loads(sent.states[topic])["components"]
        assert parts[key] == {"platform": platform}
        states.told_before(topic, sent.states[topic].encode())
    sent.states.clear()
    await outbox.flush(sent)
    assert sent.states == {}, "its own echo is no news"


async def test_a_picture_is_told_once_and_of_its_camera_where_that_is_known() -> None:
    image = ImageFile(filename="a.jpg", path="captures/a.jpg", size=1, mimetype="image/jpeg", url="/images/a.jpg")
    other = CAMERA.model_copy(update={"camera_id": "cam-2"})
    by_button = ImageCaptured(camera_id="cam-2", file_path=image.path, files=[image])
    for cameras, topics in (
        ([CAMERA], {"event", "cameras/cam-1/event"}),
        ([CAMERA, other], {"event", "cameras/cam-2/event"}),
    ):
        states, outbox = states_of(home_assistant=False)
        states.begin({"camera": CameraInventory(cameras=[], open=cameras)})
        states.hear(heard(CAPTURES_CHANGED, CapturesChange(change="created", files=[image])))
        states.hear(heard(IMAGE_CAPTURED, by_button))
        sent = Sent()
        await outbox.flush(sent)
        assert sorted(topic for topic, _ in sent.events) == sorted(f"tetherlight/lab/{topic}" for topic in topics)


async def test_a_job_is_told_with_its_share_and_each_change_of_its_state_as_an_event() -> None:
    states, outbox = states_of(home_assistant=False)
    states.begin({})
    job = Job(job_id="j", state=JobState.RUNNING, index=1, total=4, steps=[JobStep(index=1, light="a")],
              started_at="2023-10-27T13:00:00Z")  # fmt: skip
    for one in (job, job.model_copy(update={"index": 2}), job.model_copy(update={"state": JobState.COMPLETED})):
        states.hear(heard(JOB_CHANGED, one))
    sent = Sent()
    await outbox.flush(sent)
    told = json.loads(sent.states["tetherlight/lab/job"])
    assert (told["state"], told["percent"], "steps" in told) == ("completed", 100, False)
    assert [json.loads(payload)["event_type"] for _, payload in sent.events] == ["job_started", "job_completed"]


def test_home_assistant_is_told_one_device_for_the_rig_and_one_for_each_camera() -> None:
    rig = DISCOVERY.rig(lights("left", "top / 1").lights)
    camera = DISCOVERY.camera(CAMERA, [ISO, ZOOM, BEEP])
    assert camera["device"]["via_device"] in rig["device"]["identifiers"]
    assert [topic["topic"] for topic in camera["availability"]] == [
        "tetherlight/lab/availability", "tetherlight/lab/cameras/cam-1/availability",
    ]  # fmt: skip
    assert rig["components"]["light_left"]["brightness"] is True
    platforms = {part["platform"] for message in (rig, camera) for part in message["components"].values()}
    assert platforms == {
        "binary_sensor", "button", "camera", "event", "image", "light", "number", "select", "sensor", "switch",
    }  # fmt: skip
    ids = [part["unique_id"] for message in (rig, camera) for part in message["components"].values()]
    assert len(set(ids)) == len(ids)
    for message in (rig, camera):
        assert message["origin"]["name"] == "Tetherlight"
        for key, part in message["components"].items():
            assert safe(key) == key
            assert all("#" not in part.get(name, "") for name in ("state_topic", "command_topic"))


def test_without_commands_nothing_is_offered_that_would_do_nothing() -> None:
    quiet = Discovery(RIG, TOPICS, "homeassistant", commands=False, pictures=False)
    for message in (quiet.rig(lights("left").lights), quiet.camera(CAMERA, [ISO, ZOOM, BEEP])):
        assert not any("command_topic" in part for part in message["components"].values())
        assert {part["platform"] for part in message["components"].values()} <= {"binary_sensor", "sensor", "event"}


def test_settings_that_cannot_be_set_are_not_offered() -> None:
    assert settable(ISO)
    assert not settable(ISO.model_copy(update={"readonly": True}))
    assert not settable(ISO.model_copy(update={"options": []}))
    assert not settable(entry("note", ConfigType.TEXT, "x"))


def test_what_a_message_leaves_out_is_named_once_more() -> None:
    before, now = DISCOVERY.camera(CAMERA, [ISO]), DISCOVERY.camera(CAMERA, [])
    assert without(before, now)["components"]["config_iso"] == {"platform": "select"}
    assert without(before, before) is before


async def prepared() -> tuple[States, Reader]:
    states, _ = states_of(settings=("iso", "zoom", "beep"))
    states.begin({"lights": lights("left", "top/1")})
    states.hear(heard(CAMERAS_CHANGED, CameraInventory(cameras=[], open=[CAMERA])))
    states.settings_read("cam-1", [ISO, ZOOM, BEEP])
    return states, Reader(TOPICS, states)


@pytest.mark.parametrize(
    ("topic", "said", "action", "payload"),
    [
        ("lights/left/set", "ON", "SET_LIGHT_STATE", {"light_name": "left", "state": True}),
        ("lights/left/set", '{"state":"OFF"}', "SET_LIGHT_STATE", {"light_name": "left", "state": False}),
        (f"lights/{safe('top/1')}/set", "off", "SET_LIGHT_STATE", {"light_name": "top/1", "state": False}),
        ("lights/off", "", "SET_LIGHT_STATES", {"states": {}, "others_off": True}),
        ("cameras/connect", "PRESS", "SELECT_CAMERA", {}),
        ("cameras/cam-1/capture", "", "CAPTURE_IMAGE", {"camera_id": "cam-1", "download": True}),
        ("cameras/cam-1/autofocus", "", "AUTOFOCUS", {"camera_id": "cam-1"}),
        ("cameras/cam-1/config/iso/set", "200", "SET_CONFIG",
         {"camera_id": "cam-1", "config_name": "iso", "value": "200"}),
        ("cameras/cam-1/config/zoom/set", "2.5", "SET_CONFIG",
         {"camera_id": "cam-1", "config_name": "zoom", "value": 2.5}),
        ("cameras/cam-1/config/beep/set", "OFF", "SET_CONFIG",
         {"camera_id": "cam-1", "config_name": "beep", "value": False}),
        ("sets/capture", "PRESS", "CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["left", "top/1"]}),
        ("sets/capture", '{"light_sequence":["left"],"ambient":true}', "CAPTURE_PHOTOMETRIC_SET",
         {"light_sequence": ["left"], "ambient": True}),
        ("jobs/pause", "job-7", "PAUSE_JOB", {"job_id": "job-7"}),
    ],
)  # fmt: skip
async def test_a_message_becomes_an_action(topic: str, said: str, action: str, payload: dict[str, Any]) -> None:
    _, reader = await prepared()
    command = reader.read(f"tetherlight/lab/{topic}", said.encode())
    assert (command.action, command.payload) == (action, payload)


@pytest.mark.parametrize(
    ("topic", "said", "sentence"),
    [
        ("lights/right/set", b"ON", "There is no light 'right'"),
        ("lights/left/set", b"perhaps", "Say ON or OFF"),
        ("lights/left/set", b"{", "no JSON object"),
        ("lights/left/set", b"\xff\xfe\x00", "Say ON or OFF"),
        ("lights/left/set", b'{"state":"ON","brightness":true}', "number from 0 to 255"),
        ("lights/left/set", b'{"state":"ON","brightness":256}', "from 0 to 255"),
        ("cameras/other/capture", b"", "There is no camera 'other'"),
        ("cameras/cam-1/config/lens/set", b"x", "There is no setting 'lens'"),
        ("cameras/cam-1/config/zoom/set", b"far", "The setting 'zoom' is a number"),
        ("sets/capture", b"[1]", "no JSON object"),
        ("sets/capture", b"x" * 70_000, "at most 64000 bytes"),
        ("jobs/pause", b"", "There is no job"),
        ("jobs/delete", b"", "no such command"),
    ],
)
async def test_a_message_that_is_no_command_is_refused_in_a_sentence(topic: str, said: bytes, sentence: str) -> None:
    _, reader = await prepared()
    with pytest.raises(InvalidPayload, match=sentence):
        reader.read(f"tetherlight/lab/{topic}", said)


def test_brightness_is_a_level_where_a_lamp_dims_and_full_where_it_does_not() -> None:
    said = '{"state":"ON","brightness":51}'
    assert light_payload(said, dims=True) == {"state": True, "level": 0.2}
    assert light_payload(said, dims=False) == {"state": True}
    assert light_payload('{"brightness":0}', dims=True) == {"state": False}
    assert setting_value(BEEP, "true") is True


class Rig:
    """A caller whose requests a test lets end."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.fails: Exception | None = None

    async def call(self, action: str, payload: Any) -> None:
        self.asked.append((action, payload))
        self.begun.set()
        await self.go.wait()
        if self.fails is not None:
            raise self.fails


async def commands_on(rig: Any) -> tuple[Commands, list[dict[str, Any]], asyncio.Event]:
    _, reader = await prepared()
    told: list[dict[str, Any]] = []
    news = asyncio.Event()

    def tell(result: str) -> None:
        told.append(json.loads(result))
        news.set()

    return Commands(reader, rig, tell), told, news


async def test_a_storm_of_settings_ends_with_the_last_one() -> None:
    rig = Rig()
    commands, told, news = await commands_on(rig)
    for number in range(1000):
        commands.take("tetherlight/lab/lights/left/set", b"ON" if number % 2 else b"OFF", retained=False)
    rig.go.set()
    await news.wait()
    await commands.close()
    assert rig.asked == [("SET_LIGHT_STATE", {"light_name": "left", "state": True})]
    assert [one["ok"] for one in told] == [True]


async def test_a_storm_of_captures_is_cut_and_told() -> None:
    rig = Rig()
    commands, told, _ = await commands_on(rig)
    commands.take("tetherlight/lab/cameras/cam-1/capture", b"", retained=False)
    await rig.begun.wait()
    for _ in range(100):
        commands.take("tetherlight/lab/cameras/cam-1/capture", b"", retained=False)
    assert len(rig.asked) == 1
    assert [one["error_code"] for one in told] == ["too_many_requests"] * 96
    await commands.close()


async def test_a_retained_command_is_ignored_and_told() -> None:
    rig = Rig()
    commands, told, _ = await commands_on(rig)
    commands.take("tetherlight/lab/cameras/cam-1/capture", b"", retained=True)
    assert rig.asked == []
    assert told[0]["error"] == "A retained command is ignored: it may be from yesterday."
    await commands.close()


async def test_a_command_that_fails_is_told_with_its_code() -> None:
    rig = Rig()
    rig.fails = LampFailed("The lamp 'left' does not answer.")
    rig.go.set()
    commands, told, news = await commands_on(rig)
    commands.take("tetherlight/lab/lights/left/set", b"ON", retained=False)
    await news.wait()
    assert told == [
        {"command": "tetherlight/lab/lights/left/set", "ok": False, "error": "The lamp 'left' does not answer.",
         "error_code": "lamp_failed", "hint": None}
    ]  # fmt: skip
    await commands.close()


def test_a_rig_keeps_its_id(tmp_path: Any) -> None:
    first = Identity.of(BridgesTable(), tmp_path / "state")
    assert Identity.of(BridgesTable(name="Other"), tmp_path / "state") == Identity(first.id, "Other")
    assert Identity.of(BridgesTable(id="lab"), tmp_path / "state").id == "lab"


def test_the_password_comes_from_its_file_the_rig_file_or_the_setting(tmp_path: Any) -> None:
    (tmp_path / "password").write_text("from file\n")
    assert password_of(MqttTable(password_file=str(tmp_path / "password")), "setting") == "from file"
    assert password_of(MqttTable(password="from table"), "setting") == "from table"
    assert password_of(MqttTable(), "setting") == "setting"
    with pytest.raises(Trouble, match="cannot be read: No such file"):
        password_of(MqttTable(password_file=str(tmp_path / "nowhere")), None)


def test_certificates_that_cannot_be_used_are_named(tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    assert tls_of(MqttTable()) is None
    for path in ("ca.pem", "nowhere.pem"):
        with pytest.raises(Trouble, match="The certificates for the broker cannot be used"):
            tls_of(MqttTable(tls=True, tls_ca=str(tmp_path / path)))
