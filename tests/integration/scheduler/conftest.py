from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.scheduler.app import create_scheduler
from services.scheduler.settings import SchedulerSettings
from shared.auth import COOKIE, Identity, Tokens
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock
from tests.integration.scheduler.team import team
from tests.support.engines import ABSENCE_KEYS, AUTH_SECRET

__all__ = ["agency", "app", "ask", "browse", "clock", "lena", "service", "settings", "team"]

BASE = "http://understudy.test/scheduler"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def settings(emptied: str, prefix: str, kafka_servers: str, mongodb_uri: str) -> SchedulerSettings:
    return SchedulerSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=emptied,
        topic_prefix=prefix,
        topic_partitions_max=2,
        auth_secret=SecretStr(AUTH_SECRET),
        absence_keys=SecretStr(ABSENCE_KEYS),
    )


@pytest.fixture
async def app(settings: SchedulerSettings, clock: TestClock) -> AsyncIterator[FastAPI]:
    """Composed, not started: what it is asked to do it does, but it hears of nothing."""
    service = Service("scheduler", settings, clock)
    app = create_scheduler(service, settings)
    await service._create_indexes()
    yield app
    await service.mongo.close()


@pytest.fixture
def service(app: FastAPI) -> Service:
    service: Service = app.state.service
    return service


@pytest.fixture
def agency(service: Service) -> Agency:
    return Agency.of(service)


@pytest.fixture
async def ask(app: FastAPI) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token; `ask(None)` has none."""
    clients: list[httpx.AsyncClient] = []

    def ask(identity: Identity | None) -> httpx.AsyncClient:
        headers = {}
        if identity is not None:
            token = Tokens(AUTH_SECRET).issue(identity, timedelta(hours=1))
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)
        clients.append(client)
        return client

    yield ask
    for client in clients:
        await client.aclose()


@pytest.fixture
async def browse(app: FastAPI) -> AsyncIterator[Browse]:
    """`browse(identity)` is the browser of somebody who is signed in."""
    async with AsyncExitStack() as open_browsers:

        def browse(who: Identity) -> httpx.AsyncClient:
            session = Tokens(AUTH_SECRET).issue(who, timedelta(hours=1))
            browser = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url=BASE,
                headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
                cookies={COOKIE: session},
            )
            open_browsers.push_async_callback(browser.aclose)
            return browser

        yield browse


@pytest.fixture
def lena(browse: Browse) -> httpx.AsyncClient:
    """Lena's browser."""
    return browse(LENA)
