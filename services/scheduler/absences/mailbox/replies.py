"""What is answered to whom wrote to the mailbox: in their language, and never with what they wrote.

Replies go to the address that the team has of a member, by the mail server of the mailbox; no other
service has a part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlencode

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.mailbox.store import Letter
from services.scheduler.members.domain import Member
from shared.auth import Identity, Role, Scope, Tokens
from shared.errors import AppError
from shared.ui.ui import Ui

__all__ = ["CONFIRM_PATH", "LINK_LASTS", "Asked", "Replies"]

CONFIRM_PATH = "/confirm-absence"
"""It says nothing of why; paths are logged."""

LINK_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """An absence that waits for its member's confirmation. `mail` names the mail it came with. It
    is stored nowhere: a link carries it, signed."""

    mail: str
    starts_at: datetime
    ends_at: datetime | None

    @property
    def purpose(self) -> str:
        """Good for beginning exactly this."""
        ends = "" if self.ends_at is None else self.ends_at.isoformat()
        return f"confirm_absence:{self.mail}:{self.starts_at.isoformat()}:{ends}"

    def query(self) -> dict[str, str]:
        ends = {} if self.ends_at is None else {"ends": self.ends_at.isoformat()}
        return {"mail": self.mail, "starts": self.starts_at.isoformat(), **ends}


class Replies:
    """`public_url` is the installation's address, where links lead."""

    def __init__(self, ui: Ui, tokens: Tokens, public_url: str) -> None:
        self._ui = ui
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")

    def begun(self, member: Member, absence: Absence, *, unclear: bool, changed: bool) -> Letter:
        """`unclear`: an end was named that was not understood."""
        return self._letter(
            "mail_begun.html",
            member,
            absence=absence,
            unclear=unclear,
            changed=changed,
            link=self._address(f"/absences/{absence.id}"),
        )

    def not_understood(self, member: Member, error: AppError | None = None) -> Letter:
        """`error`: it was, but cannot be."""
        why = error and self._ui.said(error.detail or error.title, member.language, error.params)
        link = self._address("/absences/new")
        return self._letter("mail_not_understood.html", member, why=why, link=link)

    def confirm(self, member: Member, asked: Asked, *, unclear: bool) -> Letter:
        """Nobody has proven that the mail is the member's."""
        token = self._tokens.issue(_nobody_but(member), LINK_LASTS, purpose=asked.purpose)
        query = urlencode({**asked.query(), "token": token})
        return self._letter(
            "mail_confirm.html",
            member,
            asked=asked,
            unclear=unclear,
            link=self._address(f"{CONFIRM_PATH}?{query}"),
        )

    def _address(self, path: str) -> str:
        return self._public_url + self._ui.url(path)

    def _letter(self, template: str, member: Member, **context: object) -> Letter:
        subject = " ".join(self._text(template, "subject", member, context).split())
        return Letter(member.email, subject, self._text(template, "body", member, context))

    def _text(
        self, template: str, block: str, member: Member, context: Mapping[str, object]
    ) -> str:
        text = self._ui.text(
            template,
            language=member.language,
            time_zone=member.time_zone,
            block=block,
            member=member,
            **context,
        )
        return unescape(text).strip() + "\n"


def _nobody_but(member: Member) -> Identity:
    """Enough to confirm, and to see no client."""
    return Identity(
        member_id=member.id,
        name=member.name,
        role=Role.MEMBER,
        scope=Scope(frozenset()),
        tz=member.time_zone,
        lang=member.language,
    )
