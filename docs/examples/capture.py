"""Take a picture with a bare WebSocket: python docs/examples/capture.py [ws://127.0.0.1:8000/ws]."""

import asyncio
import json
import sys
from typing import Any

import websockets

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8000/ws"


async def ask(connection: websockets.ClientConnection, action: str, **payload: Any) -> Any:
    """Send a request and wait for the one message that carries its id."""
    await connection.send(json.dumps({"action": action, "payload": payload, "request_id": action}))
    async for message in connection:
        if isinstance(message, bytes):
            continue
        reply = json.loads(message)
        if reply.get("request_id") != action:
            continue  # an event, or the answer to something else
        if not reply["success"]:
            raise RuntimeError(f"{reply['error']} ({reply['error_code']})")
        return reply["data"]
    raise ConnectionError("The server closed the connection.")


async def main() -> None:
    """Select the first camera, double its ISO setting and take a picture."""
    async with websockets.connect(URL, max_size=None) as connection:
        camera = await ask(connection, "SELECT_CAMERA")
        print(f"Using {camera['model']} at {camera['port']}.")
        iso = await ask(connection, "GET_CONFIG", config_name="iso")
        if "200" in iso["options"]:
            iso = await ask(connection, "SET_CONFIG", config_name="iso", value="200")
        print(f"{iso['label']} is {iso['value']}.")
        picture = await ask(connection, "CAPTURE_IMAGE")
        print(f"Saved {picture['file_path']}.")


if __name__ == "__main__":
    asyncio.run(main())
