"""What somebody's leave would do to coverage: gaps, and colleagues with too much at once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from services.scheduler.coverage.comparison import (
    Difference,
    Load,
    counted,
    differences,
    turns,
)
from services.scheduler.coverage.outlook import Gap, Outlook, joined
from services.scheduler.coverage.person import Stretch
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.domain import Dates, to_come, whole
from services.scheduler.workingtime.calendar import WorkCalendar

__all__ = ["SHIFT", "Better", "WhatIf", "gaps_of", "what_if"]

SHIFT = 28
"""Days by which other dates are tried, earlier and later."""
_WEEK = 7
_WORTH = timedelta(hours=4)
"""So much less has to be uncovered: else a day that is shorter for daylight saving were better."""


@dataclass(frozen=True, slots=True)
class Better:
    """As long a leave at another time. `gap_time`: what of it would still be without anybody,
    summed over responsibilities."""

    times: tuple[Dates, ...]
    gap_time: timedelta

    @property
    def dates(self) -> Dates:
        return whole(self.times)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`gaps`: in which nobody would act, and without the leave somebody would. `overloads`: for
    each colleague who would have more than they should, the first stretch with the most.
    `stand_ins`: the ids of the responsibilities that each colleague would act for instead, and
    `standing_in` when, which may overlap. `better`: the nearest dates at which least would be
    uncovered, if that is less."""

    gaps: tuple[Gap, ...]
    overloads: tuple[Load, ...]
    stand_ins: Mapping[str, tuple[str, ...]]
    standing_in: Mapping[str, tuple[Dates, ...]]
    better: Better | None

    @property
    def gap_count(self) -> int:
        """How many responsibilities would be without anybody for a while."""
        return len({one.responsibility_id for one in self.gaps})


_NOTHING = WhatIf((), (), {}, {}, None)


def gaps_of(snapshot: Snapshot, member_id: str, leave: Sequence[Dates]) -> tuple[Gap, ...]:
    """What nobody would act for only because of the leave: its times, in order."""
    return tuple(_gaps(differences(*_with_and_without(snapshot, member_id, leave))))


def what_if(
    snapshot: Snapshot,
    member_id: str,
    leave: Sequence[Dates],
    *,
    most: int,
    calendar: WorkCalendar,
    now: datetime,
    taken: Iterable[Stretch] = (),
) -> WhatIf:
    """From `now` on: what is over cannot be helped. `most`: responsibilities that one person should
    act for at once. `calendar`: the member's, by which other dates are chosen; but not while they
    are away or have `taken` it."""
    ahead = to_come(leave, now)
    if not ahead:
        return _NOTHING
    present, absent = _with_and_without(snapshot, member_id, ahead)
    changed = list(differences(present, absent))
    gaps = tuple(_gaps(changed))
    stand_ins = _stand_ins(changed)
    return WhatIf(
        gaps=gaps,
        overloads=tuple(_overloads(snapshot, present, absent, stand_ins, most)),
        stand_ins=stand_ins,
        standing_in=_standing_in(changed),
        better=_better(snapshot, member_id, leave, calendar, now, taken) if gaps else None,
    )


def _with_and_without(
    snapshot: Snapshot, member_id: str, leave: Sequence[Dates]
) -> tuple[Outlook, Outlook]:
    """Who acts if the member is there, and if not, where it concerns them."""
    ids = snapshot.concerning.get(member_id, ())
    present = snapshot.outlook(ids, leave[0].starts_at, leave[-1].ends_at)
    person = snapshot.team.people[member_id]
    return present, present.with_person(person.also_away(one.stretch for one in leave))


def _gaps(changed: Iterable[Difference]) -> Iterator[Gap]:
    return joined(
        Gap(one.responsibility_id, one.starts_at, one.ends_at, one.acting.reason)
        for one in changed
        if one.acting.member is None
    )


def _stand_ins(changed: Iterable[Difference]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one in changed:
        if one.acting.member is not None:
            found[one.acting.member][one.responsibility_id] = None
    return {member: tuple(ids) for member, ids in found.items()}


def _standing_in(changed: Iterable[Difference]) -> dict[str, tuple[Dates, ...]]:
    found: dict[str, dict[Dates, None]] = defaultdict(dict)
    for one in changed:
        if one.acting.member is not None:
            found[one.acting.member][Dates(one.starts_at, one.ends_at)] = None
    return {member: tuple(times) for member, times in found.items()}


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
    leave: Sequence[Dates],
    calendar: WorkCalendar,
    now: datetime,
    taken: Iterable[Stretch],
) -> Better | None:
    """All of it whole days earlier or later, at the same times of day; not in the past, and not
    while the member is away anyway; as many working days, unless it is by whole weeks. The nearest
    of those that leave least uncovered; None: none leaves less than the dates asked for."""
    around = timedelta(days=SHIFT + 1)
    far = Dates(leave[0].starts_at - around, leave[-1].ends_at + around)
    alone = gaps_of(snapshot, member_id, [far])
    away = [*snapshot.team.people[member_id].away, *taken]
    least, best = _uncovered(alone, to_come(leave, now)), None
    working_days = calendar.count(one.stretch for one in leave)
    for days in sorted((each for each in range(-SHIFT, SHIFT + 1) if each), key=abs):
        moved = tuple(one.moved(days, calendar.zone) for one in leave)
        if moved[0].starts_at < now or any(any(map(one.overlaps, away)) for one in moved):
            continue
        counted = calendar.count(one.stretch for one in moved) if days % _WEEK else working_days
        if counted != working_days:
            continue
        left = _uncovered(alone, moved)
        if left <= least - _WORTH or (not left and least):
            least, best = left, Better(moved, left)
    return best


def _uncovered(alone: Iterable[Gap], leave: Iterable[Dates]) -> timedelta:
    left = timedelta()
    for gap, time in product(alone, leave):
        start, end = max(gap.starts_at, time.starts_at), min(gap.ends_at, time.ends_at)
        left += max(end - start, timedelta())
    return left
