"""The fixtures that every test may ask for; `tests/conftest.py` brings them in."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from shared.kafka import create_topics
from shared.mongo import Mongo
from tests.support.engines import Engines, OwnEngines, existing_engines

__all__ = [
    "emptied",
    "engines",
    "fresh_prefix",
    "fresh_topics",
    "kafka_servers",
    "kept_prefix",
    "mongo",
    "mongodb_client",
    "mongodb_uri",
    "own_engines",
    "prefix",
    "running_engines",
    "topics",
]


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Those that the environment names, else a Kafka and a MongoDB started for the occasion."""
    if existing := existing_engines():
        yield existing
        return
    with tempfile.TemporaryDirectory(prefix="understudy-", ignore_cleanup_errors=True) as directory:
        own = OwnEngines(Path(directory))
        try:
            asyncio.run(own.start())
            yield own.addresses
        finally:
            asyncio.run(own.stop())


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """One Kafka and one MongoDB for the whole run, shared by everyone: use `prefix`."""
    with running_engines() as engines:
        yield engines


@pytest.fixture(scope="session")
def kafka_servers(engines: Engines) -> str:
    return engines.kafka_servers


@pytest.fixture(scope="session")
def mongodb_uri(engines: Engines) -> str:
    return engines.mongodb_uri


@pytest.fixture(scope="session")
def mongodb_client(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A blocking client, for looking into any service's database."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        yield client


@contextmanager
def fresh_prefix(mongodb_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A prefix nobody else has; afterwards the databases whose names begin with it are dropped."""
    prefix = f"t{secrets.token_hex(4)}_"
    yield prefix
    for name in mongodb_client.list_database_names():
        if name.startswith(prefix):
            mongodb_client.drop_database(name)


@asynccontextmanager
async def fresh_topics(kafka_servers: str, prefix: str) -> AsyncIterator[str]:
    """All topics under the prefix, with 2 partitions at most; afterwards they are deleted."""
    await create_topics(kafka_servers, prefix=prefix, partitions_max=2)
    yield prefix
    await _delete_topics(kafka_servers, prefix)


@pytest.fixture
def prefix(mongodb_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """Put before the names of topics and databases of one test. The databases are dropped."""
    with fresh_prefix(mongodb_client) as prefix:
        yield prefix


@pytest.fixture(scope="session")
def kept_prefix(mongodb_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """Of databases that tests use one after the other: see `emptied`."""
    with fresh_prefix(mongodb_client) as prefix:
        yield prefix


@pytest.fixture
def emptied(mongodb_client: MongoClient[dict[str, Any]], kept_prefix: str) -> Iterator[str]:
    """Put before the names of databases in which there is nothing but indexes. To make a service's
    collections and indexes takes longer than most tests."""
    yield kept_prefix
    for name in mongodb_client.list_database_names():
        if name.startswith(kept_prefix):
            database = mongodb_client[name]
            for collection in database.list_collection_names():
                database[collection].delete_many({})


@pytest.fixture
async def mongo(mongodb_uri: str, prefix: str) -> AsyncIterator[Mongo]:
    """A fresh, empty database."""
    mongo = Mongo(mongodb_uri, f"{prefix}test")
    yield mongo
    await mongo.close()


@pytest.fixture
async def topics(kafka_servers: str, prefix: str) -> AsyncIterator[str]:
    """All topics exist under the prefix, which is returned, with 2 partitions at most."""
    async with fresh_topics(kafka_servers, prefix):
        yield prefix


@pytest.fixture
async def own_engines(tmp_path: Path) -> AsyncIterator[OwnEngines]:
    """A Kafka and a MongoDB of this test alone, running, which it may kill and start again."""
    own = OwnEngines(tmp_path / "engines")
    await own.start()
    yield own
    await own.stop()


async def _delete_topics(kafka_servers: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    try:
        ours = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if ours:
            await admin.delete_topics(ours)
    finally:
        await admin.close()
