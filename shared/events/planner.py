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
    """Where a page is."""

    INSTAGRAM = "instagram"
    FACEBOOK = "facebook"
    LINKEDIN = "linkedin"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"


class ContentStatus(StrEnum):
    """How far a content item is on its way from draft to published. `scheduled`: approved, and
    each variant is to go out at its time."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class ClientChanged(Event):
    """A customer of the agency came to be or changed. Full state."""

    type: ClassVar = "client.changed.v1"
    topic: ClassVar = topics.PLANNER_DIRECTORY

    client_id: str
    """The customer, as every event names it."""
    name: str
    """What people call it."""
    time_zone: str
    """Its IANA time zone, such as `Europe/Berlin`."""
    archived: bool = False
    """True: no new work for it."""

    @property
    def aggregate_id(self) -> str:
        return self.client_id

    @property
    def client(self) -> str:
        return self.client_id


class PageChanged(Event):
    """A client's presence on one platform came to be or changed. Full state."""

    type: ClassVar = "page.changed.v1"
    topic: ClassVar = topics.PLANNER_DIRECTORY

    page_id: str
    """The page, as every event names it."""
    client_id: str
    """The customer whose page it is."""
    name: str
    """What people call it."""
    platform: Platform
    """Where it is."""
    handle: str = ""
    """Its name on the platform, such as `@morgenrot`; empty if not told."""
    archived: bool = False
    """True: no new work for it."""

    @property
    def aggregate_id(self) -> str:
        return self.page_id

    @property
    def client(self) -> str:
        return self.client_id


class VariantState(Contract):
    """One page's form of the content."""

    variant_id: str
    """The variant; its publication has the same id."""
    page_id: str
    """The page it is for; a content item has at most one variant for each."""
    publish_at: AwareDatetime | None
    """When it is to go out, in UTC; null while undated."""


class ContentStatusChanged(Event):
    """A content item came to be, entered another status, or changed in what is public while it is
    approved or scheduled. Carries the whole public state."""

    type: ClassVar = "content.status_changed.v1"
    topic: ClassVar = topics.CONTENT_STATUS

    content_id: str
    """A post in the making."""
    client_id: str
    """The customer it is for."""
    title: str
    """What the team calls it."""
    status: ContentStatus
    """How far it is now."""
    previous: ContentStatus | None
    """How far it was before; null when it came to be, the same as `status` when only something
    public changed."""
    variants: tuple[VariantState, ...]
    """All its variants."""

    @property
    def aggregate_id(self) -> str:
        return self.content_id

    @property
    def client(self) -> str:
        return self.client_id
