"""A source of messages and its signed webhook, as whoever sends by it sees it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.integration.inbox.conftest import As
from tests.integration.inbox.team import LEAD

__all__ = ["Source", "body_of", "problem", "signed", "source_of"]


def body_of(*numbers: int, **fields: Any) -> dict[str, Any]:
    messages = [
        {
            "platform_message_id": f"m{number}",
            "author_id": "katrin",
            "author_name": "Katrin Lohse",
            "kind": "direct",
            "text": "Kommt das noch an? ☕",
            "sent_at": "2026-11-24T10:24:00+01:00",
            **fields,
        }
        for number in numbers
    ]
    return {"type": "message.received", "data": messages if len(messages) > 1 else messages[0]}


def signed(
    secret: str, body: bytes, *, at: datetime | None = None, id: str = "msg_1"
) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body.decode()),
        "content-type": "application/json",
    }


class Source:
    """A source's webhook as its sender sees it."""

    def __init__(self, ask: As, described: dict[str, Any]) -> None:
        self._ask = ask
        self.id = described["id"]
        self.version = described["version"]
        self.secrets = [described["secret"]]

    async def send(
        self,
        body: dict[str, Any] | bytes,
        *,
        secret: str | None = None,
        headers: dict[str, str] | httpx.Headers | None = None,
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = signed(secret or self.secrets[-1], raw) if headers is None else headers
        return await self._ask(None).post(f"/webhooks/{self.id}", content=raw, headers=headers)

    async def rotate(self, hours: int) -> None:
        response = await self._ask(LEAD).post(
            f"/api/v1/sources/{self.id}/rotate",
            json={"overlap_hours": hours},
            headers={"If-Match": f'"{self.version}"'},
        )
        assert response.status_code == 200, response.text
        self.version = response.json()["version"]
        self.secrets.append(response.json()["secret"])


async def source_of(ask: As, page_id: str) -> Source:
    response = await ask(LEAD).post("/api/v1/sources", json={"page_id": page_id})
    assert response.status_code == 201, response.text
    return Source(ask, response.json())


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]
