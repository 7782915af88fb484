"""A whole simulated camera: body, vendor's personality and network, built from a few choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tetherlight.simulator import canon_tables, generic_tables, nikon_tables, sony_tables
from tetherlight.simulator.canon import CanonCamera
from tetherlight.simulator.card import Card
from tetherlight.simulator.developing import Outlook
from tetherlight.simulator.device import Body
from tetherlight.simulator.generic import GenericCamera
from tetherlight.simulator.nikon import NikonCamera
from tetherlight.simulator.quirks import PropertyFault
from tetherlight.simulator.responder import Responder
from tetherlight.simulator.serials import serial_number
from tetherlight.simulator.shot import Identity
from tetherlight.simulator.sony import SonyCamera
from tetherlight.simulator.standard import StandardCamera

CARD_BYTES = 16_000_000_000
USB2_BYTES_PER_S = 40_000_000.0
PORTS = 2
HIGHEST_ISOS = (6400, 12800, 25600, 51200, 102400, 204800, 409600)
VENDORS = ("canon", "nikon", "sony", "generic")


@dataclass(frozen=True)
class Choices:
    """What all cameras of one simulator have in common. Size is (width, height) of a capture.

    `depth_of_field` lets lenses blur what they are not focused on. `ports` are the numbers of the TCP ports, `PORTS`
    for each camera in turn; where they end, any free ones are taken.
    """

    size: tuple[int, int]
    fps: float
    bytes_per_s: float
    folder: Path
    ports: tuple[int, ...] = ()
    depth_of_field: bool = False

    def ports_of(self, number: int) -> tuple[int, ...]:
        """Give the ports of the camera with this number (from 1)."""
        stated = self.ports[PORTS * (number - 1) : PORTS * number]
        return stated + (0,) * (PORTS - len(stated))


class SimulatedCamera:
    """One camera with its parts, for the control socket and the program."""

    def __init__(self, camera: StandardCamera, responder: Responder) -> None:
        self.body = camera.body
        self.responder = responder
        self._camera = camera

    @property
    def name(self) -> str:
        """Give the simulator's word for the camera."""
        return self.body.identity.name

    def set_format(self, name: str) -> bool:
        """Set JPEG, RAW or RAW+JPEG as on the body's menu; False for another word."""
        setting = self._camera.format_setting(name)
        if setting is None:
            return False
        self.body.set_value(*setting)
        return True

    def fault_property(self, code: int, fault: PropertyFault) -> bool:
        """Make setting a property go wrong; False when the camera's protocol cannot do so."""
        if fault.effect == "readonly" and not self._camera.tells_readonly:
            return False
        self.body.quirks.property_faults[code] = fault
        # Clients read a property again, with its claims, when it is told to have changed.
        self._camera.property_changed(code)
        return True

    def mend_property(self, code: int) -> None:
        """Let a property be set as it should."""
        if self.body.quirks.property_faults.pop(code, None) is not None:
            self._camera.property_changed(code)

    def set_battery(self, percent: int) -> None:
        """Charge or drain the battery."""
        self.body.set_value(*self._camera.battery_setting(percent))

    def set_card_free(self, free: int) -> None:
        """Give the card just so much room."""
        self.body.card.set_free(free)
        self._camera.card_changed()

    def close(self) -> None:
        """Leave the network and end all threads."""
        self.responder.close()
        self.body.close()


@dataclass(frozen=True)
class Make:
    """What one camera of a simulator is: its number (from 1), whose it is, and its kind of serial number.

    `highest_iso` is the last of its choices; None is what is usual for the maker.
    """

    number: int
    vendor: str = "canon"
    serial: str = "unique"
    highest_iso: int | None = None

    @property
    def name(self) -> str:
        """Give the simulator's word for the camera."""
        return f"camera{self.number}"

    @property
    def range(self) -> dict[str, int]:
        """Give what the tables of properties need to know beyond what is usual."""
        return {} if self.highest_iso is None else {"highest_iso": self.highest_iso}


def build(make: Make, outlook: Outlook, choices: Choices) -> SimulatedCamera:
    """Build a camera; it is not plugged in yet."""
    folder = choices.folder / make.name
    folder.mkdir()
    camera = {"canon": _canon, "nikon": _nikon, "sony": _sony, "generic": _generic}[make.vendor](
        make, outlook, choices, folder
    )
    ports = choices.ports_of(make.number)
    return SimulatedCamera(camera, Responder(camera, ports=ports, bytes_per_s=choices.bytes_per_s))


def _canon(make: Make, outlook: Outlook, choices: Choices, folder: Path) -> StandardCamera:
    serial = serial_number(make.serial, "0870{:08d}", make.number)
    body = Body(
        Identity(make.name, "Canon", "Canon EOS 1300D", serial, "3-1.1.0"),
        canon_tables.properties(serial, **make.range),
        Card(folder, dcim="100CANON", capacity=CARD_BYTES),
        outlook,
        size=choices.size,
        fps=choices.fps,
        depth_of_field=choices.depth_of_field,
        read_shot=canon_tables.read_shot,
        file_prefix="IMG_",
        clock_code=canon_tables.CAMERA_TIME,
    )
    return CanonCamera(body)


def _nikon(make: Make, outlook: Outlook, choices: Choices, folder: Path) -> StandardCamera:
    serial = serial_number(make.serial, "6{:06d}", make.number)
    body = Body(
        Identity(make.name, "NIKON CORPORATION", "D750", serial, "V1.15"),
        nikon_tables.properties(choices.size, **make.range),
        Card(folder, dcim="100D750_", capacity=CARD_BYTES, first_held=0xFFFF0001),
        outlook,
        size=choices.size,
        fps=choices.fps,
        depth_of_field=choices.depth_of_field,
        read_shot=partial(nikon_tables.read_shot, choices.size),
        file_prefix="DSC_",
    )
    return NikonCamera(body)


def _sony(make: Make, outlook: Outlook, choices: Choices, folder: Path) -> StandardCamera:
    serial = serial_number(make.serial, "00000000000000003285{:012d}", make.number)
    body = Body(
        Identity(make.name, "Sony Corporation", "ILCE-7S", serial, "3.0"),
        sony_tables.properties(**make.range),
        Card(folder, dcim="100MSDCF", capacity=CARD_BYTES, first_held=0xFFFF0001),
        outlook,
        size=choices.size,
        fps=choices.fps,
        depth_of_field=choices.depth_of_field,
        read_shot=sony_tables.read_shot,
        file_prefix="DSC0",
    )
    return SonyCamera(body)


def _generic(make: Make, outlook: Outlook, choices: Choices, folder: Path) -> StandardCamera:
    serial = serial_number(make.serial, "00000000000000000000000020{:06d}", make.number)
    body = Body(
        Identity(make.name, "Generic", "PTP Camera", serial, "1.00"),
        generic_tables.properties(choices.size, **make.range),
        Card(folder, dcim="100_PTPC", capacity=CARD_BYTES),
        outlook,
        size=choices.size,
        fps=choices.fps,
        depth_of_field=choices.depth_of_field,
        read_shot=partial(generic_tables.read_shot, choices.size),
        file_prefix="P000",
        clock_code=generic_tables.DATE_TIME,
    )
    return GenericCamera(body)
