"""Servers that answer each message at once with a text of a given length. Helpers: `python -m bench.echo STACK LENGTH`.

`uvicorn` is FastAPI on the stack and with the options of Tetherlight; `websockets` is that library alone on uvloop.
"""

import asyncio
import os
import socket
import sys
import threading

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.asyncio.server import ServerConnection, serve


def application(answer: str) -> FastAPI:
    """Make an application that answers everything at /ws with the same text."""
    app = FastAPI(openapi_url=None)

    @app.websocket("/ws")
    async def echo(connection: WebSocket) -> None:
        await connection.accept()
        try:
            while True:
                await connection.receive_text()
                await connection.send_text(answer)
        except WebSocketDisconnect:
            pass

    return app


def run_uvicorn(app: FastAPI, port: int = 0) -> None:
    """Serve an application with the options of Tetherlight, and print its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        server = uvicorn.Server(
            uvicorn.Config(
                app, loop="uvloop", ws="websockets-sansio", ws_per_message_deflate=False,
                proxy_headers=False, log_config=None,
            )
        )  # fmt: skip
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


async def serve_websockets(answer: str) -> None:
    """Serve until stdin ends."""

    async def echo(connection: ServerConnection) -> None:
        async for _ in connection:
            await connection.send(answer)

    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


def main() -> None:
    """Serve on a free port, which is printed, until stdin ends."""
    threading.Thread(target=end_with_stdin, daemon=True).start()
    answer = "x" * int(sys.argv[2])
    if sys.argv[1] == "uvicorn":
        run_uvicorn(application(answer), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    else:
        uvloop.run(serve_websockets(answer))


def end_with_stdin() -> None:
    """End the process with its stdin; for a thread of its own."""
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
