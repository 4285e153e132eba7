"""The team as the engine sees it, read from the stores: at an instant, or over a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.store import Absences, Window
from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.members.domain import Member
from services.scheduler.members.store import Members
from services.scheduler.qualifications.store import Qualifications
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import ClientLeads
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

    async def at(
        self, responsibilities: Sequence[Responsibility], now: datetime, session: Session
    ) -> Team:
        """Good for questions about `now` only."""
        leads = await self._leads(responsibilities, session)
        ids = _everybody(responsibilities, leads)
        absences = await self.absences.at(ids, now, session)
        return Team(await self._people(ids, absences, session), leads)

    async def within(self, responsibilities: Sequence[Responsibility], window: Window) -> Team:
        """Good for questions about any instant of the window."""
        leads = await self._leads(responsibilities, None)
        ids = _everybody(responsibilities, leads)
        absences = await self.absences.within(ids, window)
        return Team(await self._people(ids, absences, None), leads)

    async def everybody(self, window: Window, session: Session) -> Team:
        """Good for questions about anybody, at any instant of the window."""
        ids = set(await self.members.every_id(session))
        absences = await self.absences.within(ids, window, session)
        return Team(await self._people(ids, absences, session), await self.leads.every(session))

    async def people_within(self, member_ids: Iterable[str], window: Window) -> dict[str, Person]:
        """Good for questions about any instant of the window."""
        ids = set(member_ids)
        return await self._people(ids, await self.absences.within(ids, window), None)

    async def people_at(
        self, member_ids: Iterable[str], now: datetime, session: Session
    ) -> dict[str, Person]:
        """Good for questions about `now` only."""
        ids = set(member_ids)
        return await self._people(ids, await self.absences.at(ids, now, session), session)

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
