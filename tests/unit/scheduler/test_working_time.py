"""Working days, public holidays and balances."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.coverage.person import Stretch
from services.scheduler.workingtime.balance import balance
from services.scheduler.workingtime.calendar import WorkCalendar
from services.scheduler.workingtime.domain import (
    STANDARD_WEEK,
    Hours,
    HoursOfNoLength,
    Pattern,
    Region,
    Terms,
    TooManyPatterns,
    WorkingTime,
    agreed,
    unset,
)
from services.scheduler.workingtime.public_holidays import (
    countries,
    is_known,
    named_days,
    public_holidays,
    subdivisions,
)

BERLIN = ZoneInfo("Europe/Berlin")
BAVARIA, BERLIN_STATE = Region("DE", "BY"), Region("DE", "BE")
NINE_TO_FIVE = Hours(time(9), time(17))
HALF_WEEK = (*[NINE_TO_FIVE] * 3, *[None] * 4)


def calendar(terms: Terms | None = None, region: Region | None = None) -> WorkCalendar:
    return WorkCalendar(WorkingTime("jana", terms or Terms()), BERLIN, region)


def at(day: int, hour: int = 0, *, month: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def test_leave_counts_working_days_without_public_holidays() -> None:
    over_christmas = Stretch(at(21), at(2, month=1, year=2027))
    assert calendar().count([over_christmas]) == 10
    # Christmas Day is a Friday, 26 December a Saturday, New Year's Day a Friday.
    assert calendar(region=BAVARIA).count([over_christmas]) == 8
    assert calendar(Terms((Pattern(None, HALF_WEEK),)), BAVARIA).count([over_christmas]) == 6


def test_public_holidays_are_those_of_the_region() -> None:
    epiphany = date(2027, 1, 6)
    assert calendar(region=BAVARIA).working(epiphany) is None
    assert calendar(region=BERLIN_STATE).working(epiphany) is not None
    assert calendar(region=BAVARIA).public_holiday(epiphany, "de") == "Heilige Drei Könige"
    assert calendar(region=BAVARIA).public_holiday(epiphany, "en") == "Epiphany"
    assert public_holidays(Region("IE"), 2027, "de")[date(2027, 3, 17)] == "Saint Patrick's Day"


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (at(1, 9), at(1, 13), 0.5),
        (at(1, 13), at(1, 17), 0.5),
        (at(1, 12), at(1, 17), 1),
        (at(1, 17), at(2, 9), 0),
        (at(1, 15), at(2, 11), 1),
        (at(5), at(7), 0),
    ],
    ids=["morning", "afternoon", "more-than-half", "evening", "two-parts", "weekend"],
)
def test_up_to_half_a_day_counts_as_half(start: datetime, end: datetime, days: float) -> None:
    assert calendar().count([Stretch(start, end)]) == days


def test_absences_that_overlap_take_a_day_once() -> None:
    morning, noon = Stretch(at(1, 9), at(1, 13)), Stretch(at(1, 11), at(1, 13))
    for_good = Stretch(at(3), None)
    found = calendar().days_away([noon, morning, for_good], date(2026, 12, 1), date(2026, 12, 4))
    assert found == {date(2026, 12, 1): 0.5, date(2026, 12, 3): 1, date(2026, 12, 4): 1}


def test_the_week_of_a_day_comes_before_each_later_one() -> None:
    first, january = Pattern(None, STANDARD_WEEK), Pattern(date(2027, 1, 4), HALF_WEEK)
    agreed_on = WorkingTime("jana", Terms((first, january)))
    assert agreed_on.weeks_from(date(2027, 1, 3)) == [first, january]
    assert agreed_on.weeks_from(date(2027, 1, 4)) == [Pattern(None, HALF_WEEK)]
    only_later = WorkingTime("jana", Terms((january,)))
    assert only_later.weeks_from(date(2026, 11, 24)) == [first, january]


def test_hours_that_the_clocks_leave_out_are_no_working_day() -> None:
    night = calendar(Terms((Pattern(None, (Hours(time(2), time(3)),) * 7),)))
    assert night.working(date(2027, 3, 28)) is None  # clocks go forward that night
    assert night.count([Stretch(at(27, month=3, year=2027), at(30, month=3, year=2027))]) == 2


def test_a_night_shift_ends_at_midnight_and_wall_times_hold_when_clocks_change() -> None:
    late = Terms((Pattern(None, (Hours(time(16), time()),) * 7),))
    day = calendar(late).working(date(2027, 3, 28))  # clocks go forward that night
    assert day is not None
    assert (day.starts_at, day.ends_at) == (
        datetime(2027, 3, 28, 14, tzinfo=UTC),
        datetime(2027, 3, 28, 22, tzinfo=UTC),
    )


def test_each_week_holds_until_the_next() -> None:
    both = (Pattern(date(2026, 12, 9), HALF_WEEK), Pattern(None, STANDARD_WEEK))
    changed = agreed(unset("jana"), Terms(both))
    assert [one.since for one in changed.terms.patterns] == [None, date(2026, 12, 9)]
    assert changed.version == 1
    works = WorkCalendar(changed, BERLIN, None)
    assert works.working(date(2026, 12, 4)) is not None
    assert works.working(date(2026, 12, 11)) is None
    replaced = agreed(changed, Terms((*both, Pattern(date(2026, 12, 9), STANDARD_WEEK))))
    assert len(replaced.terms.patterns) == 2
    assert WorkCalendar(replaced, BERLIN, None).working(date(2026, 12, 11)) is not None


def test_hours_have_a_length_and_patterns_a_number() -> None:
    backwards = (None, Hours(time(17), time(9)), *[None] * 5)
    with pytest.raises(HoursOfNoLength) as refused:
        agreed(unset("jana"), Terms((Pattern(None, STANDARD_WEEK), Pattern(None, backwards))))
    assert [one.pointer for one in refused.value.errors] == ["/patterns/1/week/tuesday"]
    many = tuple(Pattern(date(2026, 1, 1) + timedelta(n), HALF_WEEK) for n in range(51))
    with pytest.raises(TooManyPatterns):
        agreed(unset("jana"), Terms(many))


def test_the_balance_adds_up() -> None:
    terms = Terms(allowance=30, carried={2026: 2.5, 2025: 9})
    found = balance(
        calendar(terms, BAVARIA),
        2026,
        date(2026, 12, 2),
        leave=[Stretch(at(1), at(3)), Stretch(at(28), at(9, month=1, year=2027))],
        requested=[Stretch(at(2, 9), at(2, 13)), Stretch(at(21), at(22, 12))],
    )
    assert found is not None
    assert (found.taken, found.planned, found.requested) == (1, 5, 1.5)
    assert (found.left, found.left_then) == (26.5, 25)
    assert balance(calendar(), 2026, date(2026, 12, 2), leave=[], requested=[]) is None


START = datetime(2025, 12, 1, tzinfo=UTC)
days = st.timedeltas(timedelta(), timedelta(days=760)).map(lambda since: START + since)
stretches = st.lists(
    st.tuples(days, st.timedeltas(timedelta(minutes=1), timedelta(days=20))).map(
        lambda each: Stretch(each[0], each[0] + each[1])
    ),
    max_size=6,
)


@given(stretches, stretches)
def test_no_day_counts_twice_and_more_absences_never_take_less(
    some: list[Stretch], more: list[Stretch]
) -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    works = calendar(region=BAVARIA)
    few = works.days_away(some, first, last)
    all_of_them = works.days_away([*some, *more], first, last)
    assert set(all_of_them.values()) <= {0.5, 1.0}
    assert all(works.working(day) and first <= day <= last for day in all_of_them)
    assert all(share <= all_of_them[day] for day, share in few.items())
    assert works.days_away([*some, *some], first, last) == few


def test_what_can_be_chosen() -> None:
    assert ("DE", "Deutschland") in countries("de")
    assert ("DE", "Germany") in countries("en")
    assert ("BY", "Bayern") in subdivisions("DE")
    assert subdivisions("XX") == []
    assert is_known(BAVARIA)
    assert not is_known(Region("DE", "XX"))
    assert not is_known(Region("XX"))


def test_named_days_of_a_stretch() -> None:
    found = named_days(BAVARIA, date(2026, 12, 24), 14, "de")
    assert found == {
        date(2026, 12, 25): "Erster Weihnachtstag",
        date(2026, 12, 26): "Zweiter Weihnachtstag",
        date(2027, 1, 1): "Neujahr",
        date(2027, 1, 6): "Heilige Drei Könige",
    }
