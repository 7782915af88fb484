"""When the live view of a camera's body is ended: what a preview began, nobody else would end."""

import logging
import time
from collections.abc import Awaitable, Callable

from tetherlight.camera.config import ConfigCache
from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import CameraError
from tetherlight.protocol.models import ConfigEntry, ConfigValue, ViewfinderState

logger = logging.getLogger(__name__)
TOGGLE, OUTPUT, COMPUTER = "viewfinder", "output", "PC"
EARLY = 0.9
"""The share of the time after which the end is begun, so that it is done when the time is over."""
TRIES = 3
"""How often a body that refuses is told to end its live view; then it is left alone until the next use."""
LIVE_ACTIONS = frozenset(
    {"manualfocusdrive", "changeafarea", "spotfocusarea", "eoszoom", "eoszoomposition", "focusmagnifier"}
)
"""What a body does only while its live view runs: moving the focus and its point, and magnifying."""


class Standby:
    """Knows whether a body's live view is on, and when it has not been used for long enough.

    unsupported, where the body cannot be told; else on → standby → on.
    """

    def __init__(self, cache: ConfigCache, after: float) -> None:
        self._cache = cache
        self._after = after
        self._due_at = float("inf")
        self._tries = 0
        self._kept = False
        self._output: str | None = None
        self.state = ViewfinderState.UNSUPPORTED

    @property
    def on(self) -> bool:
        """Whether there is something to end."""
        return self.state is ViewfinderState.ON

    @property
    def output(self) -> str | None:
        """What a Canon body's output shall be without live view: what it was, else off; None for other bodies."""
        return self._output

    def adopt(self) -> None:
        """Look at a camera that was just opened: whoever had it before may have left its live view on."""
        self._kept = False
        self._output = self._rest_output()
        if ACTIONS_SECTION + TOGGLE not in self._cache:
            self.state = ViewfinderState.UNSUPPORTED
            return
        self.state = ViewfinderState.STANDBY
        if self._cache.find(TOGGLE).value is True or COMPUTER in (self._cache.text(OUTPUT) or ""):
            self.begun()

    def _rest_output(self) -> str | None:
        if OUTPUT not in self._cache:
            return None
        entry = self._cache.find(OUTPUT)
        quiet = [option for option in entry.options if COMPUTER not in option]
        if len(quiet) == len(entry.options):
            return None  # another maker's word of that name
        now = str(entry.value)
        kept = next((option for option in quiet if now.startswith(f"{option} +")), quiet[0] if quiet else None)
        return now if now in quiet else kept

    def begun(self) -> None:
        """Hear that the live view is on: a preview came."""
        if self.state is not ViewfinderState.UNSUPPORTED:
            self.state = ViewfinderState.ON
        self.used()

    def used(self) -> None:
        """Hear that the live view is in use."""
        self._due_at = time.monotonic() + self._after * EARLY
        self._tries = 0

    async def end(self, tell: Callable[[str | None], Awaitable[None]]) -> None:
        """End it by telling the body, unless it was used meanwhile; `tell` gets what `output` shall be."""
        if not self.due():
            return
        try:
            await tell(self._output)
        except CameraError as error:
            self._due_at = time.monotonic() + self._after
            self._tries += 1
            if self._tries == TRIES:
                logger.warning("The live view of a camera's body cannot be ended: %s", error.message)
            raise
        self._rests()

    def _rests(self) -> None:
        if self.state is not ViewfinderState.UNSUPPORTED:
            self.state = ViewfinderState.STANDBY

    def wrote(self, entry: ConfigEntry, value: ConfigValue) -> None:
        """Hear that a client set an entry: one who switches the live view on by it is who switches it off."""
        if entry.name == TOGGLE:
            self._kept = value is True
        elif entry.name == OUTPUT and self._output is not None:
            self._kept = COMPUTER in str(value)
            self._output = self._output if self._kept else str(value)
        elif entry.path.startswith(ACTIONS_SECTION):
            self.used()
            return
        else:
            return
        if self._kept:
            self.begun()
        else:
            self._rests()

    def wakes(self, entry: ConfigEntry) -> bool:
        """Tell whether the live view must begin before this entry is set."""
        return (
            self.state is ViewfinderState.STANDBY
            and entry.name in LIVE_ACTIONS
            and entry.path.startswith(ACTIONS_SECTION)
        )

    def due(self) -> bool:
        """Tell whether it is time to end it."""
        return (
            self.on and self._after > 0 and not self._kept and self._tries < TRIES and time.monotonic() >= self._due_at
        )
