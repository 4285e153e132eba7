"""A request for leave, from asking to the decision, with its audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.absences.period import Period
from services.scheduler.leave.domain import (
    Did,
    Leave,
    LeaveDecided,
    LeaveNeedsEnd,
    LeaveOver,
    LeaveState,
    NeedsWrittenReason,
    approve,
    change,
    decline,
    request,
    withdraw,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
PERIOD = Period(NOW + WEEK, NOW + 2 * WEEK)


def asked() -> Leave:
    return request("l1", "jana", PERIOD, by="jana", now=NOW)


def approved(leave: Leave, gaps: int = 0, said: str = "") -> Leave:
    return approve(leave, by="lena", now=NOW, gaps=gaps, said=said)


def test_each_step_is_kept_with_the_dates_it_was_about() -> None:
    later = Period(NOW + 2 * WEEK, NOW + 3 * WEEK)
    leave = approved(change(asked(), later, by="jana", now=NOW), gaps=2, said=" Everybody knows ")
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
        request("l1", "jana", Period(NOW, None), by="jana", now=NOW)


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
        change(decided, PERIOD, by="jana", now=NOW)
