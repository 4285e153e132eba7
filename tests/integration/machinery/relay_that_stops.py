"""A relay that pauses itself once, after sending its first chunk: see `test_relay`.

Arguments: Kafka servers, topic prefix, MongoDB URI, database. Says `sent` before it pauses, and
`fenced` when, resumed, it finds that another relay has taken its place.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.clock import utc_now
from shared.kafka import Kafka
from shared.mongo import Mongo
from shared.outbox import BUCKETS
from shared.relay import Relay


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class StoppingRelay(Relay):
    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
        async with producer.transaction():
            for row in rows:
                future = await producer.send(
                    self._kafka.topic(row["topic"]), key=row["key"].encode(), value=row["body"]
                )
                await future
            say("sent")
            os.kill(os.getpid(), signal.SIGSTOP)


async def main() -> None:
    servers, prefix, uri, database = sys.argv[1:]
    mongo = Mongo(uri, database)
    kafka = Kafka(servers, prefix, "planner")
    relays = [StoppingRelay(mongo, kafka, "planner", n, utc_now).run() for n in range(BUCKETS)]
    try:
        await asyncio.gather(*relays)
    except KafkaError:
        say("fenced")


asyncio.run(main())
