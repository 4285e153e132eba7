"""From the topic to conversations, on real Kafka and MongoDB."""

from __future__ import annotations

import random

import pytest
from fastapi import FastAPI

from shared.events.inbox import MessageReceived
from shared.mongo import Mongo
from tests.integration.inbox.conftest import StartInbox
from tests.integration.inbox.team import away, setting
from tests.integration.inbox.world import World, rows
from tests.support.waiting import eventually
from tests.unit.inbox.conversing import message


def messages(count: int, page: str = "morgenrot", authors: int = 5) -> list[MessageReceived]:
    return [
        message(number, page_id=page, author_id=f"author{number % authors}")
        for number in range(count)
    ]


async def set_up(world: World, mongo: Mongo) -> None:
    """The team and the pages are known here."""
    await world.says(setting())

    async def known() -> bool:
        return (
            len(await rows(mongo, "pages")) == 3
            and len(await rows(mongo, "coverage")) == 3
            and len(await rows(mongo, "members")) == 5
        )

    await eventually(known)


async def taken_in(mongo: Mongo, count: int) -> None:
    async def all_there() -> bool:
        return await mongo.collection("messages").count_documents({}) == count

    await eventually(all_there, what=f"{count} messages")


async def test_messages_become_conversations_of_who_acts(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    await world.says(messages(20))
    await taken_in(database, 20)
    conversations = await rows(database, "conversations")
    assert len(conversations) == 5
    assert {row["holder"] for row in conversations} == {"jana"}
    assert {row["messages"] for row in conversations} == {4}
    assert all(
        row | {"open": True, "home": None, "touched": False, "move_no": 0} == row
        for row in conversations
    )
    assert {row["responsibility_id"] for row in conversations} == {"morgenrot:community"}
    told = await world.hears("community.conversations", 5)
    assert {envelope.correlationid for envelope in told} == {"test-correlation"}
    assert {envelope.clientid for envelope in told} == {"rowa"}


async def test_the_same_messages_again_change_nothing(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    sent = messages(30)
    await world.says(sent)
    await taken_in(database, 30)
    before = await rows(database, "conversations"), await rows(database, "messages")
    again = random.Random(7).sample(sent, len(sent))
    await world.says([*again, message(99, page_id="auental")])
    await taken_in(database, 31)
    after = (
        await rows(database, "conversations", page_id="morgenrot"),
        await rows(database, "messages", client_id="rowa"),
    )
    assert after == before


async def test_messages_of_an_unknown_page_wait_for_it(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    sent = [message(number, page_id="morgenrot") for number in range(3)]
    await world.says([*sent, sent[0]])

    async def put_aside() -> bool:
        return len(await rows(database, "unrouted")) == 3

    await eventually(put_aside)
    assert await rows(database, "messages") == []
    await world.says(setting())
    await taken_in(database, 3)

    async def nothing_waits() -> bool:
        return await rows(database, "unrouted") == []

    await eventually(nothing_waits)
    assert [row["messages"] for row in await rows(database, "conversations")] == [3]


async def test_a_message_opens_what_was_done(world: World, inbox: FastAPI, database: Mongo) -> None:
    await set_up(world, database)
    await world.says([message(1, page_id="morgenrot")])
    await taken_in(database, 1)
    done = {"open": False, "done_at": message(1).sent_at, "done_by": "jana"}
    await database.collection("conversations").update_many({}, {"$set": done})
    await world.says(away("jana", {"morgenrot": "tom", "auental": None}, epoch=2))

    async def tom_acts() -> bool:
        return bool(await rows(database, "handover_runs", state="answered"))

    await eventually(tom_acts)
    await world.says([message(2, page_id="morgenrot")])
    await taken_in(database, 2)
    [opened] = await rows(database, "conversations")
    assert (opened["open"], opened["holder"], opened["home"]) == (True, "tom", None)
    assert opened["waiting_since"] == message(2).sent_at


async def test_in_a_gap_a_conversation_is_uncovered(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    await world.says(away("jana", {"morgenrot": None, "auental": None}, epoch=2))

    async def nobody_acts() -> bool:
        return bool(await rows(database, "handover_runs", state="answered"))

    await eventually(nobody_acts)
    await world.says([message(1, page_id="morgenrot")])
    await taken_in(database, 1)
    assert [row["holder"] for row in await rows(database, "conversations")] == [None]


@pytest.mark.slow
async def test_two_replicas_share_the_work(
    world: World, start_inbox: StartInbox, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    second = await start_inbox()

    async def both_have_partitions() -> bool:
        return all(_partitions(app) == 1 for app in (inbox, second))

    await eventually(both_have_partitions)
    sent = [
        *messages(300, "morgenrot", authors=40),
        *[one.model_copy(update={"page_id": "auental"}) for one in messages(300, authors=40)],
    ]
    await world.says([*sent, *random.Random(1).sample(sent, 200)])
    await taken_in(database, 600)
    conversations = await rows(database, "conversations")
    assert len(conversations) == 80
    assert sum(row["messages"] for row in conversations) == 600


def _partitions(app: FastAPI) -> int:
    """How many partitions of the topic this replica reads."""
    service = app.state.service
    [at] = [n for n, name in enumerate(service.consumers) if name == "community.messages"]
    return len(service._subscribers[at].consumer.assignment())
