"""The sign-in page over HTTP: `/sign-in/`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from deploy.local.sign_in.people import OPS, People, Unreachable
from deploy.local.sign_in.settings import SignInSettings
from shared.auth import COOKIE, Tokens
from shared.ui.ui import CONTENT_SECURITY_POLICY, Ui
from shared.web.middleware import Headering, RootPath
from shared.web.session import SESSION_LENGTH, is_local

__all__ = ["create_app"]

_HERE = Path(__file__).parent
_ROOT_PATH = "/sign-in"
_SERVICES_SECONDS = 10
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

router = APIRouter()


def create_app(
    settings: SignInSettings, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """`transport` replaces the way to the services."""
    tokens = Tokens(settings.auth_secret.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(
            base_url=settings.front_door,
            timeout=_SERVICES_SECONDS,
            trust_env=False,
            transport=transport,
        ) as services:
            app.state.people = People(services, tokens)
            yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.add_middleware(Headering, headers=_HEADERS)
    app.add_middleware(RootPath, root_path=_ROOT_PATH)
    app.state.settings = settings
    app.state.tokens = tokens
    app.state.ui = ui = Ui("sign_in", _HERE, root_path=_ROOT_PATH)
    app.include_router(router)
    app.mount("/own", StaticFiles(directory=_HERE / "static"))
    ui.mount(app, settings.assets / "vendor")
    return app


async def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


async def _from_our_pages(request: Request) -> None:
    """Another site must not sign a visitor in."""
    own = urlsplit(request.app.state.settings.front_door).netloc
    origin = urlsplit(request.headers.get("origin", "")).netloc
    if origin not in {own, request.headers.get("host")}:
        raise HTTPException(403, "This form was sent from another site.")


ThePeople = Annotated[People, Depends(_people)]


@router.get("/")
async def choose(request: Request, people: ThePeople, to: str = "/") -> Response:
    """Everybody, with what they can do. `to` is where it goes on from here."""
    try:
        everybody = await people.everybody()
    except Unreachable:
        everybody = None
    ui: Ui = request.app.state.ui
    return ui.render(
        request,
        "sign_in.html",
        status=200 if everybody is not None else 503,
        everybody=everybody,
        ops=OPS,
        to=to if is_local(to) else "/",
    )


@router.post("/", dependencies=[Depends(_from_our_pages)])
async def sign_in(
    request: Request,
    people: ThePeople,
    person: Annotated[str, Form(max_length=100)],
    to: Annotated[str, Form(max_length=2_000)] = "/",
) -> Response:
    """The browser is that person from now on."""
    try:
        identity = await people.identity(person)
    except Unreachable:
        raise HTTPException(503, "The services do not answer at the moment.") from None
    if identity is None:
        raise HTTPException(404, "There is nobody with this id.")
    tokens: Tokens = request.app.state.tokens
    response = RedirectResponse(to if is_local(to) else "/", status_code=303)
    response.set_cookie(
        COOKIE,
        tokens.issue(identity, SESSION_LENGTH),
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/healthz", status_code=204)
async def healthz() -> Response:
    return Response(status_code=204)
