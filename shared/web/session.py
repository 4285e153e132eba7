"""Signing in by a link and signing out. One service mounts it; the cookie is good for all."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from shared.auth import COOKIE, SIGN_IN, Identity, Tokens, public
from shared.settings import ServiceSettings
from shared.web.access import Router

__all__ = ["SESSION_LENGTH", "is_local", "open_session", "session_router"]

SESSION_LENGTH = timedelta(hours=12)
"""A working day. Whoever is taken off the team stays signed in for no longer than that."""

session_router = Router(prefix="/session", include_in_schema=False)


@session_router.get("")
@public
async def sign_in(request: Request, token: str, to: str = "/") -> Response:
    """Follows a sign-in link: the browser gets a session and goes to `to`, a path of ours."""
    tokens: Tokens = request.app.state.tokens
    response = RedirectResponse(to if is_local(to) else "/", status_code=303)
    open_session(request, response, tokens.verify(token, SIGN_IN))
    return response


@session_router.post("/end")
@public
async def sign_out(request: Request) -> Response:
    settings: ServiceSettings = request.app.state.service.settings
    response = RedirectResponse(f"{settings.public_url}/sign-in", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=settings.secure_cookies, httponly=True)
    return response


def open_session(request: Request, response: Response, identity: Identity) -> None:
    """The browser that gets `response` is `identity` from now on."""
    settings: ServiceSettings = request.app.state.service.settings
    tokens: Tokens = request.app.state.tokens
    response.set_cookie(
        COOKIE,
        tokens.issue(identity, SESSION_LENGTH),
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def is_local(address: str) -> bool:
    """A path on this origin, as every browser reads it: they take `\\` for `/`."""
    parts = urlsplit(address)
    return (
        address.isprintable()
        and "\\" not in address
        and address.startswith("/")
        and not address.startswith("//")
        and not parts.scheme
        and not parts.netloc
    )
