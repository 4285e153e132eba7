"""What comes in from communities, and what the inbox says about its conversations."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.events import topics
from shared.events.envelope import Event

__all__ = ["ConversationChanged", "ConversationStatus", "MessageKind", "MessageReceived"]

# Outside of these a platform errs, and some times could not even be told in UTC.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class MessageKind(StrEnum):
    COMMENT = "comment"
    DIRECT = "direct"
    MENTION = "mention"


class MessageReceived(Event):
    """One incoming message, as a platform or any other system tells it.

    (`page_id`, `platform_message_id`) identifies it; `thread` groups messages of the author
    where the platform has threads (a post, a direct conversation). `sent_at` is the time there.
    """

    type: ClassVar = "message.received.v1"
    topic: ClassVar = topics.COMMUNITY_MESSAGES

    page_id: str = Field(min_length=1, max_length=100)
    platform_message_id: str = Field(min_length=1, max_length=200)
    author_id: str = Field(min_length=1, max_length=200)
    author_name: str = Field(min_length=1, max_length=200)
    kind: MessageKind
    thread: str | None = Field(default=None, max_length=200)
    text: str = Field(max_length=20_000)
    sent_at: AwareDatetime = Field(ge=_EARLIEST, lt=_LATEST)

    @property
    def aggregate_id(self) -> str:
        return f"{self.page_id}:{self.author_id}"


class ConversationStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class ConversationChanged(Event):
    """State of a conversation after a change; carries no message body."""

    type: ClassVar = "conversation.changed.v1"
    topic: ClassVar = topics.COMMUNITY_CONVERSATIONS

    conversation_id: str
    client_id: str
    page_id: str
    responsibility_id: str
    status: ConversationStatus
    holder: str | None
    messages: int
    last_message_at: AwareDatetime

    @property
    def aggregate_id(self) -> str:
        return self.conversation_id

    @property
    def client(self) -> str:
        return self.client_id
