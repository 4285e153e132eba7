"""A real SMTP server that does what each test tells it, and remembers what it has taken."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum, auto
from typing import Any, cast

from aiosmtpd.smtp import SMTP

__all__ = ["Does", "MailServer"]


class Does(Enum):
    """What the server does with one mail; `TAKE` unless it was told otherwise."""

    TAKE = auto()
    REFUSE_RECIPIENT_FOR_NOW = auto()
    REFUSE_RECIPIENT_FOR_GOOD = auto()
    REFUSE_MAIL_FOR_NOW = auto()
    REFUSE_MAIL_FOR_GOOD = auto()
    TAKE_AND_HANG_UP = auto()
    TAKE_AND_BE_SILENT = auto()
    TAKE_AND_ANSWER_LATE = auto()


_AT_RECIPIENT = {
    Does.REFUSE_RECIPIENT_FOR_NOW: "450 4.2.1 mailbox busy",
    Does.REFUSE_RECIPIENT_FOR_GOOD: "550 5.1.1 no such user here",
}
_AT_MAIL = {
    Does.REFUSE_MAIL_FOR_NOW: "451 4.3.0 try again later",
    Does.REFUSE_MAIL_FOR_GOOD: "554 5.7.1 looks like spam",
}


class MailServer:
    """`taken` has every mail whose content has arrived, answered or not, in order.

    Late answers are given when `answer_now` is set.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.port = 0
        self.answer_now = asyncio.Event()
        self._script: dict[str, deque[Does]] = defaultdict(deque)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.WriteTransport] = set()

    def tell(self, recipient: str, *what: Does) -> None:
        """What becomes of the next mails to `recipient`, one after the other."""
        self._script[recipient].extend(what)

    def to(self, recipient: str) -> list[EmailMessage]:
        return [mail for mail in self.taken if recipient in str(mail["To"])]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[MailServer]:
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """On the port it had before, if it had one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for transport in self._open:
            transport.abort()
        await self._server.wait_closed()

    def _protocol(self) -> SMTP:
        loop = asyncio.get_running_loop()
        return SMTP(self, enable_SMTPUTF8=False, hostname="mail.test", loop=loop)

    # What aiosmtpd calls

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self._open.add(_transport(server))
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        does = self._script[address][0] if self._script[address] else Does.TAKE
        if refusal := _AT_RECIPIENT.get(does):
            self._script[address].popleft()
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        script = self._script[envelope.rcpt_tos[0]]
        does = script.popleft() if script else Does.TAKE
        if refusal := _AT_MAIL.get(does):
            return refusal
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        if does is Does.TAKE_AND_HANG_UP:
            _transport(server).abort()
        if does is Does.TAKE_AND_ANSWER_LATE:
            await self.answer_now.wait()
        if does is Does.TAKE_AND_BE_SILENT:
            await asyncio.Event().wait()
        return "250 OK queued"


def _transport(server: SMTP) -> asyncio.WriteTransport:
    return cast(asyncio.WriteTransport, server.transport)
