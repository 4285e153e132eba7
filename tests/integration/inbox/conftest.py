"""The inbox as an application on real Kafka and MongoDB, and the world around it as events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.inbox.app import create_app
from services.inbox.settings import InboxSettings
from shared.auth import Identity, Tokens
from shared.mongo import Mongo
from shared.service import Service
from tests.integration.inbox.world import World, world_of
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

            await eventually(ready)
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


@pytest.fixture
async def world(kafka_servers: str, topics: str) -> AsyncIterator[World]:
    async with world_of(kafka_servers, topics) as world:
        yield world
