"""How messages become conversations. Pure.

Whatever the order, the batches and the number of times a set of messages comes in, the same
conversations come out: a message is known by its page and platform id, a conversation by its
page, author and thread, and messages stand in the order of the platform's time.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime

from services.inbox.conversations.domain import Conversation, ConversationId, Message, MessageId
from shared.events.inbox import ConversationStatus, MessageReceived
from shared.handover.rule import Holding

__all__ = ["conversation_id", "message_id", "receive", "start", "threads", "unique"]

_EXCERPT = 200


def message_id(received: MessageReceived) -> MessageId:
    """Natural, so that a message that comes again is recognised. Pages known here have ids
    without a colon, so the first colon ends the page's id."""
    return f"{received.page_id}:{received.platform_message_id}"


def conversation_id(received: MessageReceived) -> ConversationId:
    """Natural: the same page, author and thread always give the same 32 hexadecimal digits."""
    words = json.dumps([received.page_id, received.author_id, received.thread])
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def unique(
    batch: Iterable[MessageReceived], known: AbstractSet[MessageId]
) -> dict[MessageId, MessageReceived]:
    """The messages that are neither known nor twice in the batch: the first of each stands."""
    fresh: dict[MessageId, MessageReceived] = {}
    for received in batch:
        identity = message_id(received)
        if identity not in known:
            fresh.setdefault(identity, received)
    return fresh


def threads(
    fresh: Mapping[MessageId, MessageReceived],
) -> dict[ConversationId, list[MessageReceived]]:
    """Messages by conversation, in the order of arrival."""
    by_conversation: dict[ConversationId, list[MessageReceived]] = defaultdict(list)
    for received in fresh.values():
        by_conversation[conversation_id(received)].append(received)
    return dict(by_conversation)


def start(
    first: MessageReceived, *, client_id: str, responsibility_id: str, holding: Holding
) -> Conversation:
    """A conversation that is about to receive its first messages."""
    nothing = datetime.max.replace(tzinfo=UTC)
    return Conversation(
        id=conversation_id(first),
        client_id=client_id,
        page_id=first.page_id,
        responsibility_id=responsibility_id,
        author_id=first.author_id,
        author_name=first.author_name,
        thread=first.thread,
        kind=first.kind,
        excerpt="",
        messages=0,
        latest=(datetime.min.replace(tzinfo=UTC), 0),
        waiting_since=nothing,
        status=ConversationStatus.OPEN,
        holding=holding,
        version=0,
    )


def receive(
    conversation: Conversation,
    arrived: Sequence[MessageReceived],
    now: datetime,
    *,
    reopened: Holding | None = None,
) -> tuple[Conversation, list[Message]]:
    """The conversation with the messages that arrived, and those messages numbered by arrival.

    A conversation that was done is open again, `reopened` says who has it, and its author waits
    since the first of these messages. A message moves nothing and touches nothing.
    """
    messages = [
        _message(received, conversation, arrival, now)
        for arrival, received in enumerate(arrived, start=conversation.messages + 1)
    ]
    waiting = [message.waiting_from for message in messages]
    if conversation.open:
        waiting.append(conversation.waiting_since)
    else:
        conversation = replace(
            conversation,
            status=ConversationStatus.OPEN,
            holding=reopened or conversation.holding,
            done_at=None,
            done_by=None,
        )
    conversation = replace(
        conversation,
        messages=conversation.messages + len(messages),
        waiting_since=min(waiting),
        version=conversation.version + 1,
    )
    return _led_by(conversation, max(messages, key=lambda message: message.order)), messages


def _message(
    received: MessageReceived, conversation: Conversation, arrival: int, now: datetime
) -> Message:
    return Message(
        id=message_id(received),
        conversation_id=conversation.id,
        client_id=conversation.client_id,
        platform_message_id=received.platform_message_id,
        author_name=received.author_name,
        kind=received.kind,
        text=received.text,
        sent_at=_storable(received.sent_at),
        received_at=now,
        arrival=arrival,
    )


def _led_by(conversation: Conversation, latest: Message) -> Conversation:
    if latest.order <= conversation.latest:
        return conversation
    return replace(
        conversation,
        latest=latest.order,
        author_name=latest.author_name,
        kind=latest.kind,
        excerpt=" ".join(latest.text.split())[:_EXCERPT],
    )


def _storable(instant: datetime) -> datetime:
    """In UTC and to the millisecond, as MongoDB keeps it."""
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
