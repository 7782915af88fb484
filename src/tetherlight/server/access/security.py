"""Who may use the server: host names, origins, the token, and the cookie that stands for it."""

import base64
import binascii
import hmac
import ipaddress
import logging
import secrets
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from tetherlight.errors import Forbidden, InvalidSetting, TooManyRequests, Unauthorized
from tetherlight.files.durable import read_regular
from tetherlight.server.access.grants import MASTER, OPEN, Grant
from tetherlight.settings import Settings
from tetherlight.tokens import Tokens

logger = logging.getLogger(__name__)

COOKIE = "tetherlight_session"
COOKIE_SECONDS = 30 * 24 * 3600
AUTH_SECONDS = 10.0
"""Seconds in which a connection without cookie and header must send AUTH."""

FAILURES = 10
"""Wrong tokens from one address within `FAILURE_WINDOW`; then that address is refused unheard."""

FAILURE_WINDOW = 60.0
STRONG_BYTES = 22
"""Characters of a token of 128 bits, six in each; a shorter one may be guessed."""

MAX_SECRET_BYTES = 4096
REMEMBERED_ADDRESSES = 4096


class Failures:
    """The wrong tokens of the last minute, by address."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, address: str) -> None:
        """Remember a wrong token."""
        times = self._times.setdefault(address, deque(maxlen=FAILURES))
        times.append(time.monotonic())
        self._times.move_to_end(address)
        if len(self._times) > REMEMBERED_ADDRESSES:
            self._times.popitem(last=False)

    def check(self, address: str) -> None:
        """Raise TooManyRequests for an address that guessed too often."""
        times = self._times.get(address)
        if times is not None and len(times) == FAILURES and time.monotonic() - times[0] < FAILURE_WINDOW:
            raise TooManyRequests("Too many wrong tokens came from this address; wait a minute.")


class Guard:
    """Decides by host name, origin and token whether a request may pass."""

    def __init__(
        self, settings: Settings, session_key: bytes, tokens: Tokens | None = None, *, no_auth: bool = False
    ) -> None:
        self.no_auth = no_auth
        """Whether everybody shall be let in, whatever tokens there are."""
        self.tokens = tokens
        """Those beside API_TOKEN."""
        self._token = settings.api_token.encode() if settings.api_token is not None else None
        self._weak = self._token is not None and len(self._token) < STRONG_BYTES
        if self._weak:
            logger.warning(
                "API_TOKEN is short enough to be guessed: use %d characters or more, such as `openssl rand -hex 16` "
                "prints.", STRONG_BYTES,
            )  # fmt: skip
        self._session_key = session_key
        self._origins = frozenset(origin.lower().rstrip("/") for origin in settings.allowed_origins)
        self._hosts = frozenset(host.lower() for host in (*settings.allowed_hosts, "localhost", *own_names()))
        self._failures = Failures()

    @property
    def open(self) -> bool:
        """Whether no token is needed."""
        return self.no_auth or (self._token is None and not self.tokens)

    def holds(self, grant: Grant) -> bool:
        """Say whether what was given is still worth something: a token may have been revoked, or the first one made."""
        if grant == OPEN:
            return self.open
        if grant == MASTER:
            return True
        return self.tokens is not None and self.tokens.with_hash(grant.key) is not None

    def check_host(self, host: str | None) -> None:
        """Raise Forbidden for a host name that is not ours: a page elsewhere may have rebound its own name to us.

        Of the names below .local only our own pass: whoever is on the network can announce any other.
        """
        name = hostname(host)
        if name is None or name in self._hosts or name.endswith(".localhost") or _is_address(name):
            return
        raise Forbidden(
            f"The server does not answer under the host name '{name[:200]}'.",
            hint="Add it to ALLOWED_HOSTS, or use the IP address.",
        )

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Say whether a page of this origin may use the server; native clients send none."""
        if origin is None:
            return True
        if origin.lower().rstrip("/") in self._origins:
            return True
        found = _origin_hostname(origin)
        return found is not None and found == hostname(host)

    def may_embed(self, headers: Mapping[str, str]) -> bool:
        """Say whether a page of any site that asks with these headers may show the answer: an allowed one, or by token.

        A picture in a page is asked for without an Origin; then the Referer says whose page it is.
        """
        page = headers.get("origin") or _origin_of(headers.get("referer"))
        allowed = page is not None and page.lower().rstrip("/") in self._origins
        return allowed or (not self.open and _header_token(headers.get("authorization")) is not None)

    def check_site(self, headers: Mapping[str, str]) -> None:
        """Raise Forbidden where a page of another site asks for something to show or to run in itself, and may not.

        Browsers say by Fetch Metadata that they do, on this machine and over TLS. Links from anywhere are welcome.
        """
        opened = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
        if headers.get("sec-fetch-site") == "cross-site" and not opened and not self.may_embed(headers):
            raise Forbidden(
                "Pages of another site may not show or use what is here.",
                hint="Add the page's origin to ALLOWED_ORIGINS, or send the token.",
            )

    def check_origin(self, origin: str | None, host: str | None) -> None:
        """Raise Forbidden for a page that is neither ours nor allowed."""
        if not self.origin_allowed(origin, host):
            raise Forbidden(
                f"Pages of '{(origin or '')[:200]}' may not use this server.", hint="Add the origin to ALLOWED_ORIGINS."
            )

    def check_token(self, token: str, address: str) -> Grant:
        """Return what a token gives; raise Unauthorized for a wrong one, TooManyRequests for who guessed too often.

        A right token always passes, since many may share an address with one who guesses; only where API_TOKEN is short
        enough to be guessed, an address that guessed must wait as well.
        """
        if self.open:
            return OPEN
        if (found := self._named(token)) is not None:
            return found
        if self._weak:
            self._failures.check(address)
        if self._token is not None and hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return MASTER
        self._failures.check(address)
        if self._just_made() and (found := self._named(token)) is not None:
            return found
        self._failures.add(address)
        raise Unauthorized("The token is wrong.")

    def _named(self, token: str) -> Grant | None:
        found = self.tokens.find(token) if self.tokens is not None else None
        return None if found is None else Grant(found.sha256, found.role, found.name)

    def _just_made(self) -> bool:
        """Look whether there are other tokens than a moment ago."""
        try:
            return self.tokens is not None and self.tokens.refresh()
        except InvalidSetting as error:
            logger.warning("%s", error.message)
            return False

    def authenticated(self, headers: Mapping[str, str], address: str) -> Grant | None:
        """Return what the request's header or cookie shows, None for nothing; raise for a header with a wrong token."""
        if self.open:
            return OPEN
        token = _header_token(headers.get("authorization"))
        if token is not None:
            return self.check_token(token, address)
        return self._session_grant(headers.get("cookie"))

    def session(self, grant: Grant) -> str:
        """Return a new value for the session cookie of who has shown this."""
        expiry = str(int(time.time()) + COOKIE_SECONDS)
        return f"{expiry}.{'' if grant in {OPEN, MASTER} else f'{grant.key}.'}{self._sign(expiry, grant)}"

    def _session_grant(self, cookies: str | None) -> Grant | None:
        if not cookies:
            return None
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        expiry, _, rest = morsel.value.partition(".") if morsel is not None else ("", "", "")
        key, _, signature = rest.rpartition(".")
        grant = self._grant_with(key)
        if grant is None or not hmac.compare_digest(signature.encode(), self._sign(expiry, grant).encode()):
            return None
        return grant if expiry.isdigit() and int(expiry) > time.time() else None

    def _grant_with(self, key: str) -> Grant | None:
        """Return what the key in a cookie stands for: the one of a token that is gone stands for nothing."""
        if not key:
            return None if self._token is None else MASTER
        found = self.tokens.with_hash(key) if self.tokens is not None else None
        return None if found is None else Grant(found.sha256, found.role, found.name)

    def _sign(self, expiry: str, grant: Grant) -> str:
        # The key is random and not derived from the token: a cookie cannot be used to guess tokens unnoticed.
        shown = (self._token or b"") if grant in {OPEN, MASTER} else grant.key.encode()
        return hmac.digest(self._session_key, shown + b"\0" + expiry.encode(), "sha256").hex()


def load_secret(path: Path) -> str:
    """Return the secret in the file; make one that only the owner can read where there is none."""
    try:
        found = read_regular(path, most=MAX_SECRET_BYTES, follow=True).decode("ascii", "replace").strip()
    except FileNotFoundError:
        found = ""
    if len(found) >= 32 and found.isascii():
        path.chmod(0o600)
        return found
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = secrets.token_urlsafe(32)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(made + "\n", encoding="ascii")
    return made


def session_key(state_dir: Path) -> bytes:
    """Return the key that signs session cookies; it outlives a restart where the state folder can be written."""
    try:
        return load_secret(state_dir / "session-key").encode()
    except OSError as error:
        logger.warning("Logins will not outlive a restart: %s", error)
        return secrets.token_bytes(32)


def own_names() -> frozenset[str]:
    """Return the names of this machine: as it calls itself, without its domain, and as it is found by mDNS."""
    name = socket.gethostname().lower().rstrip(".")
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"})


def hostname(host: str | None) -> str | None:
    """Return the name in a Host header, lower case and without port; None where there is no header."""
    if host is None:
        return None
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    return (name or "").rstrip(".")


def _origin_of(address: str | None) -> str | None:
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _origin_hostname(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
        return parts.hostname.rstrip(".") if parts.scheme in {"http", "https"} and parts.hostname else None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _header_token(value: str | None) -> str | None:
    scheme, _, rest = (value or "").partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            # Players such as VLC can show a token only as the password of an address.
            try:
                return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return ""
        case _:
            return None
