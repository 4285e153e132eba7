"""When a qualification's end is told, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.qualifications.domain import SOON, VERY_SOON, Qualification, renew
from services.scheduler.qualifications.expiry import expiring, reminder_times, stage_due
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline
from shared.events.scheduler import ReminderStage

COPY = Discipline.COPYWRITING
END = datetime(2026, 12, 24, 23, tzinfo=UTC)
JANA = Qualification("jana", COPY, 2, END)
FIRST, LAST = ReminderStage.FIRST, ReminderStage.LAST
MINUTE = timedelta(minutes=1)


def test_long_before_both_are_still_to_come() -> None:
    now = END - timedelta(days=100)
    assert reminder_times(JANA, now) == {FIRST: END - SOON, LAST: END - VERY_SOON}
    assert stage_due(JANA, now) is None


@pytest.mark.parametrize(
    ("ahead", "times"),
    [
        (timedelta(days=20), {FIRST: timedelta(0), LAST: timedelta(days=13)}),
        (VERY_SOON, {LAST: timedelta(0)}),
        (timedelta(days=2), {LAST: timedelta(0)}),
        (timedelta(0), {}),
        (-timedelta(days=2), {}),
    ],
)
def test_of_what_was_missed_only_the_nearest_is_told_at_once(
    ahead: timedelta, times: dict[ReminderStage, timedelta]
) -> None:
    now = END - ahead
    assert reminder_times(JANA, now) == {stage: now + after for stage, after in times.items()}


def test_without_an_end_there_is_nothing_to_remind_of() -> None:
    endless = replace(JANA, valid_until=None)
    assert reminder_times(endless, END) == {}
    assert stage_due(endless, END) is None


def test_what_was_told_of_this_end_is_not_told_again() -> None:
    told = replace(JANA, reminded=(FIRST,))
    now = END - SOON + MINUTE
    assert stage_due(told, now) is None
    assert reminder_times(told, now) == {LAST: END - VERY_SOON}
    assert stage_due(told, END - VERY_SOON) is LAST


def test_an_edit_keeps_what_was_told_and_another_end_forgets_it() -> None:
    told = replace(JANA, reminded=(FIRST,))
    assert renew(told, 3, END, "").reminded == (FIRST,)
    assert renew(told, 3, END + MINUTE, "").reminded == ()


@given(st.integers(-60, 60 * 24 * 60), st.lists(st.sampled_from(ReminderStage), unique=True))
def test_what_is_due_is_what_would_be_scheduled_for_now(
    minutes: int, reminded: list[ReminderStage]
) -> None:
    now = END - timedelta(minutes=minutes)
    qualification = replace(JANA, reminded=tuple(reminded))
    due = [stage for stage, at in reminder_times(qualification, now).items() if at <= now]
    stage = stage_due(qualification, now)
    assert due == ([] if stage is None else [stage])


def able(member_id: str, until: datetime | None = None, *away: Stretch) -> Person:
    return Person(member_id, True, None, {COPY: until}, away)


def test_it_says_what_is_the_members_and_what_nobody_else_could_do() -> None:
    own = Responsibility("roast", None, COPY, "jana", ("tom",))
    alone = Responsibility("works", None, COPY, "jana")
    led = Responsibility("baker", None, COPY, "jana")
    stands_in = Responsibility("roast", "insta", COPY, "mira", ("jana",))
    away = Stretch(END - MINUTE, END + MINUTE)
    people = [able("jana", END), able("tom"), able("mira", None, away), able("nora")]
    team = Team({one.member_id: one for one in people}, {"baker": ("nora",)})

    told, event = expiring(JANA, FIRST, END, [own, alone, led, stands_in], team, ["lena"])

    assert told.reminded == (FIRST,)
    assert told.version == JANA.version, "nobody has edited it"
    assert event.owned == ("roast:copywriting", "works:copywriting", "baker:copywriting")
    assert event.deputised == ("insta:copywriting",)
    assert event.gaps == ("works:copywriting", "insta:copywriting")
    assert (event.stage, event.valid_until, event.leads) == (FIRST, END, ("lena",))
