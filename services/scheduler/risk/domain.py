"""How much hangs on whom: bus factors, single points of failure, load, gaps to come. Pure.

The *bus factor* of a piece of work is the smallest number of people whose loss would leave nobody
who could go on with it. (The measure is an old one of software teams, where it is also called truck
factor; there it has to be estimated from who wrote what. Here it is known.) Any one of those who
may act for a responsibility can do all of it, so they would all have to be lost: the bus factor is
their number. Who counts is said by `Strength`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

from services.scheduler.coverage.comparison import Load, counted, turns
from services.scheduler.coverage.domain import Team, in_line, spans_of
from services.scheduler.coverage.outlook import Gap, Outlook
from services.scheduler.coverage.person import Span, Stretch, WhyNot
from services.scheduler.responsibilities.domain import Responsibility

__all__ = [
    "AHEAD",
    "Burden",
    "Level",
    "Risk",
    "SinglePoint",
    "Sole",
    "Strength",
    "acting_first",
    "assess",
    "burdens",
    "counts",
    "single_points",
    "strength",
    "without",
]

AHEAD = timedelta(weeks=8)
"""How far risk looks ahead."""


class Level(IntEnum):
    """The worst first."""

    GAP = 0
    """Nobody acts for some time."""
    SINGLE = 1
    """It hangs on one person: the bus factor is one."""
    PAIR = 2
    SAFE = 3


@dataclass(frozen=True, slots=True)
class Sole:
    """From `starts_at` up to `ends_at` only this member is there to act."""

    member_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Strength:
    """How well a responsibility is secured over a stretch of time.

    `able`: who counts for the bus factor, in the order in which they would act. Of owner, deputies
    and the client's leads these are all who are active, have access and account, are qualified to
    the end of the stretch, and are not away during all of it. Leave or illness of some weeks makes
    the number no smaller; that somebody leaves, or is not qualified any more, does.

    `able_now`: the same, with those whose qualification ends within the stretch.

    `fewest`: how many are there at once to act, at the moment with the fewest; 0 exactly if there
    is a gap. `soles`: where it is one.
    """

    responsibility_id: str
    able: tuple[str, ...]
    able_now: tuple[str, ...]
    fewest: int
    soles: tuple[Sole, ...] = ()

    @property
    def bus_factor(self) -> int:
        return len(self.able)

    @property
    def single(self) -> str | None:
        """The only one it hangs on."""
        return self.able[0] if len(self.able) == 1 else None


@dataclass(frozen=True)
class Risk:
    """Of all responsibilities in `outlook`, over its time. `epoch`: of the coverage clock."""

    epoch: int
    outlook: Outlook
    strengths: Mapping[str, Strength]

    @property
    def start(self) -> datetime:
        return self.outlook.start

    @property
    def end(self) -> datetime:
        return self.outlook.end

    @cached_property
    def gaps(self) -> Mapping[str, tuple[Gap, ...]]:
        """By responsibility, for those that have some."""
        found: dict[str, list[Gap]] = {}
        for gap in self.outlook.gaps():
            found.setdefault(gap.responsibility_id, []).append(gap)
        return {id: tuple(gaps) for id, gaps in found.items()}

    def gap_time(self, responsibility_id: str) -> timedelta:
        gaps = self.gaps.get(responsibility_id, ())
        return sum((gap.ends_at - gap.starts_at for gap in gaps), timedelta())

    def level(self, responsibility_id: str) -> Level:
        if responsibility_id in self.gaps:
            return Level.GAP
        return Level(min(self.strengths[responsibility_id].bus_factor, Level.SAFE))


def assess(epoch: int, outlook: Outlook) -> Risk:
    strengths = {
        id: strength(one, outlook.team, outlook.start, outlook.end)
        for id, one in outlook.responsibilities.items()
    }
    return Risk(epoch, outlook, strengths)


def strength(one: Responsibility, team: Team, start: datetime, end: datetime) -> Strength:
    """From `start` up to `end`."""
    demand = team.demand(one)
    there: dict[str, list[Span]] = {}
    able = []
    for member_id, _ in in_line(one, team):
        spans = list(spans_of(demand, member_id, start, end, team))
        if acting := [span for span in spans if span.why is None]:
            there[member_id] = acting
            if counts(spans):
                able.append(member_id)
    fewest, soles = _thinnest(there, start, end)
    return Strength(one.id, tuple(able), tuple(there), fewest, soles)


def counts(spans: Sequence[Span]) -> bool:
    """Whether somebody with these is one of `Strength.able`."""
    return spans[-1].why is not WhyNot.EXPIRED and any(span.why is None for span in spans)


def _thinnest(
    there: Mapping[str, list[Span]], start: datetime, end: datetime
) -> tuple[int, tuple[Sole, ...]]:
    """The fewest at once, and when there is only one. `there`: when each of them could act."""
    turning: dict[datetime, set[str]] = {start: set(), end: set()}
    for member_id, spans in there.items():
        for span in spans:
            for at in (span.starts_at, span.ends_at):
                turning.setdefault(at, set()).symmetric_difference_update({member_id})
    fewest, soles = len(there), []
    present: set[str] = set()
    for since, until in pairwise(sorted(turning)):
        present ^= turning[since]
        fewest = min(fewest, len(present))
        if len(present) == 1:
            [alone] = present
            soles.append(Sole(alone, since, until))
    return fewest, tuple(_joined(soles))


def _joined(soles: Iterable[Sole]) -> Iterator[Sole]:
    """Neighbours of the same member as one."""
    last: Sole | None = None
    for one in soles:
        if last and (last.member_id, last.ends_at) == (one.member_id, one.starts_at):
            last = Sole(one.member_id, last.starts_at, one.ends_at)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last


# Single points of failure


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """Were the member away, these responsibilities would have nobody: `lasting`, whenever it is,
    for they are those with a bus factor of one; `passing`, while others are away, and when."""

    member_id: str
    lasting: tuple[str, ...]
    passing: tuple[tuple[str, Sole], ...]


def single_points(risk: Risk, among: Iterable[str]) -> list[SinglePoint]:
    """Of some responsibilities, those on whom most hangs first."""
    lasting: dict[str, list[str]] = {}
    passing: dict[str, list[tuple[str, Sole]]] = {}
    for id in among:
        found = risk.strengths[id]
        if found.single is not None:
            lasting.setdefault(found.single, []).append(id)
        for sole in found.soles:
            if sole.member_id != found.single:
                passing.setdefault(sole.member_id, []).append((id, sole))
    members = dict.fromkeys([*lasting, *passing])
    points = [
        SinglePoint(one, tuple(lasting.get(one, ())), tuple(passing.get(one, ())))
        for one in members
    ]
    return sorted(points, key=lambda one: (-len(one.lasting), -len(one.passing), one.member_id))


# Load


@dataclass(frozen=True, slots=True)
class Burden:
    """What somebody acts for. `now`: the ids; `at_once`: the stretch with the most at once, the
    first such, `before` some were away and with that; None: never anything, either way."""

    member_id: str
    now: tuple[str, ...]
    before: Load | None
    at_once: Load | None

    @property
    def most(self) -> int:
        return self.at_once.count if self.at_once else 0

    @property
    def most_before(self) -> int:
        return self.before.before if self.before else 0


def without(outlook: Outlook, members: Iterable[str], stretch: Stretch) -> Outlook:
    """The same if all of these were away as well."""
    for member_id in dict.fromkeys(members):
        person = outlook.team.people[member_id]
        outlook = outlook.with_person(person.also_away([stretch]))
    return outlook


def acting_first(outlook: Outlook) -> dict[str, list[str]]:
    """By member, the ids of the responsibilities they act for when the outlook begins."""
    found: dict[str, list[str]] = {}
    for id, segments in outlook.timelines.items():
        if segments[0].acting.member is not None:
            found.setdefault(segments[0].acting.member, []).append(id)
    return found


def burdens(present: Outlook, absent: Outlook) -> dict[str, Burden]:
    """Of everybody who ever acts in one of the two, which cover the same time."""
    first, then, now = turns(present), turns(absent), acting_first(present)
    found = {}
    for member_id in sorted(first.keys() | then.keys()):
        loads = list(counted(member_id, first.get(member_id, ()), then.get(member_id, ())))
        found[member_id] = Burden(
            member_id,
            tuple(now.get(member_id, ())),
            before=max(loads, key=lambda one: one.before),
            at_once=max(loads, key=lambda one: one.count),
        )
    return found
