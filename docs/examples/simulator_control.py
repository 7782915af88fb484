"""Ask a running simulator for something: python docs/examples/simulator_control.py OP [FIELD=VALUE ...].

For example `unplug camera=camera1`, `plug camera=camera1`, or `fault kind=busy when=capture count=2`.
"""

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any


def field(text: str) -> tuple[str, Any]:
    """Split FIELD=VALUE; numbers, true, false and null mean what they mean in JSON, all else is text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def main() -> None:
    """Send one line of JSON to the control socket and print the line that comes back."""
    request = {"op": sys.argv[1], **dict(field(text) for text in sys.argv[2:])}
    for path in Path(tempfile.gettempdir()).glob("tetherlight-simulator-*/control.sock"):
        with socket.socket(socket.AF_UNIX) as control, control.makefile("rw") as lines:
            control.connect(str(path))
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            print(json.dumps(json.loads(lines.readline()), indent=2))
        return
    sys.exit("No simulator is running.")


if __name__ == "__main__":
    main()
