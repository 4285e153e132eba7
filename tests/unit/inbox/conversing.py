"""Conversations and messages for tests of the inbox's domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.inbox.conversations.domain import Conversation
from services.inbox.intake.domain import receive, start
from shared.events.inbox import MessageKind, MessageReceived
from shared.handover.rule import Holding

__all__ = ["NOW", "conversation", "message", "minutes"]

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def message(number: int = 1, **fields: Any) -> MessageReceived:
    """Message `number` of one author; later numbers were sent later."""
    given: dict[str, Any] = {
        "page_id": "page1",
        "platform_message_id": f"m{number}",
        "author_id": "katrin",
        "author_name": "Katrin Lohse",
        "kind": MessageKind.DIRECT,
        "text": f"text {number}",
        "sent_at": NOW - minutes(100 - number),
    }
    return MessageReceived(**(given | fields))


def conversation(
    *, holder: str | None = "tom", home: str | None = None, touched: bool = False, messages: int = 2
) -> Conversation:
    """An open conversation of some messages."""
    holding = Holding(holder=holder, home=home, touched=touched)
    arrived = [message(number + 1) for number in range(messages)]
    started = start(
        arrived[0], client_id="client1", responsibility_id="page1:community", holding=holding
    )
    return receive(started, arrived, NOW)[0]
