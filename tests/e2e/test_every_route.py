"""Every route of every service: nobody gets in unknown, nobody sees another client's data, and
nobody learns why somebody is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.settings import SERVICES
from shared.auth import Identity, Role, Scope, Tokens
from tests.e2e.conftest import Everything
from tests.support.agency import Agency
from tests.support.books import Books
from tests.support.engines import AUTH_SECRET
from tests.support.everything import Route, every_route
from tests.support.records import all_records
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600)]

PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /asyncapi",
    "GET /api/docs",
    "GET /api/openapi.json",
    "GET /language",
    "POST /language",
    "GET /theme",
    "POST /theme",
    "GET /session",
    "POST /session/end",
    "POST /webhooks/{source_id}",
    "GET /calendar/{secret}.ics",
    "GET /acknowledge/{notification_id}",
    "POST /acknowledge/{notification_id}",
    "GET /confirm-absence",
    "POST /confirm-absence",
}
"""What may be asked by anybody. Webhooks are signed, links to sign in, acknowledge and confirm too;
calendars have secret addresses."""

CANARIES = (
    "Rösterei Morgenrot",
    "Morgenrot Leipzig",
    "Task 7",
    "Uwe Canary",
    "kein Warmwasser",
    "Jana Muster",
    "canary-3f9a",
)


REASON = "canary-3f9a"
"""The note of the sick call."""


@dataclass
class World:
    http: httpx.AsyncClient
    agency: Agency
    books: Books
    ids: dict[str, str]
    logs: Path
    kafka_servers: str
    prefix: str

    async def ask(
        self, method: str, path: str, identity: Identity | None, accept: str = "application/json"
    ) -> tuple[int, str]:
        """Status and text; of a stream that goes on, what comes within a second."""
        headers = {"Accept": accept, "If-Match": '"1"', "Idempotency-Key": path}
        if identity is not None:
            token = Tokens(AUTH_SECRET).issue(identity, timedelta(hours=1))
            headers["Authorization"] = f"Bearer {token}"
        body: dict[str, Any] | None = None if method == "GET" else {}
        async with self.http.stream(method, path, headers=headers, json=body) as response:
            goes_on = response.headers.get("content-type", "").startswith("text/event-stream")
            text = ""
            with suppress(TimeoutError):
                async with asyncio.timeout(1 if goes_on else None):
                    async for chunk in response.aiter_text():
                        text += chunk
            return response.status_code, text


@pytest_asyncio.fixture(loop_scope="package")
async def world(everything: Everything) -> AsyncIterator[World]:
    async with httpx.AsyncClient(base_url=everything.url, timeout=20) as http:
        yield World(
            http,
            everything.agency,
            everything.books,
            everything.ids,
            everything.services.settings.logs,
            everything.kafka_servers,
            everything.prefix,
        )


async def test_every_route(world: World) -> None:
    routes = every_route()
    assert len(routes) > 100
    await _only_these_are_public(routes)
    await _nobody_gets_in_unknown(world, routes)
    await _a_client_contact_may_nothing_yet(world, routes)
    await _another_clients_lead_sees_and_changes_nothing(world, routes)
    await _a_colleague_does_not_learn_why_somebody_is_away(world, routes)
    await _a_reason_leaves_no_trace(world)


async def _only_these_are_public(routes: list[Route]) -> None:
    public = {f"{one.method} {one.access.path}" for one in routes if one.access.public}
    assert public <= PUBLIC
    undeclared = [
        str(one) for one in routes if not one.access.public and not one.access.permissions
    ]
    assert undeclared == []


async def _nobody_gets_in_unknown(world: World, routes: list[Route]) -> None:
    async def look(route: Route) -> None:
        status, text = await world.ask(route.method, route.path(world.ids), None)
        assert status == 401, f"{route}: {status} {text[:200]}"
        assert "not_signed_in" in text

    await _some_at_once(look, (each for each in routes if not each.access.public))


async def _a_client_contact_may_nothing_yet(world: World, routes: list[Route]) -> None:
    contact = Identity("guest", "Guest", Role.CONTACT, Scope(frozenset({world.agency.client})))

    async def look(route: Route) -> None:
        status, text = await world.ask(route.method, route.path(world.ids), contact)
        assert status == 403, f"{route}: {status} {text[:200]}"

    await _some_at_once(look, (each for each in routes if not each.access.public))


async def _another_clients_lead_sees_and_changes_nothing(world: World, routes: list[Route]) -> None:
    await eventually(world.books.at_rest)
    before = world.books.everything()
    other = Identity("other", "Other", Role.LEAD, Scope(frozenset({"another-client"})))

    async def look(route: Route) -> None:
        for accept in ("application/json", "text/html"):
            status, text = await world.ask(route.method, route.path(world.ids), other, accept)
            assert status < 500, f"{route}: {status} {text[:200]}"
            seen = [canary for canary in CANARIES if canary in text]
            assert not seen, f"{route} shows {seen}"

    await _some_at_once(look, (each for each in routes if not each.access.public))
    after = world.books.everything()
    for collection, rows in before.items():
        if not collection.endswith(("idempotency", "positions")):
            assert rows == after[collection], collection


async def _a_colleague_does_not_learn_why_somebody_is_away(
    world: World, routes: list[Route]
) -> None:
    tom = Identity(world.agency.members["Tom"], "Tom", Role.MEMBER, Scope(None))
    lead = Identity("setup", "Setup", Role.LEAD, Scope(None))
    absence = f"/scheduler/api/v1/absences/{world.ids['absence_id']}"
    assert REASON in (await world.ask("GET", absence, lead))[1]

    async def look(route: Route) -> None:
        for accept in ("application/json", "text/html"):
            status, text = await world.ask("GET", route.path(world.ids), tom, accept)
            busy = route.access.path == "/readyz"  # may be, and says so
            assert status < 500 or busy, f"{route}: {status} {text[:200]}"
            assert REASON not in text, str(route)

    await _some_at_once(look, (each for each in routes if each.method == "GET"))


async def _some_at_once(look: Callable[[Route], Awaitable[None]], routes: Iterable[Route]) -> None:
    """One by one would take a minute longer, which is spent listening to streams."""
    free = asyncio.Semaphore(8)

    async def one(route: Route) -> None:
        async with free:
            await look(route)

    async with asyncio.TaskGroup() as all_of_them:
        for route in routes:
            all_of_them.create_task(one(route))


async def _a_reason_leaves_no_trace(world: World) -> None:
    """In no database, topic, log or metric; the name of who is away shows that all is searched."""
    records = await all_records(world.kafka_servers, world.prefix)
    databases = world.books.everything(machinery=True)
    kept: dict[str, bytes] = {
        **{name: str(rows).encode() for name, rows in databases.items()},
        **{name: repr(each).encode() for name, each in records.items()},
        **{path.name: path.read_bytes() for path in world.logs.iterdir()},
        **{
            f"{service}/metrics": (await world.http.get(f"/{service}/metrics")).content
            for service in SERVICES
        },
    }
    jana = world.agency.members["Jana"].encode()
    assert {"scheduler/absences", "scheduler/outbox", "team.absences", "work.handovers"} <= {
        name for name, found in kept.items() if jana in found
    }
    assert {"scheduler.log", "front-door.log"} <= {name for name, found in kept.items() if found}
    assert [name for name, found in kept.items() if REASON.encode() in found] == []
