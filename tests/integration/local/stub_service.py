"""Stands in for a service behind the front door: `python stub_service.py PORT`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route


async def path(request: Request) -> Response:
    return PlainTextResponse(f"{request.url.path} by {sys.argv[1]}")


async def stream(_: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        yield "data: one\n\n"
        await asyncio.Event().wait()  # nothing more ever comes

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(
    routes=[
        Route("/planner/stream", stream),
        Route("/{path:path}", path, methods=["GET", "POST"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
