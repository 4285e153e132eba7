"""What operators and developers ask every service: is it alive, ready, how is it, how to use it.

All of it is public: it says nothing about people or clients. The front door passes on the API
documents only; probes and metrics are for the inside of the installation.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from shared.auth import public
from shared.web.access import Router
from shared.web.exchange import Served

__all__ = ["mount_operations"]

_ASSETS = "/static-api-docs"
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def mount_operations(app: FastAPI) -> None:
    # The package is there for its files: Swagger UI without a CDN.
    folder = files("fastapi_offline") / "static"
    app.mount(_ASSETS, StaticFiles(directory=str(folder)), name="api-docs")
    app.router.routes.extend(_router.routes)


_router = Router(include_in_schema=False)


@_router.get("/healthz")
@public
async def healthz() -> dict[str, str]:
    """This process is alive. Asks neither Kafka nor MongoDB: restarting would not bring them."""
    return {"status": "alive"}


@_router.get("/readyz")
@public
async def readyz(service: Served) -> JSONResponse:
    """Whether requests and events are being served; what is missing, by part."""
    missing = await service.readiness()
    status = "waiting" if missing else "ready"
    return JSONResponse({"status": status, "missing": missing}, 503 if missing else 200)


@_router.get("/metrics")
@public
async def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@_router.get("/asyncapi")
@public
async def asyncapi(service: Served) -> Any:
    """The topics this service writes and reads, as an AsyncAPI 3 document."""
    return JSONResponse(service.asyncapi())


@_router.get("/api/openapi.json")
@public
async def openapi(request: Request, service: Served) -> JSONResponse:
    """The JSON API, as an OpenAPI document."""
    app: FastAPI = request.app
    servers = [{"url": service.settings.root_path or "/"}]
    return JSONResponse({**app.openapi(), "servers": servers})


@_router.get("/api/docs")
@public
async def docs(service: Served) -> HTMLResponse:
    """The JSON API, to read and to try."""
    root = service.settings.root_path
    page = get_swagger_ui_html(
        openapi_url=f"{root}/api/openapi.json",
        title=f"Understudy {service.name}",
        swagger_js_url=f"{root}{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}/static/favicon.svg",
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body))
    return page


def _policy(page: bytes) -> str:
    """Lets in the page's own inline script, by its hash, and Swagger's inline styles."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(page)
    )
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
