"""What can be made to go wrong on a camera's wire while it runs.

A fault strikes an operation by its family name (`preview`, `capture`, ...), optionally only after some were spared, and
a limited number of times. Some kinds only make sense for one family, whatever their `when` says: see `_FAMILY`.
"""

import threading
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "close",
    "rst",
    "close_mid_payload",
    "hang",
    "delay",
    "busy",
    "error",
    "garbage",
    "bad_length",
    "no_data",
    "short_data",
    "zero_blob",
    "crash_blob",
    "no_object",
    "empty_preview",
    "refuse_connect",
    "hang_handshake",
    "session_busy",
    "session_open",
    "session_lost",
    "store_full",
    "ran_full",
    "card_locked",
    "no_card",
    "no_focus",
    "focus_limit",
    "focus_halts",
    "no_lens",
    "mirror_up",
    "battery_empty",
]
KINDS: tuple[str, ...] = get_args(Kind)
FAMILIES = (
    "*",
    "preview",
    "capture",
    "get_object",
    "get_config",
    "set_config",
    "get_event",
    "open_session",
    "storage_info",
    "object_info",
    "list",
    "delete",
    "focus",
    "drive",
    "exit",
)
CONNECT, FOCUS, DRIVE = "connect", "focus", "drive"
INSIDE = {"no_object", "zero_blob", "crash_blob", "empty_preview"}
"""Kinds that happen inside the camera, also where that is nothing."""
_CAPTURE = frozenset({"capture"})
_FAMILY = {
    **dict.fromkeys(("zero_blob", "crash_blob", "empty_preview"), frozenset({"preview"})),
    **dict.fromkeys(("no_object", "store_full", "ran_full", "card_locked", "no_card", "mirror_up"), _CAPTURE),
    **dict.fromkeys(("no_lens", "battery_empty"), _CAPTURE),
    "no_focus": frozenset({"capture", "focus"}),
    **dict.fromkeys(("focus_limit", "focus_halts"), frozenset({DRIVE})),
    **dict.fromkeys(("session_busy", "session_open"), frozenset({"open_session"})),
    **dict.fromkeys(("refuse_connect", "hang_handshake"), frozenset({CONNECT})),
}


@dataclass
class Fault:
    """One fault: `count` is how often it still strikes (None: for ever), `after` how many matches it still spares."""

    kind: str
    when: str = "*"
    count: int | None = None
    after: int = 0
    seconds: float | None = None
    code: int = 0x2002

    def matches(self, family: str) -> bool:
        """Tell whether an operation of this family is meant."""
        only = _FAMILY.get(self.kind)
        if only is not None:
            return family in only
        if family == DRIVE and self.when == FOCUS:
            return True
        return family != CONNECT and self.when in {"*", family}

    def describe(self) -> dict[str, Any]:
        """Give the fault as the control socket shows it."""
        return {"kind": self.kind, "when": self.when, "count": self.count, "after": self.after, "seconds": self.seconds}


class FaultBox:
    """The faults of one camera; may be filled and emptied from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault behind those already there."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def strike(self, family: str) -> Fault | None:
        """Give the first fault that hits an operation of this family, and use it up by one."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(family):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        """Give the waiting faults as the control socket shows them."""
        with self._lock:
            return [fault.describe() for fault in self._faults]
