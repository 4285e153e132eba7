"""The days of a calendar: whole weeks, days of 23 and 25 hours, and posts that change theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.content.domain import Variant
from services.planner.plan.days import MORNING, View, beside, moved, span, usual_time

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut"]
).map(ZoneInfo)
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("view", "day", "first", "last"),
    [
        (View.MONTH, "2026-11-24", "2026-10-26", "2026-12-06"),
        (View.MONTH, "2027-02-14", "2027-02-01", "2027-02-28"),
        (View.MONTH, "2026-12-31", "2026-11-30", "2027-01-03"),
        (View.WEEK, "2026-11-29", "2026-11-23", "2026-11-29"),
        (View.WEEK, "2026-11-23", "2026-11-23", "2026-11-29"),
        (View.DAY, "2026-11-24", "2026-11-24", "2026-11-24"),
    ],
)
def test_what_a_view_shows(view: View, day: str, first: str, last: str) -> None:
    shown = span(view, date.fromisoformat(day), BERLIN)
    assert (shown.first, shown.last) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-24", 24)]
)
def test_days_are_as_long_as_they_are(day: str, hours: int) -> None:
    start, end = span(View.DAY, date.fromisoformat(day), BERLIN).limits
    assert end - start == timedelta(hours=hours)


@given(st.sampled_from(View), DAYS, ZONES)
def test_every_instant_of_a_view_is_in_the_day_it_has_on_the_wall(
    view: View, day: date, zone: ZoneInfo
) -> None:
    shown = span(view, day, zone)
    limits, days = shown.limits, shown.day_by_limit()
    assert limits == sorted(set(limits))
    assert day in shown.days
    for start, end in pairwise(limits):
        for instant in (start, end - timedelta(seconds=1)):
            assert instant.astimezone(zone).date() == days[start]


@given(st.sampled_from(View), DAYS)
def test_forth_and_back_is_the_same_view(view: View, day: date) -> None:
    forth = beside(view, day, 1)
    if forth is not None:
        back = beside(view, forth, -1)
        assert back is not None
        assert span(view, back, BERLIN) == span(view, day, BERLIN)


def test_the_years_end() -> None:
    assert beside(View.MONTH, date(2000, 1, 15), -1) is None
    assert beside(View.WEEK, date(2100, 12, 31), 1) is None


def test_a_move_keeps_the_hour_and_the_distances() -> None:
    variants = (
        Variant("facebook", at("2026-11-25T12:00")),
        Variant("instagram", at("2026-11-24T09:30")),
        Variant("mastodon"),
    )
    assert moved(variants, date(2026, 11, 30), None, BERLIN) == (
        Variant("facebook", at("2026-12-01T12:00")),
        Variant("instagram", at("2026-11-30T09:30")),
        Variant("mastodon"),
    )
    later = moved(variants, date(2026, 11, 24), time(10), BERLIN)
    assert [each.publish_at for each in later] == [
        at("2026-11-25T12:30"),
        at("2026-11-24T10:00"),
        None,
    ]


def test_a_move_over_a_change_of_the_clocks_keeps_the_hour_on_the_wall() -> None:
    (before,) = moved((Variant("a", at("2026-03-28T09:00")),), date(2026, 3, 29), None, BERLIN)
    assert before.publish_at == at("2026-03-29T09:00")
    assert before.publish_at - at("2026-03-28T09:00") == timedelta(hours=23)


def test_what_is_left_as_shown_stays_the_same_instant() -> None:
    second_half_past_two = datetime(2027, 10, 31, 1, 30, 12, tzinfo=UTC)
    variants = (Variant("a", second_half_past_two),)
    assert moved(variants, date(2027, 10, 31), time(2, 30), BERLIN) == variants
    assert moved(variants, date(2027, 10, 31), None, BERLIN) == variants


def test_without_any_time_all_pages_get_the_same() -> None:
    variants = (Variant("a"), Variant("b"))
    assert {each.publish_at for each in moved(variants, date(2026, 12, 1), None, BERLIN)} == {
        at("2026-12-01T09:00")
    }


@pytest.mark.parametrize(
    ("now", "expected"),
    [("08:59", MORNING), ("09:00", time(10)), ("22:10", time(23)), ("23:10", time(23, 59))],
)
def test_a_post_for_today_is_not_late_from_the_start(now: str, expected: time) -> None:
    here = datetime.combine(date(2026, 11, 24), time.fromisoformat(now), BERLIN)
    assert usual_time(date(2026, 11, 24), here) == expected
    assert usual_time(date(2026, 11, 25), here) == MORNING
