"""A careful client of the JSON API: it asks again, with the same key, until it is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared.auth import Identity, Role, Scope, Tokens
from tests.faults.ledger import Outcome
from tests.support.agency import NotNow, signed
from tests.support.engines import AUTH_SECRET

__all__ = ["Answer", "Client", "Unanswered"]

_PATIENCE_SECONDS = 120
_ONE_TRY_SECONDS = 5
"""A paused process takes a request and never answers; the front door offers the next try to its
twin."""


class Unanswered(Exception):
    """Nobody has answered for two minutes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`certain`: no earlier try of the same request may have had an effect."""

    status: int
    body: Any
    certain: bool

    @property
    def outcome(self) -> Outcome:
        """As far as the answer tells; a request with an `Idempotency-Key` is always certain."""
        if self.status < 300:
            return Outcome.ACCEPTED
        return Outcome.REFUSED if self.certain else Outcome.UNKNOWN


class Client:
    """As one member of the team, or as a platform that has no identity."""

    def __init__(self, url: str, *, member_id: str = "setup", role: Role = Role.LEAD) -> None:
        limits = httpx.Limits(max_keepalive_connections=4)
        self._http = httpx.AsyncClient(base_url=url, timeout=_ONE_TRY_SECONDS, limits=limits)
        identity = Identity(member_id=member_id, name=member_id, role=role, scope=Scope(None))
        self._token = Tokens(AUTH_SECRET).issue(identity, timedelta(hours=12))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path, {})

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """With an `Idempotency-Key`, so the answer is that of the first try that got through."""
        headers = {"Idempotency-Key": uuid4().hex}
        answer = await self._ask("POST", path, headers, json.dumps(body))
        return Answer(answer.status, answer.body, certain=True)

    async def change(
        self, method: str, path: str, version: int, body: Mapping[str, Any] | None = None
    ) -> Answer:
        headers = {"If-Match": f'"{version}"', "Idempotency-Key": uuid4().hex}
        return await self._ask(method, path, headers, None if body is None else json.dumps(body))

    async def deliver(self, source: Mapping[str, str], messages: list[dict[str, Any]]) -> Answer:
        """As a platform does: signed."""
        body = json.dumps({"type": "message.received", "data": messages})
        return await self._ask(
            "POST", f"/inbox/webhooks/{source['id']}", signed(source, body), body
        )

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        """Raises `Unanswered`."""
        certain = True
        given = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((NotNow, httpx.TransportError)),
                wait=wait_random_exponential(multiplier=0.05, max=1),
                stop=stop_after_delay(_PATIENCE_SECONDS),
            ):
                with attempt:
                    try:
                        response = await self._http.request(
                            method, path, content=body, headers={**given, **headers}
                        )
                    except httpx.ConnectError:
                        raise
                    except httpx.TransportError:
                        certain = False
                        raise
                    if response.status_code >= 500:
                        certain = False
                        raise NotNow(response.text)
                    return Answer(response.status_code, response.json(), certain)
        except RetryError as error:
            raise Unanswered(f"{method} {path}: {error.last_attempt.exception()!r}") from None
        raise AssertionError("unreachable")
