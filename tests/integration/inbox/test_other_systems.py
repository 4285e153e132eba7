"""The producer of docs/integrating.md, run as it stands there: what it writes is taken in."""

from __future__ import annotations

from fastapi import FastAPI

from shared.mongo import Mongo
from tests.integration.inbox.test_intake import set_up, taken_in
from tests.integration.inbox.world import World, rows
from tests.support.documents import program, running_program
from tests.unit.inbox.conversing import message

PRODUCER = program("docs/integrating.md", "producer.py")


async def run(servers: str, prefix: str) -> None:
    environment = {"KAFKA": servers, "TOPIC": f"{prefix}community.messages", "PAGE": "morgenrot"}
    async with running_program(PRODUCER, environment) as process:
        assert await process.wait() == 0


async def test_a_message_of_another_system_becomes_a_conversation_and_is_taken_in_once(
    world: World, inbox: FastAPI, database: Mongo, kafka_servers: str, topics: str
) -> None:
    await set_up(world, database)
    await run(kafka_servers, topics)
    await taken_in(database, 1)
    [conversation] = await rows(database, "conversations")
    assert (conversation["author_name"], conversation["holder"]) == ("Katrin Lohse", "jana")
    [received] = await rows(database, "messages")
    assert received["text"] == "Is the shop open on Sunday?"

    await run(kafka_servers, topics)
    await world.says([message(2, page_id="morgenrot", author_id="k.lohse")])
    await taken_in(database, 2)
    known = {row["platform_message_id"] for row in await rows(database, "messages")}
    assert known == {"4711", message(2).platform_message_id}
