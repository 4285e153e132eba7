"""The team as the engine sees it, read from the stores: at an instant, or over a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.store import Absences, Window
from services.scheduler.accounts.domain import (
    NEEDING_ACCOUNT,
    CheckedPages,
    Place,
    by_client,
    depending_on,
)
from services.scheduler.accounts.store import Accounts
from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.directory.store import Directory
from services.scheduler.members.domain import Member
from services.scheduler.members.store import Members
from services.scheduler.qualifications.store import Qualifications
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import ClientLeads, Responsibilities
from shared.events.disciplines import Discipline
from shared.mongo import Session

__all__ = ["TeamReader"]


@dataclass(frozen=True)
class TeamReader:
    """Reads those who may matter to the responsibilities asked about, and nobody else."""

    members: Members
    qualifications: Qualifications
    absences: Absences
    leads: ClientLeads
    accounts: Accounts
    responsibilities: Responsibilities
    directory: Directory

    async def at(
        self, responsibilities: Sequence[Responsibility], now: datetime, session: Session
    ) -> Team:
        """Good for questions about `now` only."""
        leads = await self._leads(responsibilities, session)
        ids = _everybody(responsibilities, leads)
        absences = await self.absences.at(ids, now, session)
        people = await self._people(ids, absences, session)
        return Team(people, leads, await self._account_holders(responsibilities, session))

    async def within(
        self,
        responsibilities: Sequence[Responsibility],
        window: Window,
        others: Iterable[str] = (),
        session: Session | None = None,
    ) -> Team:
        """Good for questions about any instant of the window; with `others` who could be put in."""
        leads = await self._leads(responsibilities, session)
        ids = _everybody(responsibilities, leads).union(others)
        absences = await self.absences.within(ids, window, session)
        people = await self._people(ids, absences, session)
        return Team(people, leads, await self._account_holders(responsibilities, session))

    async def counting(
        self, responsibilities: Iterable[Responsibility], session: Session | None = None
    ) -> list[Responsibility]:
        """Those that count, each once: neither of archived clients and pages, nor of pages that
        follow."""
        archived = await self.directory.archived(session)
        return [
            one
            for one in responsibilities
            if not one.follows and archived.isdisjoint({one.client_id, one.page_id})
        ]

    async def everybody(
        self, responsibilities: Sequence[Responsibility], window: Window, session: Session
    ) -> Team:
        """Good for questions about anybody, at any instant of the window."""
        ids = set(await self.members.every_id(session))
        absences = await self.absences.within(ids, window, session)
        people = await self._people(ids, absences, session)
        leads = await self.leads.every(session)
        return Team(people, leads, await self._account_holders(responsibilities, session))

    async def people_within(
        self, member_ids: Iterable[str], window: Window, session: Session | None = None
    ) -> dict[str, Person]:
        """Good for questions about any instant of the window."""
        ids = set(member_ids)
        return await self._people(ids, await self.absences.within(ids, window, session), session)

    async def people_at(
        self, member_ids: Iterable[str], now: datetime, session: Session
    ) -> dict[str, Person]:
        """Good for questions about `now` only."""
        ids = set(member_ids)
        return await self._people(ids, await self.absences.at(ids, now, session), session)

    async def checked_pages(
        self, places: Iterable[Place], session: Session | None = None
    ) -> CheckedPages:
        """Where accounts are checked, as far as it concerns the places."""
        clients = {one.client_id for one in places if one.discipline in NEEDING_ACCOUNT}
        found = await self.accounts.of_clients(clients, session) if clients else []
        if not found:
            return CheckedPages()
        own = await self.responsibilities.load(
            {id for one in found for id in depending_on(one.client_id, one.page_id)}, session
        )
        return CheckedPages(
            pages=by_client(found),
            archived=await self.directory.archived(session),
            own=frozenset(one.id for one in own if not one.follows),
        )

    async def _account_holders(
        self, responsibilities: Sequence[Responsibility], session: Session | None
    ) -> dict[str, frozenset[str]]:
        checked = await self.checked_pages(responsibilities, session)
        holders = {one.id: checked.holders(one) for one in responsibilities}
        return {id: those for id, those in holders.items() if those is not None}

    async def _leads(
        self, responsibilities: Sequence[Responsibility], session: Session | None
    ) -> dict[str, tuple[str, ...]]:
        return await self.leads.of_clients((one.client_id for one in responsibilities), session)

    async def _people(
        self, ids: set[str], absences: Iterable[Absence], session: Session | None
    ) -> dict[str, Person]:
        members = await self.members.load(ids, session)
        qualified: dict[str, dict[Discipline, datetime | None]] = defaultdict(dict)
        for one in await self.qualifications.of(ids, session):
            qualified[one.member_id][one.discipline] = one.valid_until
        away: dict[str, list[Stretch]] = defaultdict(list)
        for absence in absences:
            away[absence.member_id].append(absence.stretch)
        return {
            member.id: _person(member, qualified[member.id], away[member.id])
            for member in members.values()
        }


def _person(
    member: Member, qualified: dict[Discipline, datetime | None], away: Iterable[Stretch]
) -> Person:
    return Person(
        member_id=member.id,
        active=member.active,
        clients=None if member.clients is None else frozenset(member.clients),
        qualified_until=qualified,
        away=tuple(away),
    )


def _everybody(
    responsibilities: Iterable[Responsibility], leads: dict[str, tuple[str, ...]]
) -> set[str]:
    named = {member_id for one in responsibilities for member_id in one.people}
    return named.union(*leads.values())
