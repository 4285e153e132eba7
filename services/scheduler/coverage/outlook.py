"""Who acts for many responsibilities over a stretch of time, and what one change makes of it. Pure.

What a change to one person costs is what concerns that person: where they are owner or deputy, and
the clients they lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduler.coverage.domain import PassedOver, Segment, Team, timeline
from services.scheduler.coverage.person import Person
from services.scheduler.responsibilities.domain import Responsibility

__all__ = ["Gap", "Outlook", "concerning", "joined", "look_ahead"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody acts. `passed`: who comes first, and why it is not them, as at its
    beginning: somebody who is away may not be qualified any more later on."""

    responsibility_id: str
    starts_at: datetime
    ends_at: datetime
    passed: tuple[PassedOver, ...] = ()

    @property
    def begins(self) -> tuple[str, datetime]:
        return self.responsibility_id, self.starts_at


@dataclass(frozen=True)
class Outlook:
    """`timelines` from `start` to `end`, by responsibility."""

    responsibilities: Mapping[str, Responsibility]
    team: Team
    start: datetime
    end: datetime
    timelines: Mapping[str, tuple[Segment, ...]]
    concerning: Mapping[str, tuple[str, ...]]

    def with_person(self, person: Person) -> Outlook:
        """The same if somebody were different: away, back, qualified."""
        team = self.team.with_person(person)
        changed = {
            id: timeline(self.responsibilities[id], self.start, self.end, team)
            for id in self.concerning.get(person.member_id, ())
            # Whom nobody has asked so far, because others come first, nobody asks now.
            if any(one.acting.names(person.member_id) for one in self.timelines[id])
        }
        return replace(self, team=team, timelines={**self.timelines, **changed})

    def gaps(self) -> Iterator[Gap]:
        """Each whole."""
        return joined(
            Gap(id, one.starts_at, one.ends_at, one.acting.reason)
            for id, segments in self.timelines.items()
            for one in segments
            if one.acting.member is None
        )


def joined(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Neighbours of the same responsibility as one: only why nobody acts is another."""
    last: Gap | None = None
    for gap in gaps:
        if last and (last.responsibility_id, last.ends_at) == gap.begins:
            last = replace(last, ends_at=gap.ends_at)
            continue
        if last:
            yield last
        last = gap
    if last:
        yield last


def look_ahead(
    responsibilities: Iterable[Responsibility], team: Team, start: datetime, end: datetime
) -> Outlook:
    """The team must have everybody who may act in any of them."""
    by_id = {one.id: one for one in responsibilities}
    return Outlook(
        responsibilities=by_id,
        team=team,
        start=start,
        end=end,
        timelines={id: timeline(one, start, end, team) for id, one in by_id.items()},
        concerning=concerning(by_id.values(), team),
    )


def concerning(
    responsibilities: Iterable[Responsibility], team: Team
) -> dict[str, tuple[str, ...]]:
    """By member, the ids of the responsibilities in which they may ever act."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in responsibilities:
        for member_id in dict.fromkeys((*one.people, *team.leads.get(one.client_id, ()))):
            found[member_id].append(one.id)
    return {member_id: tuple(ids) for member_id, ids in found.items()}
