"""A conversation and what can happen to it. Pure.

Every function returns the conversation after the change and the events that tell it. A change
that changes nothing returns the same conversation and no events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.inbox.conversations.errors import ConversationDone
from shared.events.inbox import ConversationChanged, ConversationStatus, MessageKind
from shared.handover.rule import Holding

__all__ = [
    "Conversation",
    "ConversationId",
    "Message",
    "MessageId",
    "Note",
    "assign",
    "changed",
    "finish",
    "release",
    "reopen",
    "touch",
]

ConversationId = str
MessageId = str
Change = tuple["Conversation", list[ConversationChanged]]


@dataclass(frozen=True, slots=True)
class Message:
    """One incoming message. `arrival` counts the conversation's messages from 1 as they came in;
    it orders messages of the same platform time."""

    id: MessageId
    conversation_id: ConversationId
    client_id: str
    platform_message_id: str
    author_name: str
    kind: MessageKind
    text: str
    sent_at: datetime
    received_at: datetime
    arrival: int

    @property
    def waiting_from(self) -> datetime:
        """Since when its author waits; a platform whose clock is ahead does not make it later."""
        return min(self.sent_at, self.received_at)

    @property
    def order(self) -> tuple[datetime, int]:
        return (self.sent_at, self.arrival)


@dataclass(frozen=True, slots=True)
class Note:
    """An internal note: only the team sees it."""

    id: str
    conversation_id: ConversationId
    client_id: str
    author: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread of messages with one author on one page.

    `waiting_since` is when the oldest message that nobody has dealt with was sent; it is kept
    when the conversation is done, so that reopening it brings it back. `latest` is the order of
    the latest message, which lends the conversation its excerpt, kind and author's name.
    `version` counts commands and messages, but no moves of the handover protocol.
    """

    id: ConversationId
    client_id: str
    page_id: str
    responsibility_id: str
    author_id: str
    author_name: str
    thread: str | None
    kind: MessageKind
    excerpt: str
    messages: int
    latest: tuple[datetime, int]
    waiting_since: datetime
    status: ConversationStatus
    holding: Holding
    version: int
    done_at: datetime | None = None
    done_by: str | None = None

    @property
    def open(self) -> bool:
        return self.status is ConversationStatus.OPEN

    @property
    def holder(self) -> str | None:
        return self.holding.holder


def assign(conversation: Conversation, to: str) -> Change:
    """`to` has it from now on and is at home with it. `to` must be present.

    Raises `ConversationDone`.
    """
    _require_open(conversation)
    return _hold(conversation, Holding(holder=to, home=None, touched=False))


def release(conversation: Conversation, acting: str | None) -> Change:
    """Back to who acts for its page, or to nobody in a gap; stays as it is if that is its holder.

    Raises `ConversationDone`.
    """
    _require_open(conversation)
    if acting == conversation.holder:
        return conversation, []
    return _hold(conversation, Holding(holder=acting, home=None, touched=False))


def finish(conversation: Conversation, by: str, now: datetime) -> Change:
    """Nothing is left to do until the author writes again. Done twice is done once."""
    if not conversation.open:
        return conversation, []
    done = replace(
        touch(conversation, by),
        status=ConversationStatus.DONE,
        done_at=now,
        done_by=by,
        version=conversation.version + 1,
    )
    return done, [changed(done)]


def reopen(conversation: Conversation, holding: Holding) -> Change:
    """It needs somebody again: `holding` says whom. Its author waits as long as before."""
    if conversation.open:
        return conversation, []
    opened = replace(
        conversation,
        status=ConversationStatus.OPEN,
        holding=holding,
        done_at=None,
        done_by=None,
        version=conversation.version + 1,
    )
    return opened, [changed(opened)]


def touch(conversation: Conversation, by: str) -> Conversation:
    """A command by `by`: if `by` holds it for somebody, it stays with `by` from now on."""
    holding = conversation.holding
    if holding.holder != by or holding.home is None or holding.touched:
        return conversation
    return replace(conversation, holding=replace(holding, touched=True))


def changed(conversation: Conversation) -> ConversationChanged:
    return ConversationChanged(
        conversation_id=conversation.id,
        client_id=conversation.client_id,
        page_id=conversation.page_id,
        responsibility_id=conversation.responsibility_id,
        status=conversation.status,
        holder=conversation.holder,
        messages=conversation.messages,
        last_message_at=conversation.latest[0],
    )


def _hold(conversation: Conversation, holding: Holding) -> Change:
    if holding == conversation.holding:
        return conversation, []
    held = replace(conversation, holding=holding, version=conversation.version + 1)
    return held, [changed(held)]


def _require_open(conversation: Conversation) -> None:
    if not conversation.open:
        raise ConversationDone
