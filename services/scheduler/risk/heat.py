"""The heat matrix: clients and pages by disciplines, and in each cell how many could act. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduler.directory.store import Client, Page
from services.scheduler.members.view import Face
from services.scheduler.responsibilities.domain import responsibility_id
from services.scheduler.responsibilities.matrix import Kind, kind_of, lines
from services.scheduler.risk.domain import Level, Risk
from shared.events.disciplines import Discipline

__all__ = ["Heat", "HeatCell", "HeatLine", "thin"]

_THIN = (Level.GAP, Level.SINGLE)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """`level` None: nobody is responsible there. Of a page that has the client's people, theirs.
    `able`: who counts for the bus factor. `gap_at`: when the first gap begins."""

    responsibility_id: str
    discipline: Discipline
    kind: Kind
    level: Level | None = None
    able: tuple[Face, ...] = ()
    fewest: int = 0
    gap_time: timedelta = timedelta()
    gap_at: datetime | None = None

    @property
    def bus_factor(self) -> int:
        return len(self.able)


@dataclass(frozen=True, slots=True)
class HeatLine:
    """A client as a whole (`page` None), or one of its pages."""

    client: Client
    page: Page | None
    cells: tuple[HeatCell, ...]

    @property
    def id(self) -> str:
        return self.page.id if self.page else self.client.id


@dataclass(frozen=True)
class Heat:
    """Draws lines of the matrix, the worst first."""

    risk: Risk
    faces: Mapping[str, Face]
    clients: Mapping[str, Client]
    pages: Mapping[str, Page]

    def lines(self, skip: int, count: int) -> tuple[list[HeatLine], int]:
        """So many of them, after those left out; and how many there are."""
        places = list(lines(self.clients.values(), self.pages.values()))
        worst = sorted(range(len(places)), key=lambda at: (*self._severity(*places[at]), at))
        drawn = [self._line(*places[at]) for at in worst[skip : skip + count]]
        return drawn, len(places)

    def _severity(self, client: Client, page: Page | None) -> tuple[int, int, int]:
        """Least for the worst: by places with gaps, then by those that hang on one person, then by
        those that nobody was made responsible for."""
        found = Counter(
            self._level(client, page, discipline)
            for discipline in Discipline
            if self._kind(client, page, discipline) in (Kind.OWN, Kind.LACKING)
        )
        return -found[Level.GAP], -found[Level.SINGLE], -found[None]

    def _line(self, client: Client, page: Page | None) -> HeatLine:
        cells = (self._cell(client, page, discipline) for discipline in Discipline)
        return HeatLine(client, page, tuple(cells))

    def _cell(self, client: Client, page: Page | None, discipline: Discipline) -> HeatCell:
        kind = self._kind(client, page, discipline)
        id = _id(client, None if kind is Kind.CLIENT else page, discipline)
        found = self.risk.strengths.get(id)
        if found is None:
            return HeatCell(id, discipline, kind)
        gaps = self.risk.gaps.get(id, ())
        return HeatCell(
            responsibility_id=id,
            discipline=discipline,
            kind=kind,
            level=self.risk.level(id),
            able=tuple(self.faces[one] for one in found.able),
            fewest=found.fewest,
            gap_time=self.risk.gap_time(id),
            gap_at=gaps[0].starts_at if gaps else None,
        )

    def _level(self, client: Client, page: Page | None, discipline: Discipline) -> Level | None:
        id = _id(client, page, discipline)
        return self.risk.level(id) if id in self.risk.strengths else None

    def _kind(self, client: Client, page: Page | None, discipline: Discipline) -> Kind:
        known = self.risk.outlook.responsibilities
        return kind_of(
            known.get(_id(client, page, discipline)),
            known.get(_id(client, None, discipline)),
            discipline,
            of_page=page is not None,
        )


def thin(risk: Risk, ids: Iterable[str]) -> dict[Discipline, int]:
    """By discipline, how many have a gap or hang on one person."""
    found = Counter(
        risk.outlook.responsibilities[id].discipline for id in ids if risk.level(id) in _THIN
    )
    return {one: found[one] for one in Discipline}


def _id(client: Client, page: Page | None, discipline: Discipline) -> str:
    return responsibility_id(client.id, page.id if page else None, discipline)
