"""What commands do to a conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbox.conversations.domain import Conversation, assign, finish, release, reopen, touch
from services.inbox.conversations.errors import ConversationDone
from services.inbox.intake.domain import receive
from shared.events.inbox import ConversationStatus
from shared.handover.rule import Holding
from tests.unit.inbox.conversing import NOW, conversation, message, minutes


def test_whoever_it_is_assigned_to_is_at_home_with_it() -> None:
    held, events = assign(conversation(holder="tom", home="jana", touched=True), "mira")
    assert held.holding == Holding(holder="mira", home=None, touched=False)
    assert [event.holder for event in events] == ["mira"]


def test_a_deputy_who_claims_what_it_holds_for_somebody_keeps_it() -> None:
    held, events = assign(conversation(holder="tom", home="jana"), "tom")
    assert held.holding == Holding(holder="tom", home=None, touched=False)
    assert len(events) == 1


def test_assigning_to_the_holder_at_home_changes_nothing() -> None:
    before = conversation(holder="tom")
    assert assign(before, "tom") == (before, [])


def test_released_goes_to_the_acting_member() -> None:
    held, events = release(conversation(holder="mira"), acting="tom")
    assert held.holder == "tom"
    assert [event.holder for event in events] == ["tom"]


def test_released_in_a_gap_is_uncovered() -> None:
    held, _ = release(conversation(holder="mira"), acting=None)
    assert held.holder is None


def test_released_by_the_acting_member_stays_as_it_is() -> None:
    before = conversation(holder="tom", home="jana")
    assert release(before, acting="tom") == (before, [])


def test_done_keeps_its_holder_and_says_by_whom_and_when() -> None:
    done, events = finish(conversation(holder="tom"), by="lead", now=NOW)
    assert (done.open, done.holder, done.done_by, done.done_at) == (False, "tom", "lead", NOW)
    assert [event.status for event in events] == [ConversationStatus.DONE]


def test_done_twice_is_done_once() -> None:
    done, _ = finish(conversation(), by="tom", now=NOW)
    assert finish(done, by="mira", now=NOW + minutes(1)) == (done, [])


def test_done_by_the_deputy_is_a_touch_and_by_another_is_not() -> None:
    moved = conversation(holder="tom", home="jana")
    assert finish(moved, by="tom", now=NOW)[0].holding.touched
    assert not finish(moved, by="lead", now=NOW)[0].holding.touched


def test_reopened_its_author_waits_since_before_it_was_done() -> None:
    before = conversation(holder="tom")
    done, _ = finish(before, by="tom", now=NOW)
    opened, events = reopen(done, Holding(holder="mira", home=None, touched=False))
    assert opened == replace(
        before, holding=Holding(holder="mira", home=None, touched=False), version=opened.version
    )
    assert [(event.status, event.holder) for event in events] == [(ConversationStatus.OPEN, "mira")]


def test_reopening_what_is_open_changes_nothing() -> None:
    before = conversation()
    assert reopen(before, Holding(holder="mira", home=None, touched=False)) == (before, [])


def test_what_is_done_cannot_be_assigned_or_released() -> None:
    done, _ = finish(conversation(), by="tom", now=NOW)
    with pytest.raises(ConversationDone):
        assign(done, "mira")
    with pytest.raises(ConversationDone):
        release(done, acting="mira")


@pytest.mark.parametrize(
    ("holding", "by", "touched"),
    [
        (Holding("tom", "jana", touched=False), "tom", True),
        (Holding("tom", "jana", touched=False), "mira", False),
        (Holding("tom", None, touched=False), "tom", False),
    ],
)
def test_only_its_holder_touches_what_is_away_from_home(
    holding: Holding, by: str, touched: bool
) -> None:
    moved = replace(conversation(), holding=holding)
    assert touch(moved, by).holding.touched is touched


def test_every_change_counts_a_version() -> None:
    one = conversation()
    two, _ = assign(one, "mira")
    three, _ = finish(two, "mira", NOW)
    assert [one.version, two.version, three.version] == [1, 2, 3]


@given(st.lists(st.sampled_from(["assign", "release", "finish", "reopen", "note", "message"])))
def test_each_version_has_exactly_one_event(commands: list[str]) -> None:
    """The events are numbered by the versions, so this is what keeps them without a hole."""
    present = conversation(holder="tom", home="jana")
    for number, command in enumerate(commands):
        after, events = _done(present, command, number)
        assert after.version - present.version == events
        present = after


def _done(before: Conversation, command: str, number: int) -> tuple[Conversation, int]:
    """The conversation after the command, and how many events that has."""
    somebody = f"member{number}"
    if command == "note":
        return touch(before, "tom"), 0
    if command == "message":  # one event for all that arrived, see `take_in`
        return receive(before, [message(100 + number)], NOW)[0], 1
    if command == "finish":
        after, events = finish(before, "tom", NOW)
    elif command == "reopen":
        after, events = reopen(before, Holding(somebody, None, touched=False))
    elif before.open:
        after, events = {"assign": assign, "release": release}[command](before, somebody)
    else:
        after, events = before, []
    return after, len(events)
