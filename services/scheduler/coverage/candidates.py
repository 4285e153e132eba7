"""Who could stand in: the remedy for a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.store import Window
from services.scheduler.coverage.remedies import able_at, by_owning_least
from services.scheduler.desk import Desk
from services.scheduler.members.domain import Member
from services.scheduler.qualifications.domain import Qualification
from shared.auth import Scope
from shared.errors import NotFound

__all__ = ["Candidate", "candidates"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody present, qualified, with access and account, who is neither owner nor deputy."""

    member: Member
    qualification: Qualification


async def candidates(
    desk: Desk, scope: Scope, responsibility_id: str, at: datetime
) -> list[Candidate]:
    """Who owns least comes first. Raises `NotFound`."""
    found = await desk.responsibilities.find(scope, responsibility_id)
    if found is None:
        raise NotFound
    everybody = {one.id: one for one in await desk.members.all(scope)}
    others = [one for one in everybody if one not in found.people]
    team = await desk.team.within([found], Window(at, None), others)
    demand = team.demand(found)
    snapshot = await desk.snapshots.latest()
    ranked = by_owning_least(snapshot.responsibilities.values(), team)
    fit = [
        one.member_id for one in able_at(ranked, found, demand, at) if one.member_id in everybody
    ]
    skills = {
        one.member_id: one
        for one in await desk.qualifications.of(fit)
        if one.discipline is found.discipline
    }
    return [Candidate(everybody[id], skills[id]) for id in fit if id in skills]
