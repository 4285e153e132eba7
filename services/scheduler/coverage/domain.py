"""The coverage engine: who acts for a responsibility, at an instant and over time. Pure.

The owner acts if present; else the first deputy, in order, who is present, qualified and has
access to the client and, where that is checked, an account on the page; else one of the client's
leads under the same test; else it is a gap. Owners are put to the same test as everybody: a
qualification that ran out yesterday does not act today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.scheduler.coverage.person import Demand, Person, Span, WhyNot
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.scheduler import ActsAs

__all__ = [
    "Acting",
    "PassedOver",
    "Segment",
    "Team",
    "acting_at",
    "in_line",
    "spans_of",
    "timeline",
]


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody who may matter to the responsibilities asked about.

    `leads` are the clients' leads, in order. Who is missing from `people` cannot act.
    `account_holders`: by responsibility, the members with every account that it needs; what is not
    among them needs none.
    """

    people: Mapping[str, Person]
    leads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    account_holders: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def demand(self, responsibility: Responsibility) -> Demand:
        """What it demands of whoever acts for it."""
        holders = self.account_holders.get(responsibility.id)
        return Demand(responsibility.client_id, responsibility.discipline, holders)

    def present(self, member_id: str, now: datetime) -> bool:
        person = self.people.get(member_id)
        return person is not None and person.present(now)

    def with_person(self, person: Person) -> Team:
        """The same with another version of somebody."""
        return replace(self, people={**self.people, person.member_id: person})


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Somebody who would have come first, and why it is not them."""

    member_id: str
    why: WhyNot


@dataclass(frozen=True, slots=True)
class Acting:
    """`member` None is a gap. `reason` names those before, each with why they cannot act."""

    member: str | None
    acts_as: ActsAs
    reason: tuple[PassedOver, ...] = ()

    def names(self, member_id: str) -> bool:
        """Whether it was looked at if they can act."""
        return self.member == member_id or any(one.member_id == member_id for one in self.reason)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time, `ends_at` excluded, in which nothing about who acts changes."""

    starts_at: datetime
    ends_at: datetime
    acting: Acting


def acting_at(responsibility: Responsibility, now: datetime, team: Team) -> Acting:
    """Who acts at `now`, and why nobody before them does."""
    passed: list[PassedOver] = []
    demand = team.demand(responsibility)
    for member_id, acts_as in in_line(responsibility, team):
        why = _why_not(demand, member_id, now, team)
        if why is None:
            return Acting(member_id, acts_as, tuple(passed))
        passed.append(PassedOver(member_id, why))
    return Acting(None, ActsAs.GAP, tuple(passed))


def timeline(
    responsibility: Responsibility, start: datetime, end: datetime, team: Team
) -> tuple[Segment, ...]:
    """Who acts from `start` to `end`, without holes; neighbours differ."""
    decided: list[Segment] = []
    demand = team.demand(responsibility)
    left: list[_Undecided] = [(start, end, ())]
    for member_id, acts_as in in_line(responsibility, team):
        # Most owners are there most of the time, so few others are ever looked at.
        undecided, left = left, []
        for since, until, passed in undecided:
            for span in spans_of(demand, member_id, since, until, team):
                if span.why is None:
                    acting = Acting(member_id, acts_as, passed)
                    decided.append(Segment(span.starts_at, span.ends_at, acting))
                else:
                    over = (*passed, PassedOver(member_id, span.why))
                    left.append((span.starts_at, span.ends_at, over))
        if not left:
            break
    gaps = (Segment(since, until, Acting(None, ActsAs.GAP, over)) for since, until, over in left)
    return _merged([*decided, *gaps])


_Undecided = tuple[datetime, datetime, tuple[PassedOver, ...]]
"""From when until when nobody was found yet, and who was passed over."""


def _merged(segments: list[Segment]) -> tuple[Segment, ...]:
    merged: list[Segment] = []
    for one in sorted(segments, key=lambda each: each.starts_at):
        if merged and merged[-1].acting == one.acting:
            merged[-1] = Segment(merged[-1].starts_at, one.ends_at, one.acting)
        else:
            merged.append(one)
    return tuple(merged)


def in_line(responsibility: Responsibility, team: Team) -> Iterator[tuple[str, ActsAs]]:
    """Everybody who may act, in order, each once."""
    yield responsibility.owner, ActsAs.OWNER
    for deputy in responsibility.deputies:
        yield deputy, ActsAs.DEPUTY
    for lead in team.leads.get(responsibility.client_id, ()):
        if lead not in responsibility.people:
            yield lead, ActsAs.LEAD


def _why_not(demand: Demand, member_id: str, now: datetime, team: Team) -> WhyNot | None:
    person = team.people.get(member_id)
    return WhyNot.INACTIVE if person is None else person.why_not(demand, now)


def spans_of(
    demand: Demand, member_id: str, start: datetime, end: datetime, team: Team
) -> Iterable[Span]:
    """What keeps a member from acting where this is demanded, over time, without holes."""
    person = team.people.get(member_id)
    if person is None:
        return (Span(start, end, WhyNot.INACTIVE),)
    return person.spans(demand, start, end)
