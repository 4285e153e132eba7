"""Notifications as e-mails: in the reader's language and time zone, exact to the byte.

A letter is composed once per attempt and stored before it is sent; nothing is rendered later.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from urllib.parse import quote

from services.notifier.briefs.domain import Brief, Handover, Kind, Notification, for_eyes
from services.notifier.directory.people import Member, Responsibility
from services.notifier.leave.domain import LeaveRequest
from shared.auth import Identity, Role, Scope, Tokens
from shared.ui.i18n import LANGUAGES, SOURCE_LANGUAGE
from shared.ui.ui import Ui

__all__ = ["LINK_LASTS", "Letter", "Letters", "NoAddress", "acknowledge_path", "purpose"]

ACKNOWLEDGE = "acknowledge"
LINK_LASTS = timedelta(days=7)

_LISTS = {
    Kind.BRIEF: "handovers",
    Kind.SUMMARY: "handovers",
    Kind.REMINDER: "qualifications",
    Kind.LEAVE: "leave",
    Kind.SWAP: "rota",
    Kind.OPEN_SHIFTS: "rota",
    Kind.ROTA: "rota",
    Kind.SHIFT: "rota",
}
"""What readers can sort their mail by."""

# Seven bits only: no server on the way has to re-encode what was stored.
_POLICY = SMTP.clone(cte_type="7bit")


class NoAddress(ValueError):
    """The member has no address that a mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`mail` is the whole message as it goes over the wire, before dot-stuffing."""

    message_id: str
    sender: str
    recipient: str
    mail: bytes


def acknowledge_path(notification_id: str, token: str) -> str:
    """Below the service's root."""
    return f"/acknowledge/{quote(notification_id, safe=':')}?token={quote(token)}"


def purpose(notification_id: str) -> str:
    """The link in one brief acknowledges that one only."""
    return f"{ACKNOWLEDGE}:{notification_id}"


class Letters:
    """`public_url` is the installation's address, where the links lead."""

    def __init__(self, ui: Ui, tokens: Tokens, *, public_url: str, mail_from: str) -> None:
        self._ui = ui
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")
        self._from = _address(mail_from)

    @property
    def domain(self) -> str:
        return self._from.domain

    def compose(
        self,
        notification: Notification,
        reader: Member,
        *,
        people: Mapping[str, Member],
        responsibilities: Mapping[str, Responsibility],
        message_id: str,
        now: datetime,
    ) -> Letter:
        """Raises `NoAddress`."""
        recipient = _recipient(reader)
        visible = for_eyes(
            notification,
            lambda id: reader.may_see(responsibilities[id].client_id),
            reader.may_see,
        )
        template = f"mail_{notification.kind.value}"
        context = {
            "notification": visible,
            "about": visible.about,
            "content": visible.content,
            "reader": reader,
            "people": people,
            "responsibilities": responsibilities,
            "links": self._links(visible, reader),
        }
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self._from
        mail["To"] = recipient
        mail["Subject"] = one_line(self._text(template, reader, "subject", context))
        mail["Date"] = now
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Id"] = f"Understudy <{_LISTS[visible.kind]}.{self.domain}>"
        mail.set_content(self._text(template, reader, "body", context))
        mail.add_alternative(self._html(template, reader, context), subtype="html")
        return Letter(message_id, self._from.addr_spec, recipient.addr_spec, mail.as_bytes())

    def _text(
        self, template: str, reader: Member, block: str, context: Mapping[str, object]
    ) -> str:
        escaped = self._render(f"{template}_text.html", reader, block, context)
        return unescape(escaped).strip() + "\n"

    def _html(self, template: str, reader: Member, context: Mapping[str, object]) -> str:
        return self._render(f"{template}.html", reader, None, context)

    def _render(
        self, template: str, reader: Member, block: str | None, context: Mapping[str, object]
    ) -> str:
        language = reader.language if reader.language in LANGUAGES else SOURCE_LANGUAGE
        return self._ui.text(
            template, language=language, time_zone=reader.time_zone, block=block, **context
        )

    def _links(self, notification: Notification, reader: Member) -> dict[str, str]:
        links = {
            "skills": f"{self._public_url}/scheduler/skills",
            "rota": f"{self._public_url}/scheduler/rota",
            "task": f"{self._public_url}/planner/",
            "publication": f"{self._public_url}/scheduler/",
            "conversation": f"{self._public_url}/inbox/",
            "notifications": self._public_url + self._ui.url("/"),
        }
        match notification.about:
            case Handover(id=id):
                links["receipt"] = f"{self._public_url}/scheduler/handovers/{quote(id)}"
            case LeaveRequest(leave_id=id):
                links["leave"] = f"{self._public_url}/scheduler/leave/{quote(id)}"
        if isinstance(notification.content, Brief):
            links[ACKNOWLEDGE] = self._acknowledge_link(notification.id, reader)
        return links

    def _acknowledge_link(self, notification_id: str, reader: Member) -> str:
        # Good for taking note and nothing else, so it needs no client.
        identity = Identity(
            member_id=reader.id,
            name=reader.name,
            role=Role.MEMBER,
            scope=Scope(frozenset()),
            tz=reader.time_zone,
            lang=reader.language,
        )
        token = self._tokens.issue(identity, LINK_LASTS, purpose=purpose(notification_id))
        return self._public_url + self._ui.url(acknowledge_path(notification_id, token))


def one_line(text: str) -> str:
    """Fit for a header: no line breaks, no control characters."""
    printable = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join("".join(printable).split())


def _recipient(reader: Member) -> Address:
    try:
        return _address(reader.email, reader.name)
    except (HeaderParseError, ValueError, IndexError):
        raise NoAddress(reader.id) from None


def _address(addr_spec: str, name: str = "") -> Address:
    """Raises ValueError or HeaderParseError. Addresses beyond ASCII need SMTPUTF8: not ours."""
    display, bracket, rest = addr_spec.strip().rpartition("<")
    if bracket:
        name, addr_spec = name or display, rest.removesuffix(">")
    address = Address(display_name=one_line(name).strip('" '), addr_spec=addr_spec.strip())
    if not (address.username and "." in f"{address.domain}." and address.domain):
        raise ValueError(f"not a mail address: {addr_spec}")
    if not address.addr_spec.isascii():
        raise ValueError(f"not an ASCII mail address: {addr_spec}")
    return address
