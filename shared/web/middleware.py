"""What happens around every request: tracing, time-keeping, failures, headers, identity, limits.

Plain ASGI, so that streams pass through unbuffered. From the outside in:

    HearingOut → RootPath → Tracing → Headering → Failures → Callers → BodyLimit → (FastAPI)
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, cast
from urllib.parse import urlsplit

import structlog
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.auth import COOKIE, Tokens
from shared.errors import AppError, CrossSite, TooLarge
from shared.ids import new_id
from shared.observability import METRICS, correlation_id
from shared.web.access import identify

__all__ = [
    "BodyLimit",
    "Callers",
    "Failures",
    "Headering",
    "HearingOut",
    "RootPath",
    "Tracing",
]

CORRELATION_HEADER = "X-Correlation-ID"
_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PROBES = frozenset({"/healthz", "/readyz", "/metrics", "static"})
_access = structlog.get_logger("access")


class HearingOut:
    """Hears a request out before it is answered, for up to `seconds` and `limit` bytes.

    A refusal needs no body to be decided. But uvicorn closes a connection on which it has answered
    before the body came, and a proxy that is just sending it then loses the end of the answer
    (seen with Caddy about once in a thousand refusals).
    """

    def __init__(self, app: ASGIApp, *, limit: int, seconds: float = 5) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        heard, left = False, self._limit

        async def hear() -> Message:
            nonlocal heard, left
            message = await receive()
            left -= len(message.get("body", b""))
            heard = not message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    while not heard and left > 0:
                        await hear()
            await send(message)

        await self._app(scope, hear, answer)


class RootPath:
    """The service lives under `root_path`, whether or not the front door takes that off."""

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app = app
        self._root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            within = path == self._root_path or path.startswith(f"{self._root_path}/")
            full = path if within else self._root_path + path
            scope = {**scope, "root_path": self._root_path, "path": full}
        await self._app(scope, receive, send)


class Tracing:
    """A correlation id for everything the request leads to; its time and outcome, by route.

    Neither the path nor the query is recorded, only the route's template: links carry tokens.
    """

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(CORRELATION_HEADER, "")
        correlation = given if _SOUND_ID.fullmatch(given) else new_id()
        outcome = _Outcome(send, {CORRELATION_HEADER: correlation})
        token = correlation_id.set(correlation)
        begun = time.perf_counter()
        try:
            await self._app(scope, receive, outcome.send)
        finally:
            self._record(scope, outcome, time.perf_counter() - begun)
            correlation_id.reset(token)

    def _record(self, scope: Scope, outcome: _Outcome, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = self._template(scope)
        if not outcome.streamed:  # a stream lasts as long as somebody watches
            METRICS.http_request_seconds.labels(
                self._service, method, route, str(outcome.status)
            ).observe(seconds)
        log = _access.debug if route in _PROBES else _access.info
        milliseconds = round(seconds * 1000, 1)
        log("request", method=method, route=route, status=outcome.status, ms=milliseconds)

    def _template(self, scope: Scope) -> str:
        if "route" not in scope:
            return "static" if "endpoint" in scope else "unmatched"
        return cast(APIRoute, scope["route"]).path_format


class _Outcome:
    """Watches what is sent, and adds `headers` to it."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.status = 499  # nothing was sent: the caller had gone
        self.streamed = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update(self._headers)
            self.streamed = headers.get("content-type", "").startswith("text/event-stream")
        await self._send(message)


class Failures:
    """What no handler knew becomes an answer that gives nothing away."""

    def __init__(self, app: ASGIApp, *, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http":
                raise
            response = self._answer(Request(scope, receive), error)
            if not started:  # otherwise the connection is cut, which tells the caller as much
                await response(scope, receive, send)

    def _answer(self, request: Request, error: Exception) -> Response:
        if isinstance(error, AppError):
            return self._answers.answer(request, error)
        return self._answers.unexpected(request, error)


class Answers(Protocol):
    """What `Failures` needs of `Problems`."""

    def answer(self, request: Request, error: AppError) -> Response: ...
    def unexpected(self, request: Request, error: Exception) -> Response: ...


class Headering:
    """Adds headers to every response that does not set them itself."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, add)


class BodyLimit:
    """Bodies over `limit` bytes are refused: at once if they say so, else when they get there.

    Starlette's own limit answers in plain text and cannot be told to use problem details.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise HTTPException(status_code=413)
            return message

        if scope["type"] == "http":
            announced = Headers(scope=scope).get("content-length", "0")
            if announced.isdecimal() and int(announced) > self._limit:
                raise TooLarge(limit=self._limit)
        await self._app(scope, count, send)


class Callers:
    """Sets `request.state.identity`, and refuses what another site makes a browser send.

    A browser adds our cookie to requests that other sites start. So a request that may change
    something and comes with the cookie must say that it comes from our own pages.
    """

    def __init__(self, app: ASGIApp, *, tokens: Tokens, public_url: str) -> None:
        self._app = app
        self._tokens = tokens
        self._own = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            connection = HTTPConnection(scope)
            connection.state.identity = identify(connection, self._tokens)
            if self._from_elsewhere(connection):
                raise CrossSite
        await self._app(scope, receive, send)

    def _from_elsewhere(self, connection: HTTPConnection) -> bool:
        headers = connection.headers
        if connection.scope["method"] in _SAFE_METHODS or COOKIE not in connection.cookies:
            return False
        if site := headers.get("sec-fetch-site"):
            return site != "same-origin"
        # Browsers leave that out on plain HTTP, but then always name the origin.
        origin = urlsplit(headers.get("origin", "")).netloc
        return origin not in {self._own, headers.get("host")} - {None, ""}
