"""Lamps on sACN: DMX512 in UDP as ANSI E1.31-2018 says, to one host or to the group of a universe."""

import socket
import struct
import uuid
from typing import ClassVar

from pydantic import Field

from tetherlight.errors import InvalidSetting
from tetherlight.lights.dmx import REFRESH_S, DmxLamps, Universe
from tetherlight.lights.lamps import LampDriver, LampKind, Setup
from tetherlight.protocol.models import Model

ROOT = struct.Struct("!HH12sHI16s")
FRAMING = struct.Struct("!HI64sBHBBH")
DMP = struct.Struct("!HBBHHHB")
ACN = b"ASC-E1.17\0\0\0"
FLAGS = 0x7000
TERMINATED = 0x40
MULTICAST = "multicast"


def data_packet(
    universe: int, sequence: int, frame: bytes, *, cid: bytes, source: str, priority: int, last: bool = False
) -> bytes:
    """Return an E1.31 data packet: `universe` from 1 to 63999, `cid` of 16 bytes, `priority` from 0 to 200.

    `last` sets the flag that the stream has ended.
    """
    options = TERMINATED if last else 0
    dmp = DMP.pack(FLAGS | (DMP.size + len(frame)), 0x02, 0xA1, 0, 1, len(frame) + 1, 0) + frame
    name = source.encode()[:63]
    framing = (
        FRAMING.pack(FLAGS | (FRAMING.size + len(dmp)), 0x2, name, priority, 0, sequence & 255, options, universe) + dmp
    )
    # The length of the root layer counts from behind its identifier.
    return ROOT.pack(0x10, 0, ACN, FLAGS | (ROOT.size - 16 + len(framing)), 0x4, cid) + framing


def group_of(universe: int) -> str:
    """Return the multicast group of a universe."""
    return f"239.255.{universe >> 8}.{universe & 255}"


class SacnSettings(Model):
    """The table `drivers.sacn` of the rig file."""

    refresh_s: float = Field(default=REFRESH_S, gt=0.02, le=2)
    priority: int = Field(default=100, ge=0, le=200)
    source: str = Field(default="Tetherlight", min_length=1, max_length=63)
    interface: str | None = None
    """Address of ours from which multicast leaves; the system's choice where nothing is said."""
    ttl: int = Field(default=1, ge=1, le=255)


class SacnLamps(DmxLamps):
    """Lamps at HOST/UNIVERSE/CHANNEL; the host `multicast` is the group of the universe."""

    name: ClassVar[str] = "sacn"
    port: ClassVar[int] = 5568
    universes: ClassVar[range] = range(1, 64000)

    def __init__(self, settings: SacnSettings, cid: bytes) -> None:
        super().__init__(settings.refresh_s)
        self._settings = settings
        self._cid = cid
        try:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, settings.ttl)
            if settings.interface is not None:
                place = socket.inet_aton(settings.interface)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, place)
        except OSError:
            self._socket.close()
            raise

    def packet(self, universe: Universe, *, last: bool = False) -> bytes:
        """Return an E1.31 data packet."""
        return data_packet(
            universe.number,
            universe.sequence,
            bytes(universe.frame),
            cid=self._cid,
            source=self._settings.source,
            priority=self._settings.priority,
            last=last,
        )

    def place_of(self, host: str, universe: int) -> str | None:
        """Return the group of the universe where the host is `multicast`."""
        return group_of(universe) if host == MULTICAST else None


def _open(setup: Setup) -> LampDriver:
    settings = setup.settings(SacnLamps.name, SacnSettings)
    # The same after every start, so that receivers do not take us for another source.
    cid = uuid.uuid5(uuid.NAMESPACE_DNS, f"{socket.gethostname()}/{setup.rig.path.absolute()}").bytes
    try:
        return SacnLamps(settings, cid)
    except OSError as error:
        raise InvalidSetting(
            f"The rig file {setup.rig.path}: the interface of drivers.sacn cannot be used: {error.strerror or error}."
        ) from None


KIND = LampKind(SacnLamps.name, _open)
