"""What the planner says: its directory of clients and pages, and the status of content."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.envelope import Contract, Event

__all__ = [
    "ClientChanged",
    "ContentStatus",
    "ContentStatusChanged",
    "PageChanged",
    "Platform",
    "VariantState",
]


class Platform(StrEnum):
    INSTAGRAM = "instagram"
    FACEBOOK = "facebook"
    LINKEDIN = "linkedin"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"


class ContentStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class ClientChanged(Event):
    """Full state of a client (compacted)."""

    type: ClassVar = "client.changed.v1"
    topic: ClassVar = topics.PLANNER_DIRECTORY

    client_id: str
    name: str
    time_zone: str
    archived: bool = False

    @property
    def aggregate_id(self) -> str:
        return self.client_id

    @property
    def client(self) -> str:
        return self.client_id


class PageChanged(Event):
    """Full state of a page (compacted)."""

    type: ClassVar = "page.changed.v1"
    topic: ClassVar = topics.PLANNER_DIRECTORY

    page_id: str
    client_id: str
    name: str
    platform: Platform
    handle: str = ""
    archived: bool = False

    @property
    def aggregate_id(self) -> str:
        return self.page_id

    @property
    def client(self) -> str:
        return self.client_id


class VariantState(Contract):
    """One page's form of the content; `publish_at` is None while undated."""

    variant_id: str
    page_id: str
    publish_at: AwareDatetime | None


class ContentStatusChanged(Event):
    """A content item came to be, entered another status, or changed in what is public while it is
    approved or scheduled: then `previous` is `status`. Carries the whole public state."""

    type: ClassVar = "content.status_changed.v1"
    topic: ClassVar = topics.CONTENT_STATUS

    content_id: str
    client_id: str
    title: str
    status: ContentStatus
    previous: ContentStatus | None
    variants: tuple[VariantState, ...]

    @property
    def aggregate_id(self) -> str:
        return self.content_id

    @property
    def client(self) -> str:
        return self.client_id
