"""What the coverage engine knows of a member: present, qualified, with access. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.events.disciplines import Discipline

__all__ = ["Person", "Stretch", "WhyNot"]


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
    UNQUALIFIED = "unqualified"
    EXPIRED = "expired"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Person:
    """`clients` None: access to all. `qualified_until` None: without end. Stretches of `away` may
    overlap."""

    member_id: str
    active: bool
    clients: frozenset[str] | None
    qualified_until: Mapping[Discipline, datetime | None]
    away: tuple[Stretch, ...] = ()

    def present(self, now: datetime) -> bool:
        return self.active and not any(stretch.covers(now) for stretch in self.away)

    def has_access(self, client_id: str) -> bool:
        return self.clients is None or client_id in self.clients

    def why_not(self, client_id: str, discipline: Discipline, now: datetime) -> WhyNot | None:
        """None if the member can act for the client's discipline at `now`."""
        if not self.active:
            return WhyNot.INACTIVE
        if not self.has_access(client_id):
            return WhyNot.NO_ACCESS
        if discipline not in self.qualified_until:
            return WhyNot.UNQUALIFIED
        expiry = self.qualified_until[discipline]
        if expiry is not None and expiry <= now:
            return WhyNot.EXPIRED
        return None if self.present(now) else WhyNot.AWAY

    def turning_points(self, discipline: Discipline) -> Iterator[datetime]:
        """The instants at which `why_not` may change its answer."""
        for stretch in self.away:
            yield stretch.starts_at
            if stretch.ends_at is not None:
                yield stretch.ends_at
        expiry = self.qualified_until.get(discipline)
        if expiry is not None:
            yield expiry
