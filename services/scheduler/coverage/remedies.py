"""Whom to put in where nobody acts: of those who could, the one who owns least. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Gap
from services.scheduler.coverage.person import Demand, Person
from services.scheduler.responsibilities.domain import Responsibility

__all__ = ["able_at", "by_owning_least", "to_put_in"]


def to_put_in(
    responsibilities: Mapping[str, Responsibility], team: Team, gaps: Iterable[Gap]
) -> dict[Gap, str]:
    """Somebody who could act through all of the gap."""
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


def able_at(
    people: Iterable[Person], responsibility: Responsibility, demand: Demand, at: datetime
) -> Iterator[Person]:
    """Those who are neither owner nor deputy, and could act then."""
    for person in people:
        if person.member_id not in responsibility.people and person.why_not(demand, at) is None:
            yield person


def _acts(person: Person, demand: Demand, gap: Gap) -> bool:
    return all(span.why is None for span in person.spans(demand, gap.starts_at, gap.ends_at))
