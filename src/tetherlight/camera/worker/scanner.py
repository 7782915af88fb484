"""The short-lived process that lists cameras: `python -m tetherlight.camera.worker.scanner PARENT [usb:] [ptpip:...]`.

It prints one JSON list. Cameras on USB are listed by the bus alone. A network camera must be asked who it is; each is
asked by a process of its own, because a silent one blocks, and because leaving one closes descriptor 0.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from tetherlight.camera import usb
from tetherlight.camera.worker.driver import Driver
from tetherlight.camera.worker.gphoto import Library
from tetherlight.errors import CameraError, DetectionFailed
from tetherlight.process import wire

PATIENCE = 8.0
"""Seconds for all network cameras together. libgphoto2 gives a silent one 2.5; the rest is for a busy machine."""


def main(arguments: list[str]) -> int:
    """Print what was found; return the exit status."""
    parent, *places = arguments
    wire.die_with_parent(int(parent))
    wire.close_inherited()
    library = Library()
    asked = {_ask(library, place): place for place in places if place.startswith("ptpip:")}
    try:
        found = _on_usb(library) if "usb:" in places else []
    except DetectionFailed as error:
        sys.stderr.write(error.message)
        return 1
    answers = _collect(asked)
    found += [answers[place] for place in places if place in answers]
    sys.stdout.write(json.dumps(found))
    return 0


def _on_usb(library: Library) -> list[dict[str, Any]]:
    bus = usb.Bus()
    return [
        {"model": model, "port": port, "serial": bus.serial(port), "path": bus.path(port)}
        for model, port in library.autodetect()
    ]


def _ask(library: Library, port: str) -> tuple[int, int]:
    """Start a process that asks one network camera; return its pid and the pipe with its answer."""
    reading, writing = os.pipe()
    scanner = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    wire.die_with_parent(scanner)
    os.close(reading)
    try:
        os.write(writing, json.dumps(_identify(library, port)).encode())
    finally:
        os._exit(0)


def _identify(library: Library, port: str) -> dict[str, Any] | None:
    """Return model and serial of the camera at a network port, or None where none answers."""
    driver = Driver(library)
    try:
        opened = driver.open("", _numeric(port))
    except (CameraError, OSError):
        return None
    finally:
        driver.close()
    return {"model": opened["model"], "port": port, "serial": opened["serial"], "path": None}


def _numeric(port: str) -> str:
    """Replace a host name by its address: libgphoto2 takes nothing else."""
    scheme, host, *rest = port.split(":")
    return ":".join([scheme, socket.gethostbyname(host), *rest])


def _collect(asked: dict[tuple[int, int], str]) -> dict[str, dict[str, Any]]:
    """Wait for the answers, and end those that take too long."""
    answers: dict[str, dict[str, Any]] = {}
    waiting = {reading: (pid, place) for (pid, reading), place in asked.items()}
    give_up = time.monotonic() + PATIENCE
    while waiting and (left := give_up - time.monotonic()) > 0:
        for reading in select.select(list(waiting), [], [], left)[0]:
            pid, place = waiting.pop(reading)
            answer = json.loads(os.read(reading, 65536) or b"null")
            if answer is not None:
                answers[place] = answer
            os.close(reading)
            os.waitpid(pid, 0)
    for pid, _ in waiting.values():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return answers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
