"""Who is reminded of the end of a qualification, and how long that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.notifier.briefs.domain import for_eyes, in_force, reminders
from services.notifier.reminders.domain import Expiry, Reminder, holds
from shared.events.disciplines import Discipline
from shared.events.scheduler import QualificationExpiring, ReminderStage

COPY = Discipline.COPYWRITING
END = datetime(2026, 12, 24, 23, tzinfo=UTC)
EXPIRY = Expiry("jana", COPY, END, ReminderStage.FIRST)
EVENT = QualificationExpiring(
    member_id="jana",
    discipline=COPY,
    valid_until=END,
    stage=ReminderStage.FIRST,
    owned=("c1:copywriting",),
    deputised=("c2:copywriting",),
    gaps=("c2:copywriting",),
    leads=("lena", "otto"),
)


def test_the_member_and_each_lead_are_told_once() -> None:
    told = list(reminders(EVENT.model_copy(update={"leads": ("lena", "jana", "lena")})))
    assert [each.member_id for each in told] == ["jana", "lena"]
    assert told[0].id == "jana:copywriting:20261224T230000000000:first:jana:reminder"
    assert told[0].responsibilities == {"c1:copywriting", "c2:copywriting"}
    assert told[1].people == {"jana"}


def test_each_stage_of_each_end_is_a_cause_of_its_own() -> None:
    others = [
        replace(EXPIRY, stage=ReminderStage.LAST),
        replace(EXPIRY, valid_until=END + timedelta(milliseconds=1)),
        replace(EXPIRY, discipline=Discipline.DESIGN),
        replace(EXPIRY, member_id="tom"),
    ]
    assert len({EXPIRY.id, *(each.id for each in others)}) == 5
    elsewhere = replace(EXPIRY, valid_until=END.astimezone(timezone(timedelta(hours=5))))
    assert elsewhere.id == EXPIRY.id


def test_a_lead_sees_their_clients_alone_and_the_member_what_is_theirs() -> None:
    own, leads, _ = reminders(EVENT)
    seen = for_eyes(leads, lambda id: id.startswith("c1:"), lambda _: False).content
    assert seen == Reminder(("c1:copywriting",), (), ())
    assert for_eyes(leads, lambda _: True, lambda _: False) == leads
    assert for_eyes(own, lambda _: False, lambda _: False) == own
    assert in_force(leads, {}) == leads


@pytest.mark.parametrize(
    ("ahead", "days"),
    [
        (timedelta(days=30), 30),
        (timedelta(days=30, seconds=-1), 30),
        (timedelta(days=29), 29),
        (timedelta(seconds=1), 1),
        (timedelta(0), 0),
        (-timedelta(days=3), 0),
    ],
)
def test_days_that_are_left(ahead: timedelta, days: int) -> None:
    assert EXPIRY.days_left(END - ahead) == days


def test_it_holds_until_the_end_or_something_newer_is_heard_of() -> None:
    before = END - timedelta(days=1)
    assert holds(EXPIRY, None, before)
    assert holds(EXPIRY, EXPIRY, before)
    assert not holds(EXPIRY, EXPIRY, END)
    assert not holds(EXPIRY, replace(EXPIRY, valid_until=END + timedelta(days=9)), before)
    assert not holds(EXPIRY, replace(EXPIRY, stage=ReminderStage.LAST), before)
