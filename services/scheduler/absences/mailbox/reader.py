"""Looks through the mailbox every few seconds, in one replica at a time.

    look -> for each mail: head -> one transaction (taken, absence, reply) -> put away

A process that dies before a mail is put away finds it again, and the transaction knows it. A mail
over which our own code fails stays where it is and holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from services.scheduler.absences.mailbox.imap import MAILBOX_ERRORS, Mailbox, Waiting
from services.scheduler.absences.mailbox.mail import Mail, read_mail
from services.scheduler.absences.mailbox.store import AbsenceMails
from services.scheduler.absences.mailbox.usecases import Became
from services.scheduler.metrics import ABSENCE_MAILS
from shared.clock import Clock
from shared.mongo import Conflict, is_infrastructure
from shared.outbox import Outbox, Transaction

__all__ = ["Reader", "Take"]

T = TypeVar("T")

Take = Callable[[Transaction, Mail, str, datetime], Awaitable[Became]]
"""`take_mail` with its desk and its replies."""

_AFTER_AN_ERROR = timedelta(seconds=20)
_TRIED_AGAIN_AFTER = timedelta(minutes=5)
_log = structlog.get_logger(__name__)


class Reader:
    """`open_mailbox` connects, blocking. `trusted` and `own_address`: see `read_mail`."""

    def __init__(
        self,
        open_mailbox: Callable[[], Mailbox],
        take: Take,
        mails: AbsenceMails,
        *,
        outbox: Outbox,
        clock: Clock,
        trusted: str | None,
        own_address: str,
        every: timedelta,
    ) -> None:
        self._open = open_mailbox
        self._take = take
        self._mails = mails
        self._outbox = outbox
        self._clock = clock
        self._read = partial(read_mail, trusted=trusted, own_address=own_address)
        self._every = every
        self._mailbox: Mailbox | None = None
        self._next: datetime | None = None
        self._failed: dict[str, datetime] = {}

    async def work(self) -> bool:
        """Worker: look, unless it was just done. Never True: there is time until the next look."""
        now = self._clock()
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._every
        try:
            await self.look()
        except MAILBOX_ERRORS as error:
            # What a server says may quote a mail.
            _log.warning("the mailbox cannot be read", error=type(error).__name__)
            self._next = now + _AFTER_AN_ERROR
            await self._close()
        except asyncio.CancelledError:
            if self._mailbox is not None:
                self._mailbox.abort()
                self._mailbox = None
            raise
        return False

    async def look(self) -> None:
        """Take what waits. Raises `MAILBOX_ERRORS`."""
        if self._mailbox is None:
            self._mailbox = await asyncio.to_thread(self._open)
        for waiting in await asyncio.to_thread(self._mailbox.waiting):
            if self._failed.get(waiting.place, self._clock()) <= self._clock():
                await self._take_one(self._mailbox, waiting)
        await self._mails.note_look(self._clock())

    async def _take_one(self, mailbox: Mailbox, waiting: Waiting) -> None:
        head = await asyncio.to_thread(mailbox.head, waiting)
        if head is None:
            return
        try:
            mail = self._read(head)
            became = await self._outbox.transaction(
                lambda tx: self._take(tx, mail, waiting.place, self._clock())
            )
        except Exception as error:
            if is_infrastructure(error) or isinstance(error, Conflict):
                raise
            _log.error("a mail cannot be taken", place=waiting.place, error=type(error).__name__)
            self._failed[waiting.place] = self._clock() + _TRIED_AGAIN_AFTER
            return
        ABSENCE_MAILS.labels(became.value).inc()
        self._failed.pop(waiting.place, None)
        await asyncio.to_thread(mailbox.put_away, waiting)

    async def _close(self) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            await asyncio.to_thread(mailbox.close)
