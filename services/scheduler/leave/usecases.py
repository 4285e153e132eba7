"""Asking for leave, changing and withdrawing the request, and deciding on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.period import Period
from services.scheduler.absences.store import Window
from services.scheduler.absences.usecases import (
    Report,
    Revision,
    begin_absence,
    check_may_report,
    reported_member,
)
from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.leave import domain
from services.scheduler.leave.domain import AwayAnyway, Leave, LeaveAskedFor, OwnLeave
from services.scheduler.leave.telling import tell_of_leave
from services.scheduler.leave.whatif import gaps_of
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import InactiveMember, UnknownMember
from shared.auth import Identity
from shared.errors import NotFound
from shared.ids import new_id
from shared.mongo import Session
from shared.outbox import Transaction

__all__ = [
    "Decision",
    "approve_leave",
    "change_leave",
    "decline_leave",
    "others_decide",
    "request_leave",
    "withdraw_leave",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """On the request as it was at `version`. `said`: why, in writing."""

    version: int
    said: str = ""


async def request_leave(
    tx: Transaction, desk: Desk, who: Identity, member_id: str, call: Report, now: datetime
) -> Leave:
    """Raises `Forbidden`, `UnknownMember`, `InactiveMember`, `LeaveAskedFor`, `AwayAnyway`, and
    what `period` and `dates_of` raise."""
    check_may_report(who, member_id)
    await desk.leave.lock(tx, member_id)
    member = await reported_member(tx, desk, who, member_id)
    if member is None:
        raise UnknownMember(member=member_id, extra={"member_id": member_id})
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member_id})
    when = call.period(member, now)
    leave = domain.request(new_id(), member_id, when, by=who.member_id, now=now)
    await _check_free(tx, desk, leave)
    await desk.leave.put(tx, leave)
    await desk.leave.reasons.put(tx, leave.id, call.reason)
    await tell_of_leave(tx, desk, leave, member)
    return leave


async def change_leave(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    leave_id: str,
    revision: Revision,
    version: int,
    now: datetime,
) -> Leave:
    """Other dates, another reason. Raises `NotFound`, `Forbidden`, `StaleVersion`, `LeaveDecided`,
    `LeaveAskedFor`, `AwayAnyway`, `ReasonUnreadable`, and what `period` and `dates_of` raise."""
    before, member = await _open(tx, desk, who, leave_id, version)
    when = revision.period(member, now)
    leave = domain.change(before, when, by=who.member_id, now=now)
    await _check_free(tx, desk, leave)
    await desk.leave.reasons.change(tx, leave_id, revision.kind, revision.note)
    await desk.leave.put(tx, leave)
    await tell_of_leave(tx, desk, leave, member)
    return leave


async def withdraw_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, version: int, now: datetime
) -> Leave:
    """Raises `NotFound`, `Forbidden`, `StaleVersion`, `LeaveDecided`."""
    before, member = await _open(tx, desk, who, leave_id, version)
    leave = domain.withdraw(before, by=who.member_id, now=now)
    await desk.leave.put(tx, leave)
    await tell_of_leave(tx, desk, leave, member)
    return leave


async def approve_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, decision: Decision, now: datetime
) -> tuple[Leave, str | None]:
    """It becomes an absence, and the handover begins that follows if the leave has begun already.

    Decided by the gaps that there are now, whatever the lead has looked at. Raises `NotFound`,
    `Forbidden`, `StaleVersion`, `OwnLeave`, `InactiveMember`, `LeaveDecided`, `LeaveOver`,
    `NeedsWrittenReason`.
    """
    tick = await desk.clock.tick(tx, now)
    before, member = await _open(tx, desk, who, leave_id, decision.version)
    await _check_not_own(tx, desk, who, member)
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member.id})
    window = Window(before.starts_at, before.ends_at)
    snapshot = await desk.snapshots.concerning(tx, member.id, window)
    gaps = gaps_of(snapshot, member.id, before.times)
    leave = domain.approve(
        before,
        by=who.member_id,
        now=tick.now,
        gaps=len({one.responsibility_id for one in gaps}),
        said=decision.said,
    )
    await desk.leave.put(tx, leave)
    when = Period(leave.starts_at, leave.ends_at)
    _, handover_id = await begin_absence(
        tx, desk, tick, leave.id, member.id, when, None, by=who.member_id
    )
    await desk.leave.reasons.move(tx, leave.id, desk.absences.reasons)
    await tell_of_leave(tx, desk, leave, member)
    return leave, handover_id


async def decline_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, decision: Decision, now: datetime
) -> Leave:
    """Raises `NotFound`, `StaleVersion`, `OwnLeave`, `LeaveDecided`."""
    before, member = await _open(tx, desk, who, leave_id, decision.version)
    await _check_not_own(tx, desk, who, member)
    leave = domain.decline(before, by=who.member_id, now=now, said=decision.said)
    await desk.leave.put(tx, leave)
    await tell_of_leave(tx, desk, leave, member)
    return leave


async def _open(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, version: int
) -> tuple[Leave, Member]:
    leave = await desk.leave.get(leave_id, tx.session)
    if leave is None:
        raise NotFound
    member = await reported_member(tx, desk, who, leave.member_id)
    if member is None:
        raise NotFound
    check_may_report(who, leave.member_id)
    await desk.leave.lock(tx, leave.member_id)
    check_version(version, leave.version)
    return leave, member


async def _check_free(tx: Transaction, desk: Desk, leave: Leave) -> None:
    """Raises `LeaveAskedFor`, or `AwayAnyway` if the member is away all of the time."""
    found = await desk.leave.undecided(leave.member_id, leave.dates, tx.session)
    if any(one.id != leave.id for one in found):
        raise LeaveAskedFor
    window = Window(leave.starts_at, leave.ends_at)
    away = await desk.absences.within([leave.member_id], window, tx.session)
    if any(leave.dates.lie_within(one.stretch) for one in away):
        raise AwayAnyway


async def _check_not_own(tx: Transaction, desk: Desk, who: Identity, member: Member) -> None:
    if member.id == who.member_id and await others_decide(desk, member, tx.session):
        raise OwnLeave


async def others_decide(desk: Desk, member: Member, session: Session | None = None) -> bool:
    """Whether another lead sees the member: the only one could not get any leave otherwise."""
    return bool(await desk.members.leads_seeing(member, session) - {member.id})
