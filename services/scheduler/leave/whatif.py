"""What somebody's leave would do to coverage: gaps, and colleagues with too much at once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.scheduler.coverage.comparison import (
    Difference,
    Load,
    counted,
    differences,
    turns,
)
from services.scheduler.coverage.domain import PassedOver
from services.scheduler.coverage.outlook import Outlook
from services.scheduler.coverage.person import Stretch
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.domain import Dates

__all__ = ["SHIFT", "Better", "Gap", "WhatIf", "gaps_of", "what_if"]

SHIFT = 28
"""Days by which other dates are tried, earlier and later."""
_WORTH = timedelta(hours=4)
"""So much less has to be uncovered: else a day that is shorter for daylight saving were better."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody would act, and without the leave somebody would. `passed`: who
    comes first, and why it is not them."""

    responsibility_id: str
    starts_at: datetime
    ends_at: datetime
    passed: tuple[PassedOver, ...] = ()


@dataclass(frozen=True, slots=True)
class Better:
    """As long a leave at another time. `gap_time`: what of it would still be without anybody,
    summed over responsibilities."""

    dates: Dates
    gap_time: timedelta


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`overloads`: for each colleague who would have more than they should, the first stretch with
    the most. `stand_ins`: the ids of the responsibilities that each colleague would act for
    instead. `better`: the nearest dates at which least would be uncovered, if that is less."""

    gaps: tuple[Gap, ...]
    overloads: tuple[Load, ...]
    stand_ins: Mapping[str, tuple[str, ...]]
    better: Better | None

    @property
    def gap_count(self) -> int:
        """How many responsibilities would be without anybody for a while."""
        return len({one.responsibility_id for one in self.gaps})


def gaps_of(snapshot: Snapshot, member_id: str, leave: Dates) -> tuple[Gap, ...]:
    """What nobody would act for only because of the leave."""
    return tuple(_gaps(differences(*_with_and_without(snapshot, member_id, leave))))


def what_if(
    snapshot: Snapshot,
    member_id: str,
    leave: Dates,
    *,
    most: int,
    zone: ZoneInfo,
    now: datetime,
    taken: Iterable[Stretch] = (),
) -> WhatIf:
    """`most`: responsibilities that one person should act for at once. `zone`: the member's, in
    which other dates are whole days away; but not while they are away or have `taken` it."""
    present, absent = _with_and_without(snapshot, member_id, leave)
    changed = list(differences(present, absent))
    gaps = tuple(_gaps(changed))
    stand_ins = _stand_ins(changed)
    return WhatIf(
        gaps=gaps,
        overloads=tuple(_overloads(snapshot, present, absent, stand_ins, most)),
        stand_ins=stand_ins,
        better=_better(snapshot, member_id, leave, zone, now, taken) if gaps else None,
    )


def _with_and_without(snapshot: Snapshot, member_id: str, leave: Dates) -> tuple[Outlook, Outlook]:
    """Who acts if the member is there, and if not, where it concerns them."""
    ids = snapshot.concerning.get(member_id, ())
    present = snapshot.outlook(ids, leave.starts_at, leave.ends_at)
    person = snapshot.team.people[member_id]
    return present, present.with_person(person.also_away([leave.stretch]))


def _gaps(changed: Iterable[Difference]) -> Iterator[Gap]:
    for one in changed:
        if one.acting.member is None:
            yield Gap(one.responsibility_id, one.starts_at, one.ends_at, one.acting.reason)


def _stand_ins(changed: Iterable[Difference]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one in changed:
        if one.acting.member is not None:
            found[one.acting.member][one.responsibility_id] = None
    return {member: tuple(ids) for member, ids in found.items()}


# Too much at once


def _overloads(
    snapshot: Snapshot, present: Outlook, absent: Outlook, colleagues: Iterable[str], most: int
) -> Iterator[Load]:
    at_first, then = turns(present), turns(absent)
    for colleague in sorted(colleagues):
        # What the leave does not concern is the same with and without it.
        others = set(snapshot.concerning[colleague]) - present.timelines.keys()
        apart = snapshot.outlook(sorted(others), present.start, present.end)
        same = turns(apart).get(colleague, [])
        before, after = ([*same, *each.get(colleague, [])] for each in (at_first, then))
        too_much = [
            one for one in counted(colleague, before, after) if one.count > max(most, one.before)
        ]
        if too_much:
            yield max(too_much, key=lambda one: one.count)


# Other dates


def _better(
    snapshot: Snapshot,
    member_id: str,
    leave: Dates,
    zone: ZoneInfo,
    now: datetime,
    taken: Iterable[Stretch],
) -> Better | None:
    """Whole days earlier or later, at the same times of day; not in the past, and not while the
    member is away anyway. The nearest of those that leave least uncovered; None: none leaves less
    than the dates asked for."""
    around = timedelta(days=SHIFT + 1)
    far = Dates(leave.starts_at - around, leave.ends_at + around)
    alone = gaps_of(snapshot, member_id, far)
    away = [*snapshot.team.people[member_id].away, *taken]
    least, best = _uncovered(alone, leave), None
    for days in sorted((each for each in range(-SHIFT, SHIFT + 1) if each), key=abs):
        moved = leave.moved(days, zone)
        if moved.starts_at < now or any(map(moved.overlaps, away)):
            continue
        left = _uncovered(alone, moved)
        if left <= least - _WORTH or (not left and least):
            least, best = left, Better(moved, left)
    return best


def _uncovered(alone: Iterable[Gap], leave: Dates) -> timedelta:
    left = timedelta()
    for gap in alone:
        start, end = max(gap.starts_at, leave.starts_at), min(gap.ends_at, leave.ends_at)
        left += max(end - start, timedelta())
    return left
