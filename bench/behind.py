"""The least that sets a camera from a browser and outlives one that hangs. A helper: `python -m bench.behind PORT`.

A WebSocket on the stack and with the options of Tetherlight, and libgphoto2 in a process apart; one JSON line each way
between them. Nothing is checked, cached, queued or logged.
"""

import asyncio
import json
import sys
import threading

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from bench.echo import end_with_stdin, run_uvicorn


def application(port: str) -> FastAPI:
    """Make an application whose messages at /ws are values of the sensitivity."""
    app = FastAPI(openapi_url=None)

    @app.websocket("/ws")
    async def set_iso(connection: WebSocket) -> None:
        await connection.accept()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bare", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdin is not None
        assert child.stdout is not None

        async def ask(verb: str, **arguments: str) -> bytes:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps({"verb": verb, "port": port, **arguments}).encode() + b"\n")
            return await child.stdout.readline()

        try:
            await ask("open")
            while True:
                value = json.loads(await connection.receive_text())["value"]
                await connection.send_text((await ask("set", name="iso", value=value)).decode())
        except WebSocketDisconnect:
            pass
        finally:
            child.stdin.close()
            await child.wait()

    return app


if __name__ == "__main__":
    threading.Thread(target=end_with_stdin, daemon=True).start()
    run_uvicorn(application(sys.argv[1]))
