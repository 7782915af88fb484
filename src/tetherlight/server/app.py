"""The application: what is mounted where, and what lives as long as it runs."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tetherlight.actions.dispatch import BULKY, dispatch
from tetherlight.bridges.bridge import Listens
from tetherlight.bridges.bridges import Bridges
from tetherlight.errors import TetherlightError
from tetherlight.logs.setup import set_up_logging
from tetherlight.protocol.routes import HEALTH, LIVEVIEW, METRICS, PAGES, WEBSOCKET
from tetherlight.rig.rig import Rig
from tetherlight.server.access.proxies import Proxies
from tetherlight.server.access.security import Guard, session_key
from tetherlight.server.clients import Clients
from tetherlight.server.gate import Gate
from tetherlight.server.http.http import health
from tetherlight.server.http.images import images_router
from tetherlight.server.http.login import login_routes
from tetherlight.server.http.metrics import metrics
from tetherlight.server.http.mjpeg import LiveviewMjpg
from tetherlight.server.http.objects import object_routes
from tetherlight.server.http.pages import load_pages
from tetherlight.server.link import keep_receive, server_config
from tetherlight.server.memory import give_back_freed_memory
from tetherlight.server.revoking import follow_tokens
from tetherlight.server.startup import endable_start
from tetherlight.server.state import ServerState
from tetherlight.server.stopping import Stopping
from tetherlight.server.ws.websocket import Dispatch, WebSocketEndpoint
from tetherlight.settings import Settings, load_settings
from tetherlight.tokens import Tokens

logger = logging.getLogger(__name__)

STOP_SECONDS = 3
"""Seconds that uvicorn waits for connections which we have already ended, where it would wait for ever."""

OpenRig = Callable[[Settings], AbstractAsyncContextManager[Any]]


def create_app(
    settings: Settings | None = None,
    *,
    open_rig: OpenRig = Rig.open,
    dispatch_to: Dispatch = dispatch,
    tokens: Tokens | None = None,
    no_auth: bool = False,
    listens: Listens | None = None,
) -> FastAPI:
    """Return the application; without settings they are read from the environment when it starts.

    `tokens` are those of STATE_DIR where they are not given; with `no_auth` none are needed. `listens` says where it
    will be reached, where uvicorn's own configuration does not.
    """
    app = Application(
        title="Tetherlight", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(open_rig)
    )
    app.state.given_settings = settings
    app.state.listens = listens
    app.state.tokens, app.state.no_auth = tokens, no_auth
    app.state.start_error = None
    app.add_middleware(Gate)
    app.add_middleware(StartAndStop)
    app.router.routes.extend((
        Route(HEALTH.path, health, methods=list(HEALTH.methods)),
        *login_routes(),
        *object_routes(),
        WebSocketRoute(WEBSOCKET.path, WebSocketEndpoint(dispatch_to, BULKY)),
        Route(LIVEVIEW.path, LiveviewMjpg(), methods=list(LIVEVIEW.methods)),
        Route(METRICS.path, metrics, methods=list(METRICS.methods)),
    ))  # fmt: skip
    return app


def _lifespan(open_rig: OpenRig) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with contextlib.AsyncExitStack() as stack:
                await _start(app, open_rig, stack)
                yield
        except TetherlightError as error:
            app.state.start_error = error
            raise

    return lifespan


async def _start(app: FastAPI, open_rig: OpenRig, stack: contextlib.AsyncExitStack) -> None:
    settings = app.state.given_settings or load_settings()
    set_up_logging(settings.log_level, secret=settings.api_token)
    give_back_freed_memory()
    with endable_start():
        guard = await asyncio.to_thread(_guard, app, settings)
        pages = await asyncio.to_thread(load_pages, settings.base_path)
        rig = await stack.enter_async_context(open_rig(settings))
    # Before all that ends earlier: they still tell how the rig stopped.
    bridges = await stack.enter_async_context(Bridges.open(rig, app.state.listens))
    clients = Clients(settings.max_connections)
    stopping = Stopping(rig, clients)
    rig.publisher.listen(clients.hear)
    rig.attended = lambda: len(clients) > 0
    clients.start()
    stack.push_async_callback(stopping.finish)
    stack.enter_context(stopping.on_signals())
    stack.enter_context(_followed(guard, clients))
    proxies = Proxies(settings.trusted_proxies)
    app.state.server = ServerState(settings, rig, clients, guard, proxies, bridges)
    app.include_router(images_router(rig.store))
    # The pages answer every path that is left: they come last.
    app.mount(PAGES.prefix, pages)


def _guard(app: FastAPI, settings: Settings) -> Guard:
    """Return what decides who may come in; raise InvalidSetting where the tokens cannot be read. Blocking."""
    tokens = app.state.tokens or Tokens.beside(settings.state_dir)
    tokens.refresh()
    needed = settings.api_token is not None or tokens
    # Cookies of those who log in by the first token, made later, do not outlive the run.
    key = session_key(settings.state_dir) if needed else secrets.token_bytes(32)
    return Guard(settings, key, tokens, no_auth=app.state.no_auth)


@contextlib.contextmanager
def _followed(guard: Guard, clients: Clients) -> Iterator[None]:
    """Let tokens come and go while the context lasts."""
    if guard.tokens is None or guard.no_auth:
        yield
        return
    task = asyncio.create_task(follow_tokens(guard.tokens, guard, clients), name="look at the tokens")
    try:
        yield
    finally:
        task.cancel()


class Application(FastAPI):
    """FastAPI, with a way back to the server under it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the server's `receive`, which FastAPI itself may wrap, and pass everything on."""
        keep_receive(scope, receive)
        await super().__call__(scope, receive, send)


class StartAndStop:
    """Looks at how uvicorn was started, and tells why a start failed in one sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only the lifespan is looked at."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        state = scope["app"].state
        state.listens = state.listens or _listens(server_config(scope))

        async def send_short(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and state.start_error is not None:
                error = state.start_error
                told = f"{error.message} {error.hint}" if error.hint else error.message
                message = {"type": message["type"], "message": told}
            elif message["type"] == "lifespan.startup.complete":
                _look_at_uvicorn(server_config(scope), state.server.settings, bare=state.given_settings is None)
            await send(message)

        await self._app(scope, receive, send_short)


def _listens(config: Any) -> Listens | None:
    """Return where uvicorn was told to listen; None where it chooses the port, or somebody else serves."""
    if config is None or not config.port or config.uds or config.fd is not None:
        return None
    return Listens(config.host, config.port, tls=config.ssl_certfile is not None)


def _look_at_uvicorn(config: Any, settings: Settings, *, bare: bool) -> None:
    if bare and settings.api_token is None:
        logger.warning("API_TOKEN is not set: everybody who reaches this port can use cameras, lights and images.")
    if getattr(config, "ws_per_message_deflate", False):
        logger.warning(
            "permessage-deflate is on: it costs milliseconds for each frame and client and makes no JPEG smaller. "
            "Start uvicorn with --ws-per-message-deflate false, or use 'tetherlight serve'."
        )
    if config is not None and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = STOP_SECONDS
