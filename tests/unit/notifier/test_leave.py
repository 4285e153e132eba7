"""Who is told of leave, and how long that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.briefs.domain import for_eyes, in_force, leave_news
from services.notifier.leave.domain import LeaveRequest, holds
from shared.events.scheduler import LeaveChanged, LeaveStep

START = datetime(2026, 12, 6, 23, tzinfo=UTC)
END = START + timedelta(days=5)
REQUEST = LeaveRequest("l1", "jana", START, END, version=1)
EVENT = LeaveChanged(
    leave_id="l1",
    member_id="jana",
    starts_at=START,
    ends_at=END,
    step=LeaveStep.REQUESTED,
    by="jana",
    version=1,
    leads=("lena", "otto"),
)


def readers(event: LeaveChanged) -> list[str]:
    return [one.member_id for one in leave_news(event)]


def test_leads_are_asked_and_nobody_is_told_what_they_did_themselves() -> None:
    assert readers(EVENT) == ["lena", "otto"]
    by_lead = EVENT.model_copy(update={"by": "lena", "leads": ("otto",)})
    assert readers(by_lead) == ["jana", "otto"]
    withdrawn = EVENT.model_copy(update={"step": LeaveStep.WITHDRAWN, "leads": ()})
    assert readers(withdrawn) == []


@pytest.mark.parametrize("step", [LeaveStep.APPROVED, LeaveStep.DECLINED])
def test_the_member_is_told_what_was_decided(step: LeaveStep) -> None:
    decided = EVENT.model_copy(update={"step": step, "by": "lena", "leads": (), "version": 2})
    [told] = leave_news(decided)
    assert (told.id, sorted(told.people)) == ("l1:2:jana:leave", ["jana", "lena"])
    assert not told.content.open  # type: ignore[union-attr]  # of leave it always is news


def test_each_version_is_told_once_and_speaks_of_no_client() -> None:
    first, again = next(leave_news(EVENT)), next(leave_news(EVENT))
    changed = next(leave_news(EVENT.model_copy(update={"version": 2})))
    assert first.id == again.id != changed.id
    assert first.responsibilities == frozenset()
    assert for_eyes(first, lambda _: False, lambda _: False) == first == in_force(first, {})


def test_it_holds_until_something_else_is_done_or_the_leave_is_over() -> None:
    just_before = END - timedelta(microseconds=1)
    assert holds(REQUEST, None, just_before)
    assert holds(REQUEST, REQUEST, just_before)
    assert not holds(REQUEST, replace(REQUEST, version=2), START)
    assert not holds(REQUEST, REQUEST, END)
