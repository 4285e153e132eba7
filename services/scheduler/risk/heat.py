"""The heat matrix: clients and pages by disciplines, and in each cell how many could act. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
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
_NONE: Counter[Level] = Counter()


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
        levels = self._levels()

        def severity(place: tuple[Client, Page | None]) -> tuple[int, int]:
            client, page = place
            found = levels.get(page.id if page else client.id, _NONE)
            return -found[Level.GAP], -found[Level.SINGLE]

        # Of those alike, by client and page.
        worst = sorted(lines(self.clients.values(), self.pages.values()), key=severity)
        return [self._line(*place) for place in worst[skip : skip + count]], len(worst)

    def _levels(self) -> Mapping[str, Counter[Level]]:
        """By client or page, how many of its own responsibilities are how bad."""
        found: dict[str, Counter[Level]] = defaultdict(Counter)
        for id, one in self.risk.outlook.responsibilities.items():
            found[one.page_id or one.client_id][self.risk.level(id)] += 1
        return found

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
