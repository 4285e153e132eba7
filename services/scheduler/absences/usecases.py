"""Reporting, changing, ending and cancelling absences, and their times falling due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.scheduler.absences.domain import (
    Absence,
    AbsenceEvent,
    Kind,
    LeaveNeedsApproval,
    Reason,
    advance,
    cancel,
    end,
    report,
    reschedule,
)
from services.scheduler.absences.period import Period, When, end_instant, period
from services.scheduler.coverage.clock import Tick
from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import InactiveMember, UnknownMember
from shared.auth import Identity, Permission
from shared.errors import Forbidden, NotFound
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "ENDS",
    "SHORT",
    "STARTS",
    "Report",
    "Revision",
    "begin_absences",
    "cancel_absence",
    "change_absence",
    "check_may_report",
    "end_absence",
    "report_absence",
    "reported_member",
    "turn_absence",
]

STARTS = "absence_starts"
ENDS = "absence_ends"
"""Kinds of the due rows."""

SHORT = timedelta(days=1)
"""So long somebody may be away for anything, if it begins now, without asking."""

Outcome = tuple[Absence, str | None]
"""The absence, and the handover that follows, if anybody came or went."""


@dataclass(frozen=True, slots=True)
class Report:
    """`time_zone` is that of local times; None: the member's own."""

    starts: When | None
    ends: When | None
    time_zone: str | None
    reason: Reason

    def period(self, member: Member, now: datetime) -> Period:
        return period(self.starts, self.ends, ZoneInfo(self.time_zone or member.time_zone), now)


@dataclass(frozen=True, slots=True)
class Revision:
    """As `Report`; `kind` and `note` None stay as they are."""

    starts: When
    ends: When | None
    time_zone: str | None
    kind: Kind | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)

    def period(self, member: Member, now: datetime) -> Period:
        return period(self.starts, self.ends, ZoneInfo(self.time_zone or member.time_zone), now)


async def report_absence(
    tx: Transaction, desk: Desk, who: Identity, member_id: str, call: Report, now: datetime
) -> Outcome:
    """Raises `Forbidden`, `UnknownMember`, `InactiveMember`, `LeaveNeedsApproval`, and what
    `period` raises."""
    tick = await desk.clock.tick(tx, now)
    check_may_report(who, member_id)
    member = await reported_member(tx, desk, who, member_id)
    if member is None:
        raise UnknownMember(member=member_id, extra={"member_id": member_id})
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member_id})
    when = call.period(member, tick.now)
    _check_leave(who, call.reason.kind, when, tick.now)
    absence, events = report(new_id(), member_id, when, by=who.member_id, now=tick.now)
    outcome = await _save(tx, desk, absence, events, tick, who.member_id)
    await desk.absences.reasons.put(tx, absence.id, call.reason)
    return outcome


async def begin_absences(
    tx: Transaction, desk: Desk, tick: Tick, member_id: str, periods: Mapping[str, Period], by: str
) -> str | None:
    """What somebody may be away for has been decided. `periods`: one or more, by the absences' ids.
    In a transaction that has the tick; why, the caller adds. Returns the id of the handover that
    follows."""
    concerned = next(iter(periods))
    for absence_id, when in periods.items():
        absence, events = report(absence_id, member_id, when, by=by, now=tick.now)
        await _put(tx, desk, absence, events, tick)
        if absence.started:
            concerned = absence_id
    return await _settle(tx, desk, member_id, concerned, tick, by)


async def change_absence(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    absence_id: str,
    revision: Revision,
    version: int,
    now: datetime,
) -> Outcome:
    """Raises `NotFound`, `Forbidden`, `StaleVersion`, `AbsenceOver`, `ReasonUnreadable`,
    `LeaveNeedsApproval`, and what `period` raises."""
    tick = await desk.clock.tick(tx, now)
    before, member = await _absence(tx, desk, who, absence_id)
    check_version(version, before.version)
    when = revision.period(member, tick.now)
    other_kind = revision.kind not in (None, Kind.SICK)
    if other_kind or not _within(when, before):
        present = await _kind(tx, desk, absence_id)
        if revision.kind != present or not _within(when, before):
            _check_leave(who, revision.kind or present, when, tick.now)
    absence, events = reschedule(before, when, tick.now)
    await desk.absences.reasons.change(tx, absence_id, revision.kind, revision.note)
    return await _save(tx, desk, absence, events, tick, who.member_id)


async def end_absence(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    absence_id: str,
    at: When | None,
    now: datetime,
) -> Outcome:
    """The member is back, since `at` (None: now).

    Raises `NotFound`, `Forbidden`, `AbsenceOver`, `NotStarted`, `EndOutside`.
    """
    tick = await desk.clock.tick(tx, now)
    before, member = await _absence(tx, desk, who, absence_id)
    ends_at = tick.now if at is None else end_instant(at, ZoneInfo(member.time_zone))
    absence, events = end(before, ends_at, tick.now)
    return await _save(tx, desk, absence, events, tick, who.member_id)


async def cancel_absence(
    tx: Transaction, desk: Desk, who: Identity, absence_id: str, now: datetime
) -> Outcome:
    """Undo. Raises `NotFound`, `Forbidden`, `AbsenceOver`."""
    tick = await desk.clock.tick(tx, now)
    before, _ = await _absence(tx, desk, who, absence_id)
    absence, events = cancel(before, tick.now)
    return await _save(tx, desk, absence, events, tick, who.member_id)


async def turn_absence(tx: Transaction, desk: Desk, absence_id: str, now: datetime) -> None:
    """A start or an end has fallen due; what that means, the database says."""
    tick = await desk.clock.tick(tx, now)
    before = await desk.absences.get(absence_id, tx.session)
    if before is not None:
        absence, events = advance(before, tick.now)
        await _save(tx, desk, absence, events, tick, None)


def check_may_report(who: Identity, member_id: str) -> None:
    """Raises `Forbidden`."""
    own = who.member_id == member_id and who.may(Permission.ABSENCE_REPORT_OWN)
    if not own and not who.may(Permission.ABSENCE_REPORT_ANY):
        raise Forbidden


def _check_leave(who: Identity, kind: Kind | None, when: Period, now: datetime) -> None:
    """Who is ill, or has to go for some hours, says so; the rest a lead decides beforehand."""
    if who.may(Permission.ABSENCE_REPORT_ANY) or kind is Kind.SICK:
        return
    begins_now = when.starts_at <= now
    if not begins_now or when.ends_at is None or when.ends_at - when.starts_at > SHORT:
        raise LeaveNeedsApproval


def _within(when: Period, absence: Absence) -> bool:
    """Whether it is no longer than it was: to come back earlier needs nobody's leave."""
    ends_later = absence.ends_at is not None and (
        when.ends_at is None or when.ends_at > absence.ends_at
    )
    return when.starts_at >= absence.starts_at and not ends_later


async def _kind(tx: Transaction, desk: Desk, absence_id: str) -> Kind | None:
    reason = await desk.absences.reasons.get(absence_id, tx.session)
    return None if reason is None else reason.kind


async def reported_member(
    tx: Transaction, desk: Desk, who: Identity, member_id: str
) -> Member | None:
    """As far as the caller may know of them."""
    if who.member_id == member_id:
        return await desk.members.get(member_id, tx.session)
    return await desk.members.find(who.scope, member_id, tx.session)


async def _absence(
    tx: Transaction, desk: Desk, who: Identity, absence_id: str
) -> tuple[Absence, Member]:
    absence = await desk.absences.get(absence_id, tx.session)
    if absence is None:
        raise NotFound
    member = await reported_member(tx, desk, who, absence.member_id)
    if member is None:
        raise NotFound
    check_may_report(who, absence.member_id)
    return absence, member


async def _save(
    tx: Transaction,
    desk: Desk,
    absence: Absence,
    events: list[AbsenceEvent],
    tick: Tick,
    by: str | None,
) -> Outcome:
    await _put(tx, desk, absence, events, tick)
    return absence, await _settle(tx, desk, absence.member_id, absence.id, tick, by)


async def _put(
    tx: Transaction, desk: Desk, absence: Absence, events: list[AbsenceEvent], tick: Tick
) -> None:
    await desk.absences.put(tx, absence)
    await _schedule(tx, desk, absence, tick.now)
    for event in events:
        tx.emit(event)


async def _settle(
    tx: Transaction, desk: Desk, member_id: str, absence_id: str, tick: Tick, by: str | None
) -> str | None:
    change = Change(
        members=frozenset({member_id}), absence_id=absence_id, absent_member=member_id, by=by
    )
    return await desk.settling.settle(tx, tick, change)


async def _schedule(tx: Transaction, desk: Desk, absence: Absence, now: datetime) -> None:
    """Its times to come; what was to come before it changed is forgotten."""
    for kind, at in ((STARTS, absence.starts_at), (ENDS, absence.ends_at)):
        due_id = f"absence:{absence.id}:{kind}"
        if at is None or at <= now or absence.cancelled:
            await desk.ticker.cancel(tx, due_id)
        else:
            data = {"absence_id": absence.id}
            await desk.ticker.schedule(tx, id=due_id, kind=kind, at=at, data=data)
