"""A mail as far as it is looked at: who sent it, whether that is proven, and the line that counts.

Bytes from anybody: nothing here raises, whatever they are. Subject and text are for `wording` only;
they show in no `repr` and are stored nowhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import cast

import authres
from authres.core import AuthenticationResultsHeader

from services.scheduler.absences.mailbox.wording import LONGEST_LINE, is_greeting

__all__ = ["HEAD_BYTES", "Mail", "read_mail"]

HEAD_BYTES = 64 * 1024
"""So much of a mail is fetched: headers and the first lines, never an attachment."""

_NOBODY = frozenset({"mailer-daemon", "postmaster", "noreply", "no-reply"})
_LISTS = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Mail:
    """`sender` None: none, or not exactly one. `proven`: our own mail server says that the sender's
    domain answers for it (DMARC). `automatic`: sent by a machine or to a list, so nothing follows.
    `fingerprint` names the mail for good: by its own id and sender, if it has one."""

    sender: str | None
    proven: bool
    automatic: bool
    fingerprint: str | None
    message_id: str | None = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)


def read_mail(head: bytes, *, trusted: str | None, own_address: str) -> Mail:
    """`trusted`: the authserv-id of the server whose `Authentication-Results` count (RFC 8601);
    None: nobody's. `own_address`: what comes from there is our own."""
    message = message_from_bytes(head, policy=default)
    sender = _sender(message)
    message_id = _text(message, "message-id")
    return Mail(
        sender=sender,
        proven=sender is not None and _proven(message, sender, trusted),
        automatic=_automatic(message, sender, own_address.casefold()),
        fingerprint=_fingerprint(sender, message_id),
        message_id=message_id,
        lines=tuple(line for line in (_text(message, "subject"), _first_line(message)) if line),
    )


def _text(message: EmailMessage, name: str) -> str | None:
    """Python's parser of headers raises a good many errors on what it cannot read."""
    try:
        value = message[name]
        return None if value is None else " ".join(str(value).split())
    except Exception:  # noqa: BLE001 - whichever it is, the header says nothing
        return None


def _sender(message: EmailMessage) -> str | None:
    try:
        [header] = message.get_all("from", [])
        [address] = header.addresses
        found = str(address.addr_spec).casefold()
    except Exception:  # noqa: BLE001 - as above
        return None
    return found if address.username and address.domain else None


def _proven(message: EmailMessage, sender: str, trusted: str | None) -> bool:
    """At least one of the trusted server's results says so, and none says otherwise."""
    if trusted is None:
        return False
    domain = sender.rpartition("@")[2]
    verdicts = [
        result.result == "pass" and _header_from(result) == domain
        for header in _results(message)
        if (header.authserv_id or "").casefold() == trusted.casefold()
        for result in header.results
        if result.method == "dmarc"
    ]
    return bool(verdicts) and all(verdicts)


def _results(message: EmailMessage) -> list[AuthenticationResultsHeader]:
    parsed = []
    try:
        for value in message.get_all("authentication-results", []):
            one = " ".join(str(value).split())
            parsed.append(authres.AuthenticationResultsHeader.parse_value(one))
    except Exception:  # noqa: BLE001 - one that cannot be read may be the one that says no
        return []
    return parsed


def _header_from(result: authres.AuthenticationResult) -> str | None:
    """The domain that was judged, without which it is not said what has passed."""
    for one in result.properties:
        if (one.type, one.name) == ("header", "from"):
            return str(one.value).rpartition("@")[2].casefold()
    return None


def _automatic(message: EmailMessage, sender: str | None, own_address: str) -> bool:
    """RFC 3834, and what was usual before it."""
    answers = (_text(message, "auto-submitted") or "no").casefold()
    bounce = (_text(message, "return-path") or "").replace(" ", "") == "<>"
    return (
        not answers.startswith("no")
        or answers.startswith("no-")
        or bounce
        or (_text(message, "precedence") or "").casefold() in _BULK
        or any(name in message for name in _LISTS)
        or "x-autoreply" in message
        or (
            message.get_content_maintype() == "multipart"
            and message.get_content_subtype() == "report"
        )
        or sender == own_address
        or (sender or "").partition("@")[0] in _NOBODY
    )


def _fingerprint(sender: str | None, message_id: str | None) -> str | None:
    """With the sender, so that nobody can use up the id of somebody else's mail."""
    if not message_id:
        return None
    return hashlib.sha256(f"{sender}\n{message_id}".encode(errors="replace")).hexdigest()


def _first_line(message: EmailMessage) -> str | None:
    """Of the text, not counting a hello that stands alone."""
    for written in _body(message).splitlines():
        line = " ".join(written.split())[:LONGEST_LINE]
        if line and not is_greeting(line):
            return line
    return None


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        if part is None:
            return ""
        text = _decoded(cast("EmailMessage", part))
        return _without_tags(text) if part.get_content_subtype() == "html" else text
    except Exception:  # noqa: BLE001 - as above
        return ""


def _decoded(part: EmailMessage) -> str:
    """Also in a charset that does not exist, or of which the half is missing."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return content.decode(charset, errors="strict" if charset != "utf-8" else "replace")
        except (LookupError, UnicodeDecodeError):
            continue
    return ""


class _Words(HTMLParser):
    """The text of a page; blocks are lines."""

    _SILENT = frozenset({"head", "style", "script", "title"})
    _LINES = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in self._SILENT
        if tag in self._LINES:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT and self._silent > 0
        if tag in self._LINES:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(" ".join(data.split()) + " " if data.split() else " ")


def _without_tags(html: str) -> str:
    words = _Words()
    words.feed(html)
    return "".join(words.words)
