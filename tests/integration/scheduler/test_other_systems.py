"""The consumer of docs/integrating.md, run as it stands there, on what a real scheduler tells."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaProducer

from services.scheduler.absences.usecases import end_absence
from services.scheduler.settings import SchedulerSettings
from shared.clock import utc_now
from shared.events.envelope import Envelope
from shared.events.scheduler import AbsenceStarted
from tests.integration.scheduler.agency import LENA, Agency
from tests.integration.scheduler.stack import Scheduler, running
from tests.support.documents import program, running_program
from tests.support.records import all_records

CONSUMER = program("docs/integrating.md", "consumer.py")
PATIENCE_SECONDS = 30


@pytest.fixture
async def agency(settings: SchedulerSettings, topics: str) -> AsyncIterator[Agency]:
    scheduler = Scheduler(settings)
    async with running(scheduler.service):
        yield Agency.of(scheduler.service)


@pytest.fixture
async def consumer(kafka_servers: str, topics: str) -> AsyncIterator[Process]:
    environment = {
        "KAFKA": kafka_servers,
        "TOPIC": f"{topics}team.absences",
        "GROUP": f"{topics}payroll",
    }
    async with running_program(CONSUMER, environment) as process:
        yield process


async def said_by(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


async def put(servers: str, topic: str, records: list[tuple[bytes, bytes, int]]) -> None:
    """Each with its key and partition."""
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for body, key, partition in records:
            await producer.send_and_wait(topic, body, key=key, partition=partition)


def of_a_later_version() -> bytes:
    event = AbsenceStarted(
        absence_id="a0", member_id="nobody", starts_at=utc_now(), ends_at=utc_now()
    )
    envelope = Envelope.wrap(event, id="1", source="/test", sequence=1, time=utc_now())
    return envelope.model_copy(update={"type": "absence.started.v2"}).to_bytes()


@pytest.mark.slow
async def test_the_consumer_in_the_documentation_tells_who_is_away_and_tells_it_once(
    agency: Agency, consumer: Process, kafka_servers: str, topics: str
) -> None:
    topic = f"{topics}team.absences"
    later = of_a_later_version()
    await put(kafka_servers, topic, [(later, b"x", 0), (later, b"y", 1)])
    jana = await agency.member("Jana Hoffmann")
    absence, _ = await agency.away(jana)
    assert await said_by(consumer) == f"{jana.id} is away until None"

    told = (await all_records(kafka_servers, topics))["team.absences"]
    await put(
        kafka_servers,
        topic,
        [(one.value, one.key, one.partition) for one in told if one.key == jana.id.encode()],
    )
    await agency.do(lambda tx: end_absence(tx, agency.desk, LENA, absence.id, None, agency.now))
    until = utc_now().replace(microsecond=0) + timedelta(days=3)
    await agency.away(jana, ends=until)
    assert await said_by(consumer) == f"{jana.id} is away until {until:%Y-%m-%dT%H:%M:%SZ}"
