"""A request for leave, from asking to the decision, with its audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.absences.period import Period
from services.scheduler.documents import Documents
from services.scheduler.leave.domain import (
    MOST_TIMES,
    Dates,
    Did,
    Leave,
    LeaveDecided,
    LeaveNeedsEnd,
    LeaveOver,
    LeaveState,
    LeaveTooLong,
    NeedsWrittenReason,
    TimesOverlap,
    TooManyTimes,
    approve,
    change,
    decline,
    merged,
    request,
    times_of,
    withdraw,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
PERIOD = Dates(NOW + WEEK, NOW + 2 * WEEK)


def asked() -> Leave:
    return request("l1", "jana", (PERIOD,), by="jana", now=NOW)


def approved(leave: Leave, gaps: int = 0, said: str = "") -> Leave:
    return approve(leave, by="lena", now=NOW, gaps=gaps, said=said)


def test_each_step_is_kept_with_the_dates_it_was_about() -> None:
    later = Dates(NOW + 2 * WEEK, NOW + 3 * WEEK)
    leave = approved(
        change(asked(), (later,), by="jana", now=NOW), gaps=2, said=" Everybody knows "
    )
    assert [(one.did, one.by, one.starts_at) for one in leave.trail] == [
        (Did.REQUESTED, "jana", PERIOD.starts_at),
        (Did.CHANGED, "jana", later.starts_at),
        (Did.APPROVED, "lena", later.starts_at),
    ]
    assert (leave.trail[-1].gaps, leave.trail[-1].said) == (2, "Everybody knows")
    assert (leave.state, leave.absence_id, leave.version) == (LeaveState.APPROVED, leave.id, 3)
    assert leave.decided == leave.trail[-1]


def test_without_gaps_nothing_need_be_said() -> None:
    assert approved(asked()).state is LeaveState.APPROVED
    with pytest.raises(NeedsWrittenReason):
        approved(asked(), gaps=1, said="  ")


def test_leave_has_an_end() -> None:
    with pytest.raises(LeaveNeedsEnd):
        times_of([Period(NOW, None)])


def test_what_is_over_is_not_approved_any_more_but_declined() -> None:
    late = NOW + 3 * WEEK
    with pytest.raises(LeaveOver):
        approve(asked(), by="lena", now=late, gaps=0, said="")
    assert decline(asked(), by="lena", now=late, said="Too late").state is LeaveState.DECLINED


@pytest.mark.parametrize(
    "decided",
    [
        approved(asked()),
        decline(asked(), by="lena", now=NOW, said=""),
        withdraw(asked(), by="jana", now=NOW),
    ],
    ids=["approved", "declined", "withdrawn"],
)
def test_it_is_decided_once(decided: Leave) -> None:
    with pytest.raises(LeaveDecided):
        approved(decided)
    with pytest.raises(LeaveDecided):
        decline(decided, by="lena", now=NOW, said="")
    with pytest.raises(LeaveDecided):
        withdraw(decided, by="jana", now=NOW)
    with pytest.raises(LeaveDecided):
        change(decided, (PERIOD,), by="jana", now=NOW)


# At several times


FRIDAYS = tuple(
    Dates(PERIOD.starts_at + n * WEEK, PERIOD.starts_at + n * WEEK + timedelta(hours=4))
    for n in range(3)
)


def periods(*times: Dates) -> list[Period]:
    return [Period(one.starts_at, one.ends_at) for one in times]


def test_several_times_are_one_request_and_an_absence_each() -> None:
    leave = request("l1", "jana", FRIDAYS, by="jana", now=NOW)
    assert (leave.starts_at, leave.ends_at) == (FRIDAYS[0].starts_at, FRIDAYS[2].ends_at)
    assert leave.trail[0].times == FRIDAYS
    assert leave.absences == {}
    assert approved(leave).absences == dict(zip(("l1", "l1-2", "l1-3"), FRIDAYS, strict=True))


def test_times_that_are_over_when_it_is_approved_become_no_absences() -> None:
    leave = request("l1", "jana", FRIDAYS, by="jana", now=NOW)
    late = approve(leave, by="lena", now=FRIDAYS[0].ends_at, gaps=0, said="")
    assert late.absences == {"l1-2": FRIDAYS[1], "l1-3": FRIDAYS[2]}
    assert (late.absence_id, late.absence_ids) == ("l1-2", ("l1-2", "l1-3"))
    with pytest.raises(LeaveOver):
        approve(leave, by="lena", now=FRIDAYS[2].ends_at, gaps=0, said="")


def test_how_many_times_how_far_apart_and_in_which_order() -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    many = [Dates(NOW + n * day, NOW + n * day + hour) for n in range(MOST_TIMES + 1)]
    assert len(times_of(periods(*many[1:]))) == MOST_TIMES
    with pytest.raises(TooManyTimes):
        times_of(periods(*many))
    assert len(times_of(periods(Dates(NOW, NOW + hour), Dates(NOW + hour, NOW + day)))) == 2
    with pytest.raises(TimesOverlap):
        times_of(periods(Dates(NOW, NOW + day), Dates(NOW + hour, NOW + 2 * day)))
    with pytest.raises(TimesOverlap):
        times_of(periods(many[1], many[0]))
    far = Dates(NOW + 731 * day, NOW + 732 * day)
    assert times_of(periods(many[0], far)) == (many[0], far)
    with pytest.raises(LeaveTooLong):
        times_of(periods(many[0], Dates(far.starts_at, far.ends_at + hour)))
    with pytest.raises(LeaveTooLong):
        times_of(periods(many[0], Dates(NOW + day, NOW + 369 * day)))


def test_what_overlaps_in_a_calendar_is_one_time() -> None:
    hour = timedelta(hours=1)
    long, short = Dates(NOW, NOW + 4 * hour), Dates(NOW + hour, NOW + 2 * hour)
    over_the_end = Dates(NOW + 3 * hour, NOW + 6 * hour)
    after = Dates(NOW + 6 * hour, NOW + 7 * hour)
    assert merged([after, over_the_end, long, short]) == [Dates(NOW, NOW + 6 * hour), after]


def test_what_was_stored_with_one_time_only_still_loads() -> None:
    documents = Documents[Leave](collection=None, kind=Leave)  # type: ignore[arg-type]  # unused
    decided = approved(asked())
    fields = documents.fields(decided)
    del fields["times"]
    for step in fields["trail"]:
        del step["times"]
    loaded = documents.load({"_id": "l1", **fields})
    assert loaded == decided
    assert loaded.absence_ids == ("l1",)
