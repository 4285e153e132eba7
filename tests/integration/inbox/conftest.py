"""The inbox as an application on real Kafka and MongoDB, and the world around it as events."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from pydantic import SecretStr

from services.inbox.app import create_app
from services.inbox.settings import InboxSettings
from shared.auth import Identity, Tokens
from shared.clock import utc_now
from shared.events.envelope import Envelope, Event
from shared.ids import new_id
from shared.mongo import Mongo
from shared.service import Service
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

PUBLIC_URL = "http://understudy.test"

As = Callable[[Identity | None], httpx.AsyncClient]
StartInbox = Callable[[], Awaitable[FastAPI]]


@pytest.fixture
def settings(prefix: str, kafka_servers: str, mongodb_uri: str) -> InboxSettings:
    return InboxSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        topic_prefix=prefix,
        topic_partitions_max=2,
        public_url=PUBLIC_URL,
        auth_secret=SecretStr(AUTH_SECRET),
    )


@pytest.fixture
async def start_inbox(settings: InboxSettings, topics: str) -> AsyncIterator[StartInbox]:
    """Starts a replica and waits until it is ready; all are stopped at the end."""
    async with AsyncExitStack() as running:

        async def start() -> FastAPI:
            app = create_app(settings)
            await running.enter_async_context(app.router.lifespan_context(app))
            service: Service = app.state.service

            async def ready() -> bool:
                return not await service.readiness()

            await eventually(ready, timeout=30)
            return app

        yield start


@pytest.fixture
async def inbox(start_inbox: StartInbox) -> FastAPI:
    """One running replica."""
    return await start_inbox()


@pytest.fixture
async def database(inbox: FastAPI) -> Mongo:
    service: Service = inbox.state.service
    return service.mongo


@pytest.fixture
async def ask(inbox: FastAPI) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token; `ask(None)` has none."""
    tokens = Tokens(AUTH_SECRET)
    async with AsyncExitStack() as clients:

        def ask(identity: Identity | None) -> httpx.AsyncClient:
            headers = {}
            if identity is not None:
                headers["Authorization"] = f"Bearer {tokens.issue(identity, timedelta(hours=1))}"
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(inbox),
                base_url=f"{PUBLIC_URL}/inbox",
                headers=headers,
            )
            clients.push_async_callback(client.aclose)
            return client

        yield ask


class World:
    """The other services and systems, as the topics show them."""

    def __init__(self, servers: str, prefix: str, producer: AIOKafkaProducer) -> None:
        self._servers = servers
        self._prefix = prefix
        self._producer = producer
        self._sequences: Counter[tuple[str, str]] = Counter()

    async def says(self, events: Iterable[Event]) -> None:
        """Puts events on their topics, with their sequences; acknowledged when this returns."""
        for event in events:
            await self._producer.send(
                self._topic(event.destination.name),
                self.envelope(event).to_bytes(),
                key=event.aggregate_id.encode(),
            )
        await self._producer.flush()

    def envelope(self, event: Event) -> Envelope:
        name = (event.destination.name, event.aggregate_id)
        self._sequences[name] += 1
        return Envelope.wrap(
            event,
            id=new_id(),
            source="/test",
            sequence=self._sequences[name],
            time=utc_now(),
            correlation_id="test-correlation",
        )

    async def puts(
        self,
        topic: str,
        body: bytes | None,
        *,
        key: str = "k",
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> None:
        """One raw record."""
        await self._producer.send_and_wait(
            self._topic(topic), body, key=key.encode(), headers=headers, partition=partition
        )

    async def hears(self, topic: str, count: int) -> list[Envelope]:
        """The first `count` committed records of a topic."""
        consumer = AIOKafkaConsumer(
            self._topic(topic),
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        found: list[Envelope] = []

        async def enough() -> bool:
            batches = await consumer.getmany(timeout_ms=100)
            found.extend(
                Envelope.parse(record.value) for batch in batches.values() for record in batch
            )
            return len(found) >= count

        await consumer.start()
        try:
            await eventually(enough, timeout=20)
        finally:
            await consumer.stop()
        return found

    def _topic(self, name: str) -> str:
        return f"{self._prefix}{name}"


@pytest.fixture
async def world(kafka_servers: str, topics: str) -> AsyncIterator[World]:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_servers, acks="all", enable_idempotence=True, linger_ms=5
    )
    await producer.start()
    yield World(kafka_servers, topics, producer)
    await producer.stop()


async def rows(mongo: Mongo, collection: str, **query: Any) -> list[dict[str, Any]]:
    return [row async for row in mongo.collection(collection).find(query).sort("_id", 1)]
