"""Run the server: one listening socket, one uvicorn, and the options that live view needs."""

import contextlib
import ipaddress
import logging
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from tetherlight.bridges.bridge import Listens
from tetherlight.errors import ServerStopping, StartFailed
from tetherlight.logs.setup import log_everything
from tetherlight.protocol.messages import MAX_MESSAGE_BYTES
from tetherlight.server.access.entrance import FURTHER_CONNECTIONS, Reception
from tetherlight.server.access.proxies import Proxies
from tetherlight.server.access.security import load_secret
from tetherlight.server.app import create_app
from tetherlight.server.link import tune_socket
from tetherlight.server.watching import watched_rig
from tetherlight.settings import Settings
from tetherlight.tokens import Tokens

logger = logging.getLogger(__name__)

BACKLOG = 1024
ACCEPTED_AT_ONCE = 8
"""Connections that are taken in one turn of the loop, which takes one from each descriptor of the listening socket."""
GRACE_SECONDS = 5


@dataclass(frozen=True)
class Address:
    """Where and how the server listens."""

    host: str = "127.0.0.1"
    port: int = 8000
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def serve(settings: Settings, address: Address, *, no_auth: bool = False, token_dir: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT; raise StartFailed when it cannot start.

    Where other machines can reach the server and no token is set, one is made and kept, unless `no_auth`.
    """
    log_everything(settings.log_level)
    _check_tls(address)
    token_dir = token_dir or settings.state_dir
    settings, token_place = _with_token(settings, address, no_auth=no_auth, token_dir=token_dir)
    with listening(address) as listener, contextlib.ExitStack() as further, _ended_by_signal():
        listens = Listens(address.host, listener.getsockname()[1], tls=address.tls_cert is not None)
        app = create_app(
            settings, open_rig=watched_rig, tokens=Tokens.beside(token_dir), no_auth=no_auth, listens=listens
        )
        reception = Reception(settings.max_connections + FURTHER_CONNECTIONS, Proxies(settings.trusted_proxies))
        welcome = _welcome(_page(address, listener, settings), settings.api_token, token_place)
        server = Server(_config(app, address, reception), reception, welcome)
        try:
            # uvicorn closes them only where it has started.
            copies = [further.enter_context(listener.dup()) for _ in range(ACCEPTED_AT_ONCE - 1)]
            server.run(sockets=[listener, *copies])
        except SystemExit:
            if isinstance(app.state.start_error, ServerStopping):
                return
            if app.state.start_error is not None:
                raise app.state.start_error from None
            raise
        if not server.started:
            raise StartFailed("The server could not start; the lines above say why.")


def _config(app: object, address: Address, reception: Reception) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http=reception.protocol,  # type: ignore[arg-type]  # whatever makes a protocol will do
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        log_config=None,
        workers=1,
        ssl_certfile=address.tls_cert,
        ssl_keyfile=address.tls_key,
    )


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """Listen at the address for a while; raise StartFailed in one sentence when that is impossible."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartFailed(f"The host '{address.host}' cannot be used: {error.strerror or error}.") from None
    family, _, _, _, where = found[0]
    # Without the protocol's number the event loop would not switch Nagle's algorithm off.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tune_socket(listener)
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartFailed(_why_not(address, error)) from None
    listener.set_inheritable(False)
    with listener:
        yield listener


def _why_not(address: Address, error: OSError) -> str:
    match error.errno:
        case 98:
            return f"Port {address.port} is in use by another program; choose another one with --port."
        case 13:
            return f"Port {address.port} needs more rights than you have; choose one from 1024 on with --port."
        case 99:
            return f"This machine has no address '{address.host}'."
        case _:
            return f"The server cannot listen on {address.host}:{address.port}: {error.strerror}."


def _check_tls(address: Address) -> None:
    if (address.tls_cert is None) != (address.tls_key is None):
        raise StartFailed("--tls-cert and --tls-key belong together.")
    for path in (address.tls_cert, address.tls_key):
        if path is not None and not path.is_file():
            raise StartFailed(f"There is no file '{path}'.")


def _with_token(settings: Settings, address: Address, *, no_auth: bool, token_dir: Path) -> tuple[Settings, str | None]:
    """Return the settings with a token where one is needed, and where a person finds it; None where nowhere else."""
    if no_auth:
        logger.warning("AUTHENTICATION IS OFF (--no-auth): everybody who reaches this port can use the rig.")
        return settings.model_copy(update={"api_token": None}), None
    if settings.api_token is not None or address.local:
        return settings, "in the setting API_TOKEN"
    file = token_dir / "token"
    try:
        token, place = load_secret(file), f"in the file {file.absolute()}"
    except OSError as error:
        logger.warning("The token lasts only for this run, since %s", error)
        token, place = secrets.token_urlsafe(32), None
    return settings.model_copy(update={"api_token": token}), place


class Server(uvicorn.Server):
    """Says where the pages are as soon as they are there, and leaves handshakes to the reception."""

    def __init__(self, config: uvicorn.Config, reception: Reception, welcome: str) -> None:
        super().__init__(config)
        self._reception = reception
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, then tell where."""
        self._reception.tls, self.config.ssl = self.config.ssl, None
        await super().startup(sockets)
        print(f"\n{self._welcome}\n", flush=True)  # noqa: T201 - for a person, not for the log


def _page(address: Address, listener: socket.socket, settings: Settings) -> str:
    scheme = "https" if address.tls_cert is not None else "http"
    port = listener.getsockname()[1]
    host = address.host if address.local else _reachable_name(listener)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{settings.base_path}/"


def _welcome(page: str, token: str | None, place: str | None) -> str:
    """Return the lines that say where the pages are and how to get in.

    What is printed to a terminal only its user reads; a journal or the log of a container is kept and read by others.
    """
    if token is None:
        return f"  Tetherlight is at {page}"
    if place is None or sys.stdout.isatty():
        return f"  Tetherlight is at {page}login#token={token}"
    return f"  Tetherlight is at {page}login\n  Its token is {place}."


def _reachable_name(listener: socket.socket) -> str:
    bound = str(listener.getsockname()[0])
    if bound not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return bound
    # Connecting a datagram socket sends nothing: it asks the kernel which of our addresses would be used.
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end the process in order: uvicorn raises it again after it stopped, which would kill us outright."""

    def leave(_: int, __: FrameType | None) -> None:
        sys.exit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        logger.info("Interrupted")
    finally:
        signal.signal(signal.SIGTERM, before)
