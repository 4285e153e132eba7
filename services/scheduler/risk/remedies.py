"""What would help: whom to put in, or whom to train. Pure.

Both are looked for only where they are shown: among hundreds of people it takes its time.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.coverage.domain import in_line
from services.scheduler.coverage.outlook import Gap, Outlook
from services.scheduler.coverage.person import Demand, Person
from services.scheduler.coverage.remedies import by_owning_least, to_put_in
from services.scheduler.qualifications.training import proposals
from services.scheduler.risk.domain import counts

__all__ = ["closing", "second_people", "trainings"]


def second_people(outlook: Outlook, ids: Iterable[str]) -> dict[str, str]:
    """By responsibility, who could be put in and would raise its bus factor: of those the one who
    owns least."""
    people = by_owning_least(outlook.responsibilities.values(), outlook.team)
    found: dict[str, str] = {}
    for id in ids:
        one = outlook.responsibilities[id]
        demand, named = outlook.team.demand(one), {each for each, _ in in_line(one, outlook.team)}
        for person in people:
            if person.member_id not in named and _counts(person, demand, outlook):
                found[id] = person.member_id
                break
    return found


def closing(outlook: Outlook, gaps: Iterable[Gap]) -> dict[Gap, str]:
    """Who could be put in and would act through all of the gap."""
    return to_put_in(outlook.responsibilities, outlook.team, gaps)


def trainings(outlook: Outlook, ids: Iterable[str]) -> dict[str, str]:
    """By responsibility, whose training for its discipline would help most: for its gaps, or for a
    second person."""
    places = [outlook.responsibilities[id] for id in dict.fromkeys(ids)]
    found: dict[str, str] = {}
    for one in proposals(places, outlook.team, outlook.start, outlook.end):
        for id in (*(id for id, _ in one.closes), *one.secures):
            found.setdefault(id, one.member_id)
    return found


def _counts(person: Person, demand: Demand, outlook: Outlook) -> bool:
    """As one of `Strength.able`."""
    return counts(list(person.spans(demand, outlook.start, outlook.end)))
