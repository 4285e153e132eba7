"""What a reminder tells: that a member's qualification ends, and what depends on it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.events.disciplines import Discipline
from shared.events.scheduler import QualificationExpiring, ReminderStage

__all__ = ["Expiry", "Reminder", "expiry_of", "holds", "reminder_of"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expiry:
    """A member's qualification ends at `valid_until`; `stage` is how near that is."""

    member_id: str
    discipline: Discipline
    valid_until: datetime
    stage: ReminderStage

    @property
    def id(self) -> str:
        """Each stage of each end is told once, so another end is another one."""
        end = self.valid_until.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
        return f"{self.qualification_id}:{end}:{self.stage}"

    @property
    def qualification_id(self) -> str:
        return f"{self.member_id}:{self.discipline}"

    def days_left(self, now: datetime) -> int:
        """A day that has begun counts; 0 when the end has come."""
        return max(0, -((now - self.valid_until) // _DAY))


@dataclass(frozen=True, slots=True)
class Reminder:
    """Responsibilities of the discipline: the member's own, those they stand in for, and of both
    those for which nobody can act at the end (`gaps`)."""

    owned: tuple[str, ...]
    deputised: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def responsibilities(self) -> frozenset[str]:
        return frozenset((*self.owned, *self.deputised))

    def among(self, may_see: Callable[[str], bool]) -> Reminder:
        """As somebody reads it who must not see every client."""
        lists = (self.owned, self.deputised, self.gaps)
        return Reminder(*(tuple(filter(may_see, ids)) for ids in lists))


def expiry_of(event: QualificationExpiring) -> Expiry:
    return Expiry(event.member_id, event.discipline, event.valid_until, event.stage)


def reminder_of(event: QualificationExpiring) -> Reminder:
    return Reminder(event.owned, event.deputised, event.gaps)


def holds(expiry: Expiry, newest: Expiry | None, now: datetime) -> bool:
    """Whether it is still to be told. `newest`: what was heard last of the same qualification.

    Not after the end, and not once a later stage or another end was heard of. That a qualification
    was renewed or removed meanwhile is told to nobody, so before the next end comes near we cannot
    know it.
    """
    return newest in (None, expiry) and now < expiry.valid_until
