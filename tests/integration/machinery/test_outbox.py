"""State and events are committed together, and an aggregate's sequence has no holes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import BulkWriteError

from shared.events.envelope import Envelope
from shared.events.planner import ClientChanged
from shared.mongo import Mongo
from shared.observability import causation_id, correlation_id
from shared.outbox import Outbox, Transaction


@pytest.fixture
async def outbox(mongo: Mongo) -> Outbox:
    outbox = Outbox(mongo, "/understudy/test")
    await outbox.create_indexes()
    return outbox


def client(name: str = "c1") -> ClientChanged:
    return ClientChanged(client_id=name, name=name, time_zone="Europe/Berlin")


async def rows(mongo: Mongo) -> list[dict[str, object]]:
    return [row async for row in mongo.collection("outbox").find().sort("_id", 1)]


async def test_state_and_event_are_stored_together(mongo: Mongo, outbox: Outbox) -> None:
    async def work(tx: Transaction) -> None:
        await mongo.collection("clients").insert_one({"_id": "c1"}, session=tx.session)
        tx.emit(client())

    await outbox.transaction(work)
    assert await mongo.collection("clients").count_documents({}) == 1
    assert [row["_id"] for row in await rows(mongo)] == ["planner.directory/c1:000000000001"]


async def test_a_failed_use_case_leaves_neither(mongo: Mongo, outbox: Outbox) -> None:
    async def work(tx: Transaction) -> None:
        await mongo.collection("clients").insert_one({"_id": "c1"}, session=tx.session)
        tx.emit(client())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await outbox.transaction(work)
    assert await mongo.collection("clients").count_documents({}) == 0
    assert await rows(mongo) == []


async def test_several_events_and_aggregates_in_one_transaction(
    mongo: Mongo, outbox: Outbox
) -> None:
    async def work(tx: Transaction) -> None:
        for name in ("c1", "c2", "c1"):
            tx.emit(client(name))

    await outbox.transaction(work)
    await outbox.transaction(work)
    assert [str(row["_id"]).removeprefix("planner.directory/") for row in await rows(mongo)] == [
        "c1:000000000001",
        "c1:000000000002",
        "c1:000000000003",
        "c1:000000000004",
        "c2:000000000001",
        "c2:000000000002",
    ]


async def test_concurrent_writers_of_a_new_aggregate_leave_no_hole(
    mongo: Mongo, outbox: Outbox
) -> None:
    async def work(tx: Transaction) -> None:
        tx.emit(client())

    await asyncio.gather(*(outbox.transaction(work) for _ in range(25)))
    assert [row["sequence"] for row in await rows(mongo)] == list(range(1, 26))


async def test_an_event_knows_what_it_came_from(mongo: Mongo, outbox: Outbox) -> None:
    async def work(tx: Transaction) -> None:
        tx.emit(client())

    correlation, causation = correlation_id.set("the-call"), causation_id.set("the-event")
    try:
        await outbox.transaction(work)
    finally:
        correlation_id.reset(correlation)
        causation_id.reset(causation)
    (row,) = await rows(mongo)
    envelope = Envelope.parse(bytes(row["body"]))  # type: ignore[call-overload]
    assert (envelope.correlationid, envelope.causationid) == ("the-call", "the-event")
    assert envelope.clientid == "c1"


async def test_an_aggregate_that_numbers_its_own_events_needs_no_row(
    mongo: Mongo, outbox: Outbox
) -> None:
    async def work(tx: Transaction) -> None:
        tx.emit(client("c1"), sequence=7)
        tx.emit(client("c2"))

    await outbox.transaction(work)

    assert [row["_id"] for row in await rows(mongo)] == [
        "planner.directory/c1:000000000007",
        "planner.directory/c2:000000000001",
    ]
    assert await mongo.collection("aggregates").distinct("_id") == ["planner.directory/c2"]


async def test_a_number_is_never_taken_twice(mongo: Mongo, outbox: Outbox) -> None:
    async def work(tx: Transaction) -> None:
        tx.emit(client(), sequence=7)

    await outbox.transaction(work)
    with pytest.raises(BulkWriteError):
        await outbox.transaction(work)
    assert len(await rows(mongo)) == 1


async def test_the_age_of_what_waits_is_known_without_looking_at_what_was_sent(
    mongo: Mongo, outbox: Outbox, mongodb_client: MongoClient[dict[str, Any]]
) -> None:
    assert await outbox.oldest_unsent() is None

    async def tell(tx: Transaction) -> None:
        for name in ("c1", "c2", "c3"):
            tx.emit(client(name))

    await outbox.transaction(tell)
    sent, *waiting = await rows(mongo)
    mark = {"$set": {"published_at": sent["created_at"]}}
    await mongo.collection("outbox").update_one({"_id": sent["_id"]}, mark)
    database = mongodb_client[mongo.name]
    database.command("profile", 2)

    assert await outbox.oldest_unsent() == waiting[0]["created_at"]

    database.command("profile", 0)
    [asked] = database["system.profile"].find({"command.find": "outbox"})
    assert asked["docsExamined"] == len(waiting)
