"""Capture a photometric set and follow it: python docs/examples/photometric_set.py [ws://127.0.0.1:8000/ws]."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8000/ws"
LIGHTS = ["light_left", "light_right", "lights_top"]


def messages(connection: ClientConnection, action: str, payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send a request and give every message up to its reply, the reply included."""
    connection.send(json.dumps({"action": action, "payload": payload, "request_id": action}))
    for text in connection:
        message = json.loads(text)
        yield message
        if message.get("request_id") == action:
            if not message["success"]:
                raise RuntimeError(message["error"])
            return


def main() -> None:
    """Start a set and print each step until the reply comes."""
    with connect(URL, max_size=None) as connection:
        list(messages(connection, "SELECT_CAMERA", {}))
        plan = {"light_sequence": LIGHTS, "set_name_prefix": "example"}
        for message in messages(connection, "CAPTURE_PHOTOMETRIC_SET", plan):
            if message["action"] == "photometric_progress":
                print(message["data"]["status"])
            elif message["action"] == "CAPTURE_PHOTOMETRIC_SET":
                print(f"{message['data']['image_count']} images in {message['data']['set_folder']}")


if __name__ == "__main__":
    main()
