"""The login page: the token is shown once, and a cookie stands for it from then on."""

import html
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tetherlight.errors import TetherlightError
from tetherlight.protocol.routes import LOGIN, LOGIN_PAGE, LOGOUT, PAGES
from tetherlight.server.access.security import COOKIE, COOKIE_SECONDS
from tetherlight.server.gate import peer_of, recognise, require_right
from tetherlight.server.http.pages import page_csp
from tetherlight.server.state import server_state

MAX_FORM_BYTES = 4096


def login_routes() -> list[Route]:
    """Return the routes of the login page."""
    return [
        Route(LOGIN_PAGE.path, show_login, methods=list(LOGIN_PAGE.methods)),
        Route(LOGIN.path, log_in, methods=list(LOGIN.methods)),
        Route(LOGOUT.path, log_out, methods=list(LOGOUT.methods)),
    ]


async def show_login(request: Request) -> Response:
    """Show the form; who needs no login goes on to the application."""
    state = server_state(request.scope)
    try:
        known = state.guard.authenticated(request.headers, peer_of(request.scope))
    except TetherlightError:
        known = None
    # Browsers carry the part behind # over to where they are sent, unless that has one: the token shall not stay.
    return _home(request, "#") if known is not None else _form(request, "", 200)


async def log_in(request: Request) -> Response:
    """Check the token of the form and set the cookie."""
    state = server_state(request.scope)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return _form(request, "That is too long for a token.", 413)
    token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        grant = state.guard.check_token(token, peer_of(request.scope))
        require_right(grant, PAGES.right)
    except TetherlightError as error:
        return _form(request, error.message, error.status)
    recognise(request.scope)
    response = _home(request)
    response.set_cookie(
        COOKIE,
        state.guard.session(grant),
        max_age=COOKIE_SECONDS,
        path=state.settings.base_path or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


async def log_out(request: Request) -> Response:
    """Take the cookie back."""
    base_path = server_state(request.scope).settings.base_path
    response = RedirectResponse(f"{base_path}{LOGIN_PAGE.path}", status_code=303)
    response.delete_cookie(COOKIE, path=base_path or "/", httponly=True, samesite="strict")
    return response


def _home(request: Request, fragment: str = "") -> RedirectResponse:
    return RedirectResponse(f"{server_state(request.scope).settings.base_path}/{fragment}", status_code=303)


def _form(request: Request, problem: str, status: int) -> Response:
    page, csp = _page(server_state(request.scope).settings.base_path)
    headers = {"Content-Security-Policy": csp, "Cache-Control": "no-store"}
    return Response(page.replace("{{problem}}", html.escape(problem)), status, headers, "text/html; charset=utf-8")


@cache
def _page(base_path: str) -> tuple[str, str]:
    """Return the page without a problem filled in, and its policy; whoever likes may ask for it again and again."""
    template = Path(str(resources.files(__package__))) / "login.html"
    page = template.read_text(encoding="utf-8").replace("{{base_path}}", html.escape(base_path))
    return page, page_csp(page)
