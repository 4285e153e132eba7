"""Conversations come in and are claimed while handovers run: nobody who is away keeps one."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.inbox.settings import InboxSettings
from shared.mongo import Mongo
from tests.integration.inbox.conftest import As, StartInbox
from tests.integration.inbox.team import JANA, away, back
from tests.integration.inbox.test_commands import PATH
from tests.integration.inbox.test_intake import set_up, taken_in
from tests.integration.inbox.world import World, rows
from tests.support.waiting import eventually
from tests.unit.inbox.conversing import message

ROUNDS, MESSAGES = 6, 80
"""Jana comes and goes in each round, and in the end she is away."""


async def test_nothing_stays_with_the_absent_member_under_load(
    world: World, start_inbox: StartInbox, inbox: FastAPI, database: Mongo, ask: As
) -> None:
    await set_up(world, database)
    await start_inbox()
    for number in range(ROUNDS):
        epoch, ill = 2 + number, number % 2 == 1
        to = {"morgenrot": "tom" if ill else "jana", "auental": None if ill else "jana"}
        decide = away if ill else back
        await asyncio.gather(
            world.says(_arrivals(number)),
            world.says(decide("jana", to, epoch=epoch)),
            _jana_claims_what_she_can(ask),
        )
    await taken_in(database, ROUNDS * MESSAGES)
    await _answered(database, ROUNDS)
    conversations = await rows(database, "conversations", open=True)
    assert len(conversations) == ROUNDS * MESSAGES
    assert {row["holder"] for row in conversations} == {"tom", None}
    assert {row["holder"] for row in conversations if row["page_id"] == "auental"} == {None}
    await _moves_chain(world, database)


def _arrivals(number: int) -> list[Any]:
    first = number * MESSAGES
    return [
        message(n, page_id=("morgenrot", "auental")[n % 2], author_id=f"author{n}")
        for n in range(first, first + MESSAGES)
    ]


async def _jana_claims_what_she_can(ask: As) -> None:
    found = (await ask(JANA).get(PATH, params={"view": "unassigned", "limit": 5})).json()["items"]
    for one in found:
        version = {"If-Match": f'"{one["version"]}"'}
        await ask(JANA).post(f"{PATH}/{one['id']}/claim", headers=version)


async def _answered(database: Mongo, count: int) -> None:
    async def all_of_them() -> bool:
        return len(await rows(database, "handover_runs", state="answered")) == count

    await eventually(all_of_them)


async def _moves_chain(world: World, database: Mongo) -> None:
    """Each conversation's moves are numbered without a hole, and add up to the totals."""
    runs = await rows(database, "handover_runs")
    parts = await world.hears("inbox.handovers", sum(run["parts"] + 1 for run in runs))
    numbers: dict[str, list[int]] = {}
    for part in parts:
        for move in part.data["moves"]:
            numbers.setdefault(move["item_id"], []).append(move["move_no"])
    assert all(sorted(of_one) == list(range(1, len(of_one) + 1)) for of_one in numbers.values())
    totals = sum(part.data["total"] or 0 for part in parts)
    assert totals == sum(len(of_one) for of_one in numbers.values())


async def test_replaying_every_topic_changes_nothing(
    world: World,
    start_inbox: StartInbox,
    settings: InboxSettings,
    topics: str,
    kafka_servers: str,
) -> None:
    first = await start_inbox()
    database: Mongo = first.state.service.mongo
    await set_up(world, database)
    await world.says(_arrivals(0))
    await taken_in(database, MESSAGES)
    await world.says(away("jana", {"morgenrot": "tom", "auental": None}, epoch=2))
    await _answered(database, 1)
    before, duplicates = await _everything(database), _duplicates()
    await first.state.service.stop()
    reread = await _rewind(kafka_servers, topics, list(first.state.service.consumers))
    again = await start_inbox()
    await eventually(lambda: _caught_up(kafka_servers, reread))
    assert _duplicates() == duplicates + MESSAGES
    assert await _everything(again.state.service.mongo) == before


def _duplicates() -> float:
    labels = {"outcome": "duplicate"}
    return REGISTRY.get_sample_value("understudy_inbox_messages_total", labels) or 0


async def _everything(database: Mongo) -> dict[str, list[dict[str, Any]]]:
    names = [
        "aggregates", "clients", "conversations", "coverage", "dead_letters", "handover_runs",
        "members", "messages", "pages", "positions", "unrouted",
    ]  # fmt: skip
    return {name: await rows(database, name) for name in names}


Ends = dict[str, dict[TopicPartition, int]]


async def _rewind(servers: str, prefix: str, topics: list[str]) -> Ends:
    """Set the inbox's groups back to the beginning; returns where each partition ends."""
    ends: Ends = {}
    for name in topics:
        group = f"{prefix}inbox.{name}"
        async with AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=group, enable_auto_commit=False
        ) as consumer:
            partitions = [TopicPartition(f"{prefix}{name}", n) for n in range(2)]
            consumer.assign(partitions)
            await eventually(partial(_committed_to_zero, consumer, partitions))
            ends[group] = await consumer.end_offsets(partitions)
    return ends


async def _committed_to_zero(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> bool:
    """Refused for as long as the group still has the member that has just left."""
    try:
        await consumer.commit({one: OffsetAndMetadata(0, "") for one in partitions})
    except Exception:  # noqa: BLE001 (whatever it is, the group is not empty yet)
        return False
    return True


async def _caught_up(servers: str, ends: Ends) -> bool:
    for group, partitions in ends.items():
        async with AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=group, enable_auto_commit=False
        ) as consumer:
            consumer.assign(list(partitions))
            for partition, end in partitions.items():
                if end and (await consumer.committed(partition) or 0) < end:
                    return False
    return True
