"""Reminding of a qualification's end, so that it is renewed before it makes gaps.

Two due rows for each qualification with an end lie beside the one of the end itself. They say when
to look; what is to be told then, and whether anything is, the qualification says. It remembers what
was told of its present end, which makes that once, whatever is edited or fired again.
"""

from __future__ import annotations

from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.qualifications.domain import Qualification
from services.scheduler.qualifications.expiry import expiring, reminder_times, stage_due
from services.scheduler.responsibilities.leads import leads_to_tell
from services.scheduler.responsibilities.store import Selection
from shared.auth import SYSTEM_SCOPE
from shared.clock import Clock
from shared.events.disciplines import Discipline
from shared.events.scheduler import QualificationExpiring, ReminderStage
from shared.outbox import Outbox, Transaction

__all__ = [
    "REMINDS",
    "cancel_reminders",
    "remind",
    "schedule_missing",
    "schedule_reminders",
    "schedule_reminders_of",
]

REMINDS = "qualification_reminds"
"""Kind of the due row: at that instant somebody may have to be told of an end."""

_AT_ONCE = 100


async def schedule_reminders(
    tx: Transaction, desk: Desk, qualification: Qualification, now: datetime
) -> None:
    """Those of its present end, instead of all there were."""
    times = reminder_times(qualification, now)
    for stage in ReminderStage:
        if stage not in times:
            await desk.ticker.cancel(tx, _due_id(qualification, stage))
            continue
        await desk.ticker.schedule(
            tx,
            id=_due_id(qualification, stage),
            kind=REMINDS,
            at=times[stage],
            data={
                "member_id": qualification.member_id,
                "discipline": qualification.discipline.value,
            },
        )


async def cancel_reminders(tx: Transaction, desk: Desk, qualification: Qualification) -> None:
    for stage in ReminderStage:
        await desk.ticker.cancel(tx, _due_id(qualification, stage))


async def schedule_reminders_of(tx: Transaction, desk: Desk, member_id: str, now: datetime) -> None:
    """For a member who is back in the team: of what fell due meanwhile nobody was told."""
    for qualification in await desk.qualifications.of([member_id], tx.session):
        await schedule_reminders(tx, desk, qualification, now)


async def remind(
    tx: Transaction, desk: Desk, member_id: str, discipline: Discipline, now: datetime
) -> None:
    """Tell what is due; whether anything is, the database says. Nobody is told of a member who has
    left: should they come back, see `schedule_reminders_of`."""
    tick = await desk.clock.tick(tx, now)
    member = await desk.members.get(member_id, tx.session)
    qualification = await desk.qualifications.get(member_id, discipline, tx.session)
    if member is None or not member.active or qualification is None:
        return
    stage = stage_due(qualification, tick.now)
    if stage is not None and qualification.valid_until is not None:
        told, event = await _expiring(tx, desk, qualification, stage, qualification.valid_until)
        await desk.qualifications.put(tx, told)
        tx.emit(event)


async def _expiring(
    tx: Transaction,
    desk: Desk,
    qualification: Qualification,
    stage: ReminderStage,
    valid_until: datetime,
) -> tuple[Qualification, QualificationExpiring]:
    member_id = qualification.member_id
    named = Selection(discipline=qualification.discipline, member_id=member_id)
    found = await desk.responsibilities.select(SYSTEM_SCOPE, named, tx.session)
    concerned = await desk.team.counting(found, tx.session)
    team = await desk.team.at(concerned, valid_until, tx.session)
    clients = {one.client_id for one in concerned}
    leads = await leads_to_tell(tx, desk.leads, desk.members, clients, but=member_id)
    return expiring(qualification, stage, valid_until, concerned, team, leads)


async def schedule_missing(outbox: Outbox, desk: Desk, clock: Clock) -> bool:
    """Worker: qualifications stored before there were reminders get theirs. False: none is left."""
    if not await desk.qualifications.without_reminders(1):
        return False
    return await outbox.transaction(lambda tx: _schedule_some(tx, desk, clock()))


async def _schedule_some(tx: Transaction, desk: Desk, now: datetime) -> bool:
    tick = await desk.clock.tick(tx, now)
    found = await desk.qualifications.without_reminders(_AT_ONCE, tx.session)
    for qualification in found:
        await schedule_reminders(tx, desk, qualification, tick.now)
        await desk.qualifications.put(tx, qualification)
    return bool(found)


def _due_id(qualification: Qualification, stage: ReminderStage) -> str:
    return f"qualification:{qualification.id}:{stage}"
