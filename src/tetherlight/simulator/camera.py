"""A whole simulated camera: body, vendor's personality and network, built from a few choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tetherlight.simulator import canon_tables, nikon_tables
from tetherlight.simulator.canon import CanonCamera
from tetherlight.simulator.card import Card
from tetherlight.simulator.device import Body, Identity, Outlook
from tetherlight.simulator.nikon import NikonCamera
from tetherlight.simulator.responder import Responder
from tetherlight.simulator.standard import StandardCamera

CARD_BYTES = 16_000_000_000
USB2_BYTES_PER_S = 40_000_000.0
PORTS = 2


@dataclass(frozen=True)
class Choices:
    """What all cameras of one simulator have in common. Size is (width, height) of a capture.

    `ports` are the numbers of the TCP ports, `PORTS` for each camera in turn; where they end, any free ones are taken.
    """

    size: tuple[int, int]
    fps: float
    bytes_per_s: float
    folder: Path
    ports: tuple[int, ...] = ()

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


def build(vendor: str, number: int, outlook: Outlook, choices: Choices) -> SimulatedCamera:
    """Build the camera with this number (from 1); it is not plugged in yet."""
    folder = choices.folder / f"camera{number}"
    folder.mkdir()
    make = _nikon if vendor == "nikon" else _canon
    return make(number, outlook, choices, folder)


def _canon(number: int, outlook: Outlook, choices: Choices, folder: Path) -> SimulatedCamera:
    serial = f"0870{number:08d}"
    body = Body(
        Identity(f"camera{number}", "Canon", "Canon EOS 1300D", serial, "3-1.1.0"),
        canon_tables.properties(serial),
        Card(folder, dcim="100CANON", capacity=CARD_BYTES),
        outlook,
        size=choices.size,
        fps=choices.fps,
        read_shot=canon_tables.read_shot,
        file_prefix="IMG_",
    )
    camera = CanonCamera(body)
    return SimulatedCamera(camera, Responder(camera, ports=choices.ports_of(number), bytes_per_s=choices.bytes_per_s))


def _nikon(number: int, outlook: Outlook, choices: Choices, folder: Path) -> SimulatedCamera:
    body = Body(
        Identity(f"camera{number}", "NIKON CORPORATION", "D750", f"6{number:06d}", "V1.15"),
        nikon_tables.properties(choices.size),
        Card(folder, dcim="100D750_", capacity=CARD_BYTES, first_held=0xFFFF0001),
        outlook,
        size=choices.size,
        fps=choices.fps,
        read_shot=partial(nikon_tables.read_shot, choices.size),
        file_prefix="DSC_",
    )
    camera = NikonCamera(body)
    return SimulatedCamera(camera, Responder(camera, ports=choices.ports_of(number), bytes_per_s=choices.bytes_per_s))
