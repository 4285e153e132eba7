"""What people do with qualifications, and what happens when one expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.scheduler.absences.period import When, end_instant
from services.scheduler.coverage.clock import Tick
from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.members.domain import Member
from services.scheduler.qualifications.domain import Qualification, renew
from services.scheduler.qualifications.reminders import cancel_reminders, schedule_reminders
from shared.auth import Identity
from shared.errors import AlreadyExists, NotFound
from shared.events.disciplines import Discipline
from shared.outbox import Transaction

__all__ = [
    "EXPIRES",
    "Skill",
    "add_qualification",
    "change_qualification",
    "expire",
    "remove_qualification",
]

EXPIRES = "qualification_expires"
"""Kind of the due row: at that instant somebody may lose what they act for."""


@dataclass(frozen=True, slots=True)
class Skill:
    """`valid_until`: an instant, local time of the member, or a day, which is included."""

    level: int
    valid_until: When | None
    evidence: str = ""

    def until(self, member: Member) -> datetime | None:
        if self.valid_until is None:
            return None
        return end_instant(self.valid_until, ZoneInfo(member.time_zone))


async def add_qualification(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    member_id: str,
    discipline: Discipline,
    skill: Skill,
    now: datetime,
) -> tuple[Qualification, str | None]:
    """With the handover that follows, if any. Raises `NotFound`, `AlreadyExists`."""
    tick = await desk.clock.tick(tx, now)
    member = await _member(tx, desk, who, member_id)
    if await desk.qualifications.get(member_id, discipline, tx.session) is not None:
        raise AlreadyExists
    added = Qualification(member_id, discipline, skill.level, skill.until(member), skill.evidence)
    return added, await _save(tx, desk, who, added, tick)


async def change_qualification(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    member_id: str,
    discipline: Discipline,
    skill: Skill,
    version: int,
    now: datetime,
) -> tuple[Qualification, str | None]:
    """With the handover that follows, if any. Raises `NotFound`, `StaleVersion`."""
    tick = await desk.clock.tick(tx, now)
    member = await _member(tx, desk, who, member_id)
    before = await _qualification(tx, desk, member_id, discipline, version)
    after = renew(before, skill.level, skill.until(member), skill.evidence)
    return after, await _save(tx, desk, who, after, tick)


async def remove_qualification(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    member_id: str,
    discipline: Discipline,
    version: int,
    now: datetime,
) -> str | None:
    """Returns the handover that follows, if any. Raises `NotFound`, `StaleVersion`."""
    tick = await desk.clock.tick(tx, now)
    await _member(tx, desk, who, member_id)
    qualification = await _qualification(tx, desk, member_id, discipline, version)
    await desk.qualifications.delete(tx, qualification)
    await desk.ticker.cancel(tx, _due_id(qualification))
    await cancel_reminders(tx, desk, qualification)
    return await desk.settling.settle(tx, tick, _concerning(qualification, who.member_id))


async def expire(
    tx: Transaction, desk: Desk, member_id: str, discipline: Discipline, now: datetime
) -> None:
    """A qualification's time is up; whether it really is, the database says."""
    tick = await desk.clock.tick(tx, now)
    qualification = await desk.qualifications.get(member_id, discipline, tx.session)
    if qualification is not None:
        await desk.settling.settle(tx, tick, _concerning(qualification, None))


async def _member(tx: Transaction, desk: Desk, who: Identity, member_id: str) -> Member:
    member = await desk.members.find(who.scope, member_id, tx.session)
    if member is None:
        raise NotFound
    return member


async def _qualification(
    tx: Transaction, desk: Desk, member_id: str, discipline: Discipline, version: int
) -> Qualification:
    found = await desk.qualifications.get(member_id, discipline, tx.session)
    if found is None:
        raise NotFound
    check_version(version, found.version)
    return found


async def _save(
    tx: Transaction, desk: Desk, who: Identity, qualification: Qualification, tick: Tick
) -> str | None:
    await desk.qualifications.put(tx, qualification)
    await _schedule_expiry(tx, desk, qualification, tick.now)
    await schedule_reminders(tx, desk, qualification, tick.now)
    return await desk.settling.settle(tx, tick, _concerning(qualification, who.member_id))


async def _schedule_expiry(
    tx: Transaction, desk: Desk, qualification: Qualification, now: datetime
) -> None:
    until = qualification.valid_until
    if until is None or until <= now:
        await desk.ticker.cancel(tx, _due_id(qualification))
        return
    await desk.ticker.schedule(
        tx,
        id=_due_id(qualification),
        kind=EXPIRES,
        at=until,
        data={
            "member_id": qualification.member_id,
            "discipline": qualification.discipline.value,
        },
    )


def _due_id(qualification: Qualification) -> str:
    return f"qualification:{qualification.id}"


def _concerning(qualification: Qualification, by: str | None) -> Change:
    return Change(members=frozenset({qualification.member_id}), by=by)
