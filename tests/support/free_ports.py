"""Ports for servers that are started later, also again and again on the same one."""

import itertools
import os
import socket

FIRST, LAST = 12_000, 32_000
"""Below the ports that Linux hands out by itself: a connection of some other test could get one of those meanwhile."""
WORKERS = 10
SHARE = (LAST - FIRST) // WORKERS

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
_numbers = itertools.count(os.getpid())


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens, and which no other worker chooses."""
    for _ in range(SHARE):
        port = FIRST + _worker * SHARE + next(_numbers) % SHARE
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("No port is free for a test server.")
