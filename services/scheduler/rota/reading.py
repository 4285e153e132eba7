"""The rota as somebody may see it: who is on duty, which shifts are open, who could take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from services.scheduler.desk import Desk
from services.scheduler.directory.store import Page
from services.scheduler.members.view import Face, face
from services.scheduler.rota.crew import read_crew
from services.scheduler.rota.domain import Group, Shift, Swap, days_from
from services.scheduler.rota.planning import AROUND, by_member, hindrances, why_not
from services.scheduler.rota.rules import Hindrance
from shared.auth import SYSTEM_SCOPE, Identity, Scope
from shared.errors import NotFound
from shared.mongo import Session

__all__ = [
    "Candidate",
    "Candidates",
    "GroupBoard",
    "Row",
    "ShiftSeen",
    "SwapChoice",
    "SwapSeen",
    "count_open",
    "faces_seen",
    "group_boards",
    "on_duty",
    "own_shifts",
    "read_candidates",
    "read_hindrances",
    "read_shifts",
    "swap_choices",
    "swaps_seen",
    "with_members_seen",
]

_COUNTED = timedelta(days=28)
"""Whoever has had the fewest hours, in so much time on either side of a shift, is named first."""

_SOON = timedelta(days=7)

_SWAPPED = timedelta(weeks=8)
"""Shifts so far ahead may be given for another."""


@dataclass(frozen=True, slots=True)
class ShiftSeen:
    """`why`: what keeps whoever has the shift from it, by now; of one that is over, what kept them.
    `member` None: nobody has it, or it is somebody whom the reader does not see."""

    shift: Shift
    group: Group
    member: Face | None
    why: Hindrance | None

    @property
    def open(self) -> bool:
        """It is theirs again when they are back, unless somebody has taken it."""
        return self.shift.member_id is None or self.why is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """`minutes`: of shifts in the four weeks before and after, whatever the group, without those
    that they were away for."""

    member: Face
    minutes: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who of the group could have a shift, the fewest hours first; `hindered`: who could not, by
    what keeps them from it, as far as the reader may see them."""

    able: tuple[Candidate, ...]
    hindered: Mapping[Hindrance, tuple[Face, ...]]

    @property
    def counts(self) -> dict[Hindrance, int]:
        return {why: len(those) for why, those in self.hindered.items()}

    @property
    def hindered_count(self) -> int:
        return sum(map(len, self.hindered.values()))


@dataclass(frozen=True, slots=True)
class SwapChoice:
    """A colleague who could have a shift, for nothing or for one of theirs, `in_return`."""

    member: Face
    in_return: Shift | None

    @property
    def key(self) -> str:
        return f"{self.member.member_id}|{self.in_return.id if self.in_return else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """Shifts of one kind, by day; there may be none. `hours`: from and to, of a present kind."""

    name: str
    hours: tuple[str, str] | None
    cells: tuple[ShiftSeen | None, ...]


@dataclass(frozen=True, slots=True)
class GroupBoard:
    """Weeks of seven days of the group's time zone."""

    group: Group
    pages: tuple[Page, ...]
    weeks: tuple[tuple[tuple[date, ...], tuple[Row, ...]], ...]
    on_duty: tuple[ShiftSeen, ...]
    planned: bool


@dataclass(frozen=True, slots=True)
class SwapSeen:
    """`to_me`: the reader is asked."""

    swap: Swap
    shift: ShiftSeen
    in_return: ShiftSeen | None
    giver: Face | None
    taker: Face | None
    to_me: bool


async def faces_seen(desk: Desk, scope: Scope) -> dict[str, Face]:
    return {one.id: face(one) for one in await desk.members.all(scope)}


async def with_members_seen(desk: Desk, who: Identity, groups: Sequence[Group]) -> list[Group]:
    """The groups, with those of the named members whom the reader sees."""
    seen = await faces_seen(desk, who.scope)
    return [
        replace(group, members=tuple(one for one in group.members if one in seen))
        for group in groups
    ]


async def read_shifts(
    desk: Desk,
    groups: Iterable[Group],
    shifts: Sequence[Shift],
    faces: Mapping[str, Face],
    now: datetime,
    session: Session | None = None,
) -> list[ShiftSeen]:
    """The shifts of these groups, with what has become of them."""
    of = {group.id: group for group in groups}
    mine = [shift for shift in shifts if shift.group_id in of]
    if not mine:
        return []
    holders = {shift.member_id for shift in mine if shift.member_id is not None}
    start = min(shift.starts_at for shift in mine)
    end = max(shift.ends_at for shift in mine)
    # Asked about these alone, nobody else has to be read; an id of nobody, not everybody.
    asked = tuple(sorted(holders)) or ("",)
    named = [replace(group, members=asked) for group in of.values()]
    crew = await read_crew(desk, named, start, end, session=session)
    return [
        ShiftSeen(
            shift=shift,
            group=of[shift.group_id],
            member=faces.get(shift.member_id or ""),
            why=crew.unable(shift, shift.member_id, now) if shift.member_id else None,
        )
        for shift in mine
    ]


async def read_candidates(
    desk: Desk, seen: ShiftSeen, faces: Mapping[str, Face], now: datetime
) -> Candidates:
    shift = seen.shift
    around = max(AROUND, _COUNTED)
    start, end = shift.starts_at - around, shift.ends_at + around
    others = [one for one in await desk.rota.shifts(start, end) if one.id != shift.id]
    crew = await read_crew(desk, [seen.group], start, end)
    theirs = by_member(one for one in others if not crew.missed(one, now))
    found = hindrances(shift, crew, theirs, now)
    able, hindered = [], defaultdict(list)
    for member_id, why in found.items():
        if member_id == shift.member_id or member_id not in faces:
            continue
        if why is None:
            minutes = sum(one.minutes for one in theirs.get(member_id, ()))
            able.append(Candidate(faces[member_id], minutes))
        else:
            hindered[why].append(faces[member_id])
    return Candidates(
        able=tuple(sorted(able, key=lambda one: (one.minutes, one.member.name.casefold()))),
        hindered={why: tuple(hindered[why]) for why in Hindrance if why in hindered},
    )


async def swap_choices(
    desk: Desk, seen: ShiftSeen, faces: Mapping[str, Face], now: datetime
) -> list[SwapChoice]:
    """Whoever has the shift can offer it so, by name: within the rules for both, each checked
    without what they would give."""
    shift, group, giver = seen.shift, seen.group, seen.shift.member_id
    if giver is None:
        return []
    start, end = now - AROUND, now + _SWAPPED + AROUND
    theirs = by_member(await desk.rota.shifts(start, end))
    crew = await read_crew(desk, [group], start, end, also=[giver])

    def may_have(one: Shift, member_id: str, without: Shift | None) -> bool:
        others = [each for each in theirs[member_id] if each is not without and each != without]
        return why_not(one, member_id, crew, {member_id: others}, now) is None

    def returns(taker: str) -> Iterator[Shift]:
        for one in theirs[taker]:
            soon = one.group_id == group.id and now < one.starts_at < now + _SWAPPED
            if soon and may_have(shift, taker, one) and may_have(one, giver, shift):
                yield one

    choices = []
    takers = [one for one in crew.pools[group.id] if one != giver and one in faces]
    for taker in sorted(takers, key=lambda one: faces[one].name.casefold()):
        if may_have(shift, taker, None):
            choices.append(SwapChoice(faces[taker], None))
        if group.may_take_part(giver):
            choices += [SwapChoice(faces[taker], one) for one in returns(taker)]
    return choices


async def read_hindrances(
    desk: Desk,
    groups: Iterable[Group],
    shifts: Sequence[Shift],
    now: datetime,
    session: Session | None = None,
) -> dict[str, dict[str, Hindrance | None]]:
    """For each of many shifts of these groups, of everybody else who takes part: what keeps them
    from it beside those that they have; None: nothing."""
    if not shifts:
        return {}
    start, end = min(one.starts_at for one in shifts), max(one.ends_at for one in shifts)
    concerned = {one.group_id for one in shifts}
    asked = [group for group in groups if group.id in concerned]
    crew = await read_crew(desk, asked, start - AROUND, end + AROUND, session=session)
    theirs = by_member(await desk.rota.shifts(start - AROUND, end + AROUND, session=session))
    return {
        shift.id: {
            member_id: why
            for member_id, why in hindrances(shift, crew, theirs, now).items()
            if member_id != shift.member_id
        }
        for shift in shifts
    }


async def group_boards(
    desk: Desk,
    who: Identity,
    groups: Sequence[Group],
    first: date,
    weeks: int,
    now: datetime,
) -> list[GroupBoard]:
    """Of these groups, from a Monday on."""
    faces = await faces_seen(desk, who.scope)
    days = days_from(first, 7 * weeks)
    start = datetime.combine(first, time(), tzinfo=now.tzinfo) - timedelta(days=1)
    ids = [group.id for group in groups]
    shown = await desk.rota.shifts(start, start + timedelta(days=len(days) + 2), groups=ids)
    present = await desk.rota.shifts(now, now + timedelta(milliseconds=1), groups=ids)
    every = {shift.id: shift for shift in (*shown, *present)}
    seen = await read_shifts(desk, groups, list(every.values()), faces, now)
    clients = {id for group in groups for id in group.client_ids}
    pages = await desk.directory.pages(who.scope, clients)
    boards = []
    for group in groups:
        mine = [one for one in seen if one.group.id == group.id]
        boards.append(
            GroupBoard(
                group=group,
                pages=tuple(pages[id] for id in group.pages if id in pages),
                weeks=tuple(
                    (tuple(week), tuple(_rows(group, mine, week)))
                    for week in (days[at : at + 7] for at in range(0, len(days), 7))
                ),
                on_duty=tuple(one for one in mine if _covers(one.shift, now)),
                planned=any(date.fromisoformat(one.shift.day) in days for one in mine),
            )
        )
    return boards


def _rows(group: Group, seen: Iterable[ShiftSeen], week: Sequence[date]) -> Iterable[Row]:
    """Of the group's present kinds, and of others that shifts are left of."""
    by_kind: dict[str, dict[str, ShiftSeen]] = defaultdict(dict)
    for one in seen:
        by_kind[one.shift.kind_id][one.shift.day] = one
    names = {kind.id: kind.name for kind in group.kinds}
    hours = {kind.id: (kind.starts, kind.ends) for kind in group.kinds}
    days = [day.isoformat() for day in week]
    for kind_id, found in by_kind.items():
        if kind_id not in names and any(day in found for day in days):
            names[kind_id] = next(iter(found.values())).shift.kind
    for kind_id, name in names.items():
        yield Row(name, hours.get(kind_id), tuple(by_kind[kind_id].get(day) for day in days))


def _covers(shift: Shift, now: datetime) -> bool:
    return shift.starts_at <= now < shift.ends_at


async def own_shifts(desk: Desk, member_id: str, start: datetime, end: datetime) -> list[Shift]:
    """The member's, without those that they cannot be there for."""
    groups = await desk.rota.groups(SYSTEM_SCOPE)
    shifts = await desk.rota.shifts(start, end, members=[member_id])
    seen = await read_shifts(desk, groups, shifts, {}, start)
    return [one.shift for one in seen if one.why is None]


async def on_duty(
    desk: Desk, scope: Scope, page_id: str, at: datetime, now: datetime
) -> list[ShiftSeen]:
    """Whoever sees the page may know, of the page's groups out of sight too. Raises `NotFound`."""
    if await desk.directory.page(scope, page_id) is None:
        raise NotFound
    groups = await desk.rota.watching(page_id)
    ids = [group.id for group in groups]
    shifts = await desk.rota.shifts(at, at + timedelta(milliseconds=1), groups=ids)
    there = [shift for shift in shifts if _covers(shift, at)]
    return await read_shifts(desk, groups, there, await faces_seen(desk, scope), max(at, now))


async def count_open(desk: Desk, now: datetime) -> int:
    """Of the next seven days."""
    groups = await desk.rota.groups(SYSTEM_SCOPE)
    shifts = await desk.rota.shifts(now, now + _SOON)
    return sum(one.open for one in await read_shifts(desk, groups, shifts, {}, now))


async def swaps_seen(
    desk: Desk, who: Identity, swaps: Iterable[Swap], now: datetime
) -> list[SwapSeen]:
    """Those of shifts that are still there."""
    faces = await faces_seen(desk, who.scope)
    groups = await desk.rota.groups(who.scope)
    found = []
    for swap in swaps:
        ids = [id for id in (swap.shift_id, swap.in_return) if id is not None]
        shifts = [shift for id in ids if (shift := await desk.rota.shift(id)) is not None]
        seen = {one.shift.id: one for one in await read_shifts(desk, groups, shifts, faces, now)}
        if len(seen) == len(ids):
            found.append(
                SwapSeen(
                    swap=swap,
                    shift=seen[swap.shift_id],
                    in_return=seen.get(swap.in_return or ""),
                    giver=faces.get(swap.giver),
                    taker=faces.get(swap.taker),
                    to_me=swap.taker == who.member_id,
                )
            )
    return found
