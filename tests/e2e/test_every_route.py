"""Every route of every service: nobody gets in unknown, and nobody sees another client's data."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from pymongo import MongoClient

from services.inbox.app import create_app as inbox
from services.inbox.settings import InboxSettings
from services.notifier.app import create_notifier as notifier
from services.notifier.settings import NotifierSettings
from services.planner.app import create_app as planner
from services.planner.settings import PlannerSettings
from services.scheduler.app import create_scheduler as scheduler
from services.scheduler.settings import SchedulerSettings
from shared.auth import Identity, Role, Scope, Tokens
from shared.service import Service
from shared.web.access import Access, accesses
from tests.support.agency import Agency
from tests.support.books import Books, Row
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

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
    "GET /acknowledge/{notification_id}",
    "POST /acknowledge/{notification_id}",
}
"""What may be asked by anybody. Webhooks are signed, acknowledge links and sign-in links too."""

CANARIES = (
    "Rösterei Morgenrot",
    "Morgenrot Leipzig",
    "Task 7",
    "Uwe Canary",
    "kein Warmwasser",
    "Jana Muster",
    "canary-3f9a",
)


def _scheduler(settings: SchedulerSettings) -> FastAPI:
    return scheduler(Service("scheduler", settings), settings)


def _routes() -> list[tuple[str, str, Access]]:
    """(service, method, access) of all routes."""
    secret = SecretStr(AUTH_SECRET)
    apps: dict[str, FastAPI] = {
        "planner": planner(PlannerSettings(auth_secret=secret)),
        "scheduler": _scheduler(SchedulerSettings(auth_secret=secret)),
        "inbox": inbox(InboxSettings(auth_secret=secret)),
        "notifier": notifier(NotifierSettings(auth_secret=secret)),
    }
    return [
        (service, method, access)
        for service, app in apps.items()
        for access in accesses(app)
        for method in sorted(access.methods - {"HEAD"})
    ]


@dataclass
class World:
    http: httpx.AsyncClient
    agency: Agency
    books: Books
    ids: dict[str, str]

    def path(self, service: str, access: Access) -> str:
        """With ids that exist, so that what is refused is refused for the right reason."""
        path = re.sub(r"{(\w+)(:path)?}", lambda match: self._id(match[1]), access.path)
        return f"/{service}{path}"

    def _id(self, parameter: str) -> str:
        return self.ids.get(parameter, "unknown")

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
            text = ""
            try:
                async with asyncio.timeout(1):
                    async for chunk in response.aiter_text():
                        text += chunk
            except TimeoutError:
                assert response.headers["content-type"].startswith("text/event-stream"), path
            return response.status_code, text


@pytest.fixture
async def world(
    engines: Engines, prefix: str, tmp_path: Path, mongodb_client: MongoClient[Row]
) -> AsyncIterator[World]:
    services = ServiceProcesses(engines, prefix, tmp_path)
    books = Books(mongodb_client, prefix)
    async with services, Agency(services.url) as agency:
        await services.start()
        await agency.build()
        async with httpx.AsyncClient(base_url=services.url, timeout=20) as http:
            ids = await _fill(agency, books)
            yield World(http, agency, books, ids)


async def _fill(agency: Agency, books: Books) -> dict[str, str]:
    """One of everything, all of the agency's one client."""
    task_id = await agency.task(7)
    content = {"client_id": agency.client, "title": "Task 7 content", "text": "kein Warmwasser"}
    content_id = (await agency.post("/planner/api/v1/content", content))["id"]
    campaign = {
        "client_id": agency.client,
        "name": "Task 7 campaign",
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-24",
    }
    campaign_id = (await agency.post("/planner/api/v1/campaigns", campaign))["id"]
    message: dict[str, Any] = {
        "platform_message_id": "m1",
        "author_id": "uwe",
        "author_name": "Uwe Canary",
        "kind": "direct",
        "text": "kein Warmwasser",
        "sent_at": "2026-11-24T08:00:00Z",
    }
    await agency.deliver(agency.sources[0], [message])
    await eventually(lambda: bool(books.rows("inbox", "conversations")), timeout=30)
    reported = await agency.report_sick("Jana")
    await agency.receipt_closed(reported["handover_id"])
    await eventually(lambda: bool(books.rows("notifier", "notifications")), timeout=30)
    return {
        "client_id": agency.client,
        "page_id": agency.pages[0],
        "task_id": task_id,
        "content_id": content_id,
        "campaign_id": campaign_id,
        "conversation_id": books.rows("inbox", "conversations")[0]["_id"],
        "source_id": agency.sources[0]["id"],
        "absence_id": reported["absence"]["id"],
        "handover_id": reported["handover_id"],
        "responsibility_id": f"{agency.client}:copywriting",
        "notification_id": books.rows("notifier", "notifications")[0]["_id"],
        "discipline": "copywriting",
        "command": "done",
    }


async def test_every_route(world: World) -> None:
    routes = _routes()
    assert len(routes) > 100
    await _only_these_are_public(routes)
    await _nobody_gets_in_unknown(world, routes)
    await _a_client_contact_may_nothing_yet(world, routes)
    await _another_clients_lead_sees_and_changes_nothing(world, routes)


async def _only_these_are_public(routes: list[tuple[str, str, Access]]) -> None:
    public = {f"{method} {access.path}" for _, method, access in routes if access.public}
    assert public <= PUBLIC
    undeclared = [
        f"{service} {method} {access.path}"
        for service, method, access in routes
        if not access.public and not access.permissions
    ]
    assert undeclared == []


async def _nobody_gets_in_unknown(world: World, routes: list[tuple[str, str, Access]]) -> None:
    for service, method, access in routes:
        if not access.public:
            status, text = await world.ask(method, world.path(service, access), None)
            assert status == 401, f"{method} {access.path}: {status} {text[:200]}"
            assert "not_signed_in" in text


async def _a_client_contact_may_nothing_yet(
    world: World, routes: list[tuple[str, str, Access]]
) -> None:
    contact = Identity("guest", "Guest", Role.CONTACT, Scope(frozenset({world.agency.client})))
    for service, method, access in routes:
        if not access.public:
            status, text = await world.ask(method, world.path(service, access), contact)
            assert status == 403, f"{method} {access.path}: {status} {text[:200]}"


async def _another_clients_lead_sees_and_changes_nothing(
    world: World, routes: list[tuple[str, str, Access]]
) -> None:
    await eventually(world.books.at_rest, timeout=60)
    before = world.books.everything()
    other = Identity("other", "Other", Role.LEAD, Scope(frozenset({"another-client"})))
    for service, method, access in routes:
        if access.public:
            continue
        for accept in ("application/json", "text/html"):
            path = world.path(service, access)
            status, text = await world.ask(method, path, other, accept)
            assert status < 500, f"{method} {path}: {status} {text[:200]}"
            seen = [canary for canary in CANARIES if canary in text]
            assert not seen, f"{method} {path} shows {seen}"
    after = world.books.everything()
    for collection, rows in before.items():
        if not collection.endswith(("idempotency", "positions")):
            assert rows == after[collection], collection
