"""What a member is able to do, how well, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.events.disciplines import Discipline
from shared.events.scheduler import ReminderStage

__all__ = ["SOON", "VERY_SOON", "Qualification", "qualification_id", "renew"]

SOON = timedelta(days=30)
"""A qualification that ends within this time is shown to end, and its end is told."""

VERY_SOON = timedelta(days=7)
"""Before its end, it is told again."""


def qualification_id(member_id: str, discipline: Discipline) -> str:
    return f"{member_id}:{discipline}"


@dataclass(frozen=True, slots=True)
class Qualification:
    """`level` is 1 (works with help), 2 (works alone) or 3 (teaches others).

    It is valid up to, and no longer at, `valid_until`; None: without end. `evidence`: what shows
    it, in words or as an address. `reminded`: of this end people were told already.
    """

    member_id: str
    discipline: Discipline
    level: int
    valid_until: datetime | None
    evidence: str = ""
    version: int = 1
    reminded: tuple[ReminderStage, ...] = ()

    @property
    def id(self) -> str:
        return qualification_id(self.member_id, self.discipline)

    def valid_at(self, now: datetime) -> bool:
        return self.valid_until is None or now < self.valid_until


def renew(
    qualification: Qualification, level: int, valid_until: datetime | None, evidence: str
) -> Qualification:
    """Another end has yet to be told; one that stays has been told as often as it was."""
    return replace(
        qualification,
        level=level,
        valid_until=valid_until,
        evidence=evidence,
        version=qualification.version + 1,
        reminded=qualification.reminded if valid_until == qualification.valid_until else (),
    )
