"""Which one training would help most: close gaps, or give somebody a second person. Pure.

Only what nothing simpler would solve counts: where somebody qualified, with access and account, is
there to be put in, no training is needed. Nor would it help whoever lacks access or account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from services.scheduler.coverage.domain import Team, timeline
from services.scheduler.coverage.person import Demand, Person, WhyNot
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline

__all__ = ["Proposal", "proposals"]

_ABLE = (None, WhyNot.AWAY)
_UNTRAINED = (WhyNot.UNQUALIFIED, WhyNot.EXPIRED)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Were the member qualified for the discipline and put in as deputy.

    `closes`: how much of the gaps there would be an end to, by responsibility. `secures`: the
    responsibilities with fewer than two who could act, be it only once a qualification has run out;
    they would have one more.
    """

    member_id: str
    discipline: Discipline
    closes: tuple[tuple[str, timedelta], ...]
    secures: tuple[str, ...]

    @property
    def gap_time(self) -> timedelta:
        return sum((time for _, time in self.closes), timedelta())


def proposals(
    responsibilities: Iterable[Responsibility], team: Team, start: datetime, end: datetime
) -> list[Proposal]:
    """The most helpful first: by gaps closed from `start` to `end`, then by places secured.

    `team` must have everybody who could be trained.
    """
    closes: dict[tuple[str, Discipline], list[tuple[str, timedelta]]] = defaultdict(list)
    secures: dict[tuple[str, Discipline], list[str]] = defaultdict(list)
    for one in responsibilities:
        gaps = [
            (each.starts_at, each.ends_at)
            for each in timeline(one, start, end, team)
            if each.acting.member is None
        ]
        demand = team.demand(one)
        open_gaps = [span for gap in gaps for span in _without_others(one, gap, team)]
        for person in team.people.values():
            time = sum((_won(demand, span, person) for span in open_gaps), timedelta())
            if time:
                closes[person.member_id, one.discipline].append((one.id, time))
        alone = [at for at in _ends_of_skill(demand, start, end, team) if _alone(one, team, at)]
        for person in team.people.values():
            if any(_lacks_training(demand, person, at) for at in alone):
                secures[person.member_id, one.discipline].append(one.id)
    found = [
        Proposal(member, discipline, tuple(closes[key]), tuple(secures[key]))
        for key in closes.keys() | secures.keys()
        for member, discipline in [key]
    ]
    return sorted(
        found,
        key=lambda one: (-one.gap_time, -len(one.secures), one.member_id, one.discipline),
    )


def _ends_of_skill(demand: Demand, start: datetime, end: datetime, team: Team) -> list[datetime]:
    """The start, and when qualifications run out after it: until then as many could act."""
    until = {person.qualified_until.get(demand.discipline) for person in team.people.values()}
    return [start, *sorted(at for at in until if at is not None and start < at < end)]


def _alone(one: Responsibility, team: Team, at: datetime) -> bool:
    """Fewer than two could act, and nobody could simply be put in."""
    demand = team.demand(one)
    able = [person for person in team.people.values() if person.why_not(demand, at) in _ABLE]
    return len(able) <= 1 and all(person.member_id in one.people for person in able)


def _lacks_training(demand: Demand, person: Person, at: datetime) -> bool:
    """Nothing but the qualification keeps them from it."""
    return person.why_not(demand, at) in _UNTRAINED


def _without_others(one: Responsibility, gap: Span, team: Team) -> Iterator[Span]:
    """The parts of a gap in which nobody else could simply be put in."""
    demand = team.demand(one)
    others = [person for person in team.people.values() if person.member_id not in one.people]
    for start, end in _parts(demand, gap, others):
        if all(person.why_not(demand, start) for person in others):
            yield start, end


def _won(demand: Demand, span: Span, person: Person) -> timedelta:
    """How much of it the person would act, were they trained."""
    return sum(
        (
            end - start
            for start, end in _parts(demand, span, [person])
            if _lacks_training(demand, person, start) and person.present(start)
        ),
        timedelta(),
    )


def _parts(demand: Demand, span: Span, people: Iterable[Person]) -> Iterator[Span]:
    """Cut where one of them comes or goes, or is qualified no longer."""
    start, end = span
    turns = {
        at
        for person in people
        for at in person.turning_points(demand.discipline)
        if start < at < end
    }
    yield from pairwise([start, *sorted(turns), end])
