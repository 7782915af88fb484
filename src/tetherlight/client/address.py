"""Where a server is, and the token that it wants."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from tetherlight.errors import InvalidSetting
from tetherlight.protocol.routes import LOGIN_PAGE, WEBSOCKET

DEFAULT = "http://127.0.0.1:8000"
DEFAULT_PORT = 8000
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
ENTRANCES = (WEBSOCKET.path, LOGIN_PAGE.path)


@dataclass(frozen=True)
class Address:
    """A server's address without a slash at its end, and the token."""

    http: str
    token: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, token: str | None = None) -> Self:
        """Read an address as people write it or as the server prints it; raise InvalidSetting.

        A name or an IP address alone means the port that a server has by itself; `http://NAME` means port 80.
        """
        alone = "://" not in text
        parts = urlsplit(f"http://{text}" if alone else text)
        try:
            usable = parts.scheme in SCHEMES and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable:
            raise InvalidSetting(f"'{text[:200]}' is no address of a server.", hint=f"One looks like {DEFAULT}.")
        path = parts.path.rstrip("/")
        for entrance in ENTRANCES:
            path = path.removesuffix(entrance)
        if not token and parts.fragment.startswith("token="):
            token = unquote(parts.fragment.removeprefix("token="))
        port = f":{DEFAULT_PORT}" if alone and parts.port is None else ""
        return cls(f"{SCHEMES[parts.scheme]}://{parts.netloc.removesuffix(':')}{port}{path}", token or None)

    @property
    def websocket(self) -> str:
        """The address of the WebSocket."""
        return f"ws{self.http.removeprefix('http')}{WEBSOCKET.path}"

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.http.startswith("https:")

    @property
    def headers(self) -> dict[str, str]:
        """The headers that show the token."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def url(self, path: str) -> str:
        """Return the address of something that the server gives below a path of its own."""
        return f"{self.http}/{path.lstrip('/')}"
