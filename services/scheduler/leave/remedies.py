"""What could close the gaps that somebody's leave would make. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Demand, Person
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.domain import Dates
from services.scheduler.leave.whatif import Gap
from services.scheduler.qualifications.training import Proposal, proposals

__all__ = ["deputies_for", "trainings_for"]


def deputies_for(
    snapshot: Snapshot, member_id: str, leave: Dates, gaps: Iterable[Gap]
) -> dict[Gap, str]:
    """Whom to put in: somebody who could act through all of the gap, and of those who own least."""
    owned = Counter(one.owner for one in snapshot.responsibilities.values())
    team = _without(snapshot, member_id, leave)
    found: dict[Gap, str] = {}
    for gap in gaps:
        responsibility = snapshot.responsibilities[gap.responsibility_id]
        demand = team.demand(responsibility)
        able = [
            person.member_id
            for person in team.people.values()
            if person.member_id not in responsibility.people and _acts(person, demand, gap)
        ]
        if able:
            found[gap] = min(able, key=lambda id: (owned[id], id))
    return found


def trainings_for(
    snapshot: Snapshot, member_id: str, leave: Dates, gaps: Iterable[Gap]
) -> list[Proposal]:
    """Trainings that would give somebody to act in the gaps, the most helpful first."""
    concerned = {one.responsibility_id: None for one in gaps}
    found = proposals(
        [snapshot.responsibilities[id] for id in concerned],
        _without(snapshot, member_id, leave),
        leave.starts_at,
        leave.ends_at,
    )
    return [one for one in found if one.gap_time and one.member_id != member_id]


def _without(snapshot: Snapshot, member_id: str, leave: Dates) -> Team:
    person = snapshot.team.people[member_id]
    return snapshot.team.with_person(person.also_away([leave.stretch]))


def _acts(person: Person, demand: Demand, gap: Gap) -> bool:
    return all(span.why is None for span in person.spans(demand, gap.starts_at, gap.ends_at))
