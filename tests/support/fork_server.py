"""The program that has loaded what tests start, and makes a copy of itself for each: `python -m support.fork_server`.

Nothing runs in it but the orders, which come on descriptor 0. A copy is handed to the process that ordered it, as a
child of that one: it is begun by a process that ends at once, while its receiver takes orphans in.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOM = 1 << 20
"""Bytes of the longest order, its environment included."""
STREAMS = 3
BEGUN, FAILED = b"begun", b"failed"
LOADED = (
    "tetherlight.cli.main",
    "tetherlight.cli.serve",
    "tetherlight.client.client",
    "tetherlight.server.serve",
    "tetherlight.simulator.program",
)
"""What the programs begin with; none of this looks at the environment."""
LATER = ("anyio._backends._asyncio", "encodings.idna", "gpiod", "pydantic.v1", "pyudev", "uvloop")
"""What they load when they run. Pydantic's first version, which FastAPI looks at, warns on newer interpreters."""


@dataclass(frozen=True)
class Order:
    """What to run, and in which surroundings."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    mask: int

    def encode(self) -> bytes:
        """Return the order as it is sent, its three descriptors beside it."""
        return json.dumps(vars(self)).encode()


def main() -> None:
    """Take orders until nobody can give any; in a copy, carry one out."""
    # Ctrl-C reaches whoever is in the foreground; the tests decide when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    for name in LOADED:
        importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LATER:
            importlib.import_module(name)
    gc.freeze()
    with socket.socket(fileno=0) as connection:
        found = take_orders(connection)
        if found is None:
            return
        connection.detach()
    order, streams = found
    settle(order, streams)
    runpy.run_module(order.module, run_name="__main__", alter_sys=True)


def take_orders(connection: socket.socket) -> tuple[Order, list[int]] | None:
    """Return an order and its descriptors in each copy, None in the original when the other end is closed."""
    while True:
        message, streams, _, _ = socket.recv_fds(connection, ROOM, STREAMS)
        if not message:
            return None
        between = _fork()
        if between == 0 and _is_copy(connection):
            fields: dict[str, Any] = json.loads(message)
            return Order(**fields), streams
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(between, 0)
        connection.send(FAILED if status else BEGUN)


def _is_copy(connection: socket.socket) -> bool:
    """Go on as the copy; the process between tells its number and ends."""
    between, code = os.getpid(), 1
    try:
        pid = _fork()
        if pid == 0:
            code = -1
            _wait_for_end(between)
            return True
        connection.send(str(pid).encode())
        code = 0
    finally:
        if code >= 0:
            os._exit(code)
    return False


def _fork() -> int:
    """Fork although numpy's library of arithmetic keeps threads, of which Python would warn: it ends them before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _wait_for_end(pid: int) -> None:
    """Wait until a process has ended and given its children away."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        select.select([handle], [], [])
        os.close(handle)


def settle(order: Order, streams: list[int]) -> None:
    """Make this process what a new interpreter would be."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order.folder)
    os.umask(order.mask)
    os.environ.clear()
    os.environ.update(order.environment)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [order.module, *order.arguments]
    sys.path[0] = str(Path.cwd())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.enable()


if __name__ == "__main__":
    main()
