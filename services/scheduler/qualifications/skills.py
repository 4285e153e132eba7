"""The skills matrix: members by disciplines, how well, and until when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.scheduler.members.domain import Member
from services.scheduler.members.view import Face, face
from services.scheduler.qualifications.domain import SOON, Qualification
from shared.auth import Scope
from shared.events.disciplines import Discipline

__all__ = ["Cell", "MemberSkills", "Validity", "able", "member_skills"]


class Validity(StrEnum):
    MISSING = "missing"
    VALID = "valid"
    SOON = "soon"
    """Valid, and to end soon."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Cell:
    """`qualification` None: none was ever entered."""

    discipline: Discipline
    qualification: Qualification | None
    validity: Validity


@dataclass(frozen=True, slots=True)
class MemberSkills:
    """A row. `clients` None: has access to all."""

    member: Face
    clients: tuple[str, ...] | None
    skills: tuple[Cell, ...]

    def has(self, validity: Validity) -> bool:
        return any(one.validity is validity for one in self.skills)


def member_skills(
    member: Member,
    scope: Scope,
    found: Mapping[tuple[str, Discipline], Qualification],
    among: Iterable[Discipline],
    now: datetime,
) -> MemberSkills:
    """`found` by member and discipline. `scope`: which clients the reader may know of."""
    skills = (_cell(found.get((member.id, one)), one, now) for one in among)
    clients = member.clients and tuple(one for one in member.clients if scope.allows(one))
    return MemberSkills(face(member), clients, tuple(skills))


def _cell(found: Qualification | None, discipline: Discipline, now: datetime) -> Cell:
    if found is None:
        return Cell(discipline, None, Validity.MISSING)
    if not found.valid_at(now):
        return Cell(discipline, found, Validity.OVER)
    soon = found.valid_until is not None and found.valid_until <= now + SOON
    return Cell(discipline, found, Validity.SOON if soon else Validity.VALID)


def able(rows: Iterable[MemberSkills], among: Iterable[Discipline]) -> dict[Discipline, int]:
    """How many of them are qualified for each."""
    good = [
        skill.discipline
        for row in rows
        for skill in row.skills
        if skill.validity in (Validity.VALID, Validity.SOON)
    ]
    return {one: good.count(one) for one in among}
