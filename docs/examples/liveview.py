"""Save live view frames as files: python docs/examples/liveview.py [ws://127.0.0.1:8000/ws] [COUNT]."""

import json
import struct
import sys
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8000/ws"
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 10

HEADER = struct.Struct("<BBHIdHH")  # version, flags, stream, seq, captured_at, width, height


def ask(connection: ClientConnection, action: str, payload: dict[str, Any]) -> None:
    """Send a request and wait until it was done."""
    connection.send(json.dumps({"action": action, "payload": payload, "request_id": action}))
    for message in connection:
        reply = json.loads(message) if isinstance(message, str) else {}
        if reply.get("request_id") == action:
            if not reply["success"]:
                raise RuntimeError(reply["error"])
            return


def main() -> None:
    """Ask for binary frames, read each frame's header, and write what is behind it as a JPEG file."""
    with connect(URL, max_size=None) as connection:
        ask(connection, "SELECT_CAMERA", {})
        ask(connection, "START_LIVEVIEW", {"encoding": "binary", "max_fps": 10})
        frames = (message for message in connection if isinstance(message, bytes))
        for frame, _ in zip(frames, range(COUNT), strict=False):
            _, _, _, seq, captured_at, width, height = HEADER.unpack_from(frame)
            Path(f"frame_{seq:06}.jpg").write_bytes(frame[HEADER.size :])
            print(f"Frame {seq}: {width} x {height} pixels, taken at {captured_at:.3f}.")


if __name__ == "__main__":
    main()
