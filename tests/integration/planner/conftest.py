"""The planner behind its real edge, asked over ASGI; MongoDB, and where started Kafka, are real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.planner.app import create_app
from services.planner.settings import PlannerSettings
from services.planner.team.store import Member, TeamStore
from shared.auth import Identity, Role, Scope, Tokens
from shared.handover.rows import Acting, Here, Rows
from shared.outbox import Transaction
from shared.service import Service
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

PUBLIC_URL = "http://understudy.test"
NOW = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)

LEAD = Identity("ruth", "Ruth Okafor", Role.LEAD, Scope(None))
TOM = Identity("tom", "Tom Berger", Role.MEMBER, Scope(None))
JANA = Identity("jana", "Jana Hoffmann", Role.MEMBER, Scope(None))

As = Callable[[Identity | None], httpx.AsyncClient]
Json = dict[str, Any]


class Clock:
    """Stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.now = at

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def settings(prefix: str, kafka_servers: str, mongodb_uri: str) -> PlannerSettings:
    return PlannerSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        topic_prefix=prefix,
        topic_partitions_max=2,
        public_url=PUBLIC_URL,
        auth_secret=SecretStr(AUTH_SECRET),
    )


@pytest.fixture
async def app(settings: PlannerSettings, clock: Clock) -> AsyncIterator[FastAPI]:
    """Not started: no topics are read, and events stay in the outbox."""
    app = create_app(settings, clock)
    yield app
    await app.state.service.mongo.close()


@pytest.fixture
def service(app: FastAPI) -> Service:
    service: Service = app.state.service
    return service


@pytest.fixture
async def ask(app: FastAPI) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token; `ask(None)` has none."""
    tokens = Tokens(AUTH_SECRET)
    clients: list[httpx.AsyncClient] = []

    def ask(identity: Identity | None) -> httpx.AsyncClient:
        headers = {}
        if identity is not None:
            headers["Authorization"] = f"Bearer {tokens.issue(identity, timedelta(hours=1))}"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=f"{PUBLIC_URL}/planner",
            headers=headers,
        )
        clients.append(client)
        return client

    yield ask
    for client in clients:
        await client.aclose()


@pytest.fixture
def lead(ask: As) -> httpx.AsyncClient:
    return ask(LEAD)


class Team:
    """Says who is here and who acts, as the scheduler's events would."""

    def __init__(self, app: FastAPI) -> None:
        self._rows: Rows = app.state.rows
        self._store: TeamStore = app.state.team
        self._service: Service = app.state.service
        self._epoch = 0

    async def member(
        self,
        member_id: str,
        name: str = "",
        *,
        present: bool = True,
        clients: tuple[str, ...] | None = None,
        active: bool = True,
    ) -> None:
        name = name or member_id.title()
        member = Member(member_id, name, name[:2].upper(), 1, clients, active, present)

        async def work(tx: Transaction) -> None:
            await self._store.put(tx, member)

        await self._service.outbox.transaction(work)
        await self.present(member_id, present)

    async def present(self, member_id: str, present: bool) -> None:
        self._epoch += 1
        await self._rows.apply_presence([Here(member_id, self._epoch, present)])

    async def acting(self, responsibility_id: str, member_id: str | None) -> None:
        self._epoch += 1
        await self._rows.apply_coverage([Acting(responsibility_id, self._epoch, member_id)])


@pytest.fixture
async def team(app: FastAPI) -> Team:
    team = Team(app)
    for identity in (LEAD, TOM, JANA):
        await team.member(identity.member_id, identity.name)
    return team


class Agency:
    """A client with two pages, made over the API."""

    def __init__(self, lead: httpx.AsyncClient) -> None:
        self._lead = lead
        self.client = self.instagram = self.facebook = ""

    async def make(self, path: str, **body: Any) -> Json:
        response = await self._lead.post(f"/api/v1/{path}", json=body)
        assert response.status_code == 201, response.text
        made: Json = response.json()
        return made

    async def setup(self) -> None:
        self.client = (await self.make("clients", name="Rösterei Morgenrot"))["id"]
        self.instagram = await self._page("instagram")
        self.facebook = await self._page("facebook")

    async def _page(self, platform: str) -> str:
        page = await self.make(
            "pages", client_id=self.client, name=f"Morgenrot {platform}", platform=platform
        )
        return str(page["id"])

    async def content(self, *pages: str, **fields: Any) -> Json:
        """A content item for the pages (the instagram one if none is named), due tomorrow."""
        at = (NOW + timedelta(days=1)).isoformat()
        variants = [{"page_id": page, "publish_at": at} for page in pages or [self.instagram]]
        body = {"title": "Türchen 1", "text": "Guji, washed.", "variants": variants}
        return await self.make("content", client_id=self.client, **(body | fields))

    async def task(self, content: Json, **fields: Any) -> Json:
        body = {"discipline": "copywriting", "title": "Final text", "due_at": NOW.isoformat()}
        return await self.make(f"content/{content['id']}/tasks", **(body | fields))

    async def command(self, item: Json, command: str, **body: Any) -> Json:
        """Let the lead carry out a command on a content item; returns the item after it."""
        response = await self._lead.post(
            f"/api/v1/content/{item['id']}/{command}",
            json=body or None,
            headers=if_match(item),
        )
        assert response.status_code == 200, response.text
        after: Json = response.json()
        return after


@pytest.fixture
async def agency(lead: httpx.AsyncClient) -> Agency:
    agency = Agency(lead)
    await agency.setup()
    return agency


def if_match(version: int | Json) -> dict[str, str]:
    number = version if isinstance(version, int) else version["version"]
    return {"If-Match": f'"{number}"'}


def problem(response: httpx.Response, status: int, code: str) -> Json:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: Json = response.json()
    assert document["code"] == code
    return document


async def moved(service: Service, task: Json, *, to: str | None, home: str | None) -> None:
    """What the handover protocol writes when it moves an item."""
    await service.mongo.collection("tasks").update_one(
        {"_id": task["id"]},
        {"$set": {"holder": to, "home": home, "touched": False}, "$inc": {"move_no": 1}},
    )


async def emitted(service: Service, topic: str, key: str) -> list[Json]:
    """The data of the events of one aggregate in the outbox, in order; sequences gap-free."""
    rows = service.mongo.collection("outbox").find({"aggregate": f"{topic}/{key}"})
    found = [row async for row in rows.sort("sequence", 1)]
    assert [row["sequence"] for row in found] == list(range(1, len(found) + 1))
    return [httpx.Response(200, content=row["body"]).json()["data"] for row in found]


@pytest.fixture
async def started(app: FastAPI, topics: str) -> AsyncIterator[Service]:
    """The planner's service, running on its own topics and ready."""
    service: Service = app.state.service
    await service.start()

    async def ready() -> bool:
        return not await service.readiness()

    await eventually(ready)
    yield service
    await service.stop()
