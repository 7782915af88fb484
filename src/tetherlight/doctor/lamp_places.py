"""The lamps that hang on no GPIO chip: whether their ports, networks, devices and brokers are there.

Clients read this: no sentence tells a driver's name or an address.
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from tetherlight.doctor.lamps import REMEDIES
from tetherlight.lights.board import holder_of
from tetherlight.lights.dmx import Slot
from tetherlight.lights.drivers.artnet import ArtnetLamps
from tetherlight.lights.drivers.mqtt import broker_problem
from tetherlight.lights.drivers.sacn import MULTICAST, SacnLamps, group_of
from tetherlight.lights.lamps import Setup
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

CONNECT_S = 1.0
REFUSE_S = 0.3
"""Seconds in which a host says that nobody receives there."""
AT_ONCE = 16
LIBRARIES = {"serial": ("serial", "serial"), "mqtt": ("aiomqtt", "mqtt")}
"""The module that a driver needs, and the extra that brings it."""

Problem = tuple[str, str]
"""What is wrong, without the light's name and without a full stop, and what mends it."""
Check = Callable[[RigLight, bool], Problem | None]


def check_lamps(rig: RigFile, *, serving: bool = False) -> Iterator[Finding]:
    """Tell what is wrong with the ways to lamps; `serving` says that this process has their ports."""
    wanted = [(light, CHECKS[kind]) for light in rig.lights if (kind := light.driver or rig.driver) in CHECKS]
    if not wanted:
        return
    for driver, (module, extra) in LIBRARIES.items():
        named = [light for light, _ in wanted if (light.driver or rig.driver) == driver]
        if named and find_spec(module) is None:
            message = f"Light {named[0].name}: the library that its driver needs is not installed."
            yield _finding("error", message, f"pip install 'tetherlight[{extra}]'")
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted))) as pool:
        problems = list(pool.map(lambda one: one[1](one[0], serving), wanted))
    for (light, _), problem in zip(wanted, problems, strict=True):
        if problem is not None:
            yield _finding("error", f"Light {light.name}: {problem[0]}.", problem[1])
    yield from _held([light for light, check in wanted if check in HOLDING], rig)
    told = [*_unheard([light for light, check in wanted if check in DMX], rig), *_broker(rig)]
    yield from told
    if not told and not any(problems):
        yield _finding("ok", f"The ways to {len(wanted)} lamps are open.", None)


def _held(lights: Sequence[RigLight], rig: RigFile) -> Iterator[Finding]:
    refused = [light.name for light in lights if not light.allow_hold]
    if refused:
        names = ", ".join(refused[:5]) + (f" and {len(refused) - 5} more" if len(refused) > 5 else "")
        message = f"Jobs do not use {names}: such lamps stay as they are when the server dies."
        remedy = f"Say allow_hold = true for them in {rig.path} where that is safe, or let jobs use other lamps."
        yield _finding("warning", message, remedy)


def _broker(rig: RigFile) -> Iterator[Finding]:
    if not any((light.driver or rig.driver) == "mqtt" for light in rig.lights):
        return
    table, bridge = rig.drivers.get("mqtt"), rig.bridges.mqtt
    host, port = ("localhost", 1883) if bridge is None else bridge.broker
    if table is not None:
        host, port = str(table.get("host", "localhost")), int(table.get("port", 8883 if table.get("tls") else 1883))
    if (why := _unreachable(host, port)) is not None:
        remedy = f"Look whether the broker runs, and compare host and port in {rig.path}."
        yield _finding("error", f"The broker of the lamps {why}.", remedy)
    elif find_spec("aiomqtt") is not None:
        # A loop of its own: this runs in a thread.
        with ThreadPoolExecutor(1) as alone:
            problem = alone.submit(lambda: asyncio.run(broker_problem(Setup(rig)))).result()
        if problem is not None:
            yield _finding("error", f"Lamps on MQTT: {problem}", REMEDIES.get(problem, "Look at the broker's log."))


def _unheard(lights: Sequence[RigLight], rig: RigFile) -> Iterator[Finding]:
    """Tell of hosts that say themselves that nobody receives there; groups and broadcasts say nothing."""
    places: dict[tuple[str, int], list[str]] = {}
    for light in lights:
        kind = ArtnetLamps if (light.driver or rig.driver) == ArtnetLamps.name else SacnLamps
        with contextlib.suppress(ValueError):
            slot = Slot.of(light.address, kind.port, kind.universes)
            if slot.host != MULTICAST:
                places.setdefault((slot.host, slot.port), []).append(light.name)
    if not places:
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(places))) as pool:
        silent = list(pool.map(lambda place: _nobody_at(*place), places))
    for names, nobody in zip(places.values(), silent, strict=True):
        if nobody:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            message = f"Light {names[0]}{more}: at the host of its universe nobody receives."
            remedy = "Start the receiver there, and compare its protocol, Art-Net or sACN, with the light's driver."
            yield _finding("error", message, remedy)


def _nobody_at(host: str, port: int) -> bool:
    """Say whether a host answers an empty datagram, which no receiver heeds, with that nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(REFUSE_S)
        try:
            probe.connect((host, port))
            probe.send(b"")
            probe.recv(1)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False  # it is silent, as receivers are; whether there is a way to it was looked at before
    return False


def _serial(light: RigLight, serving: bool) -> Problem | None:
    port = (light.address or "").rpartition("/")[0]
    if not port or not Path(port).exists():
        return "its board is not plugged in", "ls -l /dev/serial/by-id shows the boards that are there"
    if not os.access(port, os.R_OK | os.W_OK):
        return "its serial port may not be opened", "sudo usermod -aG dialout $USER, then log in again"
    if not serving and (holder := holder_of(port)) is not None and "tetherlight" not in holder:
        return f"its serial port is held by {holder}", "End that program, such as the Arduino's serial monitor."
    return None


def _dmx(kind: type[ArtnetLamps | SacnLamps]) -> Check:
    def check(light: RigLight, serving: bool) -> Problem | None:  # noqa: ARG001 - a port of ours is in nobody's way
        try:
            slot = Slot.of(light.address, kind.port, kind.universes)
        except ValueError as error:
            return str(error), "Its address is HOST/UNIVERSE/CHANNEL."
        multicast = kind is SacnLamps and slot.host == MULTICAST
        host = group_of(slot.universe) if multicast else slot.host
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                # Connecting a datagram socket sends nothing: it asks the kernel for a route.
                probe.connect((host, slot.port))
        except socket.gaierror:
            return "the name of its host is not known", "Write its number instead, or mend the name service."
        except OSError as error:
            if multicast and error.errno == errno.ENETUNREACH:
                return "there is no route for multicast", "sudo ip route add 239.0.0.0/8 dev eth0"
            return f"its network cannot be reached ({error.strerror})", "ip route shows which networks there are"
        return None

    return check


def _device(light: RigLight, serving: bool) -> Problem | None:  # noqa: ARG001 - it may be asked by many
    host, _, port = (light.address or "").partition("/")[0].partition(":")
    why = _unreachable(host, int(port) if port.isdigit() else 80)
    return None if why is None else (f"its device {why}", "Look whether it has power and is in this network.")


def _pwm(light: RigLight, serving: bool) -> Problem | None:  # noqa: ARG001 - looking changes nothing
    chip = Path("/sys/class/pwm") / (light.address or "").partition("/")[0]
    if not Path("/sys/class/pwm").is_dir() or not chip.is_dir():
        return "this machine has no such PWM chip", "ls /sys/class/pwm; on a Raspberry Pi dtoverlay=pwm enables one"
    if not os.access(chip / "export", os.W_OK):
        return "its PWM channel may not be used", "Give the server's user the right to write below /sys/class/pwm."
    return None


def _mqtt(light: RigLight, serving: bool) -> Problem | None:  # noqa: ARG001 - the broker is looked at for all
    from tetherlight.lights.mqtt_words import words_of  # noqa: PLC0415 - of this kind alone

    if words_of(light.address) is None:
        return "its address is no KIND:NAME", "Such as tasmota:plug1, zigbee2mqtt:bulb or topic:lamps/1."
    return None


def _unreachable(host: str, port: int) -> str | None:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S):
            return None
    except TimeoutError:
        return "does not answer"
    except socket.gaierror:
        return "has a name that is not known"
    except OSError as error:
        return f"cannot be reached ({error.strerror})"


def _finding(level: str, message: str, remedy: str | None) -> Finding:
    return Finding.model_validate({"check": "lamps", "level": level, "message": message, "remedy": remedy})


_ARTNET, _SACN = _dmx(ArtnetLamps), _dmx(SacnLamps)
DMX: tuple[Check, ...] = (_ARTNET, _SACN)
HOLDING: tuple[Check, ...] = (*DMX, _pwm)
"""Of lamps that stay as they are when the server dies."""
CHECKS: dict[str, Check] = {
    "serial": _serial,
    "artnet": _ARTNET,
    "sacn": _SACN,
    "shelly": _device,
    "tasmota": _device,
    "wled": _device,
    "pwm": _pwm,
    "mqtt": _mqtt,
}
