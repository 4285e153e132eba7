"""The status machine of content items, as a property of all histories and case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.content import domain
from services.planner.content.domain import (
    TRANSITIONS,
    Action,
    ContentItem,
    Events,
    Revision,
    Variant,
)
from shared.errors import AppError, InvalidRequest
from shared.events.planner import ContentStatus, ContentStatusChanged

NOW = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)
SOON = NOW + timedelta(days=1)


def item(status: ContentStatus = ContentStatus.DRAFT, **fields: object) -> ContentItem:
    known: dict[str, object] = {
        "id": "c1",
        "client_id": "morgenrot",
        "title": "Türchen 1",
        "revision": Revision(number=1, text="Guji, washed.", by="lena", at=NOW),
        "created_at": NOW,
        "variants": (Variant("p1", SOON),),
        "status": status,
    }
    return ContentItem(**(known | fields))  # type: ignore[arg-type]


def apply(item: ContentItem, command: str, number: int) -> tuple[ContentItem, Events]:
    revision = item.revision.number
    commands = {
        "submit": lambda: domain.move_on(item, Action.SUBMIT, NOW),
        "approve": lambda: domain.approve(item, revision, "tom", NOW),
        "approve_old": lambda: domain.approve(item, revision - 1, "tom", NOW),
        "request_changes": lambda: domain.request_changes(item, revision, "shorter"),
        "revise": lambda: domain.edit(item, "mira", NOW, text=f"text {number}"),
        "revise_same": lambda: domain.edit(item, "mira", NOW, text=item.revision.text),
        "rename": lambda: domain.edit(item, "mira", NOW, title=f"title {number}"),
        "file": lambda: domain.edit(item, "mira", NOW, campaign_id=f"campaign {number}"),
        "arrange": lambda: domain.edit(item, "mira", NOW, variants=(Variant("p2", SOON),)),
        "arrange_undated": lambda: domain.edit(item, "mira", NOW, variants=(Variant("p1"),)),
        "schedule": lambda: domain.move_on(item, Action.SCHEDULE, NOW),
        "unschedule": lambda: domain.move_on(item, Action.UNSCHEDULE, NOW),
        "publish": lambda: domain.move_on(item, Action.MARK_PUBLISHED, NOW),
        "everything": lambda: domain.edit(
            item, "mira", NOW, title="all", text=f"new {number}", variants=(Variant("p3", SOON),)
        ),
        "withdraw": lambda: domain.move_on(item, Action.WITHDRAW, NOW),
        "reopen": lambda: domain.move_on(item, Action.REOPEN, NOW),
    }
    return commands[command]()


COMMANDS = st.lists(st.sampled_from([
    "submit", "submit", "approve", "approve", "approve_old", "request_changes", "revise",
    "revise_same", "rename", "file", "arrange", "arrange_undated", "schedule", "schedule",
    "unschedule", "everything", "publish", "withdraw", "reopen",
]), max_size=40)  # fmt: skip


@given(COMMANDS)
def test_every_history_keeps_the_contract(commands: list[str]) -> None:
    """Events tell an unbroken chain of legal statuses, and the public state of what is planned;
    versions count; approvals fit the text."""
    present, events = domain.draft(item(variants=()))
    told, public = [events[0].status], public_state(events[0])
    assert events[0].previous is None
    for number, command in enumerate(commands):
        try:
            after, events = apply(present, command, number)
        except AppError:
            continue  # refused, and nothing was returned that could be saved
        for event in events:
            assert event.previous == told[-1]
            assert event.status in {told[-1], *TRANSITIONS[told[-1]].values()}
            told.append(event.status)
        assert told[-1] is after.status
        assert after.version == present.version + (after != present)
        assert after.revision.number - present.revision.number == (
            after.revision.text != present.revision.text
        )
        _check_status_is_earned(after)
        if events:
            public = public_state(events[-1])
        if after.status in (ContentStatus.APPROVED, ContentStatus.SCHEDULED):
            assert public == (after.title, [(v.page_id, v.publish_at) for v in after.variants])
        present = after


def public_state(event: ContentStatusChanged) -> object:
    return event.title, [(v.page_id, v.publish_at) for v in event.variants]


def _check_status_is_earned(item: ContentItem) -> None:
    if item.status in (ContentStatus.APPROVED, ContentStatus.SCHEDULED, ContentStatus.PUBLISHED):
        assert item.approval is not None
        assert item.approval.revision == item.revision.number
    else:
        assert item.approval is None
    if item.status is ContentStatus.SCHEDULED:
        assert item.variants
        assert all(variant.publish_at is not None for variant in item.variants)


def test_every_status_but_published_can_be_left() -> None:
    stuck = {status for status, actions in TRANSITIONS.items() if not actions}
    assert set(TRANSITIONS) == set(ContentStatus)
    assert stuck == {ContentStatus.PUBLISHED}


def test_published_is_entered_by_the_record_of_it_only() -> None:
    entering = {a for ways in TRANSITIONS.values() for a, to in ways.items() if to == "published"}
    assert entering == {Action.MARK_PUBLISHED}


def test_a_new_text_takes_a_scheduled_item_back_to_draft_and_its_approval_away() -> None:
    approved, _ = domain.approve(item(ContentStatus.IN_REVIEW), 1, "tom", NOW)
    scheduled, _ = domain.move_on(approved, Action.SCHEDULE, NOW)
    revised, events = domain.edit(scheduled, "mira", NOW, text="Guji, natural.")
    assert revised.status is ContentStatus.DRAFT
    assert revised.approval is None
    assert revised.revision == Revision(number=2, text="Guji, natural.", by="mira", at=NOW)
    assert [(e.previous, e.status) for e in events] == [("scheduled", "draft")]


@pytest.mark.parametrize("status", [ContentStatus.APPROVED, ContentStatus.SCHEDULED])
def test_what_is_public_is_told_when_it_changes_after_the_approval(status: ContentStatus) -> None:
    later = SOON + timedelta(hours=2)
    moved, (told,) = domain.edit(item(status), "mira", NOW, variants=(Variant("p2", later),))
    assert (moved.status, told.status, told.previous) == (status, status, status)
    assert public_state(told) == ("Türchen 1", [("p2", later)])
    _, (told,) = domain.edit(moved, "mira", NOW, title="Door 1")
    assert public_state(told) == ("Door 1", [("p2", later)])
    assert domain.edit(moved, "mira", NOW, campaign_id="advent")[1] == []


def test_deciding_on_an_old_text_is_refused() -> None:
    with pytest.raises(domain.RevisionOutdated) as refused:
        domain.approve(item(ContentStatus.IN_REVIEW), 0, "tom", NOW)
    assert refused.value.params == {"given": 0, "present": 1}


def test_the_refusal_names_what_is_legal() -> None:
    with pytest.raises(domain.IllegalTransition) as refused:
        domain.move_on(item(ContentStatus.CHANGES_REQUESTED), Action.SCHEDULE, NOW)
    assert refused.value.extra == {
        "action": "schedule",
        "present": "changes_requested",
        "legal": ["submit", "withdraw"],
    }


@pytest.mark.parametrize(
    ("variants", "fits"),
    [
        ((), False),
        ((Variant("p1"),), False),
        ((Variant("p1", NOW),), False),
        ((Variant("p1", SOON), Variant("p2")), False),
        ((Variant("p1", SOON), Variant("p2", SOON)), True),
    ],
)
def test_only_dated_future_variants_can_be_scheduled(
    variants: tuple[Variant, ...], fits: bool
) -> None:
    ready = item(ContentStatus.APPROVED, variants=variants)
    if fits:
        assert domain.move_on(ready, Action.SCHEDULE, NOW)[0].status is ContentStatus.SCHEDULED
    else:
        with pytest.raises(domain.NotReady):
            domain.move_on(ready, Action.SCHEDULE, NOW)


def test_nothing_is_submitted_without_a_text_or_a_page() -> None:
    with pytest.raises(domain.NotReady):
        domain.move_on(item(variants=()), Action.SUBMIT, NOW)
    blank = Revision(number=1, text=" \n", by="lena", at=NOW)
    with pytest.raises(domain.NotReady):
        domain.move_on(item(revision=blank), Action.SUBMIT, NOW)


def test_one_variant_for_each_page() -> None:
    with pytest.raises(InvalidRequest) as refused:
        domain.draft(item(variants=(Variant("p1"), Variant("p2"), Variant("p1"))))
    assert refused.value.errors[0].pointer == "/variants/2/page_id"


def test_what_is_out_keeps_its_text() -> None:
    with pytest.raises(domain.ContentClosed):
        domain.edit(item(ContentStatus.PUBLISHED), "mira", NOW, text="another")
    filed, events = domain.edit(item(ContentStatus.PUBLISHED), "mira", NOW, campaign_id="advent")
    assert (filed.campaign_id, events) == ("advent", [])


def test_a_scheduled_item_does_not_lose_its_dates() -> None:
    with pytest.raises(domain.NotReady):
        domain.edit(item(ContentStatus.SCHEDULED), "mira", NOW, variants=(Variant("p1"),))


def test_the_due_time_is_the_first_publish_time() -> None:
    later = SOON + timedelta(days=2)
    assert item(variants=(Variant("p1", later), Variant("p2", SOON))).due_at == SOON
    assert item(variants=(Variant("p1"),)).due_at is None


def test_one_page_is_shared_only_if_all_variants_are_on_it() -> None:
    assert item().only_page == "p1"
    assert item(variants=(Variant("p1"), Variant("p2"))).only_page is None
    assert item(variants=()).only_page is None
