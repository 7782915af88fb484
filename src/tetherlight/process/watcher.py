"""Sees to it that something is done when the server was killed.

`python -m tetherlight.process.watcher MODULE` waits for the end of its standard input, which the server holds open, and
runs the module unless the server has said goodbye. It knows nothing else, so that it costs next to nothing.
"""

import os
import signal
import sys

GOODBYE = b"goodbye"


def main() -> None:
    """Wait, and then become the module where the server ended without a word."""
    # Ctrl-C and a closed terminal are for the server, which ends in order then.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() != GOODBYE:
        os.execv(sys.executable, [sys.executable, "-m", sys.argv[1]])  # noqa: S606 - the server names it


if __name__ == "__main__":
    main()
