"""A record that can never be applied, kept with its reason and where it came from."""

from __future__ import annotations

from typing import ClassVar

from shared.events import topics
from shared.events.envelope import Event
from shared.events.topics import Topic

__all__ = ["DeadLetterRecorded"]


class DeadLetterRecorded(Event):
    """`body` is the first 64 KiB of the record in base64, empty if the topic is personal; all of it
    is at topic/partition/offset for as long as the topic keeps it."""

    type: ClassVar = "dead_letter.recorded.v1"
    topic: ClassVar = topics.dead_letters("planner")

    service: str
    origin_topic: str
    partition: int
    offset: int
    key: str | None
    reason: str
    detail: str
    body: str

    @property
    def aggregate_id(self) -> str:
        return f"{self.origin_topic}/{self.partition}/{self.offset}"

    @property
    def destination(self) -> Topic:
        return topics.dead_letters(self.service)
