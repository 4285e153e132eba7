"""From what is stored to a `Problem`, and from a rota to why shifts of it are open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from services.scheduler.desk import Desk
from services.scheduler.rota.crew import Crew, read_crew
from services.scheduler.rota.domain import Group, Shift, Wish, alters, shifts_of
from services.scheduler.rota.problem import Problem, Slot, Taker
from services.scheduler.rota.rules import Hindrance
from services.scheduler.rota.runs import Run
from shared.auth import SYSTEM_SCOPE
from shared.mongo import Session

__all__ = [
    "AROUND",
    "Plan",
    "by_member",
    "fair_shares",
    "hindrances",
    "problem_of",
    "read_plan",
    "read_problem",
    "slots_of",
    "why_not",
    "with_given",
]

AROUND = timedelta(days=8)
"""Shifts so far away do not touch each other's rest, days or weeks."""

_REMEMBERED = timedelta(days=91)
"""For so long fairness looks back."""

_MOST_CARRIED = 16 * 60
"""Minutes that somebody brings along at most, too many or too few: whoever is new, or was away for
long, does not have to make up for all of it at once."""


@dataclass(frozen=True)
class Plan:
    """As things are `now`. `slots` are to be given, at the hours of the groups' present kinds, with
    who has them; `stored`, by id, are those of them that there are, as they are. `kept` are all
    other shifts that count: of the past months, of other groups, and locked ones. `stale`: planned
    once, but not by the present kinds."""

    now: datetime
    slots: tuple[Shift, ...]
    stored: Mapping[str, Shift]
    kept: tuple[Shift, ...]
    stale: tuple[Shift, ...]
    crew: Crew
    wishes: tuple[Wish, ...]

    def beside(self, given: Container[str]) -> tuple[Shift, ...]:
        """All shifts that count beside a rota with these: also such as have become free to be given
        since it was made, and stay as they are."""
        return (*self.kept, *(one for id, one in self.stored.items() if id not in given))

    def altered(self, rota: Iterable[Shift]) -> list[Shift]:
        """Those of the rota that are another duty than before for whoever had them."""
        before = self.stored
        return [one for one in rota if one.id in before and alters(before[one.id], one)]


def slots_of(
    groups: Iterable[Group], days: Sequence[date], stored: Iterable[Shift], now: datetime
) -> tuple[list[Shift], list[Shift]]:
    """The shifts of the groups on these days that a generation may give to somebody, with who has
    them now; and those among the stored ones that are not needed any more."""
    before = {shift.id: shift for shift in stored}
    wanted = [shift for group in groups for shift in shifts_of(group, days)]
    slots = [
        replace(shift, member_id=old.member_id, version=old.version)
        if (old := before.get(shift.id)) is not None
        else shift
        for shift in wanted
        if shift.starts_at > now and not _is_fixed(before.get(shift.id), now)
    ]
    ids, kept_days = {shift.id for shift in wanted}, {day.isoformat() for day in days}
    of = {group.id for group in groups}
    stale = [
        shift
        for shift in before.values()
        if shift.group_id in of
        and shift.day in kept_days
        and shift.id not in ids
        and not _is_fixed(shift, now)
    ]
    return sorted(slots, key=lambda one: (one.starts_at, one.id)), stale


def _is_fixed(shift: Shift | None, now: datetime) -> bool:
    return shift is not None and (shift.locked or shift.starts_at <= now)


async def read_plan(desk: Desk, run: Run, now: datetime, session: Session | None = None) -> Plan:
    """`slots` are empty if the run's groups are gone. Shifts of groups that have ended are
    remembered like all others."""
    every = await desk.rota.groups(SYSTEM_SCOPE, session, ended=True)
    groups = [group for group in every if group.id in run.group_ids and not group.ended]
    days = run.days
    first = datetime.combine(days[0], datetime.min.time(), tzinfo=now.tzinfo) - timedelta(days=1)
    start, end = min(first, now) - _REMEMBERED, first + timedelta(days=len(days) + 2) + AROUND
    stored = await desk.rota.shifts(start, end, session=session)
    slots, stale = slots_of(groups, days, stored, now)
    free = {shift.id for shift in slots}
    gone = {shift.id for shift in stale}
    holders = {shift.member_id for shift in stored if shift.member_id is not None}
    crew = await read_crew(desk, every, start, end, also=holders, session=session)
    return Plan(
        now=now,
        slots=tuple(slots),
        stored={shift.id: shift for shift in stored if shift.id in free},
        kept=tuple(shift for shift in stored if shift.id not in free | gone),
        stale=tuple(stale),
        crew=crew,
        wishes=tuple(await desk.rota.wishes(days[0], session=session)),
    )


async def read_problem(desk: Desk, run: Run, seconds: float, now: datetime) -> Problem:
    plan = await read_plan(desk, run, now)
    # A second of computing, for a large agency: others are served meanwhile.
    return await asyncio.to_thread(problem_of, plan, seconds)


def problem_of(plan: Plan, seconds: float) -> Problem:
    able = {shift.id: plan.crew.able(shift) for shift in plan.slots}
    takers = sorted({member_id for those in able.values() for member_id in those})
    return Problem(
        slots=tuple(_slot(shift, able[shift.id], plan.wishes) for shift in plan.slots),
        takers=tuple(_takers(plan, able, takers)),
        rules=plan.crew.rules,
        seconds=seconds,
    )


def _slot(shift: Shift, able: Sequence[str], wishes: Iterable[Wish]) -> Slot:
    return Slot(
        id=shift.id,
        row=f"{shift.group_id}:{shift.kind_id}",
        day=shift.day,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        able=tuple(able),
        was=shift.member_id,
        weekend=shift.at_weekend,
        wishes={
            wish.member_id: 1 if wish.rather else -1
            for wish in sorted(wishes, key=attrgetter("precision"))
            if wish.member_id in able and wish.concerns(shift)
        },
    )


def _takers(
    plan: Plan, able: Mapping[str, Sequence[str]], takers: Sequence[str]
) -> Iterator[Taker]:
    kept = by_member(plan.kept)
    ahead, weekend_ahead = _ahead(plan, plan.kept), _ahead(plan, plan.kept, weekend=True)
    share = fair_shares((shift, able[shift.id]) for shift in plan.slots)
    weekend_share = fair_shares((one, able[one.id]) for one in plan.slots if one.at_weekend)
    starts = min(shift.starts_at for shift in plan.slots) if plan.slots else None
    for member_id in takers:
        near = [one for one in kept[member_id] if starts and one.ends_at > starts - AROUND]
        yield Taker(
            member_id=member_id,
            time_zone=plan.crew.hands[member_id].zone.key,
            fixed=tuple((one.starts_at, one.ends_at) for one in plan.crew.duties(near, plan.now)),
            ahead=_bounded(ahead[member_id]),
            weekend_ahead=_bounded(weekend_ahead[member_id]),
            share=round(share[member_id]),
            weekend_share=round(weekend_share[member_id]),
        )


def fair_shares(shifts: Iterable[tuple[Shift, Sequence[str]]]) -> dict[str, float]:
    """The minutes that are fair for each, of shifts with who is able to have them.

    In each group everybody gets the part of all minutes that corresponds to the minutes for which
    they are able: whoever is away half the time, half as many as others. Not each shift by itself
    in equal parts: whoever is the only one there at a weekend would have it on top of all else.
    """
    whole: dict[str, float] = defaultdict(float)
    able_for: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for shift, able in shifts:
        if able:
            whole[shift.group_id] += shift.minutes
        for member_id in able:
            able_for[shift.group_id][member_id] += shift.minutes
    shares: dict[str, float] = defaultdict(float)
    for group_id, minutes in able_for.items():
        each = whole[group_id] / sum(minutes.values())
        for member_id, own in minutes.items():
            shares[member_id] += own * each
    return shares


def _ahead(plan: Plan, kept: Iterable[Shift], *, weekend: bool = False) -> dict[str, float]:
    """Minutes that each has had beyond what was fair."""
    counted: list[tuple[Shift, list[str]]] = []
    had: dict[str, float] = defaultdict(float)
    for shift in kept:
        if shift.member_id is None or (weekend and not shift.at_weekend):
            continue
        if shift.group_id not in plan.crew.demands:
            continue
        able = plan.crew.able(shift)
        if shift.member_id in able:
            had[shift.member_id] += shift.minutes
            counted.append((shift, able))
    fair = fair_shares(counted)
    ahead: dict[str, float] = defaultdict(float)
    for member_id in {*had, *fair}:
        ahead[member_id] = had[member_id] - fair[member_id]
    return ahead


def _bounded(minutes: float) -> int:
    return round(max(-_MOST_CARRIED, min(_MOST_CARRIED, minutes)))


# What a rota leaves open


def with_given(slots: Iterable[Shift], given: Mapping[str, str | None]) -> list[Shift]:
    """Those that are part of the rota, as it has them."""
    return [replace(shift, member_id=given[shift.id]) for shift in slots if shift.id in given]


def by_member(shifts: Iterable[Shift]) -> dict[str, list[Shift]]:
    found: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        if shift.member_id is not None:
            found[shift.member_id].append(shift)
    return found


def hindrances(
    shift: Shift,
    crew: Crew,
    theirs: Mapping[str, Sequence[Shift]],
    now: datetime | None = None,
) -> dict[str, Hindrance | None]:
    """Of everybody who takes part in the group: what keeps them from the shift beside those that
    they have; None: nothing."""
    pool = crew.pools.get(shift.group_id, ())
    return {member_id: why_not(shift, member_id, crew, theirs, now) for member_id in pool}


def why_not(
    shift: Shift,
    member_id: str,
    crew: Crew,
    theirs: Mapping[str, Sequence[Shift]],
    now: datetime | None = None,
) -> Hindrance | None:
    """The same of one member, who need not take part in the group."""
    return crew.hindrance(shift, member_id, _near(shift, theirs.get(member_id, ())), now)


def _near(shift: Shift, shifts: Iterable[Shift]) -> list[Shift]:
    start, end = shift.starts_at - AROUND, shift.ends_at + AROUND
    return [one for one in shifts if one.starts_at < end and one.ends_at > start]
