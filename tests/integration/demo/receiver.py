"""Stands in for the inbox: a webhook that checks signatures and can be out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """`taken` are the messages as they came, each as often as it came."""

    port: int
    answers: int = 202
    refused: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    webhook_ids: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    @property
    def ids(self) -> list[str]:
        return [message["platform_message_id"] for message in self.taken]

    async def take(self, request: Request) -> Response:
        """Raises, which is an answer of 500, if the signature is not right."""
        body = await request.body()
        delivered = Webhook(SECRET).verify(body, dict(request.headers))
        if self.answers >= 400:
            self.refused += 1
        else:
            self.taken.append(delivered["data"])
            self.webhook_ids.append(request.headers["webhook-id"])
        return Response(status_code=self.answers)


@asynccontextmanager
async def receiving(port: int | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(port or free_port())
    app = Starlette(routes=[Route("/webhook", receiver.take, methods=["POST"])])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=receiver.port, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        yield receiver
    finally:
        server.should_exit = True
        await serving
