"""The outermost layer: every request passes the guard, every response carries the security headers."""

import logging
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tetherlight.errors import Forbidden, RequestTooSlow, TetherlightError, Unauthorized, unexpected
from tetherlight.protocol.action import Right
from tetherlight.protocol.closing import CloseCode
from tetherlight.protocol.roles import right_missing
from tetherlight.protocol.routes import LIVEVIEW, LOGIN_PAGE, METRICS, WEBSOCKET, needed_right
from tetherlight.server.access.deadlines import TimelyBody
from tetherlight.server.access.grants import GRANT, OPEN, Grant, grant_of
from tetherlight.server.access.proxies import FORWARDING, Proxies
from tetherlight.server.access.security import Guard
from tetherlight.server.access.visitors import VISITOR, counted_address, is_loopback
from tetherlight.server.link import other_end
from tetherlight.server.replies import error_response
from tetherlight.server.state import server_state

logger = logging.getLogger(__name__)

READING = frozenset({"GET", "HEAD", "OPTIONS"})
PLAYED = LIVEVIEW.path.rpartition("/")[2]
"""The end of what players ask for."""
DEFAULT_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"
METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS"


class Gate:
    """Lets requests through to the application, or answers them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request or a connection and pass it on."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = server_state(scope)
        strip_base_path(scope, state.settings.base_path)
        headers = Headers(scope=scope)
        _greet(scope, headers, state.proxies)
        origin = headers.get("origin")
        allowed = origin is not None and state.guard.origin_allowed(origin, headers.get("host"))
        policy = "cross-origin" if state.guard.may_embed(headers) else "same-site"
        body = TimelyBody(receive)

        with state.clients.response(scope) as link:

            async def send_guarded(message: Message) -> None:
                if message["type"] == "http.response.start":
                    body.answered = True
                    _complete_headers(MutableHeaders(scope=message), origin if allowed else None, policy)
                await send(message)
                link.progress()

            refusal = _refusal(scope, headers, state.guard, state.settings.base_path)
            link.grant = grant_of(scope)
            await _answer(refusal or self._app, scope, body, send_guarded)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = server_state(scope)
        strip_base_path(scope, state.settings.base_path)
        headers = Headers(scope=scope)
        _greet(scope, headers, state.proxies)
        try:
            state.guard.check_host(headers.get("host"))
            state.guard.check_origin(headers.get("origin"), headers.get("host"))
            grant = scope[GRANT] = state.guard.authenticated(headers, peer_of(scope))
            recognise(scope, known=grant is not None)
            if grant is not None:
                require_right(grant, WEBSOCKET.right)
        except TetherlightError as error:
            logger.warning("A connection from %s was refused: %s", peer_of(scope), error.message)
            # Browsers tell a page the close code only of a connection that was accepted.
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": CloseCode.of(error), "reason": error.message[:100]})
            return
        await self._app(scope, receive, send)


async def _answer(app: ASGIApp, scope: Scope, body: TimelyBody, send: Send) -> None:
    """Let a request be answered, in whatever way it fails."""
    try:
        await app(scope, body, send)
    except ClientDisconnect:
        # The body broke off; whatever is sent now is for nobody, but uvicorn wants to see an end.
        if not body.answered:
            await Response(status_code=400)(scope, body, send)
    except RequestTooSlow as error:
        response = error_response(error)
        # What may still come of the body is not to be taken for the next request.
        response.headers["Connection"] = "close"
        await response(scope, body, send)
    except Exception as error:
        # Above this layer nobody would complete the headers of the answer.
        if body.answered:
            raise
        logger.exception("%s %s failed unexpectedly", scope["method"], scope["path"][:200])
        await error_response(unexpected(error))(scope, body, send)


def _greet(scope: Scope, headers: Headers, proxies: Proxies) -> None:
    """Let a request count for the client for which a trusted proxy asks, here and behind here.

    A bare uvicorn believes X-Forwarded-For of everybody on this machine: that is undone first.
    """
    scope["client"] = other_end(scope) or scope.get("client")
    forwarded = proxies.forwarded(peer_of(scope), headers)
    if forwarded is None:
        return
    scope["client"] = (forwarded, 0)
    visitor = scope.get(VISITOR)
    if visitor is not None:
        # One connection of a proxy carries requests of many.
        visitor.shows(known=False)
        visitor.comes_from(counted_address(forwarded, forwarded=True))


def recognise(scope: Scope, *, known: bool = True) -> None:
    """Take note that a connection has shown the token, where connections are counted."""
    visitor = scope.get(VISITOR)
    if visitor is not None:
        visitor.shows(known=known)


def peer_of(scope: Scope) -> str:
    """Return the address of the other end, for the log and for limits."""
    client = scope.get("client")
    return client[0] if client else "local"


def strip_base_path(scope: Scope, base_path: str) -> None:
    """Take the path under which a reverse proxy publishes the server off the request, if the proxy left it on."""
    for prefix in (scope.get("root_path", ""), base_path):
        path = scope["path"]
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            scope["path"] = path[len(prefix) :] or "/"
            scope["raw_path"] = quote(scope["path"]).encode()
    scope["root_path"] = ""


def _refusal(scope: Scope, headers: Headers, guard: Guard, base_path: str) -> Response | None:
    path, method = scope["path"], scope["method"]
    try:
        guard.check_host(headers.get("host"))
        if method not in READING:
            guard.check_origin(headers.get("origin"), headers.get("host"))
        guard.check_site(headers)
        if method == "OPTIONS":
            return Response(status_code=204)
        if _admitted(scope, headers, guard):
            return None
    except Unauthorized as error:
        return _challenge(error, path)
    except TetherlightError as error:
        return error_response(error)
    if method in READING and "text/html" in headers.get("accept", ""):
        return RedirectResponse(f"{base_path}{LOGIN_PAGE.path}", status_code=303)
    needed = Unauthorized("This needs the server's token.", hint="Send it as 'Authorization: Bearer TOKEN'.")
    return _challenge(needed, path)


def _admitted(scope: Scope, headers: Headers, guard: Guard) -> bool:
    """Say whether a request needs no token or shows it; raise for a wrong one."""
    # Where no token is needed, who has yet to send something is no better known than a stranger elsewhere.
    complete = scope["method"] in READING
    needed = needed_right(scope["method"], scope["path"])
    if needed is None:
        if guard.open and complete:
            recognise(scope)
        return True
    grant = guard.authenticated(headers, peer_of(scope))
    if grant is None:
        return False
    require_right(grant, needed)
    if needed == METRICS.right and grant == OPEN and not guard.no_auth:
        require_this_machine(peer_of(scope), headers)
    scope[GRANT] = grant
    recognise(scope, known=complete or not guard.open)
    return True


def require_right(grant: Grant, right: Right | None) -> None:
    """Raise RightMissing where somebody has been let in as what must not have this."""
    if right is not None and right not in grant.rights:
        raise right_missing("This", right, f"the role '{grant.role}'")


def require_this_machine(peer: str, headers: Headers) -> None:
    """Raise Forbidden for who is elsewhere, or behind a proxy here that says for whom it asks."""
    if not is_loopback(peer) or not FORWARDING.isdisjoint(headers.keys()):
        raise Forbidden(
            "Where no token is set, this is only for programs on this machine.",
            hint="On the server's machine `tetherlight token add NAME --role metrics` makes a token for it.",
        )


def _challenge(error: Unauthorized, path: str) -> Response:
    response = error_response(error)
    # Only players get a challenge that they can answer; in a browser it would open a dialog.
    response.headers["WWW-Authenticate"] = 'Basic realm="tetherlight"' if path.endswith(PLAYED) else "Bearer"
    return response


def _complete_headers(headers: MutableHeaders, origin: str | None, policy: str) -> None:
    # Where a browser does not say who asks, as without TLS, it still keeps the answer from pages of other sites.
    headers["Cross-Origin-Resource-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Content-Security-Policy", DEFAULT_CSP)
    headers.add_vary_header("Origin")
    if origin is not None:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
        headers["Access-Control-Allow-Methods"] = METHODS
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Range, If-None-Match"
        headers["Access-Control-Expose-Headers"] = "Content-Length, Content-Range, ETag, Content-Disposition"
