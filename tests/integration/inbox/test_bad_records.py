"""What can never be taken in is kept with its reason, and the next good one goes through."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from shared.mongo import Mongo
from tests.integration.inbox.test_intake import set_up, taken_in
from tests.integration.inbox.world import World, rows
from tests.support.waiting import eventually
from tests.unit.inbox.conversing import message

TOPIC = "community.messages"


def changed(world: World, **attributes: Any) -> bytes:
    """A sound record but for these attributes of the envelope."""
    return world.envelope(message(1)).model_copy(update=attributes).to_bytes()


def bad_records(world: World) -> dict[str, bytes | None]:
    data = world.envelope(message(1)).data
    return {
        "not_json": b"\xff\xfe{",
        "empty_body": None,
        "invalid_envelope": b'{"specversion": "1.0"}',
        "invalid_data": changed(world, data=data | {"sent_at": "0001-01-01T00:00:00+14:00"}),
        "no author": changed(world, data=data | {"author_id": ""}),
        "half a character": world.envelope(message(1))
        .to_bytes()
        .replace(b'"text 1"', b'"\\ud800"'),
    }


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("not_json", "not_json"),
        ("empty_body", "empty_body"),
        ("invalid_envelope", "invalid_envelope"),
        ("invalid_data", "invalid_data"),
        ("no author", "invalid_data"),
        ("half a character", "not_json"),
    ],
)
async def test_a_bad_record_is_a_dead_letter_with_its_reason(
    world: World, inbox: FastAPI, database: Mongo, record: str, reason: str
) -> None:
    await set_up(world, database)
    await world.puts(TOPIC, bad_records(world)[record], partition=0)
    await world.puts(TOPIC, world.envelope(message(2, page_id="morgenrot")).to_bytes(), partition=0)
    await taken_in(database, 1)
    [letter] = await world.hears("inbox.dead-letters", 1)
    assert letter.data["reason"] == reason
    assert (letter.data["origin_topic"], letter.data["offset"]) == (TOPIC, 0)
    assert [row["reason"] for row in await rows(database, "dead_letters")] == [reason]


@pytest.mark.parametrize("type", ["message.deleted.v1", "message.received.v9"])
async def test_a_type_of_the_future_is_counted_and_passed_over(
    world: World, inbox: FastAPI, database: Mongo, type: str
) -> None:
    def passed_over() -> float:
        labels = {"service": "inbox", "topic": TOPIC}
        return REGISTRY.get_sample_value("understudy_unknown_types_total", labels) or 0

    await set_up(world, database)
    before = passed_over()
    await world.puts(TOPIC, changed(world, type=type), partition=0)
    await world.puts(TOPIC, world.envelope(message(2, page_id="morgenrot")).to_bytes(), partition=0)
    await taken_in(database, 1)
    assert passed_over() == before + 1
    assert await rows(database, "dead_letters") == []


async def test_a_header_that_is_not_utf8_loses_no_message(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    await world.puts(
        TOPIC,
        world.envelope(message(1, page_id="morgenrot")).to_bytes(),
        headers=[("content-type", b"\xff\xfe"), ("correlation_id", b"\xc3\x28")],
    )
    await taken_in(database, 1)


async def test_fields_of_the_future_are_ignored(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    await set_up(world, database)
    data = world.envelope(message(1, page_id="morgenrot")).data | {"sentiment": "glad"}
    await world.puts(TOPIC, changed(world, data=data))
    await taken_in(database, 1)


async def test_a_page_whose_handler_always_raises_holds_up_only_itself(
    world: World, inbox: FastAPI, database: Mongo
) -> None:
    """Its author's messages are parked; all others go through."""
    await set_up(world, database)
    broken = {"_id": "auental", "client_id": None, "name": None}
    await database.collection("pages").replace_one({"_id": "auental"}, broken)
    await world.says(
        [
            message(1, page_id="auental"),
            message(2, page_id="morgenrot"),
            message(3, page_id="auental"),
        ]
    )
    await taken_in(database, 1)

    async def parked() -> bool:
        return len(await rows(database, "parked")) == 2

    await eventually(parked)
    assert [row["page_id"] for row in await rows(database, "conversations")] == ["morgenrot"]
