"""Before a qualification runs out: when to remind of it, and what depends on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.scheduler.coverage.domain import Team, acting_at
from services.scheduler.qualifications.domain import SOON, VERY_SOON, Qualification
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.scheduler import ActsAs, QualificationExpiring, ReminderStage

__all__ = ["expiring", "reminder_times", "stage_due"]

_BEFORE: Mapping[ReminderStage, timedelta] = {
    ReminderStage.FIRST: SOON,
    ReminderStage.LAST: VERY_SOON,
}


def reminder_times(qualification: Qualification, now: datetime) -> dict[ReminderStage, datetime]:
    """When each stage is told that is still to be told.

    Of those whose time is over only the last one, at once. Nothing once the end is over.
    """
    until = qualification.valid_until
    if until is None or not qualification.valid_at(now):
        return {}
    times = {stage: until - before for stage, before in _BEFORE.items()}
    ahead = {stage: at for stage, at in times.items() if at > now}
    missed = stage_due(qualification, now)
    return ahead if missed is None else {missed: now, **ahead}


def stage_due(qualification: Qualification, now: datetime) -> ReminderStage | None:
    """The stage that is to be told now; None: none yet, told already, or too late."""
    until = qualification.valid_until
    if until is None or not qualification.valid_at(now):
        return None
    begun = [stage for stage, before in _BEFORE.items() if until - before <= now]
    return begun[-1] if begun and begun[-1] not in qualification.reminded else None


def expiring(
    qualification: Qualification,
    stage: ReminderStage,
    valid_until: datetime,
    concerned: Sequence[Responsibility],
    team: Team,
    leads: Sequence[str],
) -> tuple[Qualification, QualificationExpiring]:
    """The stage is told. `concerned`: what the member owns or deputises for in the discipline.

    `team` has to be good for questions about the end, at which the member cannot act any more.
    """
    member_id = qualification.member_id
    event = QualificationExpiring(
        member_id=member_id,
        discipline=qualification.discipline,
        valid_until=valid_until,
        stage=stage,
        owned=tuple(one.id for one in concerned if one.owner == member_id),
        deputised=tuple(one.id for one in concerned if one.owner != member_id),
        gaps=tuple(
            one.id for one in concerned if acting_at(one, valid_until, team).acts_as is ActsAs.GAP
        ),
        leads=tuple(leads),
    )
    return replace(qualification, reminded=(*qualification.reminded, stage)), event
