"""Who has an account on the platform for a page, and for what one is needed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.scheduler.coverage.person import Demand
from services.scheduler.responsibilities.domain import responsibility_id
from shared.events.disciplines import Discipline

__all__ = [
    "NEEDING_ACCOUNT",
    "CheckedPages",
    "PageAccounts",
    "Place",
    "by_client",
    "depending_on",
    "with_members",
]

NEEDING_ACCOUNT = frozenset(
    {Discipline.PUBLISHING, Discipline.COMMUNITY, Discipline.PAGE_ORGANISATION}
)
"""What is done on the platform itself, in the page's name: to publish, to answer, to look after the
page. All else is done here or with the agency's tools; reporting, too, gets along with figures that
others pass on."""


@dataclass(frozen=True, slots=True)
class PageAccounts:
    """The members who have an account, or a role, on the platform for the page. There is one for
    each page where accounts are checked; without it nothing is demanded there."""

    page_id: str
    client_id: str
    members: tuple[str, ...]
    version: int = 1

    @property
    def id(self) -> str:
        return self.page_id


def with_members(accounts: PageAccounts, members: Iterable[str]) -> PageAccounts:
    """The same with others, each once; who comes first says nothing."""
    return replace(accounts, members=tuple(sorted(set(members))), version=accounts.version + 1)


def depending_on(client_id: str, page_id: str) -> frozenset[str]:
    """The ids of the responsibilities that may need an account on the page, there or not."""
    return frozenset(
        responsibility_id(client_id, place, discipline)
        for place in (page_id, None)
        for discipline in NEEDING_ACCOUNT
    )


class Place(Protocol):
    """What somebody is, or could be, responsible for; `page_id` None: the client as a whole."""

    @property
    def client_id(self) -> str: ...
    @property
    def page_id(self) -> str | None: ...
    @property
    def discipline(self) -> Discipline: ...


@dataclass(frozen=True, slots=True)
class CheckedPages:
    """The pages where accounts are checked, by client.

    `archived` are ids of pages and clients. `own`: of the pages' responsibilities, the ids of those
    with people of their own.
    """

    pages: Mapping[str, tuple[PageAccounts, ...]] = field(default_factory=dict)
    archived: Collection[str] = frozenset()
    own: frozenset[str] = frozenset()

    def demand(self, place: Place) -> Demand:
        """What the place demands of whoever acts there."""
        return Demand(place.client_id, place.discipline, self.holders(place))

    def holders(self, place: Place) -> frozenset[str] | None:
        """The members with every account that the place needs; None: it needs none."""
        if place.discipline not in NEEDING_ACCOUNT:
            return None
        lists = [frozenset(one.members) for one in self._needed(place)]
        return frozenset.intersection(*lists) if lists else None

    def staffed(self, own: Iterable[str], following: Iterable[str]) -> CheckedPages:
        """The same if these responsibilities had people of their own, and those had not."""
        return replace(self, own=self.own.union(own).difference(following))

    def _needed(self, place: Place) -> Iterator[PageAccounts]:
        for one in self.pages.get(place.client_id, ()):
            if place.page_id is not None:
                if one.page_id == place.page_id:
                    yield one
            elif one.page_id not in self.archived and self._left_to_client(one, place.discipline):
                yield one

    def _left_to_client(self, page: PageAccounts, discipline: Discipline) -> bool:
        return responsibility_id(page.client_id, page.page_id, discipline) not in self.own


def by_client(found: Iterable[PageAccounts]) -> dict[str, tuple[PageAccounts, ...]]:
    pages: dict[str, list[PageAccounts]] = defaultdict(list)
    for one in found:
        pages[one.client_id].append(one)
    return {client_id: tuple(those) for client_id, those in pages.items()}
