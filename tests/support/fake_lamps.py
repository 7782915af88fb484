"""Lamps of a kind that another package could bring."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from tetherlight.lights.lamps import LampDriver, LampKind, Levels
from tetherlight.rigfile.lights import RigLight


class FakeLamps(LampDriver):
    """Lamps that dim, and remember what they were told."""

    name: ClassVar[str] = "fake"
    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True

    def __init__(self) -> None:
        self.addresses: dict[str, str | None] = {}
        self.levels: dict[str, float] = {}
        self.switched: list[dict[str, float]] = []
        self.fails: Exception | None = None
        self.waits = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self.closed = False
        self.asked = 0
        """How often somebody wanted to know which of its lamps are there."""

    @property
    def unavailable(self) -> Mapping[str, str]:
        self.asked += 1
        return {}

    async def define(self, lights: Sequence[RigLight]) -> None:
        self.addresses = {light.name: light.address for light in lights}
        self.levels = dict.fromkeys(self.addresses, 0.0)

    async def switch(self, levels: Levels) -> None:
        self.switched.append(dict(levels))
        self.waits.set()
        if self.hold:
            await self.hold.wait()
        if self.fails:
            raise self.fails
        self.levels |= levels

    def off_now(self) -> frozenset[str]:
        self.levels = dict.fromkeys(self.levels, 0.0)
        return frozenset()

    async def close(self) -> None:
        self.closed = True


KIND = LampKind(FakeLamps.name, lambda _: FakeLamps())
