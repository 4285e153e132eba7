"""One mail to one recipient by SMTP, and what is certain about it afterwards."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from services.notifier.briefs.letters import Letter
from services.notifier.delivery.domain import Accepted, Outcome, Reason, Refused, Unclear

__all__ = ["Mailer", "SmtpMailer", "SmtpServer"]

_TAKEN = range(200, 300)
_REFUSED_FOR_NOW = range(400, 500)
_REFUSED_FOR_GOOD = range(500, 600)
_REPLY_CHARACTERS = 500


class Mailer(Protocol):
    async def send(self, letter: Letter) -> Outcome:
        """Never raises for what a mail server or the network does."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`starttls` None: if the server offers it. `timeout_seconds` bounds the wait for a reply."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    starttls: bool | None = None
    timeout_seconds: float = 30


class SmtpMailer:
    """A new connection for each mail: there are few, and none inherits another's trouble."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, letter: Letter) -> Outcome:
        client = self._client()
        try:
            refused = await self._introduce(client, letter)
            return refused or await self._hand_over(client, letter)
        finally:
            await _quit(client)

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            start_tls=server.starttls,
            timeout=server.timeout_seconds,
            local_hostname=socket.gethostname(),  # the library's default asks the DNS
        )

    async def _introduce(self, client: SMTP, letter: Letter) -> Refused | None:
        """Everything before DATA. Whatever goes wrong here, the server does not have the mail."""
        try:
            await client.connect()
            await client.mail(letter.sender)
            await client.rcpt(letter.recipient)
        except (SMTPSenderRefused, SMTPRecipientRefused) as error:
            return _refused(error)
        except SMTPResponseException as error:
            # Greeting, TLS or sign-in: the installation's trouble, not this mail's.
            return Refused(Reason.UNREACHABLE, _reply(error), permanent=False)
        except (SMTPException, OSError, ValueError) as error:
            return Refused(Reason.UNREACHABLE, _said(error), permanent=False)
        return None

    async def _hand_over(self, client: SMTP, letter: Letter) -> Outcome:
        """DATA. Only an answer of the server makes the outcome certain from here on."""
        try:
            response = await client.data(letter.mail)
        except SMTPDataError as error:
            return _after_data(error)
        except (SMTPTimeoutError, TimeoutError) as error:
            return Unclear(Reason.NO_ANSWER, _said(error))
        except (SMTPException, OSError) as error:
            return Unclear(Reason.CONNECTION_LOST, _said(error))
        return Accepted(f"{response.code} {response.message}"[:_REPLY_CHARACTERS])


def _after_data(error: SMTPDataError) -> Outcome:
    if error.code in _TAKEN:  # the library knows 250 only
        return Accepted(_reply(error))
    if error.code in _REFUSED_FOR_NOW or error.code in _REFUSED_FOR_GOOD:
        return _refused(error)
    return Unclear(Reason.NO_ANSWER, _reply(error))


def _refused(error: SMTPResponseException) -> Refused:
    permanent = error.code in _REFUSED_FOR_GOOD
    reason = Reason.REFUSED if permanent else Reason.REFUSED_FOR_NOW
    return Refused(reason, _reply(error), permanent)


def _reply(error: SMTPResponseException) -> str:
    return f"{error.code} {error.message}"[:_REPLY_CHARACTERS]


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_REPLY_CHARACTERS]


async def _quit(client: SMTP) -> None:
    """Politeness; the outcome is settled, and nobody should wait for it long."""
    with suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            async with asyncio.timeout(2):
                await client.quit()
    client.close()
