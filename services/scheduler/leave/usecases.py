"""Asking for leave, changing and withdrawing the request, and deciding on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.period import Period
from services.scheduler.absences.store import Window
from services.scheduler.absences.usecases import (
    begin_absences,
    check_may_report,
    reported_member,
)
from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.leave import domain
from services.scheduler.leave.asked import Asked
from services.scheduler.leave.domain import Dates, Leave, OwnLeave, to_come
from services.scheduler.leave.taken import free, read_offers
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
    "NewLeave",
    "NewTimes",
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


@dataclass(frozen=True, slots=True)
class NewLeave:
    asked: Asked
    reason: Reason


@dataclass(frozen=True, slots=True)
class NewTimes:
    """`kind` and `note` None stay as they are."""

    asked: Asked
    kind: Kind | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)


async def request_leave(
    tx: Transaction, desk: Desk, who: Identity, member_id: str, new: NewLeave, now: datetime
) -> Leave:
    """Of leave that repeats, without the times that are over, asked for or taken already.

    Raises `Forbidden`, `UnknownMember`, `InactiveMember`, `LeaveAskedFor`, `AwayAnyway`, and what
    `Asked.times` raises.
    """
    check_may_report(who, member_id)
    await desk.leave.lock(tx, member_id)
    member = await reported_member(tx, desk, who, member_id)
    if member is None:
        raise UnknownMember(member=member_id, extra={"member_id": member_id})
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member_id})
    times = await _free(tx, desk, member, new.asked, now)
    leave = domain.request(new_id(), member_id, times, by=who.member_id, now=now)
    await desk.leave.put(tx, leave)
    await desk.leave.reasons.put(tx, leave.id, new.reason)
    await tell_of_leave(tx, desk, leave, member)
    return leave


async def change_leave(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    leave_id: str,
    new: NewTimes,
    version: int,
    now: datetime,
) -> Leave:
    """Other times, another reason. Raises `NotFound`, `Forbidden`, `StaleVersion`, `LeaveDecided`,
    `LeaveAskedFor`, `AwayAnyway`, `ReasonUnreadable`, and what `Asked.times` raises."""
    before, member = await _open(tx, desk, who, leave_id, version)
    times = await _free(tx, desk, member, new.asked, now, but=leave_id)
    leave = domain.change(before, times, by=who.member_id, now=now)
    await desk.leave.reasons.change(tx, leave_id, new.kind, new.note)
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
    """Each of its times becomes an absence, and the handover begins that follows if one has begun
    already.

    Decided by the gaps that there are now, whatever the lead has looked at. Raises `NotFound`,
    `Forbidden`, `StaleVersion`, `OwnLeave`, `InactiveMember`, `LeaveDecided`, `LeaveOver`,
    `NeedsWrittenReason`, and for several times `ReasonUnreadable`.
    """
    tick = await desk.clock.tick(tx, now)
    before, member = await _open(tx, desk, who, leave_id, decision.version)
    await _check_not_own(tx, desk, who, member)
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member.id})
    window = Window(before.starts_at, before.ends_at)
    snapshot = await desk.snapshots.concerning(tx, member.id, window)
    ahead = to_come(before.times, tick.now)
    gaps = gaps_of(snapshot, member.id, ahead) if ahead else ()
    leave = domain.approve(
        before,
        by=who.member_id,
        now=tick.now,
        gaps=len({one.responsibility_id for one in gaps}),
        said=decision.said,
    )
    await desk.leave.put(tx, leave)
    periods = {id: Period(one.starts_at, one.ends_at) for id, one in leave.absences.items()}
    handover_id = await begin_absences(tx, desk, tick, member.id, periods, who.member_id)
    if leave.absence_ids == (leave.id,):
        await desk.leave.reasons.move(tx, leave.id, desk.absences.reasons)
    else:
        await desk.leave.reasons.spread(tx, leave.id, desk.absences.reasons, periods)
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


async def _free(
    tx: Transaction, desk: Desk, member: Member, asked: Asked, now: datetime, *, but: str = ""
) -> tuple[Dates, ...]:
    offers = await read_offers(desk, member, asked, now, tx.session, but=but)
    return free(offers, leaving_out=asked.repeats is not None)


async def _check_not_own(tx: Transaction, desk: Desk, who: Identity, member: Member) -> None:
    if member.id == who.member_id and await others_decide(desk, member, tx.session):
        raise OwnLeave


async def others_decide(desk: Desk, member: Member, session: Session | None = None) -> bool:
    """Whether another lead sees the member: the only one could not get any leave otherwise."""
    return bool(await desk.members.leads_seeing(member, session) - {member.id})
