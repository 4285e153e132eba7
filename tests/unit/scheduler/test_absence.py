"""An absence's way from reported to over, and what it tells on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.absences.domain import (
    Absence,
    AbsenceEvent,
    AbsenceOver,
    AbsenceState,
    EndOutside,
    Kind,
    NotStarted,
    Reason,
    advance,
    cancel,
    end,
    report,
    reschedule,
)
from services.scheduler.absences.period import Period

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(events: list[AbsenceEvent]) -> list[str]:
    return [event.type.split(".")[1] for event in events]


def reported(starts: datetime, ends: datetime | None) -> Absence:
    absence, _ = report("a", "jana", Period(starts, ends), by="lena", now=NOW)
    return absence


def test_a_sick_call_is_reported_and_started_at_once() -> None:
    absence, events = report("a", "jana", Period(NOW, None), by="jana", now=NOW)
    assert told(events) == ["reported", "started"]
    assert absence.state(NOW) is AbsenceState.ACTIVE
    assert absence.started


def test_a_planned_absence_starts_and_ends_when_its_time_has_come_once() -> None:
    absence, events = report("a", "jana", Period(NOW + HOUR, NOW + 2 * HOUR), by="jana", now=NOW)
    assert told(events) == ["reported"]
    assert advance(absence, NOW)[1] == []
    absence, events = advance(absence, NOW + HOUR)
    assert told(events) == ["started"]
    assert advance(absence, NOW + HOUR)[1] == []
    absence, events = advance(absence, NOW + 2 * HOUR)
    assert told(events) == ["ended"]
    assert absence.state(NOW + 2 * HOUR) is AbsenceState.OVER


def test_after_an_outage_both_are_told_in_order() -> None:
    absence = reported(NOW + HOUR, NOW + 2 * HOUR)
    assert told(advance(absence, NOW + 9 * HOUR)[1]) == ["started", "ended"]


def test_moved_to_a_later_start_it_starts_again() -> None:
    absence, events = reschedule(reported(NOW, None), Period(NOW + HOUR, None), NOW)
    assert told(events) == ["changed"]
    assert not absence.started
    assert told(advance(absence, NOW + HOUR)[1]) == ["started"]


def test_moved_to_an_earlier_start_it_starts_now() -> None:
    _, events = reschedule(reported(NOW + HOUR, None), Period(NOW - HOUR, None), NOW)
    assert told(events) == ["changed", "started"]


def test_back_early() -> None:
    absence, events = end(reported(NOW, None), NOW + HOUR, NOW + HOUR)
    assert told(events) == ["ended"]
    assert absence.ends_at == NOW + HOUR
    with pytest.raises(AbsenceOver):
        end(absence, NOW + 2 * HOUR, NOW + 2 * HOUR)


def test_who_is_not_away_cannot_come_back() -> None:
    with pytest.raises(NotStarted):
        end(reported(NOW + HOUR, None), NOW, NOW)


@pytest.mark.parametrize("at", [NOW, NOW - HOUR, NOW + 2 * HOUR])
def test_the_end_is_after_the_start_and_not_in_the_future(at: datetime) -> None:
    with pytest.raises(EndOutside):
        end(reported(NOW, None), at, NOW + HOUR)


def test_cancelled_it_never_starts_nor_changes() -> None:
    absence, events = cancel(reported(NOW + HOUR, None), NOW)
    assert told(events) == ["cancelled"]
    assert advance(absence, NOW + 2 * HOUR) == (absence, [])
    with pytest.raises(AbsenceOver):
        cancel(absence, NOW)
    with pytest.raises(AbsenceOver):
        reschedule(absence, Period(NOW, None), NOW)
    with pytest.raises(AbsenceOver):
        end(absence, NOW, NOW)


def test_a_reason_does_not_show_in_logs_of_objects() -> None:
    assert "back pain" not in repr(Reason(Kind.SICK, "back pain"))
    assert "sick" not in repr(Reason(Kind.SICK, "back pain"))
