"""Lamps on Art-Net: DMX512 in UDP, as the protocol's release 1.4 (Art-Net 4) says."""

import struct
from typing import ClassVar

from pydantic import Field

from tetherlight.lights.dmx import REFRESH_S, DmxLamps, Universe
from tetherlight.lights.lamps import LampDriver, LampKind, Setup
from tetherlight.protocol.models import Model

HEADER = struct.Struct("<8sHBBBBBBBB")
IDENTIFIER, OP_DMX, PROTOCOL = b"Art-Net\0", 0x5000, 14


def art_dmx(port_address: int, sequence: int, frame: bytes) -> bytes:
    """Return an ArtDmx packet: `port_address` of 15 bits, `sequence` from 1 to 255, `frame` of an even length."""
    return (
        HEADER.pack(
            IDENTIFIER, OP_DMX, PROTOCOL >> 8, PROTOCOL & 255, sequence, 0,
            port_address & 255, port_address >> 8, len(frame) >> 8, len(frame) & 255,
        )
        + frame
    )  # fmt: skip


class ArtnetSettings(Model):
    """The table `drivers.artnet` of the rig file."""

    refresh_s: float = Field(default=REFRESH_S, gt=0.02, le=4)


class ArtnetLamps(DmxLamps):
    """Lamps at HOST/PORT-ADDRESS/CHANNEL; the host may be a broadcast address."""

    name: ClassVar[str] = "artnet"
    port: ClassVar[int] = 6454
    universes: ClassVar[range] = range(32768)

    def packet(self, universe: Universe, *, last: bool = False) -> bytes:  # noqa: ARG002 - it has no word for that
        """Return an ArtDmx packet."""
        return art_dmx(universe.number, universe.sequence, bytes(universe.frame))

    def place_of(self, host: str, universe: int) -> str | None:  # noqa: ARG002 - hosts are what they are called
        """Return nothing: hosts are what they are called."""
        return None


def _open(setup: Setup) -> LampDriver:
    settings = setup.settings(ArtnetLamps.name, ArtnetSettings)
    return ArtnetLamps(settings.refresh_s)


KIND = LampKind(ArtnetLamps.name, _open)
