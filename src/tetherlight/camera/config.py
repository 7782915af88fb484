"""What is known of a camera's config without asking it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic_core import to_json

from tetherlight.camera import units
from tetherlight.camera.worker.widgets import number
from tetherlight.errors import ConfigNotFound
from tetherlight.protocol.models import ConfigEntry, ConfigValue

ALIASES: Mapping[str, Sequence[str]] = {
    "iso": ("iso", "isospeed", "d01e", "500f"),
    "shutterspeed": ("shutterspeed", "eos-shutterspeed", "shutterspeed2", "exptime", "500d"),
    "aperture": ("aperture", "f-number", "5007"),
    "whitebalance": ("whitebalance", "5005"),
    "imageformat": ("imageformat", "imagequality", "imgquality", "5004"),
}
"""The common name of a setting, and what makers call it; the first that the camera has is meant."""
Warned = tuple[Literal["battery_low", "card_low"], str]
"""What runs out, and a sentence about it."""
LOST_FEW, LOST_SHARE = 3, 0.1
"""How many entries, and what share of all, may be gone from a tree that was read anew without a doubt."""
BATTERY_LOW, SHOTS_LOW = 15, 20
LENS_NAMES, BATTERY_NAMES, SHOTS_NAME = ("lensname", "lensid"), ("batterylevel", "5001"), "availableshots"
STATUS_NAMES = frozenset({*LENS_NAMES, *BATTERY_NAMES, SHOTS_NAME})
BATTERY_WORDS = {"low": 10, "empty": 0, "half": 50, "full": 100}


class Status(NamedTuple):
    """What a camera says of itself beside its settings, None where it does not."""

    lens: str | None
    battery_percent: int | None
    shots_left: int | None
    """How many pictures the card still takes."""


class ConfigCache:
    """A camera's config entries, and how old they are."""

    def __init__(self) -> None:
        self._entries: dict[str, ConfigEntry] = {}
        self._by_name: dict[str, str] = {}
        self._bare: dict[str, ConfigEntry] = {}
        """Entries whose values have a unit here, as the camera gave them, by name."""
        self._encoded: dict[str | None, bytes] = {}
        self._status: Status | None = None
        self.filled_at = -float("inf")
        """When the whole tree was last read, on the monotonic clock."""

    def fill(self, entries: Iterable[ConfigEntry]) -> list[ConfigEntry]:
        """Replace everything by a freshly read tree; return what changed against before."""
        before = self._entries
        self._encoded.clear()
        self._status = None
        found = {entry.path: entry for entry in entries}
        self._by_name = {}
        self._bare = {}
        for path, entry in found.items():
            self._by_name.setdefault(entry.name, path)
        for alias, names in ALIASES.items():
            name = next((name for name in names if name in self._by_name), None)
            if name is not None:
                path = self._by_name[name]
                found[path] = self._aliased(found[path], alias, path)
                self._by_name.setdefault(alias, path)
        self._entries = found
        self.filled_at = time.monotonic()
        return [entry for path, entry in found.items() if before.get(path) != entry]

    def loses_many(self, entries: Iterable[ConfigEntry]) -> bool:
        """Tell whether a freshly read tree lacks more of what is known than a turn of the mode dial explains."""
        lost = len(self._entries.keys() - {entry.path for entry in entries})
        return lost > max(LOST_FEW, len(self._entries) * LOST_SHARE)

    def update(self, entry: ConfigEntry) -> tuple[ConfigEntry, bool]:
        """Take over one freshly read entry; return it with its place and alias, and whether it changed."""
        path = self._by_name.get(entry.name, entry.path)
        before = self._entries.get(path)
        kept = self._aliased(entry, before.alias if before else None, path)
        self._entries[path] = kept
        self._by_name.setdefault(kept.name, path)
        changed = kept != before
        if changed:
            self._encoded.pop(path, None)
            self._encoded.pop(None, None)
            if kept.name in STATUS_NAMES:
                self._status = None
        return kept, changed

    def _aliased(self, entry: ConfigEntry, alias: str | None, path: str) -> ConfigEntry:
        """Return an entry with its common name, and in its unit where it has one: a client knows that name alone."""
        if alias is not None and entry.name in units.UNITS:
            self._bare[entry.name] = entry
            entry = units.written(entry)
        return entry.model_copy(update={"alias": alias, "path": path})

    def bare(self, name: str, wanted: ConfigValue) -> ConfigValue:
        """Return what the camera itself shall be given for a value of the entry of that name."""
        return units.bare(self._bare[name], wanted) if name in self._bare else wanted

    def all(self) -> list[ConfigEntry]:
        """Return all entries in the camera's order."""
        return list(self._entries.values())

    def encoded(self, name: str | None) -> bytes:
        """Return all entries as JSON, or the one that `find` finds; encoded anew only after a change."""
        path = None if name is None else self.find(name).path
        found = self._encoded.get(path)
        if found is None:
            entries = self.all() if path is None else self._entries[path]
            found = self._encoded[path] = to_json(entries, inf_nan_mode="null")
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._by_name or name in self._entries

    def name_of(self, announced: str) -> str | None:
        """Return the name of the entry that an event means by a name, a PTP code or a label."""
        if announced in self:
            return announced
        return next((entry.name for entry in self._entries.values() if entry.label == announced), None)

    def common_name(self, name: str) -> str:
        """Return the alias of an entry, or the name where it has none."""
        return self._entries[self._by_name[name]].alias or name

    def names(self) -> list[str]:
        """Return the names under which single entries can be read."""
        return list(dict.fromkeys(entry.name for entry in self._entries.values()))

    def find(self, name: str) -> ConfigEntry:
        """Return the entry with that name, alias or full path; raise ConfigNotFound."""
        found = self._entries.get(self._by_name.get(name, name))
        if found is None:
            raise ConfigNotFound(f"Config '{name[:200]}' not found.")
        return found

    def text(self, *names: str) -> str | None:
        """Return the value of the first of these entries that the camera has and that says something."""
        for name in names:
            path = self._by_name.get(name)
            value = self._entries[path].value if path else None
            if value not in {None, ""}:
                return str(value)
        return None

    def status(self) -> Status:
        """Return what the camera says of its supplies and its lens."""
        if self._status is None:
            self._status = Status(self.text(*LENS_NAMES), self._battery_percent(), self._shots_left())
        return self._status

    def _battery_percent(self) -> int | None:
        """Return the battery's charge; makers say it in per cent or in words, some bodies in steps of their own."""
        share = self._share(BATTERY_NAMES[1])
        if share is not None:
            return share
        text = self.text(*BATTERY_NAMES)
        if text is None:
            return None
        word = next((percent for word, percent in BATTERY_WORDS.items() if word in text.casefold()), None)
        charge = number(text) if word is None else word
        return None if charge is None else round(charge)

    def _share(self, name: str) -> int | None:
        """Return in per cent how much of its greatest value an entry has that states what that is."""
        path = self._by_name.get(name)
        if path is None:
            return None
        entry = self._entries[path]
        value = number(str(entry.value))
        steps = [entry.min, entry.max, *map(number, entry.options)]
        ends = [one for one in steps if one is not None]
        if value is None or len(ends) < 2 or not min(ends) <= value <= max(ends) or max(ends) <= min(ends):
            return None
        return round(100 * (value - min(ends)) / (max(ends) - min(ends)))

    def _shots_left(self) -> int | None:
        count = number(self.text(SHOTS_NAME) or "")
        return None if count is None else round(count)

    def warnings(self) -> list[Warned]:
        """Return what will stop a set soon, each with a sentence."""
        found: list[Warned] = []
        _, battery, shots = self.status()
        if battery is not None and battery <= BATTERY_LOW:
            found.append(("battery_low", f"The camera's battery is at {battery} %."))
        if shots is not None and shots <= SHOTS_LOW:
            found.append(("card_low", f"The camera's card has room for {shots} more pictures."))
        return found
