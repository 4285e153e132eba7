"""The engines and fixtures that the other tests stand on."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from pymongo import MongoClient

from shared.events.topics import TOPICS
from shared.mongo import Mongo, Session
from tests.support.engines import OwnEngines
from tests.support.waiting import eventually
from tests.support.workers import world


async def test_a_transaction_commits(
    mongo: Mongo, mongodb_client: MongoClient[dict[str, Any]]
) -> None:
    async def insert(session: Session) -> None:
        await mongo.collection("things").insert_one({"_id": "one"}, session=session)

    await mongo.in_transaction(insert)

    assert mongodb_client[mongo.name]["things"].count_documents({}) == 1


async def test_topics_exist_under_the_prefix(topics: str, kafka_servers: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_servers)
    await consumer.start()
    try:
        names = {name for name in await consumer.topics() if name.startswith(topics)}
    finally:
        await consumer.stop()

    assert names == {f"{topics}{topic.name}" for topic in TOPICS}


async def test_own_engines_keep_what_they_acknowledged_when_killed(
    own_engines: OwnEngines,
) -> None:
    addresses = own_engines.addresses
    with MongoClient[dict[str, Any]](addresses.mongodb_uri) as client:
        client["kept"]["things"].insert_one({"_id": "one"})

    own_engines.mongodb.kill()
    own_engines.kafka.kill()
    await own_engines.start()

    with MongoClient[dict[str, Any]](addresses.mongodb_uri) as client:
        assert client["kept"]["things"].count_documents({}) == 1


async def test_eventually_gives_up_with_the_last_refusal() -> None:
    def refuse() -> bool:
        raise AssertionError("not yet")

    with pytest.raises(AssertionError, match="not yet"):
        await eventually(refuse, timeout=0.05)


async def test_eventually_returns_the_first_truthy_answer() -> None:
    answers = iter([None, 0, "yes"])

    assert await eventually(lambda: next(answers)) == "yes"


@pytest.mark.parametrize(
    ("path", "together"),
    [
        ("tests/browser/test_scheduler.py", "tests/browser/test_scheduler.py"),
        ("tests/e2e/test_every_route.py", "tests/e2e"),
        ("tests/e2e/test_every_page.py", "tests/e2e"),
        ("tests/e2e/test_demo.py", None),
    ],
)
def test_whoever_shares_a_loop_shares_a_worker(
    path: str, together: str | None, pytestconfig: pytest.Config
) -> None:
    assert world(pytestconfig.rootpath, path) == together
