"""Where a lost camera may be: its own place, or wherever something shows that it is the same one."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from tetherlight.camera.detection import find_cameras, network_ports
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.surroundings import Surroundings
from tetherlight.errors import TetherlightError
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)
ELSEWHERE = 5.0
"""Seconds between two looks at other network addresses, each of which starts a process that asks who is there."""


class Look(Protocol):
    """Lists the cameras that are there."""

    async def __call__(self, settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
        """List them, but not those at these ports."""


class Search:
    """Looks for one lost camera.

    One that states a serial number of its own may be anywhere: whoever opens it sees that number. Another one is looked
    for at its own place only, and elsewhere where it is the only one of its model; else a person must say where it is.
    """

    def __init__(
        self,
        found: FoundCamera,
        serial: str | None,
        settings: Settings,
        around: Surroundings,
        look: Look = find_cameras,
    ) -> None:
        self.found = found
        self.on_network = found.port.startswith("ptpip:")
        self._serial = serial
        self._settings = settings
        self._around = around
        self._look = look
        self._looked_at = -float("inf")
        self._elsewhere: Sequence[FoundCamera] = ()

    @property
    def question(self) -> str | None:
        """What a person must do for the camera to come back; None where it comes back by itself."""
        if self._recognisable or (self._around.alone(self.found.camera_id) and len(self._elsewhere) <= 1):
            return None
        why = (
            f"This {self.found.model} has no serial number of its own, so it comes back by itself only at its own "
            f"place, {self.found.place}."
        )
        say = f"SELECT_CAMERA with camera_id '{self.found.camera_id}' and its port"
        if not self._elsewhere:
            return f"{why} Connect it there, or say where it is ({say})."
        ports = " and ".join(one.port for one in self._elsewhere)
        return f"{why} One of that model is at {ports}: if it is this one, say so ({say}), else connect it there."

    @property
    def _recognisable(self) -> bool:
        def trusts(serial: str | None) -> bool:
            return self._around.trusts(self.found.model, serial)

        if trusts(self.found.serial):
            return not self.on_network or trusts(self._serial)
        return self.found.serial is None and trusts(self._serial)

    async def places(self) -> list[FoundCamera]:
        """Return where the camera may be now, the likeliest first."""
        in_use = set(self._around.ports_in_use()) - {self.found.port}
        try:
            return await (self._on_network(in_use) if self.on_network else self._on_usb(in_use))
        except TetherlightError as error:
            logger.warning("%s: %s", self.found.camera_id, error)
            return []

    async def _on_network(self, in_use: set[str]) -> list[FoundCamera]:
        if self._recognisable:
            ports = dict.fromkeys([self.found.port, *network_ports(self._settings)])
            return [replace(self.found, port=port) for port in ports if port not in in_use]
        if time.monotonic() - self._looked_at >= ELSEWHERE:
            self._looked_at = time.monotonic()
            known = {*in_use, self.found.port}
            self._elsewhere = self._alike(await self._look(self._settings, skip_ports=known))
        return [self.found, *self._the_only_one()]

    async def _on_usb(self, in_use: set[str]) -> list[FoundCamera]:
        seen = await self._look(self._settings, skip_ports=[*in_use, *network_ports(self._settings)])
        if self._recognisable:
            # Where the bus told no number, whoever opens the camera sees the one that it states.
            numbers = {self.found.serial} if self.found.serial else {None, self._serial}
            may_be = [one for one in seen if one.model == self.found.model and one.serial in numbers]
            may_be.sort(key=lambda one: one.place != self.found.place)
            return [self._at(one) for one in may_be]
        alike = self._alike(seen)
        own = [one for one in alike if one.path is not None and one.path == self.found.path]
        self._elsewhere = () if own else alike
        return [self._at(one) for one in (own or self._the_only_one())]

    def _alike(self, seen: Sequence[FoundCamera]) -> list[FoundCamera]:
        return [one for one in seen if (one.model, one.serial) == (self.found.model, self.found.serial)]

    def _the_only_one(self) -> Sequence[FoundCamera]:
        """Return what was found elsewhere where that can be no other camera."""
        sure = len(self._elsewhere) == 1 and self._around.alone(self.found.camera_id)
        return [self._at(one) for one in self._elsewhere] if sure else []

    def _at(self, place: FoundCamera) -> FoundCamera:
        return replace(self.found, port=place.port, path=place.path)
