"""What happens on the platform: people write, by hand or by themselves."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from uuid import uuid4

from deploy.local.platform.courier import Courier
from deploy.local.platform.domain import Kind, Message, Page, author_id
from deploy.local.platform.generator import write
from deploy.local.platform.settings import PlatformSettings
from deploy.local.platform.store import Store
from shared.clock import Clock

__all__ = ["CHATTER", "Life"]

CHATTER = "chatter"
"""The switch: people write by themselves."""

_RECENT = 20
_LOOK_EVERY = timedelta(seconds=1)


class Life:
    def __init__(
        self, store: Store, courier: Courier, settings: PlatformSettings, clock: Clock
    ) -> None:
        self._store = store
        self._courier = courier
        self._settings = settings
        self._clock = clock

    def post(
        self,
        page: Page,
        *,
        author_name: str,
        text: str,
        kind: Kind,
        thread: str | None = None,
        message_id: str | None = None,
        sent_at: datetime | None = None,
    ) -> Message:
        """Somebody writes. With the id of a message that is there already, nothing happens."""
        message = Message(
            id=message_id or uuid4().hex,
            page_id=page.id,
            author_id=author_id(page.network, author_name),
            author_name=author_name,
            kind=kind,
            thread=thread,
            text=text,
            sent_at=sent_at or self._clock(),
        )
        copies = self._copies(message.id)
        self._store.add_message(message, copies=copies, due_at=self._clock())
        self._courier.wake()
        return self._store.message(message.id) or message

    async def chatter(self) -> None:
        """People write by themselves, at uneven intervals, while the switch is on."""
        per_minute = self._settings.messages_per_minute
        if not per_minute:
            return
        while True:
            if not self._store.is_on(CHATTER) or not self._say_something():
                await asyncio.sleep(_LOOK_EVERY.total_seconds())
                continue
            pause = random.expovariate(per_minute / 60)
            await asyncio.sleep(min(pause, 3 * 60 / per_minute))

    def _say_something(self) -> bool:
        """Of the pages that are connected, one at random. False if there is none."""
        seed, number = self._settings.seed, self._store.count_messages()
        pages = [page for page in self._store.pages() if page.connected]
        if not pages:
            return False
        page = random.Random(f"{seed}/{number}/page").choice(pages)
        recent = [message for message, _ in self._store.messages(page.id, _RECENT)]
        written = write(seed, number, page, self._store.posts(page.id), recent)
        self.post(
            page,
            author_name=written.author_name,
            text=written.text,
            kind=written.kind,
            thread=written.thread,
        )
        return True

    def _copies(self, message_id: str) -> int:
        """Platforms deliver twice now and then; which messages, their ids decide."""
        share = random.Random(message_id).random()
        return 2 if share < self._settings.delivered_twice else 1
