"""What the broker is told of the rig: from events to topics."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mqtt.discovery import Discovery, key_of, without
from tetherlight.bridges.mqtt.names import Topics
from tetherlight.bridges.mqtt.outbox import Outbox, encoded
from tetherlight.protocol.events import (
    CameraChange,
    CameraInventory,
    CameraWarning,
    CapturesChange,
    ConfigChange,
    ImageCaptured,
)
from tetherlight.protocol.jobs import JobList
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import CameraInfo, CameraState, CameraStatus, ConfigEntry, Job, JobState, Storage
from tetherlight.protocol.topics import CameraConfigs
from tetherlight.publisher import Publication
from tetherlight.rigfile.bridges import MqttTable

FULL_BRIGHTNESS = 255
JOB_FIELDS = (
    "job_id", "kind", "state", "camera_id", "set_name", "index", "total", "current_light", "activity", "started_at",
    "finished_at", "seconds_left", "error", "error_code",
)  # fmt: skip
IDLE = {"state": "idle", "percent": None}


class States:
    """Keeps in the outbox how the rig stands. It is called on the event loop, and never waits."""

    def __init__(self, outbox: Outbox, topics: Topics, table: MqttTable, identity: Identity) -> None:
        self._outbox = outbox
        self._topics = topics
        self._table = table
        self._discovery = Discovery(identity, topics, table.discovery, table.allow_commands, table.pictures)
        self._messages: dict[str, dict[str, Any]] = {}
        """What Home Assistant was told last, by its topic."""
        self._lights: LightStates | None = None
        self._open: dict[str, CameraStatus] = {}
        self._known: dict[str, CameraInfo] = {}
        self._entries: dict[str, dict[str, ConfigEntry]] = {}
        """The settings of each camera that are told, by their key."""
        self.opened = asyncio.Event()
        """Set where a camera was opened whose settings are not known yet."""
        self._job: Job | None = None
        self._low = False

    @property
    def lights(self) -> list[str]:
        """The names of all lights, in their order."""
        return [] if self._lights is None else list(self._lights.states)

    @property
    def job(self) -> Job | None:
        """The newest job."""
        return self._job

    @property
    def cameras(self) -> list[str]:
        """The ids of the cameras that are there."""
        return list(self._known)

    @property
    def unread(self) -> Iterator[str]:
        """The open cameras whose settings are not known yet."""
        return (camera_id for camera_id in self._open if camera_id not in self._entries)

    def dims(self, light: str) -> bool:
        """Say whether a light can be anything but on and off."""
        lights = [] if self._lights is None else self._lights.lights
        return any(one.name == light and one.dims for one in lights)

    @property
    def only_camera(self) -> str | None:
        """The camera that took a picture of which nothing else says whose it is."""
        return next(iter(self._open)) if len(self._open) == 1 else None

    def entry(self, camera_id: str, key: str) -> ConfigEntry | None:
        """Return a setting of a camera that is told."""
        return self._entries.get(camera_id, {}).get(key)

    def settings(self, camera_id: str) -> Iterable[str]:
        """Return the keys of the settings of a camera that are told."""
        return self._entries.get(camera_id, {})

    def begin(self, snapshots: Mapping[str, Any]) -> None:
        """Take how everything stands."""
        self._outbox.keep(self._topics.info, encoded(self._info()))
        for state in snapshots.values():
            self._stands(state)
        if self._job is None:
            self._outbox.keep(self._topics.job, encoded(IDLE))

    def told_before(self, topic: str, said: bytes) -> None:
        """Take what Home Assistant was told by an earlier run: what of it is gone has to be named once more."""
        if not topic.startswith(self._discovery.topic().removesuffix("/config")):
            return
        before = _message(said)
        if before is None:
            return
        now = self._messages.setdefault(topic, before)
        if (message := without(before, now)) is not now:
            self._messages[topic] = message
            self._outbox.keep(topic, encoded(message))

    def settings_read(self, camera_id: str, entries: Iterable[ConfigEntry]) -> None:
        """Take the settings of a camera that has just been opened."""
        self._entries.setdefault(camera_id, {})
        self._configured(camera_id, entries)

    def hear(self, publication: Publication) -> None:
        """Take an event."""
        match publication.data:
            case Job() as job:
                self._job_changed(job)
            case ConfigChange() as change:
                self._configured(change.camera_id, change.entries)
            case CameraChange() as change:
                self._tell(publication.event.name, change.camera_id, cause=change.cause)
            case CameraWarning() as warning:
                self._tell(warning.kind, warning.camera_id, message=warning.message)
            case CapturesChange(change="created", files=[_, *_] as files):
                self._tell("image_captured", self.only_camera, file_path=files[0].path)
            case ImageCaptured() as captured if self.only_camera is None:
                # Of several cameras only this says whose it was; the rig has told it already.
                message = encoded({"event_type": "image_captured", "file_path": captured.file_path})
                self._outbox.tell(self._topics.camera(captured.camera_id, "event"), message)
            case state:
                self._stands(state)

    def _stands(self, state: Any) -> None:
        match state:
            case LightStates():
                self._lit(state)
            case CameraInventory():
                self._inventory(state)
            case CameraConfigs():
                for camera_id, entries in state.root.items():
                    self._configured(camera_id, entries)
            case JobList():
                for job in reversed(state.root[:1]):
                    self._keep_job(job)
            case Storage():
                self._stored(state)

    def _info(self) -> dict[str, Any]:
        identity = self._discovery.identity
        return {"id": identity.id, "name": identity.name, "commands": self._table.allow_commands}

    def _lit(self, states: LightStates) -> None:
        before, self._lights = self._lights, states
        for name in before.states if before is not None else ():
            if name not in states.states:
                self._outbox.forget(self._topics.light(name))
        for light in states.lights:
            on = states.states.get(light.name, False)
            said: dict[str, Any] = {"state": "ON" if on else "OFF", "color_mode": "onoff"}
            if light.dims:
                said["color_mode"] = "brightness"
                said["brightness"] = round(states.levels.get(light.name, 0.0) * FULL_BRIGHTNESS)
            if light.fault:
                said["fault"] = light.fault
            self._outbox.keep(self._topics.light(light.name), encoded(said))
        # Lamps are switched many times a second, and are others only when the rig file is edited.
        if before is None or _kinds(before) != _kinds(states):
            self._discover(None)

    def _inventory(self, inventory: CameraInventory) -> None:
        former = self._known
        self._open = {one.camera_id: one for one in inventory.open}
        self._known = {one.camera_id: one for one in (*inventory.cameras, *inventory.open)}
        for camera_id in [*former, *self._known]:
            camera = self._known.get(camera_id)
            if camera is None:
                told: dict[str, Any] = {"state": CameraState.CLOSED, "present": False}
            else:
                told = {**camera.model_dump(mode="json", exclude={"port"}), "present": True}
            ready = camera is not None and camera.open and camera.state is CameraState.READY
            self._outbox.keep(self._topics.camera(camera_id, "state"), encoded(told))
            self._outbox.keep(self._topics.camera(camera_id, "availability"), "online" if ready else "offline")
        for camera_id in self._open:
            self._discover(camera_id)
        if any(self.unread):
            self.opened.set()

    def _configured(self, camera_id: str, entries: Iterable[ConfigEntry]) -> None:
        told = self._entries.setdefault(camera_id, {})
        for entry in entries:
            if not {entry.alias, entry.name}.isdisjoint(self._table.settings):
                told[key_of(entry)] = entry
        if not told:
            return
        values = {key: entry.value for key, entry in told.items()}
        self._outbox.keep(self._topics.camera(camera_id, "config"), encoded(values))
        self._discover(camera_id)

    def _discover(self, camera_id: str | None) -> None:
        """Tell Home Assistant of the rig, or of an open camera."""
        if not self._table.home_assistant:
            return
        if camera_id is None:
            message = self._discovery.rig([] if self._lights is None else self._lights.lights)
        elif camera_id in self._open:
            message = self._discovery.camera(self._open[camera_id], self._entries.get(camera_id, {}).values())
        else:
            return
        topic = self._discovery.topic(camera_id)
        message = without(self._messages.get(topic, message), message)
        self._messages[topic] = message
        self._outbox.keep(topic, encoded(message))

    def _job_changed(self, job: Job) -> None:
        before = self._job.state if self._job is not None and self._job.job_id == job.job_id else None
        self._keep_job(job)
        if job.state is not before:
            kind = "job_started" if job.state is JobState.RUNNING else f"job_{job.state.value}"
            self._tell(kind, None, job_id=job.job_id, kind=job.kind, set_name=job.set_name, error=job.error)

    def _keep_job(self, job: Job) -> None:
        self._job = job
        share = job.progress if job.progress is not None else job.index / job.total if job.total else None
        if job.state is JobState.COMPLETED:
            share = 1.0
        percent = None if share is None else round(100 * share)
        told = {**job.model_dump(mode="json", include=set(JOB_FIELDS)), "percent": percent}
        self._outbox.keep(self._topics.job, encoded(told))

    def _stored(self, storage: Storage) -> None:
        if storage.low and not self._low:
            self._tell("disk_low", None, free_bytes=storage.free_bytes)
        self._low = storage.low
        told = storage.model_dump(mode="json", exclude={"path"})
        self._outbox.keep(self._topics.storage, encoded(told))

    def _tell(self, kind: str, camera_id: str | None, /, **facts: Any) -> None:
        """Tell an event of the rig, and of the camera that it is about."""
        about = {} if camera_id is None else {"camera_id": camera_id}
        message = encoded({"event_type": kind, **about, **facts})
        self._outbox.tell(self._topics.event, message)
        if camera_id is not None:
            self._outbox.tell(self._topics.camera(camera_id, "event"), message)

    def close(self) -> None:
        """Take no camera for being there: for the last message."""
        for camera_id in self._known:
            self._outbox.keep(self._topics.camera(camera_id, "availability"), "offline")


def _kinds(states: LightStates) -> list[tuple[str, bool]]:
    """Return which lights there are, and which dim."""
    return [(light.name, light.dims) for light in states.lights]


def _message(said: bytes) -> dict[str, Any] | None:
    """Return what was told to Home Assistant, None where it is nothing of ours."""
    try:
        found = json.loads(said)
        parts = {key: {"platform": str(part["platform"])} for key, part in found["components"].items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return {"components": parts}
