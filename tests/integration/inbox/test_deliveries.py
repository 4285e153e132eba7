"""What is delivered by the webhook becomes conversations; nothing is lost or refused."""

from __future__ import annotations

import pytest

from shared.mongo import Mongo
from tests.integration.inbox.conftest import As
from tests.integration.inbox.source import Source, body_of, problem, source_of
from tests.integration.inbox.test_intake import set_up, taken_in
from tests.integration.inbox.world import World, rows


@pytest.fixture
async def source(world: World, database: Mongo, ask: As) -> Source:
    await set_up(world, database)
    return await source_of(ask, "morgenrot")


async def test_what_is_signed_is_stored_and_becomes_a_conversation(
    source: Source, database: Mongo
) -> None:
    response = await source.send(body_of(1, 2))
    assert (response.status_code, response.json()) == (202, {"accepted": 2})
    # They were committed before the answer; what follows may take as long as Kafka needs.
    assert len(await rows(database, "outbox", topic="community.messages")) == 2
    await taken_in(database, 2)
    [conversation] = await rows(database, "conversations")
    assert (conversation["page_id"], conversation["holder"]) == ("morgenrot", "jana")


async def test_the_same_delivery_again_is_accepted_and_changes_nothing(
    source: Source, database: Mongo
) -> None:
    await source.send(body_of(1))
    assert (await source.send(body_of(1))).status_code == 202
    await source.send(body_of(2))
    await taken_in(database, 2)
    assert [row["messages"] for row in await rows(database, "conversations")] == [2]


async def test_a_bad_message_does_not_hold_up_the_others(source: Source, database: Mongo) -> None:
    body = body_of(1, 2, 3, 4)
    del body["data"][1]["author_id"]
    body["data"][2]["sent_at"] = "2026-11-24T10:24:00"
    response = await source.send(body)
    assert problem(response) == (422, "invalid_messages")
    assert response.json()["accepted"] == 2
    assert {fault["pointer"] for fault in response.json()["errors"]} == {
        "/data/1/author_id", "/data/2/sent_at",
    }  # fmt: skip
    await taken_in(database, 2)


async def test_the_page_is_the_sources_whatever_the_message_says(
    source: Source, database: Mongo
) -> None:
    await source.send(body_of(1, page_id="radwerk"))
    await taken_in(database, 1)
    assert [row["page_id"] for row in await rows(database, "conversations")] == ["morgenrot"]


@pytest.mark.slow
async def test_a_burst_is_not_refused(source: Source, database: Mongo) -> None:
    answers = [await source.send(body_of(*range(n * 500, n * 500 + 500))) for n in range(4)]
    assert {answer.status_code for answer in answers} == {202}
    await taken_in(database, 2_000)
