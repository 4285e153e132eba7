"""A real Kafka and a real MongoDB for the tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka import kafka
from deploy.local.mongodb import mongodb
from deploy.local.processes import Process
from deploy.local.settings import LocalSettings
from deploy.local.stack import prepare
from tests.support.ports import free_port

__all__ = ["ABSENCE_KEYS", "AUTH_SECRET", "Engines", "OwnEngines", "existing_engines"]

AUTH_SECRET = "only-for-tests-" + 32 * "x"
ABSENCE_KEYS = "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMteHg="


@dataclass(frozen=True)
class Engines:
    """Where Kafka and MongoDB are."""

    kafka_servers: str
    mongodb_uri: str

    def environment(self, prefix: str) -> Mapping[str, str]:
        """What a service is told to use these engines under a prefix of its own."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_servers,
            "MONGODB_URI": self.mongodb_uri,
            "DATABASE_PREFIX": prefix,
            "TOPIC_PREFIX": prefix,
            "TOPIC_PARTITIONS_MAX": "2",
            "AUTH_SECRET": AUTH_SECRET,
            "ABSENCE_KEYS": ABSENCE_KEYS,
        }


def existing_engines() -> Engines | None:
    """Those that the environment names, if it names both."""
    kafka_servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    mongodb_uri = os.environ.get("MONGODB_URI")
    return Engines(kafka_servers, mongodb_uri) if kafka_servers and mongodb_uri else None


class OwnEngines:
    """A Kafka and a MongoDB that belong to one owner, who may kill and start them at will.

    Their data and ports stay the same, so a `start` after a `kill` is a recovery.
    """

    def __init__(self, directory: Path) -> None:
        self.settings = LocalSettings(
            state=directory,
            kafka_port=free_port(),
            kafka_controller_port=free_port(),
            mongodb_port=free_port(),
            kafka_bootstrap_servers=None,
            mongodb_uri=None,
        )
        self.kafka: Process = kafka(self.settings)
        self.mongodb: Process = mongodb(self.settings)

    @property
    def addresses(self) -> Engines:
        return Engines(self.settings.kafka_servers, self.settings.mongodb)

    async def start(self) -> None:
        """Raises `MissingPrerequisites`, or `ProcessFailed` with the end of the log."""
        await prepare(self.settings, report=lambda _: None)
        await asyncio.gather(self.kafka.start(), self.mongodb.start())

    async def stop(self) -> None:
        await asyncio.gather(self.kafka.stop(), self.mongodb.stop())
