"""The platform as an application: what runs in it, and the headers of all its answers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from starlette.responses import Response

from deploy.local.platform import api, pages
from deploy.local.platform.courier import Courier
from deploy.local.platform.life import Life
from deploy.local.platform.settings import PlatformSettings
from deploy.local.platform.store import Store
from shared.clock import Clock, utc_now

__all__ = ["create_app"]

_WEBHOOK_SECONDS = 10
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def create_app(settings: PlatformSettings, clock: Clock = utc_now) -> FastAPI:
    app = FastAPI(
        title="Simulated platform",
        docs_url=None,
        redoc_url=None,
        openapi_url="/platform/api/openapi.json",
        lifespan=_living(settings, clock),
    )
    app.state.settings = settings
    app.include_router(api.router)
    app.include_router(pages.router)
    app.middleware("http")(_with_headers)
    return app


def _living(
    settings: PlatformSettings, clock: Clock
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.store = store = Store(settings.database)
        async with httpx.AsyncClient(timeout=_WEBHOOK_SECONDS, trust_env=False) as client:
            courier = Courier(store, client, clock)
            app.state.life = life = Life(store, courier, settings, clock)
            running = [_vital(courier.run()), _vital(life.chatter())]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                store.close()

    return lifespan


def _vital(work: Awaitable[None]) -> asyncio.Future[None]:
    """If it fails, the process ends, so that whoever supervises it starts it anew."""
    task = asyncio.ensure_future(work)

    def look(ended: asyncio.Future[None]) -> None:
        if not ended.cancelled() and ended.exception():
            os.kill(os.getpid(), signal.SIGTERM)

    task.add_done_callback(look)
    return task


async def _with_headers(
    request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await answer(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
