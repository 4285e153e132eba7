"""The delivery's state machine: never twice by itself, never forgotten."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifier.briefs.domain import Handover, Kind, Notification
from services.notifier.delivery.domain import (
    Accepted,
    Changed,
    Decision,
    Delivery,
    NothingToAcknowledge,
    NothingToDecide,
    Outcome,
    Reason,
    Refused,
    RetryPolicy,
    Unclear,
    acknowledge,
    begin,
    decide,
    lose,
    message_id,
    plan,
    postpone,
    settle,
    supersede,
    undeliverable,
)
from services.notifier.reminders.domain import Expiry, Reminder
from shared.events.disciplines import Discipline
from shared.events.notifier import (
    DeliveryChanged,
    DeliveryState,
    ReminderDeliveryChanged,
    WorkAcknowledged,
)
from shared.events.scheduler import HandoverCause, ReminderStage

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
POLICY = RetryPolicy((timedelta(seconds=5), timedelta(seconds=30)))
ACCEPTED = Accepted("250 queued")
FOR_NOW = Refused(Reason.REFUSED_FOR_NOW, "451 busy", permanent=False)
FOR_GOOD = Refused(Reason.REFUSED, "550 no such user", permanent=True)
UNCLEAR = Unclear(Reason.NO_ANSWER, "no answer in 20 s")


HANDOVER = Handover("h1", "H-2026-0147", 7, HandoverCause.ABSENCE_STARTED, "jana", NOW, NOW)
EXPIRY = Expiry("jana", Discipline.COPYWRITING, NOW + timedelta(days=30), ReminderStage.FIRST)


def planned(kind: Kind = Kind.BRIEF) -> Delivery:
    about = EXPIRY if kind is Kind.REMINDER else HANDOVER
    return Delivery("h1:tom:brief", about, "tom", kind, planned_at=NOW, due_at=NOW, changed_at=NOW)


def sending(delivery: Delivery | None = None, now: datetime = NOW) -> Delivery:
    begun = begin(delivery or planned(), now)
    assert begun is not None
    return begun[0]


def in_state(state: DeliveryState) -> Delivery:
    return replace(sending(), state=state)


def states(changed: Changed) -> list[DeliveryState]:
    return [event.state for event in changed[1] if isinstance(event, DeliveryChanged)]


def test_an_attempt_is_counted_and_told_before_it_is_made() -> None:
    begun = begin(planned(), NOW)
    assert begun is not None
    assert (begun[0].attempts, begun[0].version, states(begun)) == (1, 2, [DeliveryState.SENDING])


def test_a_reminder_goes_the_same_way_and_is_told_as_one() -> None:
    reminder = Notification(EXPIRY, "lena", Reminder((), (), ()))
    delivery, events = plan(reminder, NOW)
    for changed in (begin(delivery, NOW), settle(sending(delivery), 1, ACCEPTED, POLICY, NOW)):
        assert changed is not None
        events += changed[1]
    assert [event.state for event in events if isinstance(event, ReminderDeliveryChanged)] == [
        DeliveryState.PLANNED,
        DeliveryState.SENDING,
        DeliveryState.SENT,
    ]
    for event in events:
        assert isinstance(event, ReminderDeliveryChanged)
        assert (event.notification_id, event.member_id) == (reminder.id, "lena")
        assert (event.about_member, event.discipline) == ("jana", Discipline.COPYWRITING)


def test_what_is_not_due_is_not_begun() -> None:
    assert begin(planned(), NOW - timedelta(milliseconds=1)) is None


@pytest.mark.parametrize("state", [s for s in DeliveryState if s is not DeliveryState.PLANNED])
def test_only_what_is_planned_is_begun(state: DeliveryState) -> None:
    assert begin(in_state(state), NOW) is None


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (ACCEPTED, DeliveryState.SENT, None),
        (FOR_GOOD, DeliveryState.FAILED, Reason.REFUSED),
        (FOR_NOW, DeliveryState.PLANNED, Reason.REFUSED_FOR_NOW),
        (UNCLEAR, DeliveryState.UNKNOWN, Reason.NO_ANSWER),
    ],
)
def test_the_outcome_decides(outcome: Outcome, state: DeliveryState, reason: Reason | None) -> None:
    settled, events = settle(sending(), 1, outcome, POLICY, NOW)
    assert (settled.state, settled.reason, len(events)) == (state, reason, 1)


def test_refused_for_now_is_tried_again_with_growing_pauses_and_not_for_ever() -> None:
    delivery, now, pauses = planned(), NOW, []
    while delivery.state is DeliveryState.PLANNED:
        now = max(now, delivery.due_at)
        delivery, _ = settle(sending(delivery, now), delivery.attempts + 1, FOR_NOW, POLICY, now)
        pauses.append((delivery.due_at - now).total_seconds())
    assert pauses[:2] == [5, 30]
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, Reason.REFUSED_TOO_OFTEN)
    assert (delivery.attempts, delivery.reply) == (3, "451 busy")


def test_a_lost_process_leaves_the_outcome_unknown() -> None:
    lost, events = lose(sending(), NOW)
    assert (lost.state, lost.reason, len(events)) == (DeliveryState.UNKNOWN, Reason.PROCESS_LOST, 1)
    assert lose(lost, NOW) == (lost, [])


@pytest.mark.parametrize("outcome", [ACCEPTED, FOR_GOOD])
def test_an_outcome_known_late_ends_the_uncertainty(outcome: Outcome) -> None:
    lost, _ = lose(sending(), NOW)
    settled, events = settle(lost, 1, outcome, POLICY, NOW)
    assert settled.state in (DeliveryState.SENT, DeliveryState.FAILED)
    assert len(events) == 1


def test_an_outcome_known_after_a_person_decided_changes_nothing() -> None:
    again, _ = decide(lose(sending(), NOW)[0], Decision.SEND_AGAIN, "lena", NOW)
    assert settle(again, 1, ACCEPTED, POLICY, NOW) == (again, [])
    second = sending(again)
    assert settle(second, 1, ACCEPTED, POLICY, NOW) == (second, [])


def test_a_person_may_send_an_unknown_one_again_with_all_its_tries() -> None:
    again, events = decide(in_state(DeliveryState.UNKNOWN), Decision.SEND_AGAIN, "lena", NOW)
    assert (again.state, again.tries, again.attempts) == (DeliveryState.PLANNED, 0, 1)
    assert len(events) == 1


def test_a_person_may_say_that_it_arrived() -> None:
    arrived, _ = decide(in_state(DeliveryState.UNKNOWN), Decision.IT_ARRIVED, "lena", NOW)
    assert (arrived.state, arrived.sent_at) == (DeliveryState.SENT, NOW)


@pytest.mark.parametrize(
    ("state", "decision"),
    [
        (state, decision)
        for state in DeliveryState
        for decision in Decision
        if state is not DeliveryState.UNKNOWN
        and (state, decision) != (DeliveryState.FAILED, Decision.SEND_AGAIN)
    ],
)
def test_there_is_nothing_else_to_decide(state: DeliveryState, decision: Decision) -> None:
    with pytest.raises(NothingToDecide):
        decide(in_state(state), decision, "lena", NOW)


def test_taking_note_is_recorded_once() -> None:
    noted, events = acknowledge(planned(), NOW, by_link=False)
    assert events == [WorkAcknowledged(handover_id="h1", member_id="tom", acknowledged_at=NOW)]
    assert acknowledge(noted, NOW + timedelta(hours=1), by_link=True) == (noted, [])


@pytest.mark.parametrize(
    "state", [DeliveryState.UNKNOWN, DeliveryState.PLANNED, DeliveryState.FAILED]
)
def test_whoever_uses_the_link_has_the_mail(state: DeliveryState) -> None:
    noted, events = acknowledge(in_state(state), NOW, by_link=True)
    assert (noted.state, len(events)) == (DeliveryState.SENT, 2)


@pytest.mark.parametrize("outcome", [UNCLEAR, FOR_NOW, ACCEPTED])
def test_a_link_used_while_the_server_is_silent_settles_it(outcome: Outcome) -> None:
    noted, _ = acknowledge(sending(), NOW, by_link=True)
    assert noted.state is DeliveryState.SENDING
    assert settle(noted, 1, outcome, POLICY, NOW)[0].state is DeliveryState.SENT
    assert lose(noted, NOW)[0].state is DeliveryState.SENT


def test_taking_note_on_the_page_says_nothing_about_the_mail() -> None:
    noted, _ = acknowledge(in_state(DeliveryState.UNKNOWN), NOW, by_link=False)
    assert noted.state is DeliveryState.UNKNOWN


def test_summaries_and_superseded_briefs_are_not_taken_note_of() -> None:
    for delivery in (
        planned(Kind.SUMMARY),
        planned(Kind.REMINDER),
        in_state(DeliveryState.SUPERSEDED),
    ):
        with pytest.raises(NothingToAcknowledge):
            acknowledge(delivery, NOW, by_link=False)


def test_the_message_id_is_fixed_and_fit_for_a_header() -> None:
    first = message_id("h1:tom\r\nBcc: x:brief", 1, "agency.example")
    assert first == message_id("h1:tom\r\nBcc: x:brief", 1, "agency.example")
    assert first != message_id("h1:tom\r\nBcc: x:brief", 2, "agency.example")
    assert first.isascii()
    assert first.isprintable()


class History(RuleBasedStateMachine):
    """Anything may happen in any order, late answers and lost processes included.

    The model is the mail server: `taken` counts the mails it has. Unless a person asked for
    another one, it never has two.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.delivery = planned()
        self.running: dict[int, Outcome | None] = {}
        self.taken = 0
        self.asked = 1
        self.noted = 0

    def take(self, changed: Changed) -> None:
        after, events = changed
        assert (after != self.delivery) == bool(events)
        assert after.version == self.delivery.version + (after != self.delivery)
        self.noted += sum(isinstance(event, WorkAcknowledged) for event in events)
        self.delivery = after

    @rule(seconds=st.integers(0, 60))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_sender_looks(self) -> None:
        if (begun := begin(self.delivery, self.now)) is not None:
            self.take(begun)
            self.running[self.delivery.attempts] = None

    @rule(
        data=st.data(),
        outcome=st.sampled_from([ACCEPTED, FOR_NOW, FOR_GOOD, UNCLEAR]),
        hidden=st.booleans(),
    )
    @precondition(lambda self: self.running)
    def the_server_answers(self, data: Any, outcome: Outcome, hidden: bool) -> None:
        """`hidden`: an unclear one was taken all the same."""
        attempt = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[attempt]
        self.taken += isinstance(outcome, Accepted) or (isinstance(outcome, Unclear) and hidden)
        self.take(settle(self.delivery, attempt, outcome, POLICY, self.now))

    @rule()
    def another_replica_takes_over(self) -> None:
        self.take(lose(self.delivery, self.now))

    @rule(decision=st.sampled_from(Decision))
    def a_person_decides(self, decision: Decision) -> None:
        try:
            changed = decide(self.delivery, decision, "lena", self.now)
        except NothingToDecide:
            return
        self.asked += decision is Decision.SEND_AGAIN
        self.take(changed)

    @rule(by_link=st.booleans())
    def the_reader_takes_note(self, by_link: bool) -> None:
        if by_link and not self.taken:
            return  # no mail, no link
        with suppress(NothingToAcknowledge):
            self.take(acknowledge(self.delivery, self.now, by_link=by_link))

    @rule()
    @precondition(lambda self: self.delivery.state is DeliveryState.PLANNED)
    def the_work_moves_on(self) -> None:
        self.take(supersede(self.delivery, self.now))

    @rule()
    @precondition(lambda self: self.delivery.state is DeliveryState.PLANNED)
    def the_address_is_missing(self) -> None:
        self.take(undeliverable(self.delivery, self.now))

    @rule()
    @precondition(lambda self: self.delivery.state is DeliveryState.PLANNED)
    def it_is_put_off(self) -> None:
        self.delivery = postpone(self.delivery, self.now + timedelta(seconds=5))

    @invariant()
    def never_twice_unasked(self) -> None:
        assert self.taken <= self.asked

    @invariant()
    def taken_note_of_once(self) -> None:
        assert self.noted == (self.delivery.acknowledged_at is not None)

    @invariant()
    def what_is_not_over_is_with_a_sender_or_a_person_or_due(self) -> None:
        if self.delivery.state is DeliveryState.PLANNED:
            assert self.delivery.due_at <= self.now + timedelta(seconds=30)

    @invariant()
    def tries_are_bounded(self) -> None:
        assert self.delivery.tries <= len(POLICY.pauses) + 1


TestHistory = History.TestCase
