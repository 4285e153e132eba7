"""The responsibility matrix: a row per client and page, a column per discipline, and in each cell
who is responsible, who stands in, and whether they are able to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.scheduler.accounts.domain import CheckedPages
from services.scheduler.coverage.person import Demand, Person, WhyNot
from services.scheduler.directory.store import Client, Page
from services.scheduler.members.view import Face
from services.scheduler.qualifications.domain import SOON
from services.scheduler.responsibilities.domain import Responsibility, responsibility_id
from shared.events.disciplines import Discipline
from shared.events.planner import Platform

__all__ = ["Cell", "Holder", "Kind", "Knowledge", "Line", "Trouble", "kind_of", "lines"]

_BOTH = 2  # people who could act: with fewer, the next illness is a gap


class Kind(StrEnum):
    """Where the people of a cell come from."""

    OWN = "own"
    """The place has people of its own."""
    CLIENT = "client"
    """The page has the client's."""
    LACKING = "lacking"
    """Nobody is responsible, and work may come in."""
    FREE = "free"
    """Nobody is, and nobody need be: the pages have their own, or work goes to the client's."""


class Trouble(StrEnum):
    """What a lead should look at."""

    LACKING = "lacking"
    """Nobody is responsible."""
    GAP = "gap"
    """Nobody acts now."""
    UNABLE = "unable"
    """Owner or deputy could not act, were they here."""
    ALONE = "alone"
    """Fewer than two of owner and deputies could act."""
    EXPIRING = "expiring"
    """A qualification that counts ends soon."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Owner or deputy. `why`: why they cannot act now. `expires_at`: when their qualification
    ends, if that is soon."""

    member: Face
    why: WhyNot | None
    expires_at: datetime | None = None

    @property
    def able(self) -> bool:
        """Could act, were they here."""
        return self.why in (None, WhyNot.AWAY)


@dataclass(frozen=True, slots=True)
class Cell:
    """`people`: owner, then deputies; of a page that has the client's, theirs. `version` is 0 where
    nobody has been responsible."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    kind: Kind
    people: tuple[Holder, ...] = ()
    uncovered: bool = False
    version: int = 0

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The worst first."""
        if self.kind is Kind.LACKING:
            return (Trouble.LACKING,)
        if self.kind is not Kind.OWN:
            return ()  # shown once, where the people are
        able = sum(one.able for one in self.people)
        found = {
            Trouble.GAP: self.uncovered,
            Trouble.UNABLE: able < len(self.people),
            Trouble.ALONE: able < _BOTH,
            Trouble.EXPIRING: any(one.expires_at for one in self.people),
        }
        return tuple(trouble for trouble, there in found.items() if there)

    def names(self, member_id: str) -> bool:
        return any(one.member.member_id == member_id for one in self.people)


@dataclass(frozen=True, slots=True)
class Line:
    """A client as a whole (`page` None), or one of its pages."""

    client: Client
    page: Page | None
    cells: tuple[Cell, ...]

    @property
    def id(self) -> str:
        return self.page.id if self.page else self.client.id

    @property
    def platform(self) -> Platform | None:
        return self.page.platform if self.page else None


def kind_of(
    own: Responsibility | None,
    of_client: Responsibility | None,
    discipline: Discipline,
    *,
    of_page: bool,
) -> Kind:
    """Where the people of a place come from: a client's own, or, `of_page`, a page's."""
    if of_page and (own is None or own.follows) and of_client is not None:
        return Kind.CLIENT
    if own is not None:
        return Kind.OWN
    # What belongs to pages needs somebody there, all other work somebody for the client.
    return Kind.LACKING if discipline.per_page is of_page else Kind.FREE


@dataclass(frozen=True)
class Knowledge:
    """What the cells are made of; `uncovered` are responsibilities for which nobody acts now."""

    responsibilities: Mapping[str, Responsibility]
    people: Mapping[str, Person]
    faces: Mapping[str, Face]
    uncovered: frozenset[str]
    checked: CheckedPages
    now: datetime
    # By responsibility: a client's people are shown again for each of its pages.
    _drawn: dict[str, tuple[Holder, ...]] = field(default_factory=dict)

    def cells(
        self, client: Client, page: Page | None, among: Iterable[Discipline]
    ) -> tuple[Cell, ...]:
        """Of the client as a whole, or of one of its pages."""
        return tuple(self._cell(client, page, discipline) for discipline in among)

    def _cell(self, client: Client, page: Page | None, discipline: Discipline) -> Cell:
        id = responsibility_id(client.id, page.id if page else None, discipline)
        own = self.responsibilities.get(id)
        of_client = self.responsibilities.get(responsibility_id(client.id, None, discipline))
        kind = kind_of(own, of_client, discipline, of_page=page is not None)
        shown = of_client if kind is Kind.CLIENT else own
        return Cell(
            responsibility_id=id,
            client_id=client.id,
            page_id=page.id if page else None,
            discipline=discipline,
            kind=kind,
            people=self._holders(shown) if shown else (),
            uncovered=shown is not None and shown.id in self.uncovered,
            version=own.version if own else 0,
        )

    def _holders(self, responsibility: Responsibility) -> tuple[Holder, ...]:
        if responsibility.id not in self._drawn:
            demand = self.checked.demand(responsibility)
            people = tuple(self._holder(demand, one) for one in responsibility.people)
            self._drawn[responsibility.id] = people
        return self._drawn[responsibility.id]

    def _holder(self, demand: Demand, member_id: str) -> Holder:
        person = self.people[member_id]
        why = person.why_not(demand, self.now)
        ends = person.qualified_until.get(demand.discipline)
        soon = ends is not None and self.now < ends <= self.now + SOON
        return Holder(self.faces[member_id], why, ends if soon else None)


def lines(clients: Iterable[Client], pages: Iterable[Page]) -> Iterator[tuple[Client, Page | None]]:
    """Each client, then its pages, by name; without what is archived."""
    by_client: dict[str, list[Page]] = {}
    for page in pages:
        if not page.archived:
            by_client.setdefault(page.client_id, []).append(page)
    for client in clients:
        if not client.archived:
            yield client, None
            for page in sorted(by_client.get(client.id, ()), key=lambda one: one.name.casefold()):
                yield client, page
