"""How lamps on MQTT are spoken to: the topics and words of the usual firmwares and bridges."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tetherlight.lights.lamps import OFF

KIND = re.compile(r"(?P<kind>[a-z0-9]+(?:-dimmer)?):(?P<name>[^+#\x00-\x1f]{1,200})")


@dataclass(frozen=True)
class Words:
    """What one lamp hears and says."""

    command: str
    """The topic of its commands."""
    say: Callable[[float], str]
    """Gives the command for a level."""
    state: str | None = None
    """The topic on which it says how it stands."""
    read: Callable[[str], bool | None] = lambda _: None
    """Reads from there whether it is on; None where that says nothing of it."""
    dims: bool = False


def words_of(address: str | None) -> Words | None:
    """Return the words of the lamp at KIND:NAME; None where there is no such kind."""
    found = KIND.fullmatch(address or "")
    if found is None or found["kind"] not in _KINDS:
        return None
    return _KINDS[found["kind"]](found["name"])


def _percent(level: float) -> int:
    return max(1, round(100 * level)) if level > OFF else 0


def _plain(text: str) -> bool | None:
    return {"on": True, "off": False, "1": True, "0": False, "true": True, "false": False}.get(text.strip().lower())


def _json(key: str) -> Callable[[str], bool | None]:
    def read(text: str) -> bool | None:
        try:
            told: Any = json.loads(text)
        except ValueError:
            return None
        value = told.get(key) if isinstance(told, dict) else None
        return value if isinstance(value, bool) else _plain(value) if isinstance(value, str) else None

    return read


def _bright(level: float) -> str:
    if level <= OFF:
        return '{"state": "OFF"}'
    return json.dumps({"state": "ON", "brightness": max(1, round(254 * level))})


def _tasmota(name: str) -> Words:
    return Words(f"cmnd/{name}/POWER", lambda level: "ON" if level > OFF else "OFF", f"stat/{name}/POWER", _plain)


def _tasmota_dimmer(name: str) -> Words:
    # Dimmer switches on as well, and 0 is off.
    words = _tasmota(name)
    return Words(f"cmnd/{name}/Dimmer", lambda level: str(_percent(level)), words.state, _plain, dims=True)


def _zigbee(name: str) -> Words:
    return Words(f"zigbee2mqtt/{name}/set", _bright, f"zigbee2mqtt/{name}", _json("state"), dims=True)


def _shelly(name: str) -> Words:
    """Return the words of the first generation: NAME is ID/NUMBER."""
    device, _, number = name.rpartition("/")
    topic = f"shellies/{device}/relay/{number}"
    return Words(f"{topic}/command", lambda level: "on" if level > OFF else "off", topic, _plain)


def _shelly_later(name: str) -> Words:
    """Return the words of later generations: NAME is PREFIX/NUMBER."""
    device, _, number = name.rpartition("/")
    say: Callable[[float], str] = lambda level: "on" if level > OFF else "off"  # noqa: E731
    return Words(f"{device}/command/switch:{number}", say, f"{device}/status/switch:{number}", _json("output"))


def _topic(name: str) -> Words:
    return Words(name, lambda level: "ON" if level > OFF else "OFF")


def _json_topic(name: str) -> Words:
    return Words(name, _bright, dims=True)


_KINDS: dict[str, Callable[[str], Words]] = {
    "tasmota": _tasmota,
    "tasmota-dimmer": _tasmota_dimmer,
    "zigbee2mqtt": _zigbee,
    "shelly": _shelly,
    "shelly2": _shelly_later,
    "topic": _topic,
    "json": _json_topic,
}
