"""The twelve people of the agency, and what they are able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.auth import Role
from shared.events.disciplines import Discipline

__all__ = ["AGENCY", "FELIX", "FIRST", "JANA", "MEMBERS", "NORA", "PAUL", "Member", "Skill"]

AGENCY = "Haselbach & Kern, Leipzig"

PO, CP, RE, EP = (
    Discipline.PAGE_ORGANISATION,
    Discipline.CONTENT_PLANNING,
    Discipline.RESEARCH,
    Discipline.EDITORIAL_PLAN,
)
CW, DE, PU, CC = (
    Discipline.COPYWRITING,
    Discipline.DESIGN,
    Discipline.PUBLISHING,
    Discipline.CLIENT_CONTACT,
)
RP, CO = Discipline.REPORTING, Discipline.COMMUNITY


_PLAIN = str.maketrans({"ü": "ue", "ı": "i", " ": "."})


@dataclass(frozen=True, slots=True)
class Skill:
    """Valid until the end of a month, counted from the present one; None: without end."""

    level: int
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """`clients` None: access to all of them. `days`: how many of the week they work, from Monday
    on; everybody has six weeks of leave."""

    key: str
    name: str
    colour: int
    skills: Mapping[Discipline, Skill]
    role: Role = Role.MEMBER
    clients: tuple[str, ...] | None = None
    days: int = 5

    @property
    def email(self) -> str:
        plain = self.name.lower().translate(_PLAIN)
        return f"{plain}@haselbach-kern.example"


FIRST, JANA, PAUL, FELIX, NORA = "LV", "JH", "PK", "FR", "NS"

MEMBERS = (
    Member(
        FIRST,
        "Lena Vogt",
        8,
        {EP: Skill(3), CC: Skill(3), CP: Skill(2), RP: Skill(2)},
        role=Role.LEAD,
    ),
    Member(
        JANA,
        "Jana Hoffmann",
        6,
        {CW: Skill(3), PU: Skill(3, 14), CO: Skill(3), CP: Skill(2)},
    ),
    Member("TB", "Tom Berger", 1, {CW: Skill(2), PU: Skill(3, 8), CO: Skill(2)}),
    Member("MA", "Mira Aydın", 2, {DE: Skill(3), CP: Skill(2), CO: Skill(2)}, days=4),
    Member(
        NORA,
        "Nora Sander",
        7,
        # Her copywriting ran out last month: that is the gap which a sick call of Jana's opens.
        {CP: Skill(3), EP: Skill(3), RE: Skill(2), CC: Skill(2), CW: Skill(2, -1)},
        days=4,
    ),
    Member(FELIX, "Felix Roth", 4, {PO: Skill(3), RE: Skill(3), RP: Skill(2), CW: Skill(2, 4)}),
    Member(PAUL, "Paul Krüger", 3, {RP: Skill(3), PO: Skill(2), RE: Skill(2), PU: Skill(2, 20)}),
    Member("IW", "Ines Wolter", 5, {CO: Skill(3), DE: Skill(2)}),
    Member(
        "KK",
        "Katja Kern",
        4,
        {CC: Skill(3), EP: Skill(3), RP: Skill(2)},
        role=Role.LEAD,
    ),
    Member(
        "HS",
        "Hanna Schuster",
        1,
        {PO: Skill(2), CP: Skill(2), PU: Skill(2, 11), CO: Skill(3), RP: Skill(1)},
        clients=("weidenau", "morgenrot"),
    ),
    Member(
        "OP",
        "Olga Petrenko",
        6,
        {CP: Skill(3), CW: Skill(3), RE: Skill(2), CO: Skill(2), PO: Skill(1)},
        clients=("weidenau", "radwerk"),
        days=3,
    ),
    Member(
        "DL",
        "David Lindner",
        2,
        {DE: Skill(3), RE: Skill(2), CW: Skill(1), RP: Skill(2), PU: Skill(2, 5)},
    ),
)
