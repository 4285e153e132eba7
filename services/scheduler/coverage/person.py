"""What the coverage engine knows of a member: present, qualified, with access and account. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from shared.events.disciplines import Discipline

__all__ = ["Demand", "Person", "Span", "Stretch", "WhyNot"]

_start = attrgetter("starts_at")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time from `starts_at` (included) to `ends_at` (excluded); None: until further notice."""

    starts_at: datetime
    ends_at: datetime | None

    def covers(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


class WhyNot(StrEnum):
    """Why somebody cannot act: the first that holds, in this order."""

    INACTIVE = "inactive"
    NO_ACCESS = "no_access"
    NO_ACCOUNT = "no_account"
    UNQUALIFIED = "unqualified"
    EXPIRED = "expired"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a responsibility demands of whoever acts for it, apart from being there.

    `account_holders`: the members with every account on the platform that it needs; None: it needs
    none.
    """

    client_id: str
    discipline: Discipline
    account_holders: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Span:
    """Time from `starts_at` up to `ends_at` in which the same keeps somebody from acting; None:
    nothing does."""

    starts_at: datetime
    ends_at: datetime
    why: WhyNot | None


@dataclass(frozen=True, slots=True)
class Person:
    """`clients` None: access to all. `qualified_until` None: without end. Stretches of `away` may
    overlap when they are given; then they are in order, and apart from each other."""

    member_id: str
    active: bool
    clients: frozenset[str] | None
    qualified_until: Mapping[Discipline, datetime | None]
    away: tuple[Stretch, ...] = ()

    def __post_init__(self) -> None:
        # Once for each person, and not for each responsibility that may come to them.
        object.__setattr__(self, "away", _apart(self.away))

    def present(self, now: datetime) -> bool:
        return self.active and not any(stretch.covers(now) for stretch in self.away)

    def has_access(self, client_id: str) -> bool:
        return self.clients is None or client_id in self.clients

    def why_not(self, demand: Demand, now: datetime) -> WhyNot | None:
        """None if the member can act at `now` where this is demanded."""
        never = self._never(demand)
        if never is not None:
            return never
        expiry = self.qualified_until[demand.discipline]
        if expiry is not None and expiry <= now:
            return WhyNot.EXPIRED
        return None if self.present(now) else WhyNot.AWAY

    def spans(self, demand: Demand, start: datetime, end: datetime) -> Iterator[Span]:
        """`why_not` over time, without holes."""
        never = self._never(demand)
        if never is not None:
            yield Span(start, end, never)
            return
        expiry = self.qualified_until[demand.discipline]
        until = end if expiry is None else min(end, max(start, expiry))
        yield from self._comings_and_goings(start, until)
        if until < end:
            yield Span(until, end, WhyNot.EXPIRED)

    def _never(self, demand: Demand) -> WhyNot | None:
        """What keeps them from it at any time."""
        if not self.active:
            return WhyNot.INACTIVE
        if not self.has_access(demand.client_id):
            return WhyNot.NO_ACCESS
        holders = demand.account_holders
        if holders is not None and self.member_id not in holders:
            return WhyNot.NO_ACCOUNT
        return WhyNot.UNQUALIFIED if demand.discipline not in self.qualified_until else None

    def _comings_and_goings(self, start: datetime, end: datetime) -> Iterator[Span]:
        at = start
        for stretch in self.away:
            since, until = stretch.starts_at, stretch.ends_at
            if until is not None and until <= at:
                continue
            if end <= max(at, since):
                break
            if at < since:
                yield Span(at, since, None)
                at = since
            if until is None or end <= until:
                yield Span(at, end, WhyNot.AWAY)
                return
            yield Span(at, until, WhyNot.AWAY)
            at = until
        if at < end:
            yield Span(at, end, None)

    def also_away(self, stretches: Iterable[Stretch]) -> Person:
        """As if there were further absences."""
        return replace(self, away=(*self.away, *stretches))

    def turning_points(self, discipline: Discipline) -> Iterator[datetime]:
        """The instants at which `why_not` may change its answer."""
        for stretch in self.away:
            yield stretch.starts_at
            if stretch.ends_at is not None:
                yield stretch.ends_at
        expiry = self.qualified_until.get(discipline)
        if expiry is not None:
            yield expiry


def _apart(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time, in order; what touches or overlaps is one."""
    apart: list[Stretch] = []
    for one in sorted(stretches, key=_start):
        if one.ends_at is not None and one.ends_at <= one.starts_at:
            continue
        before = apart[-1] if apart else None
        if before is None or (before.ends_at is not None and before.ends_at < one.starts_at):
            apart.append(one)
        elif before.ends_at is not None and (one.ends_at is None or before.ends_at < one.ends_at):
            apart[-1] = Stretch(before.starts_at, one.ends_at)
    return tuple(apart)
