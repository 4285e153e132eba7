"""The coverage engine: who acts for a responsibility, at an instant and over time. Pure.

The owner acts if present; else the first deputy, in order, who is present, qualified and has
access; else one of the client's leads under the same test; else it is a gap. Owners are put to the
same test as everybody: a qualification that ran out yesterday does not act today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.scheduler.coverage.person import Person, WhyNot
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.scheduler import ActsAs

__all__ = ["Acting", "PassedOver", "Segment", "Team", "acting_at", "timeline"]


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody who may matter to the responsibilities asked about.

    `leads` are the clients' leads, in order. Who is missing from `people` cannot act.
    """

    people: Mapping[str, Person]
    leads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def present(self, member_id: str, now: datetime) -> bool:
        person = self.people.get(member_id)
        return person is not None and person.present(now)


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


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time, `ends_at` excluded, in which nothing about who acts changes."""

    starts_at: datetime
    ends_at: datetime
    acting: Acting


def acting_at(responsibility: Responsibility, now: datetime, team: Team) -> Acting:
    """Who acts at `now`, and why nobody before them does."""
    passed: list[PassedOver] = []
    for member_id, acts_as in _candidates(responsibility, team):
        why = _why_not(responsibility, member_id, now, team)
        if why is None:
            return Acting(member_id, acts_as, tuple(passed))
        passed.append(PassedOver(member_id, why))
    return Acting(None, ActsAs.GAP, tuple(passed))


def timeline(
    responsibility: Responsibility, start: datetime, end: datetime, team: Team
) -> tuple[Segment, ...]:
    """Who acts from `start` to `end`, without holes; neighbours differ."""
    turns = {
        at
        for member_id, _ in _candidates(responsibility, team)
        if member_id in team.people
        for at in team.people[member_id].turning_points(responsibility.discipline)
        if start < at < end
    }
    segments: list[Segment] = []
    starts = [start, *sorted(turns)]
    for at, until in zip(starts, [*starts[1:], end], strict=True):
        acting = acting_at(responsibility, at, team)
        if segments and segments[-1].acting == acting:
            segments[-1] = Segment(segments[-1].starts_at, until, acting)
        else:
            segments.append(Segment(at, until, acting))
    return tuple(segments)


def _candidates(responsibility: Responsibility, team: Team) -> Iterator[tuple[str, ActsAs]]:
    """Everybody who may act, in order, each once."""
    yield responsibility.owner, ActsAs.OWNER
    for deputy in responsibility.deputies:
        yield deputy, ActsAs.DEPUTY
    for lead in team.leads.get(responsibility.client_id, ()):
        if lead not in responsibility.people:
            yield lead, ActsAs.LEAD


def _why_not(
    responsibility: Responsibility, member_id: str, now: datetime, team: Team
) -> WhyNot | None:
    person = team.people.get(member_id)
    if person is None:
        return WhyNot.INACTIVE
    return person.why_not(responsibility.client_id, responsibility.discipline, now)
