"""What could close the gaps that somebody's leave would make. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Demand, Person
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.domain import Dates
from services.scheduler.leave.whatif import Gap
from services.scheduler.qualifications.training import Proposal, proposals
from services.scheduler.responsibilities.domain import Responsibility

__all__ = ["by_owning_least", "deputies_for", "to_put_in", "trainings_for"]


def deputies_for(
    snapshot: Snapshot, member_id: str, leave: Dates, gaps: Iterable[Gap]
) -> dict[Gap, str]:
    """Whom to put in for each gap, see `to_put_in`."""
    return to_put_in(snapshot.responsibilities, _without(snapshot, member_id, leave), gaps)


def to_put_in(
    responsibilities: Mapping[str, Responsibility], team: Team, gaps: Iterable[Gap]
) -> dict[Gap, str]:
    """Somebody who could act through all of the gap, and of those who own least."""
    people = by_owning_least(responsibilities.values(), team)
    found: dict[Gap, str] = {}
    for gap in gaps:
        responsibility = responsibilities[gap.responsibility_id]
        demand = team.demand(responsibility)
        for person in people:
            if person.member_id not in responsibility.people and _acts(person, demand, gap):
                found[gap] = person.member_id
                break
    return found


def by_owning_least(responsibilities: Iterable[Responsibility], team: Team) -> list[Person]:
    """Everybody; of two who own as much, always the same comes first."""
    owned = Counter(one.owner for one in responsibilities)
    return sorted(team.people.values(), key=lambda one: (owned[one.member_id], one.member_id))


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
