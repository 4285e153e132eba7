"""The notifier on the run's real Kafka and MongoDB, with a mail server that obeys the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from services.notifier.app import create_notifier
from services.notifier.delivery.domain import RetryPolicy
from services.notifier.settings import NotifierSettings
from shared.auth import Identity, Role, Scope, Tokens
from shared.service import Service
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.others import Others
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

PUBLIC_URL = "http://understudy.test"
QUICK = RetryPolicy((timedelta(milliseconds=50), timedelta(milliseconds=100)))

LENA = Identity("lena", "Lena Vogt", Role.LEAD, Scope(None))
TOM = Identity("tom", "Tom Berger", Role.MEMBER, Scope(frozenset({"c1"})))
MIRA = Identity("mira", "Mira Öztürk", Role.MEMBER, Scope(None))

Start = Callable[..., Awaitable[FastAPI]]
As = Callable[[Identity | None], httpx.AsyncClient]


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with MailServer().running() as server:
        yield server


@pytest.fixture
def smtp_timeout() -> float:
    """In seconds; a test may parametrize it."""
    return 1


@pytest.fixture
def settings(
    topics: str,
    kafka_servers: str,
    mongodb_uri: str,
    mail_server: MailServer,
    smtp_timeout: float,
) -> NotifierSettings:
    return NotifierSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=topics,
        topic_prefix=topics,
        topic_partitions_max=2,
        public_url=PUBLIC_URL,
        auth_secret=SecretStr(AUTH_SECRET),
        smtp_port=mail_server.port,
        smtp_timeout_seconds=smtp_timeout,
        mail_from="Understudy <understudy@agency.example>",
    )


@pytest.fixture
async def start(settings: NotifierSettings) -> AsyncIterator[Start]:
    """Starts a replica and waits until it is ready; all are stopped in the end."""
    async with AsyncExitStack() as running:

        async def start(policy: RetryPolicy = QUICK) -> FastAPI:
            app = create_notifier(settings, policy=policy)
            await running.enter_async_context(app.router.lifespan_context(app))
            service: Service = app.state.service

            async def ready() -> bool:
                return not await service.readiness()

            await eventually(ready)
            return app

        yield start


@pytest.fixture
async def notifier(start: Start) -> FastAPI:
    return await start()


@pytest.fixture
async def others(kafka_servers: str, topics: str) -> AsyncIterator[Others]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers, linger_ms=0)
    await producer.start()
    yield Others(producer, topics)
    await producer.stop()


@pytest.fixture
def database(mongodb_client: MongoClient[dict[str, Any]], topics: str) -> Database[dict[str, Any]]:
    """The notifier's, to look into: as its own transactions see it, not ahead of them."""
    return mongodb_client.get_database(f"{topics}notifier", read_concern=ReadConcern("majority"))


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(AUTH_SECRET)


@pytest.fixture
async def ask(notifier: FastAPI, tokens: Tokens) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token; `ask(None)` has none."""
    async with AsyncExitStack() as clients:

        def ask(identity: Identity | None) -> httpx.AsyncClient:
            headers = {}
            if identity is not None:
                headers["Authorization"] = f"Bearer {tokens.issue(identity, timedelta(hours=1))}"
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(notifier),
                base_url=f"{PUBLIC_URL}/notifier",
                headers=headers,
            )
            clients.push_async_callback(client.aclose)
            return client

        yield ask


async def until(
    database: Database[dict[str, Any]], notification_id: str, state: str
) -> dict[str, Any]:
    """Wait until the delivery is in that state; returns its document."""

    def reached() -> dict[str, Any]:
        row = database.notifications.find_one({"_id": notification_id})
        assert row is not None, f"no {notification_id}"
        assert row["state"] == state, f"{row['state']}: {row['reason']} {row['reply']}"
        return row

    return await eventually(reached)
