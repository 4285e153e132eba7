"""What a member is able to do, how well, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shared.events.disciplines import Discipline

__all__ = ["Qualification", "qualification_id", "renew"]


def qualification_id(member_id: str, discipline: Discipline) -> str:
    return f"{member_id}:{discipline}"


@dataclass(frozen=True, slots=True)
class Qualification:
    """`level` is 1 (works with help), 2 (works alone) or 3 (teaches others).

    It is valid up to, and no longer at, `valid_until`; None: without end.
    """

    member_id: str
    discipline: Discipline
    level: int
    valid_until: datetime | None
    version: int = 1

    @property
    def id(self) -> str:
        return qualification_id(self.member_id, self.discipline)

    def valid_at(self, now: datetime) -> bool:
        return self.valid_until is None or now < self.valid_until


def renew(qualification: Qualification, level: int, valid_until: datetime | None) -> Qualification:
    return replace(
        qualification, level=level, valid_until=valid_until, version=qualification.version + 1
    )
