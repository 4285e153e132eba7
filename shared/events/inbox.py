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
    """A public comment, a direct message, or the page was mentioned elsewhere."""

    COMMENT = "comment"
    DIRECT = "direct"
    MENTION = "mention"


class MessageReceived(Event):
    """One incoming message, as a platform or any other system tells it.

    `page_id` and `platform_message_id` together identify it: the same again changes nothing.
    """

    type: ClassVar = "message.received.v1"
    topic: ClassVar = topics.COMMUNITY_MESSAGES

    page_id: str = Field(min_length=1, max_length=100)
    """The page it came to, by its id in `page.changed`. A message to a page that is not known yet
    waits for it."""
    platform_message_id: str = Field(min_length=1, max_length=200)
    """The platform's own id of the message."""
    author_id: str = Field(min_length=1, max_length=200)
    """The platform's own id of who wrote it."""
    author_name: str = Field(min_length=1, max_length=200)
    """What the author is called there."""
    kind: MessageKind
    """How it came."""
    thread: str | None = Field(default=None, max_length=200)
    """What groups the author's messages into one conversation, where the platform has threads (a
    post, a direct conversation); null or absent otherwise."""
    text: str = Field(max_length=20_000)
    """What was written: plain text, empty for a picture alone."""
    sent_at: AwareDatetime = Field(ge=_EARLIEST, lt=_LATEST)
    """When it was written, by the platform's clock, with an offset; from 2000 up to 2100."""

    @property
    def aggregate_id(self) -> str:
        return f"{self.page_id}:{self.author_id}"


class ConversationStatus(StrEnum):
    """Open: somebody of the team is waited for. Done: until the author writes again."""

    OPEN = "open"
    DONE = "done"


class ConversationChanged(Event):
    """A conversation began, got messages, changed hands by a command, was done or opened again.

    Carries the state after it, and no word of what was said. Moves of a handover are told by
    `work.handed_over` instead.
    """

    type: ClassVar = "conversation.changed.v1"
    topic: ClassVar = topics.COMMUNITY_CONVERSATIONS

    conversation_id: str
    """One author on one page, in one thread."""
    client_id: str
    """The customer whose page it is."""
    page_id: str
    """The page it is on."""
    responsibility_id: str
    """The responsibility for the page's community."""
    status: ConversationStatus
    """Whether somebody of the team is waited for."""
    holder: str | None
    """Member who has it; null means nobody."""
    messages: int
    """How many messages it has by now."""
    last_message_at: AwareDatetime
    """When its latest message was written, by the platform's clock, in UTC."""

    @property
    def aggregate_id(self) -> str:
        return self.conversation_id

    @property
    def client(self) -> str:
        return self.client_id
