"""Publishing duties: one variant is to go to one page at one time. Pure.

    planned -> published | withdrawn;   withdrawn -> planned, when the content is approved again

A duty exists for as long as its content is approved or scheduled and its variant has a time. What
becomes of it on the platform is not decided here yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.events.planner import ContentStatus, ContentStatusChanged, VariantState

__all__ = [
    "Publication",
    "PublicationState",
    "needs_holder",
    "plan",
    "publication_id",
]


class PublicationState(StrEnum):
    PLANNED = "planned"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Publication:
    """A work item: the handover protocol changes `holder`, `home`, `touched` and `move_no`."""

    id: str
    content_id: str
    variant_id: str
    client_id: str
    page_id: str
    title: str
    publish_at: datetime
    state: PublicationState = PublicationState.PLANNED
    responsibility_id: str = ""
    open: bool = True
    holder: str | None = None
    home: str | None = None
    touched: bool = False
    move_no: int = 0
    version: int = 0


def publication_id(content_id: str, variant_id: str) -> str:
    return f"{content_id}:{variant_id}"


def plan(
    event: ContentStatusChanged, known: Mapping[str, Publication]
) -> list[tuple[Publication | None, Publication]]:
    """What the content's new status makes of its duties, `known` by id: (before, after) of each
    that changes; before None is a new one."""
    wanted = {one.id: one for one in _wanted(event)}
    changes: list[tuple[Publication | None, Publication]] = [
        (known.get(one.id), _renewed(known.get(one.id), one)) for one in wanted.values()
    ]
    changes += [
        (one, _closed(one, event.status))
        for one in known.values()
        if one.open and one.id not in wanted
    ]
    return [(before, after) for before, after in changes if before != after]


def needs_holder(before: Publication | None, after: Publication) -> bool:
    """Whether the duty is new to its page's team: then whoever acts there gets it."""
    if not after.open:
        return False
    return before is None or not before.open or before.page_id != after.page_id


def _wanted(event: ContentStatusChanged) -> Iterable[Publication]:
    if event.status not in (ContentStatus.APPROVED, ContentStatus.SCHEDULED):
        return
    for variant in event.variants:
        if variant.publish_at is not None:
            yield _planned(event, variant, variant.publish_at)


def _planned(
    event: ContentStatusChanged, variant: VariantState, publish_at: datetime
) -> Publication:
    return Publication(
        id=publication_id(event.content_id, variant.variant_id),
        content_id=event.content_id,
        variant_id=variant.variant_id,
        client_id=event.client_id,
        page_id=variant.page_id,
        title=event.title,
        publish_at=publish_at,
    )


def _renewed(before: Publication | None, wanted: Publication) -> Publication:
    """Published stays published: what is out is not planned a second time."""
    if before is None:
        return wanted
    if before.state is PublicationState.PUBLISHED:
        return before
    return replace(
        before,
        page_id=wanted.page_id,
        title=wanted.title,
        publish_at=wanted.publish_at,
        state=PublicationState.PLANNED,
        open=True,
    )


def _closed(before: Publication, status: ContentStatus) -> Publication:
    published = status is ContentStatus.PUBLISHED
    state = PublicationState.PUBLISHED if published else PublicationState.WITHDRAWN
    return replace(before, state=state, open=False)
