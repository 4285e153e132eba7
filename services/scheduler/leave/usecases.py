"""Asking for leave, changing and withdrawing the request, and deciding on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.period import Period
from services.scheduler.absences.usecases import (
    Report,
    Revision,
    begin_absence,
    check_may_report,
    reported_member,
)
from services.scheduler.coverage.clock import Tick
from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.leave import domain
from services.scheduler.leave.domain import Leave, LeaveAskedFor, OwnLeave
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
    """Raises `Forbidden`, `UnknownMember`, `InactiveMember`, `LeaveAskedFor`, and what `period` and
    `dates_of` raise."""
    tick = await desk.clock.tick(tx, now)
    check_may_report(who, member_id)
    member = await reported_member(tx, desk, who, member_id)
    if member is None:
        raise UnknownMember(member=member_id, extra={"member_id": member_id})
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member_id})
    when = call.period(member, tick.now)
    leave = domain.request(new_id(), member_id, when, by=who.member_id, now=tick.now)
    await _check_only_request(tx, desk, leave)
    await desk.leave.put(tx, leave)
    await desk.leave.reasons.put(tx, leave.id, call.reason)
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
    `LeaveAskedFor`, `ReasonUnreadable`, and what `period` and `dates_of` raise."""
    tick, before, member = await _open(tx, desk, who, leave_id, version, now)
    when = revision.period(member, tick.now)
    leave = domain.change(before, when, by=who.member_id, now=tick.now)
    await _check_only_request(tx, desk, leave)
    await desk.leave.reasons.change(tx, leave_id, revision.kind, revision.note)
    await desk.leave.put(tx, leave)
    return leave


async def withdraw_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, version: int, now: datetime
) -> Leave:
    """Raises `NotFound`, `Forbidden`, `StaleVersion`, `LeaveDecided`."""
    tick, before, _ = await _open(tx, desk, who, leave_id, version, now)
    leave = domain.withdraw(before, by=who.member_id, now=tick.now)
    await desk.leave.put(tx, leave)
    return leave


async def approve_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, decision: Decision, now: datetime
) -> tuple[Leave, str | None]:
    """It becomes an absence, and the handover begins that follows if the leave has begun already.

    Decided by the gaps that there are now, whatever the lead has looked at. Raises `NotFound`,
    `StaleVersion`, `OwnLeave`, `InactiveMember`, `LeaveDecided`, `LeaveOver`,
    `NeedsWrittenReason`, `ReasonUnreadable`.
    """
    tick, before, member = await _open(tx, desk, who, leave_id, decision.version, now)
    await _check_not_own(tx, desk, who, before)
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member.id})
    snapshot = await desk.snapshots.before(tx, tick)
    gaps = gaps_of(snapshot, member.id, before.dates)
    absence_id = new_id()
    leave = domain.approve(
        before,
        by=who.member_id,
        now=tick.now,
        gaps=len({one.responsibility_id for one in gaps}),
        said=decision.said,
        absence_id=absence_id,
    )
    await desk.leave.put(tx, leave)
    reason = await desk.leave.reasons.get(leave.id, tx.session)
    await desk.leave.reasons.remove(tx, leave.id)
    when = Period(leave.starts_at, leave.ends_at)
    _, handover_id = await begin_absence(
        tx, desk, tick, absence_id, member.id, when, reason, by=who.member_id
    )
    return leave, handover_id


async def decline_leave(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, decision: Decision, now: datetime
) -> Leave:
    """Raises `NotFound`, `StaleVersion`, `OwnLeave`, `LeaveDecided`."""
    tick, before, _ = await _open(tx, desk, who, leave_id, decision.version, now)
    await _check_not_own(tx, desk, who, before)
    leave = domain.decline(before, by=who.member_id, now=tick.now, said=decision.said)
    await desk.leave.put(tx, leave)
    return leave


async def _open(
    tx: Transaction, desk: Desk, who: Identity, leave_id: str, version: int, now: datetime
) -> tuple[Tick, Leave, Member]:
    tick = await desk.clock.tick(tx, now)
    leave = await desk.leave.get(leave_id, tx.session)
    if leave is None:
        raise NotFound
    member = await reported_member(tx, desk, who, leave.member_id)
    if member is None:
        raise NotFound
    check_may_report(who, leave.member_id)
    check_version(version, leave.version)
    return tick, leave, member


async def _check_only_request(tx: Transaction, desk: Desk, leave: Leave) -> None:
    found = await desk.leave.undecided(leave.member_id, leave.dates, tx.session)
    if any(one.id != leave.id for one in found):
        raise LeaveAskedFor


async def _check_not_own(tx: Transaction, desk: Desk, who: Identity, leave: Leave) -> None:
    if leave.member_id == who.member_id and await others_decide(desk, who, tx.session):
        raise OwnLeave


async def others_decide(desk: Desk, who: Identity, session: Session | None = None) -> bool:
    """Whether there is another lead: the only one could not get any leave otherwise."""
    return bool(await desk.members.active_leads(session) - {who.member_id})
