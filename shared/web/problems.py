"""Failures at the edge: as problem details (RFC 9457), as a page, or as a fragment for htmx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from shared.errors import (
    AppError,
    InternalError,
    MalformedBody,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    TemporarilyUnavailable,
    TooLarge,
)
from shared.mongo import is_infrastructure
from shared.observability import correlation_id
from shared.ui.ui import Ui
from shared.web.validation import rejected

__all__ = ["MEDIA_TYPE", "Problems"]

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = "5"
_log = structlog.get_logger(__name__)


class Problems:
    """Turns every failure into an answer the caller can read: program, person, or htmx."""

    def __init__(self, ui: Ui, *, sign_in: str, body_limit: int) -> None:
        self._ui = ui
        self._sign_in = sign_in
        self._body_limit = body_limit

    def install(self, app: FastAPI) -> None:
        """What no handler here knows goes on to the middleware, which calls `unexpected`."""
        app.add_exception_handler(AppError, self._handle)
        app.add_exception_handler(RequestValidationError, self._handle)
        app.add_exception_handler(HTTPException, self._handle)

    async def _handle(self, request: Request, error: Exception) -> Response:
        return self.answer(request, self._expected(request, error))

    def unexpected(self, request: Request, error: Exception) -> Response:
        """The cause goes to the log only."""
        if is_infrastructure(error):
            _log.warning("infrastructure away", error=type(error).__name__)
            return self.answer(request, _unavailable())
        _log.exception("request failed", exc_info=error)
        return self.answer(request, InternalError())

    def answer(self, request: Request, error: AppError) -> Response:
        if not _for_a_person(request):
            return self._document(request, error)
        if isinstance(error, NotSignedIn):
            return self._to_sign_in(request)
        return self._ui.error(request, error, reference=correlation_id.get())

    def _expected(self, request: Request, error: Exception) -> AppError:
        match error:
            case AppError():
                return error
            case RequestValidationError():
                return rejected(error)
            case HTTPException():
                return self._of_framework(request, error)
        raise error

    def _of_framework(self, request: Request, error: HTTPException) -> AppError:
        headers = dict(error.headers or {})
        match error.status_code:
            case 404:
                return NotFound(headers=headers)
            case 405:
                return MethodNotAllowed(headers=headers)
            case 413:
                return TooLarge(limit=self._body_limit)
            case 503:
                return _unavailable()
            case 500 | 501 | 502 | 504:
                return InternalError(headers=headers)
        # Bytes that are no text, or a broken form.
        return (
            MalformedJson()
            if "json" in request.headers.get("content-type", "")
            else MalformedBody()
        )

    def _document(self, request: Request, error: AppError) -> Response:
        def said(text: str, params: Mapping[str, Any] = error.params) -> str:
            return self._ui.translate(request, text, params)

        document: dict[str, Any] = {
            **error.extra,
            "type": f"urn:understudy:problem:{error.code}",
            "title": said(error.title),
            "status": error.status,
            "code": error.code,
            "instance": request.url.path,
            "correlation_id": correlation_id.get(),
        }
        if error.detail:
            document["detail"] = said(error.detail)
        if error.errors:
            document["errors"] = [
                {"pointer": each.pointer, "message": said(each.message, each.params)}
                for each in error.errors
            ]
        headers = {**error.headers, "Vary": "Accept, Accept-Language"}
        if isinstance(error, NotSignedIn):
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(document, error.status, headers, MEDIA_TYPE)

    def _to_sign_in(self, request: Request) -> Response:
        """To the sign-in page, and from there back to where the person was."""
        if "hx-request" not in request.headers:
            back = request.url.path if request.method == "GET" else None
            return RedirectResponse(self._sign_in_address(back), status_code=303)
        shown = urlsplit(request.headers.get("hx-current-url", "")).path
        return Response(
            status_code=NotSignedIn.status, headers={"HX-Redirect": self._sign_in_address(shown)}
        )

    def _sign_in_address(self, back: str | None) -> str:
        return f"{self._sign_in}?to={quote(back)}" if back else self._sign_in


def _for_a_person(request: Request) -> bool:
    """The JSON API answers in JSON even to a browser; pages answer a program only if it insists."""
    if "hx-request" in request.headers:
        return True
    return "/api/" not in request.url.path and "text/html" in request.headers.get("accept", "")


def _unavailable() -> TemporarilyUnavailable:
    return TemporarilyUnavailable(headers={"Retry-After": _RETRY_AFTER_SECONDS})
