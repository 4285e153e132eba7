"""Apache Kafka in KRaft mode: one broker that is its own controller."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.processes import Probe, Process, ProcessFailed
from deploy.local.settings import HOST, LocalSettings

__all__ = ["answers_kafka", "kafka"]

_LOGGING = Path(__file__).with_name("log4j2.yaml")
# The compiler's first tier alone: it starts in half the time and leaves the processors free.
_JVM = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PROBE_SECONDS = 5.0


def kafka(settings: LocalSettings) -> Process:
    data = settings.state / "data" / "kafka"
    config = settings.state / "data" / "kafka.properties"

    async def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        config.write_text(_properties(settings, data))
        if not (data / "meta.properties").exists():
            await _format(settings, config)

    return Process(
        name="kafka",
        argv=_java(settings, "kafka.Kafka", str(config)),
        ready=answers_kafka(settings.kafka_servers),
        logs=settings.logs,
        prepare=prepare,
        where=settings.kafka_servers,
    )


def answers_kafka(servers: str) -> Probe:
    """A broker is registered and answers: listening alone comes a moment too early."""
    quiet = logging.getLogger("aiokafka")

    async def probe() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=2_000)
        level = quiet.level
        quiet.setLevel(logging.CRITICAL)
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await admin.start()
                return bool((await admin.describe_cluster())["brokers"])
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
            quiet.setLevel(level)

    return probe


def _java(settings: LocalSettings, main: str, *arguments: str) -> Sequence[str]:
    options = (*_JVM, f"-Dlog4j2.configurationFile={_LOGGING}")
    return ("java", *options, "-cp", f"{settings.kafka_jars.resolve()}/*", main, *arguments)


async def _format(settings: LocalSettings, config: Path) -> None:
    """Give the new, empty log directory its identity."""
    arguments = (
        "format",
        "--standalone",
        "--cluster-id",
        uuid4().hex[:22],
        "--config",
        str(config),
    )
    tool = await asyncio.create_subprocess_exec(
        *_java(settings, "kafka.tools.StorageTool", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await tool.communicate()
    if tool.returncode:
        raise ProcessFailed(f"Kafka's storage could not be formatted:\n{output.decode()}")


def _properties(settings: LocalSettings, data: Path) -> str:
    """What differs from the broker's defaults. Topics bring their own; see shared/kafka."""
    broker = f"{HOST}:{settings.kafka_port}"
    controller = f"{HOST}:{settings.kafka_controller_port}"
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={controller}
listeners=PLAINTEXT://{broker},CONTROLLER://{controller}
advertised.listeners=PLAINTEXT://{broker}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data.resolve()}
auto.create.topics.enable=false

# One broker keeps the only copy of its own topics.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# A laptop's memory, and nobody to wait for.
log.cleaner.dedupe.buffer.size=33554432
group.initial.rebalance.delay.ms=0
# After a kill, the broker may only return when its old registration has expired.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
"""
