"""`make demo ONCE=1`: a stack of its own, the story, the audit, an exit code."""

from __future__ import annotations

import random
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from deploy.local import stack
from deploy.local.demo.api import Impatient, Refused, opened
from deploy.local.demo.books import Client, read_books
from deploy.local.demo.running import SERVICE_ENV, fill_completely
from deploy.local.demo.story import Telling
from deploy.local.probes import port_is_free
from deploy.local.processes import ProcessFailed
from deploy.local.programs import auth_secret
from deploy.local.settings import HOST, LocalSettings
from deploy.local.supervisor import Report

__all__ = ["play_once", "settings_for_once"]

_PORTS = tuple(name for name in LocalSettings.model_fields if name.endswith("port"))
# Below those that the kernel gives to outgoing connections.
_FREE_ENOUGH = range(28_000, 32_700)
_ENV: Mapping[str, Mapping[str, str]] = {
    **SERVICE_ENV,
    # People go on writing while the story is told, and faster than in the demo.
    "platform": {"PLATFORM_MESSAGES_PER_MINUTE": "60"},
}


async def play_once(settings: LocalSettings, report: Report = print) -> int:
    """0 if everything adds up. State and logs are kept if it does not."""
    began = time.monotonic()
    once = settings_for_once(settings)
    stack.forget(once)
    await stack.prepare(once, report=report)
    async with (
        _own_names(once),
        stack.Stack(once, service_env=_ENV, report=report) as everything,
    ):
        await everything.start_engines()
        await everything.start_services(demo=True)
        discrepancies = await _play(once, report)
    seconds = time.monotonic() - began
    if discrepancies:
        report(f"\n{discrepancies} things do not add up ({seconds:.0f} s). Logs: {once.logs}")
        return 1
    shutil.rmtree(once.state)
    report(f"\nEverything adds up ({seconds:.0f} s).")
    return 0


def settings_for_once(settings: LocalSettings) -> LocalSettings:
    """State and ports of its own, so that a running demo is left alone; and on a cluster of
    others, names of its own."""
    prefix = f"once_{secrets.token_hex(4)}_"
    own: dict[str, object] = dict(zip(_PORTS, _free_ports(), strict=False))
    if settings.kafka_bootstrap_servers is not None:
        own["topic_prefix"] = prefix
    if settings.mongodb_uri is not None:
        own["database_prefix"] = prefix
    return settings.once.model_copy(update=own)


def _free_ports() -> Iterator[int]:
    for port in random.sample(_FREE_ENOUGH, len(_FREE_ENOUGH)):
        if port_is_free(HOST, port):
            yield port


async def _play(settings: LocalSettings, report: Report) -> int:
    """Fill in the agency and tell the story. What cannot go on counts as a discrepancy."""
    report("\nFilling in the agency, through the services' APIs")
    client: Client
    async with (
        AsyncMongoClient(settings.mongodb, tz_aware=True) as client,
        opened(settings.public_url, auth_secret(settings)) as api,
    ):
        read = partial(read_books, client, settings.database_prefix, settings.mail)
        try:
            stage = await fill_completely(api, report)
            return await Telling(stage, read, report).tell()
        except (Refused, Impatient, ProcessFailed) as failure:
            report(f"\nThe story cannot go on: {failure}")
            return 1


@asynccontextmanager
async def _own_names(settings: LocalSettings) -> AsyncIterator[None]:
    """On a cluster of others nothing is left behind."""
    try:
        yield
    finally:
        if settings.kafka_bootstrap_servers is not None:
            await _delete_topics(settings)
        if settings.mongodb_uri is not None:
            await _drop_databases(settings)


async def _delete_topics(settings: LocalSettings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_servers)
    await admin.start()
    try:
        names = [
            name for name in await admin.list_topics() if name.startswith(settings.topic_prefix)
        ]
        await admin.delete_topics(names)
    finally:
        await admin.close()


async def _drop_databases(settings: LocalSettings) -> None:
    client: Client
    async with AsyncMongoClient(settings.mongodb) as client:
        for name in await client.list_database_names():
            if name.startswith(settings.database_prefix):
                await client.drop_database(name)
