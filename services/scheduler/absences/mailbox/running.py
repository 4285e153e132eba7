"""The mailbox put together: what reads it, what sends replies, what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from services.scheduler.absences.mailbox.imap import ImapMailbox, ImapServer
from services.scheduler.absences.mailbox.reader import Reader
from services.scheduler.absences.mailbox.replies import Replies
from services.scheduler.absences.mailbox.sending import Sending, SmtpServer
from services.scheduler.absences.mailbox.usecases import take_mail
from services.scheduler.desk import Desk
from services.scheduler.metrics import ABSENCE_MAILBOX_SILENT
from services.scheduler.settings import MailboxSettings
from shared.auth import Tokens
from shared.service import Service
from shared.ui.ui import Ui

__all__ = ["Mailroom", "run_mailbox"]


@dataclass(frozen=True)
class Mailroom:
    reader: Reader
    sending: Sending


def run_mailbox(service: Service, desk: Desk, ui: Ui, settings: MailboxSettings) -> Mailroom:
    """Before the service starts."""
    tokens = Tokens(service.settings.auth_secret.get_secret_value())
    replies = Replies(ui, tokens, service.settings.public_url)

    reader = Reader(
        partial(ImapMailbox, _imap(settings)),
        lambda tx, mail, place, now: take_mail(tx, desk, replies, mail, place, now),
        desk.mails,
        outbox=service.outbox,
        clock=service.clock,
        trusted=settings.trusted_authserv,
        own_address=settings.address,
        every=timedelta(seconds=settings.poll_seconds),
    )
    service.worker("absence-mails", reader.work, wake_on=[])
    sending = Sending(desk.mails, _smtp(settings), service.clock)
    service.worker("absence-replies", sending.work, wake_on=["absence_replies"])
    started = service.clock()

    async def measure() -> None:
        since = await desk.mails.last_look() or started
        ABSENCE_MAILBOX_SILENT.set((service.clock() - since).total_seconds())

    service.measure(measure)
    return Mailroom(reader, sending)


def _imap(settings: MailboxSettings) -> ImapServer:
    return ImapServer(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        user=settings.username,
        password=settings.password.get_secret_value(),
        folder=settings.folder,
        done_folder=settings.done_folder,
    )


def _smtp(settings: MailboxSettings) -> SmtpServer:
    password = settings.smtp_password
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_username or None,
        password=password.get_secret_value() if password else None,
        starttls=settings.smtp_starttls,
        address=settings.address,
    )
