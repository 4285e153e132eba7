"""The seam to MongoDB: transactions that are run again, one change stream for all listeners."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from shared.mongo import Conflict, Mongo, Session, is_infrastructure
from tests.support.waiting import eventually


async def test_a_transaction_that_conflicts_is_run_again_and_leaves_nothing_behind(
    mongo: Mongo,
) -> None:
    things = mongo.collection("things")
    attempts = 0

    async def work(session: Session) -> str:
        nonlocal attempts
        attempts += 1
        await things.insert_one({"attempt": attempts}, session=session)
        if attempts < 3:
            raise Conflict("decided on something old")
        return "done"

    assert await mongo.in_transaction(work) == "done"
    assert [row["attempt"] async for row in things.find()] == [3]


async def test_an_error_undoes_the_transaction_and_goes_up(mongo: Mongo) -> None:
    things = mongo.collection("things")

    async def work(session: Session) -> None:
        await things.insert_one({}, session=session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mongo.in_transaction(work)
    assert await things.count_documents({}) == 0


async def test_thirty_writers_of_one_document_get_through_without_a_storm(mongo: Mongo) -> None:
    counters = mongo.collection("counters")
    await counters.insert_one({"_id": "one", "value": 0})
    attempts = 0

    async def increment(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        row = await counters.find_one({"_id": "one"}, session=session)
        assert row is not None
        await counters.update_one(
            {"_id": "one"}, {"$set": {"value": row["value"] + 1}}, session=session
        )

    await asyncio.gather(*(mongo.in_transaction(increment) for _ in range(30)))
    row = await counters.find_one({"_id": "one"})
    assert row is not None
    assert row["value"] == 30
    assert attempts <= 90  # a first one each, then one or two in turn


async def test_fifty_browsers_share_one_change_stream_and_writes_go_on(
    mongo: Mongo, mongodb_uri: str
) -> None:
    things = mongo.collection("things")
    async with AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(mongo.changes.listen("things")) for _ in range(50)
        ]
        assert all(await asyncio.gather(*(one.wait(10) for one in listeners)))  # the stream is open
        await asyncio.gather(*(things.insert_one({"n": n}) for n in range(300)))
        changed = await asyncio.gather(*(one.wait(10) for one in listeners))
        assert all(one == {"things"} for one in changed)
        # Between two reads of its cursor, the server lists a stream for a moment not at all.
        assert await eventually(lambda: _open_change_streams(mongodb_uri, mongo.name)) == 1


async def _open_change_streams(uri: str, database: str) -> int:
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        cursor = await client.admin.aggregate(
            [
                {"$currentOp": {"allUsers": True, "idleCursors": True, "localOps": True}},
                {"$match": {"appName": database, "cursor": {"$exists": True}}},
            ]
        )
        operations = [row async for row in cursor]
    return len({row["cursor"]["cursorId"] for row in operations if _follows(row)})


def _follows(operation: dict[str, Any]) -> bool:
    return "$changeStream" in str(operation)


async def test_listeners_hear_of_their_own_collections_only(mongo: Mongo) -> None:
    async with mongo.changes.listen("mine") as listener:
        assert await listener.wait(10) == {"mine"}  # whatever was before the stream was open
        await mongo.collection("others").insert_one({})
        await mongo.collection("mine").insert_one({})
        assert await listener.wait(10) == {"mine"}


async def test_after_the_database_was_dropped_listeners_hear_again(mongo: Mongo) -> None:
    async with mongo.changes.listen("things") as listener:
        assert await listener.wait(10)
        await mongo.collection("things").insert_one({})
        assert await listener.wait(10)
        await mongo.drop()

        async def heard() -> bool:
            await mongo.collection("things").insert_one({})
            return await listener.wait(0.2) == {"things"}

        assert await listener.wait(10)  # of the end, and of the new beginning
        await eventually(heard)


async def test_a_closed_stream_ends_its_listeners(mongo: Mongo) -> None:
    async with mongo.changes.listen("things") as listener:

        async def follow() -> None:
            async for _ in listener:
                pass

        following = asyncio.create_task(follow())
        await mongo.changes.stop()
        await asyncio.wait_for(following, 5)


async def test_a_database_that_is_away_is_infrastructure() -> None:
    nowhere = Mongo("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50", "nowhere")
    with pytest.raises(Exception) as error:  # noqa: PT011 (which one is the point of the test)
        await nowhere.ping()
    assert is_infrastructure(error.value)
    await nowhere.close()
