from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from shared.ui.board import DayAxis, Span

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int = 0, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


AXIS = DayAxis(date(2026, 11, 23), 14, BERLIN, at(24, 6))


def test_days_know_what_they_are() -> None:
    days = AXIS.days
    assert [day.date.day for day in days if day.weekend] == [28, 29, 5, 6]
    assert [day.date.day for day in days if day.today] == [24]
    assert [day.date.day for day in days if day.past] == [23]
    assert [day.date.day for day in days if day.week_start] == [30]


def test_twelve_weeks_are_headed_by_their_numbers() -> None:
    axis = DayAxis(date(2026, 11, 23), 84, BERLIN, at(1, 12, month=12))
    assert axis.narrow
    assert not AXIS.narrow
    weeks = axis.weeks
    assert [week.number for week in weeks] == [48, 49, 50, 51, 52, 53, 1, 2, 3, 4, 5, 6]
    assert [week.past for week in weeks[:3]] == [True, False, False]
    assert [week.now for week in weeks[:3]] == [None, pytest.approx(1.5), None]
    assert weeks[-1].first == date(2027, 2, 8)


def test_the_first_minute_of_a_board_is_on_it() -> None:
    assert DayAxis(date(2026, 11, 23), 7, BERLIN, at(23)).now_at == 0


def test_a_stretch_is_cut_at_the_edges_and_at_midnight() -> None:
    assert AXIS.span(at(24, 6), at(26, 18)) == Span(1.25, 3.75, (0.75, 1, 0.75))
    assert AXIS.span(at(1), at(24)) == Span(0, 1, (1,))
    assert AXIS.span(at(6, 12, month=12), None) == Span(13.5, 14, (0.5,))
    assert AXIS.span(at(24, 6), at(24, 12)) == Span(1.25, 1.5, (0.25,))


@pytest.mark.parametrize(
    ("start", "end"),
    [(at(1), at(23)), (at(7, month=12), None), (at(24, 6), at(24, 6))],
    ids=["before", "after", "empty"],
)
def test_what_is_not_visible_has_no_span(start: datetime, end: datetime | None) -> None:
    assert AXIS.span(start, end) is None


def test_the_now_line_is_only_on_a_board_with_today() -> None:
    assert AXIS.now_at == pytest.approx(1.25)
    assert DayAxis(date(2026, 12, 7), 7, BERLIN, at(24)).now_at is None
    assert DayAxis(date(2026, 11, 1), 7, BERLIN, at(24)).now_at is None


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_a_day_is_one_column_wide_also_when_the_clocks_change(day: date, hours: int) -> None:
    axis = DayAxis(day, 2, BERLIN, datetime(2026, 1, 1, tzinfo=UTC))
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    end = datetime(day.year, day.month, day.day + 1, tzinfo=BERLIN).astimezone(UTC)
    assert (end - start).total_seconds() == hours * 3600
    assert axis.span(start, end) == Span(0, 1, (1,))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN)
    assert axis.position(noon) == 0.5


@dataclass(frozen=True)
class _Away:
    starts_at: datetime
    ends_at: datetime | None


def test_who_is_away_at_the_same_time_stands_in_another_lane() -> None:
    jana, paul = _Away(at(24), at(27)), _Away(at(26), None)
    tom, long_ago = _Away(at(23), at(24)), _Away(at(1), at(2))
    assert AXIS.lanes([paul, jana, tom, long_ago]) == [[tom, jana], [paul]]
