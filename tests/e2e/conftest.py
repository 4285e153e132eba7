from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from pymongo import MongoClient

from deploy.local.programs import sign_in
from tests.support.agency import Agency
from tests.support.books import Books, Row
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.everything import one_of_everything
from tests.support.fixtures import fresh_prefix
from tests.support.processes import ServiceProcesses


@dataclass(frozen=True)
class Everything:
    """All services and the demo's sign-in behind the front door, and one of everything in them."""

    services: ServiceProcesses
    agency: Agency
    books: Books
    ids: dict[str, str]
    """By the names that paths have for them."""
    kafka_servers: str
    prefix: str

    @property
    def url(self) -> str:
        return self.services.url


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def everything(
    engines: Engines, mongodb_client: MongoClient[Row], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Everything]:
    """For tests that look and change nothing."""
    with fresh_prefix(mongodb_client) as prefix:
        services = ServiceProcesses(engines, prefix, tmp_path_factory.mktemp("all"), demo=True)
        services.processes["sign-in"] = sign_in(services.settings)
        services["sign-in"].env = {**services["sign-in"].env, "AUTH_SECRET": AUTH_SECRET}
        books = Books(mongodb_client, prefix)
        async with services, Agency(services.url) as agency:
            await services.start()
            await agency.build()
            ids = await one_of_everything(agency, books)
            yield Everything(services, agency, books, ids, engines.kafka_servers, prefix)
