"""Requests for leave and what they would do, as somebody may see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.scheduler.absences.domain import Reason
from services.scheduler.coverage.gaps import Missing, missing
from services.scheduler.coverage.outlook import Gap
from services.scheduler.coverage.person import Stretch
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.desk import Desk
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.view import Place
from services.scheduler.leave.days_off import days_off
from services.scheduler.leave.domain import Dates, Leave, to_come
from services.scheduler.leave.remedies import deputies_for, trainings_for
from services.scheduler.leave.shifts import LostShift, lost_shifts
from services.scheduler.leave.whatif import SHIFT, Better, WhatIf, what_if
from services.scheduler.members.domain import Member
from services.scheduler.members.view import Face, face
from services.scheduler.qualifications.training import Proposal
from services.scheduler.workingtime.calendar import WorkCalendar, days_between
from services.scheduler.workingtime.reading import calendars, may_read_terms
from shared.auth import Identity, Permission, Scope
from shared.errors import NotFound
from shared.events.disciplines import Discipline

__all__ = [
    "DaysOff",
    "GapSeen",
    "OverloadSeen",
    "StandIn",
    "Training",
    "WhatIfSeen",
    "find_leave",
    "leave_page",
    "leave_reason",
    "read_what_if",
]

_TRAININGS = 2


@dataclass(frozen=True, slots=True)
class GapSeen:
    """`missing`: who else would come first, and why not them. `remedy`: who could be put in and act
    through all of it. `version`: of the responsibility."""

    place: Place
    starts_at: datetime
    ends_at: datetime
    missing: tuple[Missing, ...]
    remedy: Face | None
    version: int


@dataclass(frozen=True, slots=True)
class OverloadSeen:
    member: Face
    starts_at: datetime
    ends_at: datetime
    count: int
    before: int


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a colleague would act for instead."""

    member: Face
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Training:
    """Were the member qualified for the discipline and put in, so much less would be uncovered."""

    member: Face
    discipline: Discipline
    gap_time: timedelta


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days on which the colleague would act for what the leave leaves, and does not work; only for
    who decides on leave."""

    member: Face
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class WhatIfSeen:
    """`times`: of the leave, in order. `hidden`: how many more responsibilities would have gaps, at
    clients the reader does not see. `most`: what one person should act for at once.
    `working_days`: how many the leave takes, for who may read what is agreed. `shifts`: of the
    rota, which it would leave open; `hidden_shifts`: how many more, of groups the reader does not
    see."""

    member: Face
    times: tuple[Dates, ...]
    gaps: tuple[GapSeen, ...]
    hidden: int
    overloads: tuple[OverloadSeen, ...]
    most: int
    stand_ins: tuple[StandIn, ...]
    better: Better | None
    trainings: tuple[Training, ...]
    working_days: float | None
    days_off: tuple[DaysOff, ...]
    shifts: tuple[LostShift, ...]
    hidden_shifts: int

    @property
    def starts_at(self) -> datetime:
        return self.times[0].starts_at

    @property
    def ends_at(self) -> datetime:
        return self.times[-1].ends_at

    @property
    def covered(self) -> bool:
        return not self.gaps and not self.hidden

    @property
    def gap_count(self) -> int:
        """Responsibilities that would be without anybody for a while."""
        return len({one.place.responsibility_id for one in self.gaps}) + self.hidden

    @property
    def gaps_by_place(self) -> list[tuple[GapSeen, int]]:
        """The first of each responsibility, and how many more: one may come with each time."""
        places: dict[str, list[GapSeen]] = {}
        for gap in self.gaps:
            places.setdefault(gap.place.responsibility_id, []).append(gap)
        return [(gaps[0], len(gaps) - 1) for gaps in places.values()]

    @property
    def responsibilities(self) -> frozenset[str]:
        """The ids of those for which something changes, as far as the reader may see."""
        places = [one.place for one in self.gaps]
        places += [place for one in self.stand_ins for place in one.places]
        return frozenset(one.responsibility_id for one in places)

    def day_by_day(self, zone: ZoneInfo) -> list[tuple[str, list[str]]]:
        """ISO days of the zone with the ids of the responsibilities that have a gap then."""
        days: dict[str, dict[str, None]] = {}
        for gap in self.gaps:
            for day in days_between(gap.starts_at, gap.ends_at, zone):
                days.setdefault(day.isoformat(), {})[gap.place.responsibility_id] = None
        return [(day, list(ids)) for day, ids in sorted(days.items())]


# Requests


async def leave_page(
    desk: Desk, who: Identity, *, own: bool, decided: bool, cursor: str | None, limit: int
) -> tuple[list[Leave], str | None]:
    """One's own requests, or with the permission to decide those of whom one may see."""
    members = {who.member_id}
    if not own and who.may(Permission.LEAVE_DECIDE):
        members |= {one.id for one in await desk.members.all(who.scope)}
    return await desk.leave.page(members, decided=decided, cursor=cursor, limit=limit)


async def find_leave(desk: Desk, who: Identity, leave_id: str) -> tuple[Leave, Member]:
    """Others' requests do not exist for who may not decide. Raises `NotFound`."""
    leave = await desk.leave.get(leave_id)
    if leave is None:
        raise NotFound
    if leave.member_id == who.member_id:
        member = await desk.members.get(leave.member_id)
    elif who.may(Permission.LEAVE_DECIDE):
        member = await desk.members.find(who.scope, leave.member_id)
    else:
        member = None
    if member is None:
        raise NotFound
    return leave, member


async def leave_reason(desk: Desk, leave: Leave) -> Reason | None:
    """For whoever `find_leave` lets see it. Raises `ReasonUnreadable`."""
    if leave.absence_id is not None:
        return await desk.absences.reasons.get(leave.absence_id)
    return await desk.leave.reasons.get(leave.id)


# What it would do


async def read_what_if(
    desk: Desk, who: Identity, member: Member, leave: tuple[Dates, ...], now: datetime
) -> WhatIfSeen:
    """`leave`: its times, in order. Whoever asks has checked that the caller may plan leave for the
    member."""
    calendar = (await calendars(desk, [member]))[member.id]
    taken = await _taken(desk, member, leave)
    snapshot = await desk.snapshots.latest()
    # In a thread, because for a large agency it takes longer than others should wait.
    thought = await asyncio.to_thread(
        _think_through, snapshot, who.scope, calendar, leave, desk.most_at_once, now, taken
    )
    people = await desk.members.load(thought.named)
    visible = {one.id for one in await desk.members.all(who.scope)}
    show = _Showing(
        thought=thought,
        places=await read_places(desk.directory, thought.client_ids),
        faces={one.id: face(one) for one in people.values()},
        visible=frozenset(visible),
        member=member,
    )
    # When others work is not for everybody who may ask what their own leave would do.
    told = thought.found.standing_in if who.may(Permission.LEAVE_DECIDE) else ()
    colleagues = await calendars(desk, (people[id] for id in told))
    shifts, hidden_shifts = await lost_shifts(desk, who.scope, member.id, leave, now)
    days = calendar.count(one.stretch for one in leave)
    return WhatIfSeen(
        member=face(member),
        times=leave,
        gaps=tuple(show.gaps()),
        hidden=thought.hidden,
        overloads=tuple(show.overloads()),
        most=desk.most_at_once,
        stand_ins=tuple(show.stand_ins()),
        better=thought.found.better,
        trainings=tuple(show.trainings()),
        working_days=days if may_read_terms(who, member.id) else None,
        days_off=tuple(show.days_off(calendar, colleagues)),
        shifts=shifts,
        hidden_shifts=hidden_shifts,
    )


async def _taken(desk: Desk, member: Member, leave: tuple[Dates, ...]) -> list[Stretch]:
    """By other requests of the member that are not decided, around the leave."""
    around = timedelta(days=2 * SHIFT)
    asked = await desk.leave.undecided(
        member.id, Dates(leave[0].starts_at - around, leave[-1].ends_at + around)
    )
    return [time.stretch for one in asked if one.times != leave for time in one.times]


@dataclass(frozen=True)
class _Thought:
    """What the leave would do, and what would help with its gaps. `seen`: the ids of the
    responsibilities that change and that the reader may see."""

    snapshot: Snapshot
    found: WhatIf
    seen: frozenset[str]
    deputies: Mapping[Gap, str]
    trainings: Sequence[Proposal]

    @property
    def named(self) -> set[str]:
        """Everybody of whom something may be told."""
        passed = {one.member_id for gap in self.found.gaps for one in gap.passed}
        trained = (one.member_id for one in self.trainings)
        return {*passed, *self.deputies.values(), *self.found.stand_ins, *trained}

    @property
    def client_ids(self) -> set[str]:
        return {self.snapshot.responsibilities[id].client_id for id in self.seen}

    @property
    def hidden(self) -> int:
        return len({one.responsibility_id for one in self.found.gaps} - self.seen)


def _think_through(
    snapshot: Snapshot,
    scope: Scope,
    calendar: WorkCalendar,
    leave: Sequence[Dates],
    most: int,
    now: datetime,
    taken: Sequence[Stretch],
) -> _Thought:
    member_id = calendar.working_time.member_id
    found = what_if(snapshot, member_id, leave, most=most, calendar=calendar, now=now, taken=taken)
    ids = {one.responsibility_id for one in found.gaps}
    ids.update(id for taken_over in found.stand_ins.values() for id in taken_over)
    seen = frozenset(id for id in ids if scope.allows(snapshot.responsibilities[id].client_id))
    gaps = [gap for gap in found.gaps if gap.responsibility_id in seen]
    ahead = to_come(leave, now)
    deputies = deputies_for(snapshot, member_id, ahead, gaps)
    left = [gap for gap in gaps if gap not in deputies]
    trainings = trainings_for(snapshot, member_id, ahead, left) if left else []
    return _Thought(snapshot, found, seen, deputies, trainings[:_TRAININGS])


@dataclass(frozen=True)
class _Showing:
    """Turns ids into names; of what is not seen, nothing. `visible`: the members in sight."""

    thought: _Thought
    places: Places
    faces: Mapping[str, Face]
    visible: frozenset[str]
    member: Member

    def gaps(self) -> Iterator[GapSeen]:
        for gap in self.thought.found.gaps:
            if gap.responsibility_id in self.thought.seen:
                remedy = self.thought.deputies.get(gap)
                yield GapSeen(
                    place=self.place(gap.responsibility_id),
                    starts_at=gap.starts_at,
                    ends_at=gap.ends_at,
                    missing=tuple(self.missing(gap)),
                    remedy=None if remedy is None else self.faces[remedy],
                    version=self.thought.snapshot.responsibilities[gap.responsibility_id].version,
                )

    def missing(self, gap: Gap) -> Iterator[Missing]:
        snapshot = self.thought.snapshot
        responsibility = snapshot.responsibilities[gap.responsibility_id]
        for passed in gap.passed:
            if passed.member_id != self.member.id and passed.member_id in self.faces:
                yield missing(passed, responsibility, snapshot.team, self.faces)

    def overloads(self) -> Iterator[OverloadSeen]:
        found, seen = self.thought.found, self.thought.seen
        for one in found.overloads:
            # Of a colleague elsewhere, for whom the reader's clients make no difference.
            if one.member_id in self.visible and not seen.isdisjoint(
                found.stand_ins[one.member_id]
            ):
                yield OverloadSeen(
                    self.faces[one.member_id], one.starts_at, one.ends_at, one.count, one.before
                )

    def stand_ins(self) -> Iterator[StandIn]:
        for member_id, ids in self.thought.found.stand_ins.items():
            places = tuple(self.place(id) for id in ids if id in self.thought.seen)
            if places:
                yield StandIn(self.faces[member_id], places)

    def days_off(
        self, absent: WorkCalendar, colleagues: Mapping[str, WorkCalendar]
    ) -> Iterator[DaysOff]:
        for one in self.stand_ins():
            id = one.member.member_id
            times = self.thought.found.standing_in[id]
            if id in colleagues and (days := days_off(absent, colleagues[id], times)):
                yield DaysOff(one.member, days)

    def trainings(self) -> Iterator[Training]:
        for one in self.thought.trainings:
            if one.member_id in self.visible:
                yield Training(self.faces[one.member_id], one.discipline, one.gap_time)

    def place(self, responsibility_id: str) -> Place:
        one = self.thought.snapshot.responsibilities[responsibility_id]
        return self.places.place(one.id, one.client_id)
