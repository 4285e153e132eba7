"""A record that can never be applied, kept with its reason and where it came from."""

from __future__ import annotations

from typing import ClassVar

from shared.events import topics
from shared.events.envelope import Event
from shared.events.topics import Topic

__all__ = ["DeadLetterRecorded"]


class DeadLetterRecorded(Event):
    """A service was given a record that can never be applied, and passed it over.

    All of the record is at topic/partition/offset for as long as that topic keeps it."""

    type: ClassVar = "dead_letter.recorded.v1"
    topic: ClassVar = topics.dead_letters("planner")

    service: str
    """Who passed it over."""
    origin_topic: str
    """Where the record is, without the installation's prefix."""
    partition: int
    """Its partition, from 0."""
    offset: int
    """Its offset in the partition."""
    key: str | None
    """Its key as text; null if it has none."""
    reason: str
    """A stable word, such as `not_json`, `invalid_envelope`, `invalid_data`, `wrong_key`."""
    detail: str
    """What is wrong and where, for people; at most 500 characters."""
    body: str
    """The first 64 KiB of the record in base64; empty if its topic is personal."""

    @property
    def aggregate_id(self) -> str:
        return f"{self.origin_topic}/{self.partition}/{self.offset}"

    @property
    def destination(self) -> Topic:
        return topics.dead_letters(self.service)
