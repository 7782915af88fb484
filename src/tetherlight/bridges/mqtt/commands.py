"""Commands from the broker: from a topic to an action, and what became of it."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tetherlight.actions.inprocess import InProcess
from tetherlight.bridges.mqtt.discovery import PRESS
from tetherlight.bridges.mqtt.names import Topics, safe
from tetherlight.bridges.mqtt.outbox import encoded
from tetherlight.bridges.mqtt.states import FULL_BRIGHTNESS, States
from tetherlight.errors import InvalidPayload, TetherlightError, TooManyRequests
from tetherlight.protocol.cameras import AUTOFOCUS, CAPTURE_IMAGE, SELECT_CAMERA, SET_CONFIG
from tetherlight.protocol.jobs import CANCEL_JOB, PAUSE_JOB, RESUME_JOB
from tetherlight.protocol.lights import SET_LIGHT_STATE, SET_LIGHT_STATES
from tetherlight.protocol.models import ConfigEntry, ConfigType, ConfigValue
from tetherlight.protocol.sets import CAPTURE_PHOTOMETRIC_SET

logger = logging.getLogger(__name__)

MAX_BYTES = 64_000
MOST_CAPTURES = 5
"""Captures of a camera, one of them under way, before further ones are refused."""
PAUSE_S = 0.02
"""Seconds between two commands of one topic."""
ON, OFF = frozenset({"on", "true", "1"}), frozenset({"off", "false", "0"})
JOBS = {"pause": PAUSE_JOB.name, "resume": RESUME_JOB.name, "cancel": CANCEL_JOB.name}


@dataclass(frozen=True, slots=True)
class Command:
    """What a message asks for."""

    action: str
    payload: Mapping[str, Any]
    most: int | None = 1
    """How many of one topic may wait or be under way; None where a newer one takes the place of one that waits."""


class Reader:
    """Makes a command of a topic and what was sent there."""

    def __init__(self, topics: Topics, states: States) -> None:
        self._base = f"{topics.base}/"
        self._states = states

    @property
    def subscriptions(self) -> list[str]:
        """The topics on which commands come."""
        tails = (
            "lights/+/set", "lights/off", "cameras/connect", "cameras/+/capture", "cameras/+/autofocus",
            "cameras/+/config/+/set", "sets/capture", "jobs/+",
        )  # fmt: skip
        return [f"{self._base}{tail}" for tail in tails]

    def read(self, topic: str, said: bytes) -> Command:
        """Return the command; raise InvalidPayload where it is none."""
        if len(said) > MAX_BYTES:
            raise InvalidPayload(f"A command has at most {MAX_BYTES} bytes.")
        text = said.decode(errors="replace").strip()
        room, *parts = topic.removeprefix(self._base).split("/")
        found = {"lights": self._of_light, "cameras": self._of_camera}.get(room, self._of_work)([room, *parts], text)
        if found is None:
            raise InvalidPayload("There is no such command.")
        return found

    def _of_light(self, parts: list[str], text: str) -> Command | None:
        match parts:
            case ["lights", "off"]:
                return Command(SET_LIGHT_STATES.name, {"states": {}, "others_off": True}, None)
            case ["lights", light, "set"]:
                name = _named(light, self._states.lights, "light")
                wanted = light_payload(text, dims=self._states.dims(name))
                return Command(SET_LIGHT_STATE.name, {"light_name": name, **wanted}, None)
        return None

    def _of_camera(self, parts: list[str], text: str) -> Command | None:
        match parts:
            case ["cameras", "connect"]:
                return Command(SELECT_CAMERA.name, {} if text in {"", PRESS} else {"camera_id": text})
            case ["cameras", camera, "capture"]:
                payload = {"camera_id": self._camera(camera), "download": True}
                return Command(CAPTURE_IMAGE.name, payload, MOST_CAPTURES)
            case ["cameras", camera, "autofocus"]:
                return Command(AUTOFOCUS.name, {"camera_id": self._camera(camera)})
            case ["cameras", camera, "config", key, "set"]:
                return self._setting(self._camera(camera), key, text)
        return None

    def _of_work(self, parts: list[str], text: str) -> Command | None:
        match parts:
            case ["sets", "capture"]:
                given = _object(text) if text not in {"", PRESS} else {}
                return Command(CAPTURE_PHOTOMETRIC_SET.name, {"light_sequence": self._states.lights, **given})
            case ["jobs", verb] if verb in JOBS:
                return Command(JOBS[verb], {"job_id": self._job(text)})
        return None

    def _camera(self, part: str) -> str:
        return _named(part, self._states.cameras, "camera")

    def _setting(self, camera_id: str, part: str, text: str) -> Command:
        key = _named(part, self._states.settings(camera_id), "setting")
        entry = self._states.entry(camera_id, key)
        value = setting_value(entry, text) if entry is not None else text
        return Command(SET_CONFIG.name, {"camera_id": camera_id, "config_name": key, "value": value}, None)

    def _job(self, text: str) -> str:
        if text not in {"", PRESS}:
            return text
        if self._states.job is None:
            raise InvalidPayload("There is no job.")
        return self._states.job.job_id


def light_payload(text: str, *, dims: bool) -> dict[str, Any]:
    """Return what ON, OFF, or Home Assistant's JSON says of a light; without dimming any brightness is full."""
    said = _object(text) if text.startswith("{") else {"state": text}
    state = _switched(str(said.get("state", "on")))
    brightness = said.get("brightness")
    if brightness is None:
        return {"state": state}
    if isinstance(brightness, bool) or not isinstance(brightness, int | float):
        raise InvalidPayload("The brightness of a light is a number from 0 to 255.")
    if not 0 <= brightness <= FULL_BRIGHTNESS:
        raise InvalidPayload("The brightness of a light is from 0 to 255.")
    if not state or brightness == 0:
        return {"state": False}
    return {"state": True, "level": brightness / FULL_BRIGHTNESS} if dims else {"state": True}


def setting_value(entry: ConfigEntry, text: str) -> ConfigValue:
    """Return a value of the kind that the setting has."""
    match entry.type:
        case ConfigType.TOGGLE:
            return _switched(text)
        case ConfigType.RANGE:
            try:
                return float(text)
            except ValueError:
                raise InvalidPayload(f"The setting '{entry.name}' is a number.") from None
        case _:
            return text


def _switched(text: str) -> bool:
    if text.lower() in ON | OFF:
        return text.lower() in ON
    raise InvalidPayload(f"Say ON or OFF, and not '{text[:40]}'.")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidPayload("The command is no JSON object.")
    return found


def _named(part: str, names: Iterable[str], what: str) -> str:
    for name in names:
        if safe(name) == part:
            return name
    raise InvalidPayload(f"There is no {what} '{part[:80]}'.")


class Commands:
    """Does what messages ask for: those of one topic one after another, and never more than a bounded number."""

    def __init__(self, reader: Reader, caller: InProcess, tell: Callable[[str], None]) -> None:
        self._reader = reader
        self._caller = caller
        self._tell = tell
        self._waiting: dict[str, deque[Command]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._refused = ""

    def take(self, topic: str, said: bytes, *, retained: bool) -> None:
        """Take a message; it is answered when it is done."""
        try:
            if retained:
                raise InvalidPayload(
                    "A retained command is ignored: it may be from yesterday.", hint="Send it without the retain flag."
                )
            self._queue(topic, self._reader.read(topic, said))
        except TetherlightError as error:
            self._failed(topic, error)

    def _queue(self, topic: str, command: Command) -> None:
        waiting = self._waiting.setdefault(topic, deque())
        if command.most is None:
            waiting.clear()
        elif len(waiting) + (topic in self._running) >= command.most:
            raise TooManyRequests(f"{command.action} is under way, and {len(waiting)} more wait: this one is refused.")
        waiting.append(command)
        if topic not in self._running:
            self._running[topic] = asyncio.create_task(self._work(topic, waiting), name=f"commands of {topic}")

    async def _work(self, topic: str, waiting: deque[Command]) -> None:
        try:
            while waiting:
                await self._do(topic, waiting.popleft())
                if waiting:
                    # In a storm the values between are left out, and neither lamps nor the log see them.
                    await asyncio.sleep(PAUSE_S)
        finally:
            del self._running[topic]
            self._waiting.pop(topic, None)

    async def _do(self, topic: str, command: Command) -> None:
        try:
            await self._caller.call(command.action, command.payload)
        except TetherlightError as error:
            self._failed(topic, error)
        else:
            self._tell(encoded({"command": topic, "ok": True}))

    def _failed(self, topic: str, error: TetherlightError) -> None:
        told = {"command": topic, "ok": False, "error": error.message, "error_code": error.code, "hint": error.hint}
        self._tell(encoded(told))
        sentence = f"{topic}: {error.message}"
        if sentence != self._refused:
            # A storm is told once.
            logger.warning("A command from the broker was not done. %s", sentence)
        self._refused = sentence

    async def close(self) -> None:
        """Take no more; what the rig has begun it finishes."""
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
