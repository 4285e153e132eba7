"""A small service behind the real edge, asked over ASGI; its database is real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from shared.auth import Identity, Role, Scope, Tokens
from shared.service import Service
from shared.settings import ServiceSettings
from shared.ui.ui import Ui
from shared.web import create_app, session_router
from tests.integration.web.notes import router

SECRET = "only for tests, and long enough for a key"
PUBLIC_URL = "http://understudy.test"

LEAD = Identity("m1", "Ruth Okafor", Role.LEAD, Scope(None))
MEMBER = Identity("m2", "Aylin Demir", Role.MEMBER, Scope(frozenset({"c1"})), lang="de")
CONTACT = Identity("k1", "Jo Client", Role.CONTACT, Scope(frozenset({"c1"})))

As = Callable[[Identity | None], httpx.AsyncClient]


@pytest.fixture
def settings(prefix: str, kafka_servers: str, mongodb_uri: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        topic_prefix=prefix,
        topic_partitions_max=1,
        port=1,
        root_path="/notes",
        public_url=PUBLIC_URL,
        auth_secret=SecretStr(SECRET),
    )


@pytest.fixture
async def service(settings: ServiceSettings) -> AsyncIterator[Service]:
    """Not started: the database alone is used."""
    service = Service("notes", settings)
    await service.mongo.collection("notes").insert_one({"_id": "there", "version": 0})
    yield service
    await service.mongo.close()


@pytest.fixture
def app(service: Service) -> FastAPI:
    ui = Ui("notes", Path(__file__).parent, root_path="/notes")
    return create_app(service, routers=[router, session_router], ui=ui)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET)


@pytest.fixture
async def ask(app: FastAPI, tokens: Tokens) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token; `ask(None)` has none."""
    clients: list[httpx.AsyncClient] = []

    def ask(identity: Identity | None) -> httpx.AsyncClient:
        headers = {}
        if identity is not None:
            headers["Authorization"] = f"Bearer {tokens.issue(identity, timedelta(hours=1))}"
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        client = httpx.AsyncClient(
            transport=transport, base_url=f"{PUBLIC_URL}/notes", headers=headers
        )
        clients.append(client)
        return client

    yield ask
    for client in clients:
        await client.aclose()
