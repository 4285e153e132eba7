"""The planner as a participant, on real Kafka: handovers, write skew, redelivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.events.envelope import Envelope
from shared.service import Service
from tests.integration.planner.conftest import Agency, Json, if_match
from tests.integration.planner.scheduler import Scheduler, coverage, falls_ill, member
from tests.support.waiting import eventually


@pytest.fixture
async def scheduler(kafka_servers: str, topics: str) -> AsyncIterator[Scheduler]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers, acks="all")
    await producer.start()
    yield Scheduler(producer, topics)
    await producer.stop()


async def everything(service: Service) -> dict[str, list[Any]]:
    """All rows that events write, as they are."""
    names = ("members", "positions", "tasks", "coverage_rows", "presence_rows", "handover_runs")
    return {
        name: [row async for row in service.mongo.collection(name).find().sort("_id", 1)]
        for name in names
    }


async def answered(service: Service, handover_id: str) -> bool:
    runs = service.mongo.collection("handover_runs")
    return await runs.find_one({"_id": handover_id, "state": "answered"}) is not None


async def settle(service: Service, scheduler: Scheduler, client_id: str) -> None:
    """Jana is here and acts, Tom is here."""
    await scheduler.send(member("jana"))
    await scheduler.send(member("tom"))
    await scheduler.send(coverage(client_id, "jana"))
    rows = service.mongo.collection("coverage_rows")
    members = service.mongo.collection("members")

    async def known() -> bool:
        row = await rows.find_one({"_id": f"{client_id}:copywriting|8", "acting": "jana"})
        return row is not None and await members.count_documents({}) == 2

    await eventually(known)


async def test_tasks_created_and_reopened_during_a_handover_never_stay_with_the_absent(
    started: Service,
    agency: Agency,
    scheduler: Scheduler,
    lead: httpx.AsyncClient,
    kafka_servers: str,
    prefix: str,
) -> None:
    await settle(started, scheduler, agency.client)
    item = await agency.content(agency.instagram, agency.facebook)
    finished = [await agency.task(item) for _ in range(10)]
    for task in finished:
        path = f"/api/v1/tasks/{task['id']}/finish"
        await lead.post(path, headers=if_match(task))
    running = asyncio.Event()

    async def create(number: int) -> None:
        await agency.task(item, title=f"Task {number}")
        running.set()

    async def reopen(task: Json) -> None:
        path = f"/api/v1/tasks/{task['id']}/reopen"
        response = await lead.post(path, headers=if_match(task["version"] + 1))
        assert response.status_code == 200, response.text

    async def fall_ill() -> None:
        await running.wait()
        await scheduler.send(falls_ill(agency.client, 2))

    async with asyncio.TaskGroup() as group:
        group.create_task(fall_ill())
        for number in range(60):
            group.create_task(create(number))
        for task in finished:
            group.create_task(reopen(task))
    await eventually(lambda: answered(started, "h2"))

    tasks = started.mongo.collection("tasks")
    assert await tasks.count_documents({"open": True}) == 70
    assert await tasks.count_documents({"open": True, "holder": "jana"}) == 0
    assert await tasks.count_documents({"open": True, "holder": "tom"}) == 70
    moved = await tasks.count_documents({"move_no": {"$gt": 0}})
    answers = await read(kafka_servers, f"{prefix}planner.handovers")
    assert sum(len(data["moves"]) for data in answers) == answers[-1]["total"] == moved


async def read(kafka_servers: str, topic: str) -> list[Json]:
    """The answers on the topic, until the one with the total."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    found: list[Json] = []

    async def complete() -> bool:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            found.extend(Envelope.parse(record.value).data for record in records)
        return any(data["total"] is not None for data in found)

    try:
        await eventually(complete)
    finally:
        await consumer.stop()
    return found


async def test_redelivery_changes_nothing(
    started: Service, agency: Agency, scheduler: Scheduler
) -> None:
    await settle(started, scheduler, agency.client)
    item = await agency.content(agency.instagram, agency.facebook)
    await agency.task(item)
    await scheduler.send(member("jana", present=False, epoch=2))
    await scheduler.send(coverage(agency.client, "tom", epoch=2))
    await scheduler.send(falls_ill(agency.client, 2))
    await eventually(lambda: answered(started, "h2"))

    async def told() -> bool:
        query = {"_id": "jana", "present": False}
        rows = {"responsibility_id": f"{agency.client}:copywriting", "acting": "tom"}
        return (
            await started.mongo.collection("members").find_one(query) is not None
            and await started.mongo.collection("coverage_rows").count_documents(rows) == 9
        )

    await eventually(told)
    before = await everything(started)
    await scheduler.send_all_again()
    # A last event of its own shows when all that came before it has been applied.
    await scheduler.send(member("zoe"))
    await scheduler.send(coverage("zz", "tom"))
    await scheduler.send(falls_ill("zz", 3, "zoe"))
    await eventually(lambda: answered(started, "h3"))
    members = started.mongo.collection("members")
    await eventually(lambda: members.find_one({"_id": "zoe"}))
    positions = started.mongo.collection("positions")
    await eventually(lambda: positions.find_one({"_id": "team.coverage|zz:copywriting"}))
    after = await everything(started)
    for name, rows in before.items():
        known = {row["_id"] for row in rows}
        assert [row for row in after[name] if row["_id"] in known] == rows, name


async def test_statuses_reach_kafka_in_order(
    started: Service, agency: Agency, kafka_servers: str, prefix: str
) -> None:
    items = [await agency.content() for _ in range(3)]
    for item in items:
        submitted = await agency.command(item, "submit")
        approved = await agency.command(submitted, "approve", revision=1)
        await agency.command(approved, "schedule")
    consumer = AIOKafkaConsumer(
        f"{prefix}content.status",
        bootstrap_servers=kafka_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    found: dict[str, list[tuple[int, str]]] = {item["id"]: [] for item in items}

    async def complete() -> bool:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            for record in records:
                envelope = Envelope.parse(record.value)
                found[record.key.decode()].append((envelope.sequence, envelope.data["status"]))
        return sum(len(told) for told in found.values()) == 12

    try:
        await eventually(complete)
    finally:
        await consumer.stop()
    expected = [(1, "draft"), (2, "in_review"), (3, "approved"), (4, "scheduled")]
    assert all(told == expected for told in found.values())
