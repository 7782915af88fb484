"""Small HTTP endpoints and the helpers that they share."""

import hashlib
from functools import cache
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tetherlight.server.state import server_state


async def health(request: Request) -> Response:
    """Tell a supervisor that the server answers; 503 while it is stopping."""
    stopping = server_state(request.scope).clients.stopping
    body = {"status": "stopping" if stopping else "ok", "version": _version()}
    return JSONResponse(body, status_code=503 if stopping else 200, headers={"Cache-Control": "no-store"})


@cache
def _version() -> str:
    """Return our version, which is read from the disk."""
    return version("tetherlight")


def etag_of(content: bytes) -> str:
    """Return the entity tag of a content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def etag_matches(header: str | None, etag: str) -> bool:
    """Say whether an If-None-Match header names this entity tag."""
    if header is None:
        return False
    named = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in named or etag in named
