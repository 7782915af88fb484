"""A real uvicorn in the test's own process, in front of a rig that owns nothing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import connect

from support.fakes import FakeCamera
from support.patience import stretched
from support.turns import turns
from support.wire_client import ANSWER_S, CONNECT_S
from tetherlight.errors import CameraNotFound, ClientTooSlow, TetherlightError
from tetherlight.liveview.liveview import Liveview
from tetherlight.protocol.cameras import StartLiveview
from tetherlight.protocol.messages import MAX_MESSAGE_BYTES, Request, failure_reply, success_reply
from tetherlight.publisher import Publisher
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.server.app import create_app
from tetherlight.server.clients import Clients
from tetherlight.server.state import ServerState
from tetherlight.server.ws.connection import Connection
from tetherlight.settings import Settings


class FakeRig:
    """A rig with one camera that a test holds in its hands."""

    def __init__(self, camera: FakeCamera) -> None:
        self.publisher = Publisher()
        self.camera = camera
        self.live = Liveview(camera, 0)
        self.store = None
        self.lights = SimpleNamespace(rig_file=RigFile(Path("rig.toml")))
        self.reports: list[object] = []
        self.gate = asyncio.Event()
        self.under_way = 0
        self.most_under_way = 0
        self.stopped = False

    @property
    def cameras(self) -> "FakeRig":
        """Who knows the camera."""
        return self

    def liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the camera's live view."""
        if camera_id not in {None, self.camera.camera_id}:
            raise CameraNotFound(f"No camera '{camera_id}'.")
        return self.live

    async def find_liveview(self, camera_id: str | None = None) -> Liveview:
        """Return the same."""
        return self.liveview(camera_id)

    async def stop(self) -> None:
        """Remember that it was stopped."""
        self.stopped = True
        await self.live.close(ClientTooSlow("stopping"))

    @contextlib.asynccontextmanager
    async def open(self, _: Settings) -> AsyncIterator["FakeRig"]:
        """Be the rig of a server."""
        try:
            yield self
        finally:
            await self.stop()


async def dispatch(rig: FakeRig, connection: Connection, request: Request) -> bytes | None:
    """Answer a few actions as the handlers do."""
    try:
        return success_reply(request.action, await _answer(rig, connection, request), request.request_id)
    except TetherlightError as error:
        return failure_reply(request.action, error, request.request_id)


async def _answer(rig: FakeRig, connection: Connection, request: Request) -> Any:  # noqa: PLR0911 - one for each action
    match request.action:
        case "ECHO":
            return request.payload
        case "WAIT":
            rig.under_way += 1
            rig.most_under_way = max(rig.most_under_way, rig.under_way)
            await rig.gate.wait()
            rig.under_way -= 1
            return None
        case "BIG" | "GET_IMAGE_DATA":
            rig.under_way += 1
            rig.most_under_way = max(rig.most_under_way, rig.under_way)
            await turns()
            rig.under_way -= 1
            return "x" * 3_000_000
        case "START_LIVEVIEW" | "GET_PREVIEW":
            wanted = StartLiveview(**request.payload)
            encoding = "raw" if request.action == "GET_PREVIEW" else wanted.encoding
            wishes = wanted.model_dump(include={"paced", "max_width", "adaptive"})
            stream = await connection.start_liveview(None, rig.find_liveview, encoding, wanted.max_fps, **wishes)
            return stream.number
        case "STOP_LIVEVIEW":
            connection.stop_liveview(None)
            return None
        case "READY":
            connection.ready(None, request.payload.get("seq"))
            return None
        case "SUBSCRIBE":
            connection.topics = frozenset(request.payload["topics"])
            return None
        case _:
            raise AssertionError(request.action)


class Served:
    """A running server and its address."""

    def __init__(self, app: FastAPI, rig: FakeRig, port: int, server: uvicorn.Server) -> None:
        self.app = app
        self.rig = rig
        self.port = port
        self.server = server

    @property
    def clients(self) -> Clients:
        """The clients of the server."""
        state: ServerState = self.app.state.server
        return state.clients

    def connect(self, **options: Any) -> connect:
        """Open a WebSocket to it."""
        options.setdefault("compression", None)
        options.setdefault("open_timeout", stretched(CONNECT_S))
        return connect(f"ws://127.0.0.1:{self.port}/ws", max_size=None, **options)

    def http(self, **options: Any) -> httpx.AsyncClient:
        """Return an HTTP client for it."""
        options.setdefault("timeout", stretched(ANSWER_S))
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, **options)


class QuietServer(uvicorn.Server):
    """A uvicorn that leaves the test's signal handlers alone, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take none."""
        yield


@contextlib.asynccontextmanager
async def serving(camera: FakeCamera | None = None, **settings: Any) -> AsyncIterator[Served]:
    """Run a server on a free port for a while."""
    rig = FakeRig(camera or FakeCamera())
    app = create_app(Settings(**settings), open_rig=rig.open, dispatch_to=dispatch)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws="websockets-sansio", ws_per_message_deflate=False, ws_max_size=MAX_MESSAGE_BYTES, log_config=None
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    task.add_done_callback(lambda _: server.listening.set())
    try:
        await server.listening.wait()
        assert server.started, "the server did not start"
        yield Served(app, rig, listener.getsockname()[1], server)
    finally:
        server.should_exit = True
        await task
