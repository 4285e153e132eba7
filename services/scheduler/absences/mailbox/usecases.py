"""A mail is taken: an absence begins, changes or is asked about, once for each mail."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.keyring import ReasonUnreadable
from services.scheduler.absences.mailbox.mail import Mail
from services.scheduler.absences.mailbox.replies import Asked, Replies
from services.scheduler.absences.mailbox.store import Letter
from services.scheduler.absences.mailbox.wording import SickCall, read_line
from services.scheduler.absences.period import (
    EndsBeforeStart,
    EndsNow,
    Period,
    When,
    ZeroLength,
    start_instant,
)
from services.scheduler.absences.store import Window
from services.scheduler.absences.usecases import (
    Report,
    Revision,
    change_absence,
    report_absence,
)
from services.scheduler.desk import Desk
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from shared.auth import Permission
from shared.outbox import Transaction

__all__ = ["Became", "confirm_absence", "is_confirmed", "take_mail"]

_KNOWN_FOR = timedelta(days=400)
"""So long a mail is known again, should the mailbox number its mails anew."""

_ASKED_AGAIN_AFTER = timedelta(hours=1)
"""Whoever sends mails in somebody's name causes no more letters to them than that."""

_IMPOSSIBLE = (EndsNow, EndsBeforeStart, ZeroLength)


class Became(StrEnum):
    """What became of a mail; values of a metric's label."""

    BEGUN = "begun"
    CHANGED = "changed"
    ASKED = "asked"
    NOT_UNDERSTOOD = "not_understood"
    STRANGER = "stranger"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class _Begun:
    absence: Absence
    changed: bool


async def take_mail(
    tx: Transaction, desk: Desk, replies: Replies, mail: Mail, place: str, now: datetime
) -> Became:
    """`place` names the mail in its mailbox. Nothing of what it says is kept, but when somebody is
    away; its own copy stays in the mailbox."""
    names = [f"place\n{place}", *([f"mail\n{mail.fingerprint}"] if mail.fingerprint else [])]
    if not await desk.mails.once(tx, names, now, _KNOWN_FOR):
        return Became.DUPLICATE
    if mail.automatic or mail.sender is None:
        return Became.IGNORED
    member = await _sender(tx, desk, mail.sender)
    if member is None:
        return Became.STRANGER
    call = _read(mail, now.astimezone(member.zone).replace(tzinfo=None))
    try:
        became, letter = await _follow(tx, desk, replies, member, mail, call, place, now)
    except _IMPOSSIBLE as error:
        became, letter = Became.NOT_UNDERSTOOD, replies.not_understood(member, error)
    if not mail.proven and not await _may_be_answered(tx, desk, member, became, now):
        return Became.IGNORED
    await desk.mails.queue(tx, replace(letter, answers=mail.message_id), now)
    return became


async def confirm_absence(
    tx: Transaction, desk: Desk, member_id: str, asked: Asked, now: datetime
) -> None:
    """The member says that the mail was theirs. A second time changes nothing; nor does it if the
    member has left. Raises `EndsNow` if it is over by now."""
    if not await desk.mails.once(tx, [_confirmed(asked)], now, _KNOWN_FOR):
        return
    member = await desk.members.get(member_id, tx.session)
    if member is not None and member.active:
        await _begin(tx, desk, member, asked.starts_at, asked.ends_at, now)


async def is_confirmed(desk: Desk, asked: Asked, now: datetime) -> bool:
    return await desk.mails.known([_confirmed(asked)], now)


async def _sender(tx: Transaction, desk: Desk, address: str) -> Member | None:
    member_id = await desk.members.with_email(tx, address)
    member = member_id and await desk.members.get(member_id, tx.session)
    if not member or not member.active:
        return None
    return member if identity_of(member).may(Permission.ABSENCE_REPORT_OWN) else None


async def _may_be_answered(
    tx: Transaction, desk: Desk, member: Member, became: Became, now: datetime
) -> bool:
    """A letter of each kind: what was not understood at first, or cannot be, must not keep what is
    said better from being asked about."""
    return await desk.mails.once(tx, [f"{became}\n{member.id}"], now, _ASKED_AGAIN_AFTER)


def _read(mail: Mail, now: datetime) -> SickCall | None:
    """The subject counts; the first line of the text where the subject says nothing of it."""
    found = (read_line(line, now) for line in mail.lines)
    return next((call for call in found if call is not None), None)


async def _follow(
    tx: Transaction,
    desk: Desk,
    replies: Replies,
    member: Member,
    mail: Mail,
    call: SickCall | None,
    place: str,
    now: datetime,
) -> tuple[Became, Letter]:
    if call is None:
        return Became.NOT_UNDERSTOOD, replies.not_understood(member)
    unclear = not call.end_understood
    if not mail.proven:
        when = _report(call).period(member, now)
        asked = Asked(_name(place), when.starts_at, when.ends_at)
        return Became.ASKED, replies.confirm(member, asked, unclear=unclear)
    begun = await _begin(tx, desk, member, call.starts, call.ends, now)
    letter = replies.begun(member, begun.absence, unclear=unclear, changed=begun.changed)
    return Became.CHANGED if begun.changed else Became.BEGUN, letter


async def _begin(
    tx: Transaction,
    desk: Desk,
    member: Member,
    starts: When | None,
    ends: When | None,
    now: datetime,
) -> _Begun:
    """Who has reported sick already says until when, or since when; everybody else is away from
    then on."""
    who = identity_of(member)
    call = Report(starts, ends, None, Reason(Kind.SICK))
    before = await _reported_before(tx, desk, member, call.period(member, now), now)
    if before is None:
        absence, _ = await report_absence(tx, desk, who, member.id, call, now)
        return _Begun(absence, changed=False)
    begin = now if starts is None else start_instant(starts, member.zone)
    revision = Revision(min(begin, before.starts_at), ends, None)
    absence, _ = await change_absence(tx, desk, who, before.id, revision, before.version, now)
    return _Begun(absence, changed=True)


async def _reported_before(
    tx: Transaction, desk: Desk, member: Member, when: Period, now: datetime
) -> Absence | None:
    """Their illness that this goes on with, however it was reported; the first, if there are
    several."""
    for absence in await desk.absences.within([member.id], Window(now, None), tx.session):
        if not _goes_on(absence, when, now):
            continue
        with suppress(ReasonUnreadable):
            reason = await desk.absences.reasons.get(absence.id, tx.session)
            if reason is not None and reason.kind is Kind.SICK:
                return absence
    return None


def _goes_on(before: Absence, when: Period, now: datetime) -> bool:
    """They touch. Without an end, nothing is said of an operation to come."""
    reaches = max(when.starts_at, now) if when.ends_at is None else when.ends_at
    return before.starts_at <= reaches and (
        before.ends_at is None or when.starts_at <= before.ends_at
    )


def _report(call: SickCall) -> Report:
    return Report(call.starts, call.ends, None, Reason(Kind.SICK))


def _name(place: str) -> str:
    """For a link: who reads it learns nothing of the mailbox."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def _confirmed(asked: Asked) -> str:
    return f"confirmed\n{asked.mail}"
