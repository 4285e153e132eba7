"""Takes every message to its page's webhook, until the webhook has taken it."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import datetime, timedelta

import httpx
from standardwebhooks.webhooks import Webhook

from deploy.local.platform.domain import Delivery, Message
from deploy.local.platform.store import Store
from shared.clock import Clock

__all__ = ["Courier"]

_AT_ONCE = 8
_FIRST_PAUSE = timedelta(seconds=0.5)
_LONGEST_PAUSE = timedelta(seconds=30)
_SECOND_COPY_AFTER = timedelta(seconds=2)
_LOOK_EVERY_SECONDS = 0.5


class Courier:
    """At least once: what is killed between the answer and its note is delivered again."""

    def __init__(self, store: Store, client: httpx.AsyncClient, clock: Clock) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._something_new = asyncio.Event()

    def wake(self) -> None:
        """There is something to deliver."""
        self._something_new.set()

    async def run(self) -> None:
        while True:
            self._something_new.clear()
            while due := self._store.due(self._clock(), _AT_ONCE):
                await asyncio.gather(*(self._deliver(delivery) for delivery in due))
            try:
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await self._something_new.wait()
            except TimeoutError:
                continue

    async def _deliver(self, delivery: Delivery) -> None:
        refusal = await self._offer(delivery)
        now = self._clock()
        if refusal:
            due_at = now + _pause(delivery.attempts)
            self._store.try_again(delivery, copies=delivery.copies, due_at=due_at, reason=refusal)
        elif delivery.copies > 1:
            due_at = now + _SECOND_COPY_AFTER
            self._store.try_again(delivery, copies=delivery.copies - 1, due_at=due_at, reason="")
        else:
            self._store.taken(delivery)

    async def _offer(self, delivery: Delivery) -> str:
        """Why the webhook did not take it; empty if it did."""
        body = _body(delivery.message)
        headers = _headers(delivery, body, self._clock())
        try:
            answer = await self._client.post(delivery.webhook_url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"


def _pause(attempts: int) -> timedelta:
    doubled: timedelta = _FIRST_PAUSE * 2 ** min(attempts, 10)
    return min(doubled, _LONGEST_PAUSE) * random.uniform(0.5, 1)


def _body(message: Message) -> str:
    """What the inbox's webhook documents."""
    data = {
        "platform_message_id": message.id,
        "author_id": message.author_id,
        "author_name": message.author_name,
        "kind": message.kind,
        "thread": message.thread,
        "text": message.text,
        "sent_at": message.sent_at.isoformat(),
    }
    return json.dumps({"type": "message.received", "data": data}, ensure_ascii=False)


def _headers(delivery: Delivery, body: str, now: datetime) -> dict[str, str]:
    """Each attempt is signed anew; the id stays, so that a receiver may recognise it."""
    webhook_id = f"msg_{delivery.message.id}"
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(delivery.webhook_secret).sign(webhook_id, now, body),
    }
