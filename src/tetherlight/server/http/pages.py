"""The pages: the exported web application where it was built, else one small page.

Everything is read once at start and served from memory: the base path is filled in, and the Content-Security-Policy of
each page names the hashes of its inline scripts.
"""

import base64
import gzip
import hashlib
import logging
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from tetherlight.protocol.routes import WEBSOCKET
from tetherlight.server.http.http import etag_matches, etag_of

logger = logging.getLogger(__name__)

BASE_PLACEHOLDER = "/__tetherlight_base__"
"""Stands in the export for the path under which it is served."""

TEXT = frozenset({".html", ".js", ".css", ".txt", ".json", ".svg", ".map", ".webmanifest"})
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
NO_CACHE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"
WORKER_CSP = "default-src 'self'"
"""For scripts: one that runs as a worker obeys the policy that came with itself and not the page's."""
SMALL = 1024
"""Bytes below which compressing gains nothing."""


@dataclass(frozen=True)
class Asset:
    """A file of the web application as it goes over the wire."""

    content: bytes
    compressed: bytes | None
    mimetype: str
    etag: str
    cache_control: str
    csp: str | None

    def response(self, headers: Headers, status: int = 200) -> Response:
        """Return the file, or 304 for a client that has it."""
        ours = {"ETag": self.etag, "Cache-Control": self.cache_control, "Vary": "Accept-Encoding"}
        if self.csp is not None:
            ours["Content-Security-Policy"] = self.csp
        if status == 200 and etag_matches(headers.get("if-none-match"), self.etag):
            return Response(status_code=304, headers=ours)
        if self.compressed is not None and "gzip" in headers.get("accept-encoding", ""):
            ours["Content-Encoding"] = "gzip"
            return Response(self.compressed, status, ours, self.mimetype)
        return Response(self.content, status, ours, self.mimetype)


class Pages:
    """The ASGI application behind every path that nothing else answers."""

    def __init__(self, assets: Mapping[str, Asset], base_path: str) -> None:
        self._assets = assets
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD, and refuse a WebSocket that knocks at a wrong path."""
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await WebSocketClose()(scope, receive, send)
            return
        await self._respond(scope)(scope, receive, send)

    def _respond(self, scope: Scope) -> Response:
        if scope["type"] == "websocket":
            return Response(f"The WebSocket is at {self._base_path}{WEBSOCKET.path}.\n", 404, media_type="text/plain")
        if scope["method"] not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        headers, path = Headers(scope=scope), scope["path"]
        asset = self._assets.get(path + "index.html" if path.endswith("/") else path)
        if asset is not None:
            return asset.response(headers)
        if f"{path}/index.html" in self._assets:
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{self._base_path}{path}/{'?' + query if query else ''}", status_code=308)
        missing = self._assets.get("/404.html")
        if missing is not None and "text/html" in headers.get("accept", ""):
            return missing.response(headers, 404)
        return Response("There is nothing here.\n", 404, media_type="text/plain")


def load_pages(base_path: str, folder: Path | None = None) -> Pages:
    """Read the exported application from its folder in the package, or the built-in page where there is none."""
    folder = folder or Path(str(resources.files("tetherlight"))) / "web"
    if (folder / "index.html").is_file():
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        assets = {f"/{path.relative_to(folder).as_posix()}": _asset(folder, path, base_path) for path in files}
        return Pages(assets, base_path)
    logger.warning(
        "The web application is not part of this installation: / shows a small page instead. "
        "It is built with node by 'npm ci && npm run build' in the folder web of a checkout."
    )
    page = Path(str(resources.files(__package__))) / "page.html"
    return Pages({"/index.html": _asset(page.parent, page, base_path)}, base_path)


def page_csp(html: str) -> str:
    """Return the Content-Security-Policy that lets a page's own inline scripts run, and no others."""
    scripts = {f"'sha256-{_sha256(script)}'" for script in INLINE_SCRIPT.findall(html)}
    return "; ".join((
        "default-src 'self'",
        " ".join(("script-src 'self'", *sorted(scripts))),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ))  # fmt: skip


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(folder: Path, path: Path, base_path: str) -> Asset:
    content = path.read_bytes()
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    csp = compressed = None
    if path.suffix in TEXT:
        content = content.replace(BASE_PLACEHOLDER.encode(), base_path.encode())
        compressed = gzip.compress(content, 6, mtime=0) if len(content) > SMALL else None
    if path.suffix == ".html":
        csp = page_csp(content.decode())
    elif path.suffix == ".js":
        csp = WORKER_CSP
    static = path.relative_to(folder).parts[:2] == ("_next", "static")
    return Asset(content, compressed, mimetype, etag_of(content), IMMUTABLE if static else NO_CACHE, csp)
