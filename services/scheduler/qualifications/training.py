"""Which one training would help most: close gaps, or give somebody a second person. Pure.

Only what nothing simpler would solve counts: where somebody qualified, with access, is there to be
put in, no training is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from services.scheduler.coverage.domain import Team, timeline
from services.scheduler.coverage.person import Person, WhyNot
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline

__all__ = ["Proposal", "proposals"]

_TWO = 2
_ABLE = (None, WhyNot.AWAY)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Were the member qualified for the discipline and put in as deputy.

    `closes`: how much of the gaps there would be an end to, by responsibility. `secures`: the
    responsibilities with fewer than two who could act, which would have one more.
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
        able = [person for person in team.people.values() if _could_act(person, one, start)]
        others = [person for person in able if person.member_id not in one.people]
        gaps = [
            (each.starts_at, each.ends_at)
            for each in timeline(one, start, end, team)
            if each.acting.member is None
        ]
        open_gaps = [span for gap in gaps for span in _without(gap, others)]
        alone = not others and len(able) < _TWO
        if not open_gaps and not alone:
            continue
        for person in _trainable(one, team, start):
            key = person.member_id, one.discipline
            time = sum((_present(person, *span) for span in open_gaps), timedelta())
            if time:
                closes[key].append((one.id, time))
            if alone:
                secures[key].append(one.id)
    found = [
        Proposal(member, discipline, tuple(closes[key]), tuple(secures[key]))
        for key in closes.keys() | secures.keys()
        for member, discipline in [key]
    ]
    return sorted(
        found,
        key=lambda one: (-one.gap_time, -len(one.secures), one.member_id, one.discipline),
    )


def _could_act(person: Person, responsibility: Responsibility, now: datetime) -> bool:
    why = person.why_not(responsibility.client_id, responsibility.discipline, now)
    return why in _ABLE


def _trainable(one: Responsibility, team: Team, now: datetime) -> Iterator[Person]:
    """Those whom nothing but the qualification keeps from it."""
    for person in team.people.values():
        why = person.why_not(one.client_id, one.discipline, now)
        if why in (WhyNot.UNQUALIFIED, WhyNot.EXPIRED):
            yield person


def _without(gap: Span, others: Sequence[Person]) -> Iterator[Span]:
    """The parts of a gap in which none of the others is present."""
    for start, end in _parts(gap, others):
        if not any(person.present(start) for person in others):
            yield start, end


def _present(person: Person, start: datetime, end: datetime) -> timedelta:
    parts = _parts((start, end), [person])
    return sum((until - at for at, until in parts if person.present(at)), timedelta())


def _parts(span: Span, people: Iterable[Person]) -> Iterator[Span]:
    """Cut where one of them comes or goes."""
    start, end = span
    turns = {
        at
        for person in people
        for stretch in person.away
        for at in (stretch.starts_at, stretch.ends_at)
        if at is not None and start < at < end
    }
    cuts = [start, *sorted(turns), end]
    yield from pairwise(cuts)
