"""Replies go out by the mail server of the mailbox, one after the other, until they are taken."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr

import aiosmtplib
import structlog

from services.scheduler.absences.mailbox.store import AbsenceMails, Letter
from shared.clock import Clock

__all__ = ["Sending", "SmtpServer"]

_GIVEN_UP_AFTER = 12
"""Failures; with the pauses between them that is a day."""

_FOR_GOOD = 500
_PAUSE_MAX = timedelta(hours=8)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`starttls` None: if the server offers it. `address`: whom replies come from."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    starttls: bool | None
    address: str
    timeout_seconds: float = 30


class Sending:
    def __init__(self, mails: AbsenceMails, server: SmtpServer, clock: Clock) -> None:
        self._mails = mails
        self._server = server
        self._clock = clock

    async def work(self) -> bool:
        """Worker: send the reply that has waited longest. One that the process dies over may go out
        twice, which is no harm; what it says was decided with the mail that it answers."""
        queued = await self._mails.next_reply(self._clock())
        if queued is None:
            return False
        if queued.letter is None:
            _log.error("reply cannot be read, given up", reply=queued.id)
            await self._mails.sent(queued.id)
            return True
        try:
            await self._send(queued.letter)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            await self._failed(queued.id, queued.failures + 1, error)
        else:
            await self._mails.sent(queued.id)
        return True

    async def _send(self, letter: Letter) -> None:
        server = self._server
        await aiosmtplib.send(
            _message(letter, server.address, self._clock()),
            sender=parseaddr(server.address)[1],
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            start_tls=server.starttls,
            timeout=server.timeout_seconds,
            local_hostname=socket.gethostname(),  # the library's default asks the DNS
        )

    async def _failed(self, reply_id: str, failures: int, error: Exception) -> None:
        """The error's text may have an address in it, so only its kind is told."""
        final = failures >= _GIVEN_UP_AFTER or _is_final(error)
        said = "reply given up" if final else "reply not sent, trying again"
        _log.warning(said, reply=reply_id, failures=failures, error=type(error).__name__)
        if final:
            await self._mails.sent(reply_id)
            return
        pause = min(_PAUSE_MAX, timedelta(seconds=30 * 2**failures))
        await self._mails.try_later(reply_id, self._clock() + pause)


def _is_final(error: Exception) -> bool:
    """The server will not have this mail, today or tomorrow."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= _FOR_GOOD for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code >= _FOR_GOOD


def _message(letter: Letter, address: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"] = address
    mail["To"] = letter.recipient
    mail["Subject"] = letter.subject
    mail["Date"] = formatdate(now.timestamp())
    mail["Message-ID"] = make_msgid(domain=parseaddr(address)[1].rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-replied"
    if letter.answers and _MESSAGE_ID.fullmatch(letter.answers):
        mail["In-Reply-To"] = letter.answers
        mail["References"] = letter.answers
    mail.set_content(letter.text)
    return mail
