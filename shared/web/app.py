"""The web edge of a service: `create_app` puts its routers behind all that every service shares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from shared.auth import Tokens
from shared.idempotency import COLLECTION, KEPT_SECONDS
from shared.service import Service
from shared.ui.ui import CONTENT_SECURITY_POLICY, Ui
from shared.web import parked
from shared.web.access import Router, guard
from shared.web.live import Streams
from shared.web.middleware import (
    BodyLimit,
    Callers,
    Failures,
    Headering,
    HearingOut,
    RootPath,
    Tracing,
)
from shared.web.operations import mount_operations
from shared.web.problems import Problems

__all__ = ["BODY_LIMIT", "create_app"]

BODY_LIMIT = 1024 * 1024

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with that, browsers hide the origin of our own forms too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def create_app(service: Service, *, routers: Sequence[Router], ui: Ui) -> FastAPI:
    """The application, not started. Its lifespan is the service's.

    `app.state` has `service`, `ui`, `tokens` and `streams`; features add their own.
    """
    settings = service.settings
    tokens = Tokens(settings.auth_secret.get_secret_value())
    problems = Problems(
        ui,
        sign_in=f"{settings.public_url}/sign-in",
        body_limit=BODY_LIMIT,
    )
    service.index(COLLECTION, [("created_at", 1)], expireAfterSeconds=KEPT_SECONDS)
    app = FastAPI(
        title=f"Understudy {service.name}",
        openapi_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(guard)],
    )
    app.state.service = service
    app.state.ui = ui
    app.state.tokens = tokens
    app.state.streams = Streams(service.name)
    problems.install(app)
    # From the outside in.
    app.user_middleware = [
        Middleware(HearingOut, limit=4 * BODY_LIMIT),
        Middleware(RootPath, root_path=settings.root_path),
        Middleware(Tracing, service=service.name),
        Middleware(Headering, headers=_headers(secure=settings.secure_cookies)),
        Middleware(Failures, answers=problems),
        Middleware(Callers, tokens=tokens, public_url=settings.public_url),
        Middleware(BodyLimit, limit=BODY_LIMIT),
    ]
    mount_operations(app)
    ui.mount(app, settings.understudy_assets / "vendor")
    for router in (parked.router, *routers):
        app.router.routes.extend(router.routes)
    return app


def _headers(*, secure: bool) -> dict[str, str]:
    if not secure:
        return _HEADERS
    return {**_HEADERS, "Strict-Transport-Security": "max-age=31536000"}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await service.start()
    try:
        yield
    finally:
        app.state.streams.stop()
        await service.stop()
