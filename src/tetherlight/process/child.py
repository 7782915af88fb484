"""The process that computes one thing: `python -m tetherlight.process.child DESCRIPTOR PARENT`.

It calls one function, tells how far it is, answers, and is ended. Whoever started it may kill it at any moment.
"""

import contextlib
import importlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tetherlight.errors import NotInstalled, OutOfResources, TetherlightError, WorkFailed, WorkMemory
from tetherlight.process import wire

logger = logging.getLogger(__name__)
NICENESS = 10
TELL_S = 0.25
"""Seconds between two messages of how far it is: each goes to every client that listens."""
EXPENDABLE = "500"
"""Where the system runs out of memory, it shall end this process before the server and its cameras."""
ROOM = 1 << 20
"""Bytes of an answer: whatever is larger goes into a file."""
ROOM_OF_BYTES = 1 << 23
"""Bytes of a result that is nothing but bytes, such as a small picture."""
SLACK = 1 << 28
"""Bytes above the limit that may be asked of the system; the server looks at what is really used."""


class Progress:
    """Tells the server how far a computation is."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._told_at = -TELL_S
        self._lock = threading.Lock()

    def __call__(self, done: float, total: float, activity: str | None = None) -> None:
        """Tell that `done` of `total` is done, and what is done now; the server hears a few of these a second."""
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        with self._lock:
            if time.monotonic() - self._told_at >= TELL_S:
                self._told_at = time.monotonic()
                wire.send(self._connection, {"told": {"share": share, "activity": activity}})


def main(arguments: list[str]) -> None:
    """Answer one call."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    descriptor = int(arguments[0])
    wire.die_with_parent(int(arguments[1]))
    wire.close_inherited(descriptor)
    os.set_inheritable(descriptor, False)
    # What the function starts ends with it; Ctrl-C is for the server alone.
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_modest()
    with socket.socket(fileno=descriptor) as connection:
        request = wire.receive(connection)
        if request is None:
            return
        header = answer(request["call"], request["arguments"], Progress(connection))
        body = header.pop("bytes", b"")
        sys.stdout.flush()
        wire.send(connection, header, body)


def be_modest() -> None:
    """Compute only with what others leave: behind them, and where there are several cores never on all of them."""
    os.nice(NICENESS)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(EXPENDABLE)


def limit_memory(most: int) -> None:
    """Let the system refuse what is far more than `most` bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = most + SLACK if hard == resource.RLIM_INFINITY else min(hard, most + SLACK)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def answer(name: str, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Call the function and return what the server is told: its result, or the error it raised.

    A result of bytes goes behind the header, from `bytes`.
    """
    limit_memory(arguments["memory"])
    try:
        result = _find(name)(progress, **arguments["given"])
        return _raw(name, result) if isinstance(result, bytes) else _small(name, {"result": result})
    except TetherlightError as error:
        return _sendable({"error": wire.failure(error)})
    except MemoryError as error:
        logger.warning("%s: no more memory", name, exc_info=error)
        return {"error": wire.failure(WorkMemory(f"'{name}' asked for more memory than it may have."))}
    except BaseException as error:
        logger.exception("%s failed", name)
        known = OutOfResources.of(error) or NotInstalled.of(error) if isinstance(error, Exception) else None
        failed = known or WorkFailed(f"'{name}' failed ({type(error).__name__}).", hint="The server's log says more.")
        return {"error": wire.failure(failed)}


def _small(name: str, header: dict[str, Any]) -> dict[str, Any]:
    if len(wire.encode(header)) > ROOM:
        raise WorkFailed(f"'{name}' returned more than {ROOM} bytes.", hint="Arrays go into files.")
    return header


def _raw(name: str, result: bytes) -> dict[str, Any]:
    if len(result) > ROOM_OF_BYTES:
        raise WorkFailed(f"'{name}' returned more than {ROOM_OF_BYTES} bytes.", hint="Large results go into files.")
    return {"result": None, "bytes": result}


def _find(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _sendable(header: dict[str, Any]) -> dict[str, Any]:
    """Leave the details out where they are not for the wire."""
    try:
        wire.encode(header)
    except (TypeError, ValueError):
        header["error"]["details"] = None
    return header


if __name__ == "__main__":
    main(sys.argv[1:])
