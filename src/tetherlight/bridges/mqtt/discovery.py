"""What Home Assistant is told, so that it shows the rig and each camera as devices: one message for each.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mqtt.names import Topics, safe
from tetherlight.protocol.models import CameraState, CameraStatus, ConfigEntry, ConfigType, JobState, LightInfo

VERSION = version("tetherlight")
Component = dict[str, Any]
Components = dict[str, Component]

RIG_EVENTS = (
    "image_captured", "job_started", "job_completed", "job_failed", "job_paused", "job_cancelled", "job_interrupted",
    "camera_lost", "camera_recovering", "camera_ready", "battery_low", "card_low", "disk_low",
)  # fmt: skip
CAMERA_EVENTS = ("image_captured", "camera_lost", "camera_recovering", "camera_ready", "battery_low", "card_low")
JOB_STATES = ("idle", *(state.value for state in JobState))
PRESS = "PRESS"
DIAGNOSTIC = {"entity_category": "diagnostic"}
SETTING = {"entity_category": "config"}
LABELS = {
    "iso": "ISO", "shutterspeed": "Shutter speed", "aperture": "Aperture", "whitebalance": "White balance",
    "imageformat": "Image format",
}  # fmt: skip


def _value(key: str) -> str:
    return f"{{{{ value_json['{key}'] }}}}"


def key_of(entry: ConfigEntry) -> str:
    """Return how a setting is called here: as with every brand where it has such a name."""
    return entry.alias or entry.name


@dataclass(frozen=True)
class Discovery:
    """Makes the messages of one rig."""

    identity: Identity
    topics: Topics
    prefix: str
    commands: bool
    """Whether it takes commands: without, nothing is offered that would do nothing."""
    pictures: bool

    def topic(self, camera_id: str | None = None) -> str:
        """Return where the message of the rig, or of a camera, belongs."""
        return f"{self.prefix}/device/{self._device(camera_id)}/config"

    def rig(self, lights: Iterable[LightInfo]) -> dict[str, Any]:
        """Return the message of the rig."""
        device = {
            "identifiers": [self._device()],
            "name": self.identity.name,
            "manufacturer": "Tetherlight",
            "model": "Camera rig",
            "sw_version": VERSION,
        }
        parts = self._rig_sensors() | self._rig_buttons()
        for light in lights:
            parts |= self._light(light)
        if self.pictures:
            parts |= _pictures("Last picture", self.topics.picture)
        parts["event"] = _events(self.topics.event, RIG_EVENTS)
        return self._message(device, parts, None, [self.topics.availability])

    def camera(self, camera: CameraStatus, entries: Iterable[ConfigEntry]) -> dict[str, Any]:
        """Return the message of a camera."""
        device = {
            "identifiers": [self._device(camera.camera_id)],
            "name": f"{self.identity.name} {camera.model}",
            "model": camera.model,
            "via_device": self._device(),
        }
        if camera.serial:
            device["serial_number"] = camera.serial
        parts = self._camera_sensors(camera.camera_id)
        if self.pictures:
            parts |= _pictures("Last picture", self.topics.camera(camera.camera_id, "picture"))
        parts["event"] = _events(self.topics.camera(camera.camera_id, "event"), CAMERA_EVENTS)
        if self.commands:
            parts["capture"] = _button("Capture", self.topics.camera(camera.camera_id, "capture"), "mdi:camera-iris")
            parts["autofocus"] = _button(
                "Autofocus", self.topics.camera(camera.camera_id, "autofocus"), "mdi:image-filter-center-focus"
            )
            for entry in entries:
                parts |= self._setting(camera.camera_id, entry)
        available = [self.topics.availability, self.topics.camera(camera.camera_id, "availability")]
        return self._message(device, parts, camera.camera_id, available)

    def _message(
        self, device: Mapping[str, Any], parts: Components, camera_id: str | None, available: Iterable[str]
    ) -> dict[str, Any]:
        device_id = self._device(camera_id)
        for key, part in parts.items():
            part["unique_id"] = f"{device_id}_{key}"
        # A camera's connectivity is of use where the camera is not.
        if "connection" in parts:
            parts["connection"]["availability"] = [{"topic": self.topics.availability}]
        return {
            "device": device,
            "origin": {"name": "Tetherlight", "sw_version": VERSION},
            "availability": [{"topic": topic} for topic in available],
            "availability_mode": "all",
            "qos": 1,
            "components": parts,
        }

    def _device(self, camera_id: str | None = None) -> str:
        rig = f"tetherlight_{self.identity.id}"
        return rig if camera_id is None else f"{rig}_{safe(camera_id)}"

    def _light(self, light: LightInfo) -> Components:
        topic = self.topics.light(light.name)
        # What cannot be switched is told as what is on or off.
        part: Component = {"platform": "binary_sensor", "name": light.name, "state_topic": topic,
                           "device_class": "light", "value_template": _value("state")}  # fmt: skip
        if self.commands:
            part = {
                "platform": "light",
                "name": light.name,
                "schema": "json",
                "state_topic": topic,
                "command_topic": f"{topic}/set",
                "supported_color_modes": ["brightness" if light.dims else "onoff"],
            }
            if light.dims:
                part["brightness"] = True
        return {f"light_{safe(light.name)}": part}

    def _rig_sensors(self) -> Components:
        storage, job = self.topics.storage, self.topics.job
        return {
            "free": {"platform": "sensor", "name": "Free space", "state_topic": storage, "device_class": "data_size",
                     "state_class": "measurement", "unit_of_measurement": "GB", "suggested_display_precision": 1,
                     "value_template": "{{ (value_json.free_bytes / 1e9) | round(2) }}", **DIAGNOSTIC},
            "storage_low": {"platform": "binary_sensor", "name": "Storage low", "state_topic": storage,
                            "device_class": "problem", "value_template": "{{ 'ON' if value_json.low else 'OFF' }}",
                            **DIAGNOSTIC},
            "job": {"platform": "sensor", "name": "Job", "state_topic": job, "device_class": "enum",
                    "options": list(JOB_STATES), "value_template": _value("state"), "json_attributes_topic": job},
            "progress": {"platform": "sensor", "name": "Progress", "state_topic": job, "unit_of_measurement": "%",
                         "value_template": _value("percent")},
        }  # fmt: skip

    def _rig_buttons(self) -> Components:
        if not self.commands:
            return {}
        base = self.topics.base
        return {
            "connect": _button("Connect camera", f"{base}/cameras/connect", "mdi:camera-plus"),
            "capture_set": _button("Capture set", f"{base}/sets/capture", "mdi:lightbulb-multiple"),
            "lights_off": _button("All lights off", f"{base}/lights/off", "mdi:lightbulb-off"),
            "pause_job": _button("Pause job", f"{base}/jobs/pause", "mdi:pause"),
            "resume_job": _button("Resume job", f"{base}/jobs/resume", "mdi:play"),
            "cancel_job": _button("Cancel job", f"{base}/jobs/cancel", "mdi:stop"),
        }

    def _camera_sensors(self, camera_id: str) -> Components:
        state = self.topics.camera(camera_id, "state")
        return {
            "connection": {"platform": "binary_sensor", "name": "Connection", "device_class": "connectivity",
                           "state_topic": self.topics.camera(camera_id, "availability"), "payload_on": "online",
                           "payload_off": "offline", **DIAGNOSTIC},
            "state": {"platform": "sensor", "name": "State", "state_topic": state, "device_class": "enum",
                      "options": [one.value for one in CameraState], "value_template": _value("state"),
                      "json_attributes_topic": state, **DIAGNOSTIC},
            "battery": {"platform": "sensor", "name": "Battery", "state_topic": state, "device_class": "battery",
                        "unit_of_measurement": "%", "state_class": "measurement",
                        "value_template": _value("battery_percent"), **DIAGNOSTIC},
            "shots_left": {"platform": "sensor", "name": "Shots left", "state_topic": state,
                           "value_template": _value("shots_left"), **DIAGNOSTIC},
        }  # fmt: skip

    def _setting(self, camera_id: str, entry: ConfigEntry) -> Components:
        """Offer a setting as what it is, where it can be set now."""
        if not settable(entry):
            return {}
        key = key_of(entry)
        part: Component = {
            "name": LABELS.get(key, entry.label), "state_topic": self.topics.camera(camera_id, "config"),
            "command_topic": self.topics.setting(camera_id, key), "value_template": _value(key), **SETTING,
        }  # fmt: skip
        match entry.type:
            case ConfigType.MENU:
                part |= {"platform": "select", "options": entry.options}
            case ConfigType.RANGE:
                part |= {"platform": "number", "min": entry.min, "max": entry.max, "step": entry.step or 1}
            case _:
                part |= {"platform": "switch", "value_template": f"{{{{ 'ON' if value_json['{key}'] else 'OFF' }}}}"}
        return {f"config_{safe(key)}": part}


def settable(entry: ConfigEntry) -> bool:
    """Say whether a setting can be set now, and is of a kind that Home Assistant has."""
    match entry.type:
        case ConfigType.MENU:
            fits = bool(entry.options)
        case ConfigType.RANGE:
            fits = entry.min is not None and entry.max is not None
        case _:
            fits = entry.type is ConfigType.TOGGLE
    return fits and not entry.readonly


def without(before: Mapping[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return the message of now with what was there before taken out: Home Assistant keeps what is only left out."""
    components = now["components"]
    gone = {key: {"platform": part["platform"]} for key, part in before["components"].items() if key not in components}
    return {**now, "components": {**components, **gone}} if gone else now


def _button(name: str, topic: str, icon: str) -> Component:
    return {"platform": "button", "name": name, "command_topic": topic, "payload_press": PRESS, "icon": icon}


def _events(topic: str, kinds: Iterable[str]) -> Component:
    return {"platform": "event", "name": "Event", "state_topic": topic, "event_types": list(kinds)}


def _pictures(name: str, topic: str) -> Components:
    return {
        "camera": {"platform": "camera", "name": name, "topic": topic},
        "image": {"platform": "image", "name": name, "image_topic": topic, "content_type": "image/jpeg"},
    }
