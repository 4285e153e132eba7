"""Leave that repeats, written out: over daylight saving, at the ends of months, within limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.absences.period import EndsBeforeStart, When, ZeroLength
from services.scheduler.leave.asked import Asked, Every, Repeats
from services.scheduler.leave.domain import (
    MOST_TIMES,
    Dates,
    LeaveTooLong,
    TimesOverlap,
    TooManyTimes,
)
from services.scheduler.leave.taken import Obstacle, Taken, free
from shared.errors import AppError, InvalidRequest

local = datetime.fromisoformat
BERLIN = ZoneInfo("Europe/Berlin")


def days(first: date, every: Every, until: date) -> list[date]:
    asked = Asked(((first, first),), repeats=Repeats(every, until))
    return [one.starts_at.astimezone(BERLIN).date() for one in asked.times(BERLIN)]


def afternoon(day: date) -> tuple[When, When]:
    return datetime.combine(day, time(13)), datetime.combine(day, time(17))


def test_the_time_of_day_stays_when_clocks_change() -> None:
    """They go forward on 28 March 2027."""
    repeats = Repeats(Every.WEEK, date(2027, 4, 2))
    times = Asked((afternoon(date(2027, 3, 19)),), repeats=repeats).times(BERLIN)
    assert [one.starts_at for one in times] == [
        datetime(2027, 3, 19, 12, tzinfo=UTC),
        datetime(2027, 3, 26, 12, tzinfo=UTC),
        datetime(2027, 4, 2, 11, tzinfo=UTC),
    ]
    with_offset = datetime(2027, 3, 19, 12, tzinfo=UTC), datetime(2027, 3, 19, 16, tzinfo=UTC)
    assert Asked((with_offset,), repeats=repeats).times(BERLIN) == times


def test_a_time_of_day_that_is_skipped_or_comes_twice_is_never_shorter_than_meant() -> None:
    spring = local("2027-03-21T02:30"), local("2027-03-21T04:00")
    twice = Asked((spring,), repeats=Repeats(Every.WEEK, date(2027, 3, 28))).times(BERLIN)
    assert twice[1] == Dates(
        datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC)
    )
    autumn = local("2027-10-24T02:30"), local("2027-10-24T02:45")
    twice = Asked((autumn,), repeats=Repeats(Every.WEEK, date(2027, 10, 31))).times(BERLIN)
    assert twice[1].ends_at - twice[1].starts_at == timedelta(hours=1, minutes=15)


def test_every_second_week_until_and_with_the_last_day() -> None:
    found = days(date(2027, 1, 1), Every.TWO_WEEKS, date(2027, 1, 29))
    assert found == [date(2027, 1, 1), date(2027, 1, 15), date(2027, 1, 29)]
    assert days(date(2027, 1, 1), Every.WEEK, date(2027, 1, 1)) == [date(2027, 1, 1)]


def test_the_first_monday_of_each_month() -> None:
    found = days(date(2027, 2, 1), Every.MONTH_WEEKDAY, date(2027, 5, 31))
    assert found == [date(2027, 2, 1), date(2027, 3, 1), date(2027, 4, 5), date(2027, 5, 3)]


def test_a_fifth_weekday_is_the_last_one() -> None:
    found = days(date(2027, 1, 29), Every.MONTH_WEEKDAY, date(2027, 4, 30))
    assert found == [date(2027, 1, 29), date(2027, 2, 26), date(2027, 3, 26), date(2027, 4, 30)]


def test_where_a_month_has_no_31st_its_last_day_counts() -> None:
    found = days(date(2028, 1, 31), Every.MONTH_DATE, date(2028, 4, 30))
    assert found == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]
    found = days(date(2027, 1, 29), Every.MONTH_DATE, date(2027, 3, 31))
    assert found == [date(2027, 1, 29), date(2027, 2, 28), date(2027, 3, 29)]


def test_limits() -> None:
    with pytest.raises(TooManyTimes):
        days(date(2027, 1, 1), Every.WEEK, date(2099, 1, 1))
    weeks = timedelta(weeks=1)
    first = date(2027, 1, 1)
    assert len(days(first, Every.WEEK, first + (MOST_TIMES - 1) * weeks)) == MOST_TIMES
    with pytest.raises(LeaveTooLong):
        days(first, Every.MONTH_DATE, date(2029, 6, 1))
    with pytest.raises(InvalidRequest) as refused:
        days(first, Every.WEEK, date(2026, 12, 31))
    assert [one.pointer for one in refused.value.errors] == ["/repeats/until"]
    ten_days = Asked(((first, date(2027, 1, 10)),), repeats=Repeats(Every.WEEK, date(2027, 2, 1)))
    with pytest.raises(TimesOverlap):
        ten_days.times(BERLIN)


def test_of_several_times_the_wrong_one_is_named() -> None:
    good, backwards = afternoon(date(2027, 1, 1)), afternoon(date(2027, 1, 8))[::-1]
    with pytest.raises(EndsBeforeStart) as refused:
        Asked((good, backwards)).times(BERLIN)
    assert [one.pointer for one in refused.value.errors] == ["/times/1"]
    with pytest.raises(ZeroLength) as alone:
        Asked(((good[0], good[0]),)).times(BERLIN)
    assert not alone.value.errors


@given(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.sampled_from(Every),
    st.integers(0, 300),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_every_time_begins_and_ends_at_the_same_time_of_day(
    first: date, every: Every, ahead: int, zone: str
) -> None:
    repeats = Repeats(every, first + timedelta(days=ahead))
    times = Asked((afternoon(first),), zone, repeats).times(BERLIN)
    here = [(one.starts_at.astimezone(ZoneInfo(zone)), one.ends_at) for one in times]
    assert here[0][0].date() == first
    for starts, ends in here:
        assert (starts.hour, starts.minute) == (13, 0)
        assert ends.astimezone(ZoneInfo(zone)).hour == 17
        assert first <= starts.date() <= repeats.until
        if every is not Every.MONTH_DATE:
            assert starts.weekday() == first.weekday()


# What is taken


NOW = datetime(2027, 1, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: int, length: int = 2) -> Dates:
    return Dates(NOW + hours * HOUR, NOW + (hours + length) * HOUR)


def test_what_keeps_a_time_from_being_asked_for() -> None:
    taken = Taken(asked=(at(10),), away=(at(20, 10).stretch,))
    obstacles = [
        taken.offer(one, NOW).obstacle
        for one in (at(-2), at(-1), at(8), at(9), at(11), at(12), at(19), at(21), at(29), at(31))
    ]
    assert obstacles == [
        Obstacle.PAST,
        None,
        None,
        Obstacle.ASKED_FOR,
        Obstacle.ASKED_FOR,
        None,
        None,
        Obstacle.AWAY,
        None,
        None,
    ]
    assert Taken().offer(at(1, 24 * 367 + 1), NOW).obstacle is Obstacle.TOO_LONG


def test_of_what_repeats_the_taken_is_left_out_and_else_refused() -> None:
    taken = Taken(asked=(at(10),), away=(at(20, 10).stretch,))
    offers = [taken.offer(one, NOW) for one in (at(1), at(10), at(21))]
    assert free(offers, leaving_out=True) == (at(1),)
    with pytest.raises(AppError) as refused:
        free(offers, leaving_out=False)
    assert refused.value.code == "leave_asked_for"
    assert [one.pointer for one in refused.value.errors] == ["/times/1"]
    with pytest.raises(AppError) as nothing_left:
        free(offers[2:], leaving_out=True)
    assert nothing_left.value.code == "leave_away_anyway"
    assert not nothing_left.value.errors
