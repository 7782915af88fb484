"""The properties of a camera body: what they may be, and what they are."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tetherlight.simulator.clock import Clock
from tetherlight.simulator.ptp import Kind


@dataclass(frozen=True)
class Property:
    """One property of a camera: `name` is libgphoto2's, `labels` its texts for the allowed numbers.

    `texts` are the allowed values of a text property, `span` the smallest and largest of a number without labels.
    """

    code: int
    name: str
    kind: Kind
    default: int | str
    labels: Mapping[int, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    span: tuple[int, int] | None = None
    writable: bool = True
    listed: bool = True

    def show(self, value: int | str) -> int | str:
        """Give a value as people read it."""
        return self.labels.get(value, value) if isinstance(value, int) else value

    def read(self, shown: int | str) -> int | str:
        """Turn what people write into a value; raise ValueError when it is none of the choices."""
        if self.kind is Kind.TEXT:
            self.check(str(shown))
            return str(shown)
        for value, label in self.labels.items():
            if label == str(shown):
                return value
        number = int(shown)
        self.check(number)
        return number

    def check(self, value: int | str) -> None:
        """Raise ValueError for a value that is none of the choices."""
        allowed: Collection[int | str] = self.texts if self.kind is Kind.TEXT else self.labels
        if allowed and value not in allowed:
            raise ValueError(value)

    def between(self, first: int | str, last: int | str) -> list[int | str]:
        """Give the choices on the way from one to another, the last one included."""
        choices: list[int | str] = list(self.texts or self.labels)
        if first not in choices or last not in choices:
            return [last]
        begin, end = choices.index(first), choices.index(last)
        return choices[begin + 1 : end + 1] if begin < end else choices[end:begin][::-1]


class Properties:
    """All properties of one body and their values; `changed` hears of each new value. Thread-safe."""

    def __init__(
        self, entries: Iterable[Property], clock: Clock, clock_code: int | None, changed: Callable[[int], None]
    ) -> None:
        self.entries = {entry.code: entry for entry in entries}
        self._values = {code: entry.default for code, entry in self.entries.items()}
        self._clock = clock
        self._clock_code = clock_code
        self._changed = changed
        self._lock = threading.Lock()

    def value(self, code: int) -> int | str:
        """Give a property's value; raise KeyError."""
        if code == self._clock_code:
            return self._clock.read(self.entries[code].kind)
        with self._lock:
            return self._values[code]

    def values(self) -> dict[int, int | str]:
        """Give all values at one moment."""
        with self._lock:
            values = dict(self._values)
        if self._clock_code is not None:
            values[self._clock_code] = self.value(self._clock_code)
        return values

    def set(self, code: int, value: int | str) -> None:
        """Set a property, which is told when it changes; raise KeyError or ValueError."""
        self.entries[code].check(value)
        if code == self._clock_code:
            self._clock.write(value)
        else:
            with self._lock:
                if self._values[code] == value:
                    return
                self._values[code] = value
        self._changed(code)

    def find(self, name: str) -> Property:
        """Find a property by libgphoto2's name; raise KeyError."""
        for entry in self.entries.values():
            if entry.name == name:
                return entry
        raise KeyError(name)
