"""What the status of content makes of its publishing duties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.scheduler.publishing.domain import (
    Publication,
    PublicationState,
    needs_holder,
    plan,
)
from shared.events.planner import ContentStatus, ContentStatusChanged, VariantState

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


def told(status: ContentStatus, *variants: VariantState) -> ContentStatusChanged:
    return ContentStatusChanged(
        content_id="c",
        client_id="roast",
        title="Advent",
        status=status,
        previous=None,
        variants=variants,
    )


def variant(name: str, publish_at: datetime | None = MONDAY, page: str = "insta") -> VariantState:
    return VariantState(variant_id=name, page_id=page, publish_at=publish_at)


def after(event: ContentStatusChanged, known: dict[str, Publication]) -> dict[str, Publication]:
    return known | {now.id: now for _, now in plan(event, known)}


def test_one_duty_for_each_dated_variant_of_approved_content() -> None:
    event = told(
        ContentStatus.APPROVED, variant("v1"), variant("v2", page="face"), variant("v3", None)
    )
    known = after(event, {})
    assert {one.variant_id: (one.page_id, one.state) for one in known.values()} == {
        "v1": ("insta", PublicationState.PLANNED),
        "v2": ("face", PublicationState.PLANNED),
    }
    assert plan(event, known) == [], "told twice, it changes nothing"


def test_another_time_moves_the_duty_and_leaves_its_holder() -> None:
    known = after(told(ContentStatus.SCHEDULED, variant("v1")), {})
    held = {id: replace(one, holder="tom", home="jana", move_no=1) for id, one in known.items()}
    later = told(ContentStatus.SCHEDULED, variant("v1", MONDAY + timedelta(days=1)))
    ((before, moved),) = plan(later, held)
    assert moved == replace(held["c:v1"], publish_at=MONDAY + timedelta(days=1))
    assert not needs_holder(before, moved)


def test_another_page_after_the_approval_is_another_duty() -> None:
    known = after(told(ContentStatus.APPROVED, variant("c:insta")), {})
    known = after(told(ContentStatus.APPROVED, variant("c:face", page="face")), known)
    assert {one.page_id: one.open for one in known.values()} == {"insta": False, "face": True}


def test_withdrawn_published_or_no_longer_approved_closes_it() -> None:
    known = after(told(ContentStatus.SCHEDULED, variant("v1")), {})
    for status, state in [
        (ContentStatus.WITHDRAWN, PublicationState.WITHDRAWN),
        (ContentStatus.DRAFT, PublicationState.WITHDRAWN),
        (ContentStatus.CHANGES_REQUESTED, PublicationState.WITHDRAWN),
        (ContentStatus.PUBLISHED, PublicationState.PUBLISHED),
    ]:
        closed = after(told(status, variant("v1")), known)["c:v1"]
        assert (closed.open, closed.state) == (False, state)


def test_a_variant_that_is_gone_closes_only_itself() -> None:
    known = after(told(ContentStatus.SCHEDULED, variant("v1"), variant("v2")), {})
    known = after(told(ContentStatus.SCHEDULED, variant("v2")), known)
    assert {one.variant_id: one.open for one in known.values()} == {"v1": False, "v2": True}


def test_approved_again_it_is_planned_again_by_whoever_acts_then() -> None:
    known = after(told(ContentStatus.SCHEDULED, variant("v1")), {})
    known = after(told(ContentStatus.DRAFT, variant("v1")), known)
    ((before, again),) = plan(told(ContentStatus.APPROVED, variant("v1")), known)
    assert again.open
    assert needs_holder(before, again)


def test_what_is_out_is_not_planned_a_second_time() -> None:
    known = after(told(ContentStatus.SCHEDULED, variant("v1")), {})
    known = after(told(ContentStatus.PUBLISHED, variant("v1")), known)
    assert plan(told(ContentStatus.SCHEDULED, variant("v1")), known) == []
