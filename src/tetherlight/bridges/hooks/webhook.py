"""An address that is told by a request: JSON, signed where the hook has a secret."""

import asyncio
import ssl
import time
from email.utils import parsedate_to_datetime

import httpx

from tetherlight.bridges.certificates import distrust
from tetherlight.bridges.hooks.events import Happened
from tetherlight.bridges.hooks.secret import read_secret, signature
from tetherlight.bridges.hooks.telling import NotNow, NotTold
from tetherlight.errors import InvalidSetting
from tetherlight.process.threads import in_daemon_thread
from tetherlight.rigfile.hooks import HookTable

SKEW_S = 300.0
"""By so much may the clock of a signature be wrong, for receivers that follow Standard Webhooks."""
LATER = frozenset({408, 425, 429})
"""Answers by which an address says that it may be told later, beside all from 500 on."""


class Webhook:
    """Posts events to an address."""

    def __init__(self, table: HookTable) -> None:
        self._table = table
        self._url = httpx.URL(table.url or "")

    def fault(self) -> str | None:
        """Say so where a secret cannot be had."""
        try:
            self._secrets()
        except InvalidSetting as error:
            return error.message[:1].lower() + error.message[1:].rstrip(".")
        return None

    def _secrets(self) -> tuple[str | None, str | None]:
        table = self._table
        secret = read_secret("secret", table.secret_file, table.secret_env)
        return secret, read_secret("token", table.token_file, table.token_env)

    async def tell(self, happened: Happened) -> str:
        """Post it; raise NotTold where the address does not take it."""
        try:
            secret, token = await in_daemon_thread(self._secrets)
            body = happened.body()
            headers = _headers(happened, body, secret, token)
        except InvalidSetting as error:
            raise NotTold(error.message.rstrip(".")) from None
        try:
            async with asyncio.timeout(self._table.timeout_s):
                status, skew = await self._post(body, headers)
        except TimeoutError:
            raise NotNow(f"{self._url.host} did not answer within {self._table.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise NotNow(f"{self._url.host} could not be told ({_why(error)})") from None
        if 200 <= status < 300:
            return f"{self._url.host} answered {status}."
        sentence = f"{self._url.host} answered {status}"
        if secret is not None and abs(skew) > SKEW_S:
            way = "ahead of" if skew > 0 else "behind"
            raise NotNow(
                f"{sentence}, and its clock is {abs(skew):.0f} s {way} this machine's, so it trusts no signature"
            )
        later = status in LATER or status >= 500
        raise (NotNow if later else NotTold)(sentence)

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, float]:
        """Return the status and by how many seconds the other clock is ahead of ours."""
        # A client of its own for each: connections that are kept may have died unnoticed until the next event.
        async with (
            httpx.AsyncClient(timeout=self._table.timeout_s) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            return answer.status_code, _skew(answer.headers.get("date"))


def _skew(date: str | None) -> float:
    """Return 0 where it is not known."""
    try:
        return parsedate_to_datetime(date or "").timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def _why(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {distrust(cause)}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _headers(happened: Happened, body: bytes, secret: str | None, token: str | None) -> dict[str, str]:
    found = {"Content-Type": "application/json", "User-Agent": "tetherlight", "webhook-id": happened.id}
    if token is not None:
        found["Authorization"] = f"Bearer {token}"
    if secret is not None:
        now = int(time.time())
        found["webhook-timestamp"] = str(now)
        found["webhook-signature"] = signature(secret, happened.id, now, body)
    return found
