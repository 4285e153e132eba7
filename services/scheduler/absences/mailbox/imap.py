"""The scheduler's mailbox by IMAP: what waits in it, the head of a mail, and putting it away.

Blocking, so it is called in a thread; every answer is waited for `timeout_seconds` at most.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from services.scheduler.absences.mailbox.mail import HEAD_BYTES

__all__ = ["MAILBOX_ERRORS", "ImapMailbox", "ImapServer", "Mailbox", "Security", "Waiting"]

MAILBOX_ERRORS = (OSError, imaplib.IMAP4.error, ImapToolsError)
"""The server is away, or refuses: to be tried again."""


class Security(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImapServer:
    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    done_folder: str = "Done"
    timeout_seconds: float = 30


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail in the folder. `place` names it there and then: UIDVALIDITY and UID."""

    uid: str
    place: str


class Mailbox(Protocol):
    def waiting(self) -> list[Waiting]: ...
    def head(self, mail: Waiting) -> bytes | None: ...
    def put_away(self, mail: Waiting) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class ImapMailbox:
    """Signed in when it is made. Raises `MAILBOX_ERRORS`, as all its methods do."""

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        self._box = _connect(server)
        try:
            self._box.login(server.user, server.password, initial_folder=None)
            if not self._box.folder.exists(server.done_folder):
                self._box.folder.create(server.done_folder)
            self._box.folder.set(server.folder)
            status = self._box.folder.status(server.folder, ["UIDVALIDITY"])
        except BaseException:
            self.close()
            raise
        self._validity = status["UIDVALIDITY"]

    def waiting(self) -> list[Waiting]:
        """The oldest first."""
        self._box.client.noop()  # a server need not say by itself what is new
        uids = self._box.uids(AND(deleted=False), charset=None)
        place = f"{self._server.folder}/{self._validity}"
        return [Waiting(uid, f"{place}/{uid}") for uid in sorted(uids, key=int)]

    def head(self, mail: Waiting) -> bytes | None:
        """Its first bytes; it stays unseen. None if somebody has taken it away meanwhile."""
        said, parts = self._box.client.uid("FETCH", mail.uid, f"(BODY.PEEK[]<0.{HEAD_BYTES}>)")
        if said != "OK":
            raise imaplib.IMAP4.error("FETCH was refused")
        for part in parts:
            if isinstance(part, tuple) and re.search(rb"BODY\[\]", part[0]):
                return bytes(part[1])
        return None

    def put_away(self, mail: Waiting) -> None:
        self._box.move([mail.uid], self._server.done_folder)

    def close(self) -> None:
        with suppress(*MAILBOX_ERRORS):
            self._box.client.shutdown()

    def abort(self) -> None:
        """At once and from another thread: whoever waits for an answer gets an error."""
        with suppress(*MAILBOX_ERRORS):
            self._box.client.socket().shutdown(socket.SHUT_RDWR)


def _connect(server: ImapServer) -> BaseMailBox:
    """Without a context of ours, imaplib would not check whose certificate it is."""
    timeout = server.timeout_seconds
    match server.security:
        case Security.TLS:
            context = ssl.create_default_context()
            return MailBox(server.host, server.port, timeout=timeout, ssl_context=context)
        case Security.STARTTLS:
            context = ssl.create_default_context()
            return MailBoxStartTls(server.host, server.port, timeout=timeout, ssl_context=context)
        case Security.NONE:
            return MailBoxUnencrypted(server.host, server.port, timeout=timeout)
