"""A small agency to test with, its clock in the test's hands, and what it has told so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.period import When
from services.scheduler.absences.usecases import Report, report_absence
from services.scheduler.desk import Desk, open_desk
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import NewMember, add_member
from services.scheduler.qualifications.usecases import Skill, add_qualification
from services.scheduler.responsibilities.domain import Responsibility, Wanted
from services.scheduler.responsibilities.usecases import Assigned, assign_one, set_leads
from shared.auth import SYSTEM_SCOPE, Identity, Role
from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope, Event, decode
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.outbox import Transaction
from shared.service import Service
from tests.support.engines import ABSENCE_KEYS

__all__ = ["LENA", "Agency", "As", "Browse", "TestClock", "made"]

T = TypeVar("T")
E = TypeVar("E", bound=Event)

As = Callable[[Identity | None], httpx.AsyncClient]
Browse = Callable[[Identity], httpx.AsyncClient]

LENA = Identity("lena", "Lena Vogt", Role.LEAD, SYSTEM_SCOPE)


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@dataclass
class Agency:
    """Shortcuts through the use cases; each runs in a transaction of its own."""

    service: Service
    desk: Desk

    @classmethod
    def of(cls, service: Service) -> Agency:
        keys = KeyRing([ABSENCE_KEYS])
        return cls(service, open_desk(service, ZoneInfo("Europe/Berlin"), keys, most_at_once=12))

    async def do(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.service.outbox.transaction(work)

    @property
    def now(self) -> datetime:
        return self.service.clock()

    async def client(self, client_id: str, *page_ids: str) -> None:
        async def tell(tx: Transaction) -> None:
            client = ClientChanged(client_id=client_id, name=client_id.title(), time_zone="UTC")
            await self.desk.directory.put_client(tx, client)
            for page_id in page_ids:
                page = PageChanged(
                    page_id=page_id,
                    client_id=client_id,
                    name=page_id.title(),
                    platform=Platform.MASTODON,
                )
                await self.desk.directory.put_page(tx, page)

        await self.do(tell)

    async def member(
        self,
        name: str,
        *disciplines: Discipline,
        role: Role = Role.MEMBER,
        clients: tuple[str, ...] | None = None,
        until: When | None = None,
    ) -> Member:
        new = NewMember(
            name=name,
            email=f"{name.lower().replace(' ', '.')}@agency.example",
            language="de",
            time_zone="Europe/Berlin",
            role=role,
            clients=clients,
        )
        member = await self.do(lambda tx: add_member(tx, self.desk, LENA, new, self.now))
        for discipline in disciplines:
            await self.qualify(member.id, discipline, until)
        return member

    async def qualify(
        self, member_id: str, discipline: Discipline, until: When | None = None
    ) -> None:
        skill = Skill(2, until)
        await self.do(
            lambda tx: add_qualification(
                tx, self.desk, LENA, member_id, discipline, skill, self.now
            )
        )

    async def responsibility(
        self, place: str, discipline: Discipline, owner: Member, *deputies: Member
    ) -> Responsibility:
        """A new one. `place`: `client` or `client/page`."""
        made = await self.assign(place, discipline, owner, *deputies, version=0)
        return made.responsibilities[0]

    async def assign(
        self,
        place: str,
        discipline: Discipline,
        owner: Member | None,
        *deputies: Member,
        version: int | None = None,
        open_work: bool = False,
    ) -> Assigned:
        """`owner` None: the page follows the client."""
        client_id, _, page_id = place.partition("/")
        wanted = Wanted(
            client_id=client_id,
            page_id=page_id or None,
            discipline=discipline,
            owner=owner.id if owner else None,
            deputies=tuple(one.id for one in deputies),
            version=version,
        )
        return await self.do(
            lambda tx: assign_one(tx, self.desk, LENA, wanted, self.now, open_work=open_work)
        )

    async def leads(self, client_id: str, *members: Member) -> None:
        ids = [member.id for member in members]
        version = (await self.desk.leads.get(client_id)).version
        await self.do(lambda tx: set_leads(tx, self.desk, LENA, client_id, ids, version, self.now))

    async def away(
        self,
        member: Member,
        starts: When | None = None,
        ends: When | None = None,
        *,
        who: Identity = LENA,
    ) -> tuple[Absence, str | None]:
        call = Report(starts, ends, None, Reason(Kind.SICK))
        return await self.do(
            lambda tx: report_absence(tx, self.desk, who, member.id, call, self.now)
        )

    async def acting(self, responsibility: Responsibility) -> str | None:
        return (await self.desk.coverage.load([responsibility.id]))[responsibility.id].acting

    async def told(self, *kinds: type[E]) -> list[E]:
        """The events emitted so far: by time, and by epoch while the clock stands still."""
        rows = self.service.mongo.collection("outbox").find().sort([("created_at", 1), ("_id", 1)])
        events = [decode(Envelope.parse(row["body"])) async for row in rows]
        wanted = [event for event in events if isinstance(event, kinds)]
        return sorted(wanted, key=lambda event: getattr(event, "epoch", 0))


async def made(response: httpx.Response) -> Any:
    """What a request that went well answered."""
    assert response.status_code in (200, 201), response.text
    return response.json()
