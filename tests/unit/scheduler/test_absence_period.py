"""From local wall time to instants, on ordinary days and when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.absences.period import (
    EndsBeforeStart,
    EndsNow,
    Period,
    ZeroLength,
    end_instant,
    is_plausible,
    period,
    start_instant,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_local_time_is_that_of_the_zone_in_summer_and_in_winter() -> None:
    assert start_instant(local("2026-07-01T09:00"), BERLIN) == utc("2026-07-01T07:00")
    assert start_instant(local("2026-12-01T09:00"), BERLIN) == utc("2026-12-01T08:00")


def test_an_offset_wins_over_the_zone() -> None:
    assert start_instant(local("2026-07-01T09:00-04:00"), BERLIN) == utc("2026-07-01T13:00")


def test_clocks_go_forward_a_time_that_never_happens_is_the_jump() -> None:
    jump = utc("2026-03-29T01:00")  # 02:00 CET becomes 03:00 CEST
    for text in ("2026-03-29T02:00", "2026-03-29T02:30", "2026-03-29T02:59:59"):
        assert start_instant(local(text), BERLIN) == jump
        assert end_instant(local(text), BERLIN) == jump
    assert start_instant(local("2026-03-29T03:00"), BERLIN) == jump
    assert start_instant(local("2026-03-29T01:59"), BERLIN) == jump - timedelta(minutes=1)


def test_clocks_go_back_the_start_is_the_first_of_two_and_the_end_the_last() -> None:
    assert start_instant(local("2026-10-25T02:30"), BERLIN) == utc("2026-10-25T00:30")
    assert end_instant(local("2026-10-25T02:30"), BERLIN) == utc("2026-10-25T01:30")


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("Europe/Berlin", date(2026, 11, 24), "2026-11-23T23:00", "2026-11-24T23:00"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        # The day has no midnight: clocks jump from 24:00 to 01:00.
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00", "2026-04-24T21:00"),
    ],
)
def test_a_day_is_as_long_as_the_zone_says(zone: str, day: date, start: str, end: str) -> None:
    assert start_instant(day, ZoneInfo(zone)) == utc(start)
    assert end_instant(day, ZoneInfo(zone)) == utc(end)


def test_nothing_said_is_from_now_until_further_notice() -> None:
    assert period(None, None, BERLIN, NOW) == Period(NOW, None)


def test_backdated_is_fine_but_not_entirely_in_the_past() -> None:
    started = period(local("2026-11-23T08:00"), local("2026-11-25T18:00"), BERLIN, NOW)
    assert started.starts_at < NOW
    with pytest.raises(EndsNow):
        period(local("2026-11-20T08:00"), local("2026-11-21T18:00"), BERLIN, NOW)


def test_zero_length_and_reversed_are_refused() -> None:
    with pytest.raises(ZeroLength):
        period(local("2026-12-01T08:00"), local("2026-12-01T08:00"), BERLIN, NOW)
    with pytest.raises(EndsBeforeStart):
        period(date(2026, 12, 2), date(2026, 11, 30), BERLIN, NOW)


def test_within_the_hour_that_never_happens_an_absence_has_no_length() -> None:
    with pytest.raises(ZeroLength):
        period(local("2027-03-28T02:10"), local("2027-03-28T02:50"), BERLIN, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00",
        "0001-01-01T00:00+14:00",
        "1999-12-30T23:59:59+00:00",
        "1999-12-31T23:59",
        "2101-01-01T00:00",
        "2101-01-02T00:00+00:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59",
    ],
)
def test_a_year_nobody_means_is_not_plausible(text: str) -> None:
    assert not is_plausible(local(text))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"])
def test_what_came_from_a_plausible_day_is_plausible_and_so_can_be_sent_again(zone: str) -> None:
    first, last = date(2000, 1, 1), date(2100, 12, 31)
    assert is_plausible(first)
    assert is_plausible(last)
    assert is_plausible(start_instant(first, ZoneInfo(zone)))
    assert is_plausible(end_instant(last, ZoneInfo(zone)))
    assert not is_plausible(first - timedelta(days=1))
    assert not is_plausible(last + timedelta(days=1))


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
)

local_times = st.datetimes(local("2025-01-01"), local("2028-01-01"))


@given(
    local_times,
    st.sampled_from(ZONES).map(ZoneInfo),
)
def test_a_time_that_happens_survives_the_way_to_utc_and_back(
    when: datetime, zone: ZoneInfo
) -> None:
    when = when.replace(microsecond=when.microsecond // 1000 * 1000)
    for instant in (start_instant(when, zone), end_instant(when, zone)):
        shown = instant.astimezone(zone).replace(tzinfo=None)
        # A time that is jumped over becomes the jump, which the clock shows as later.
        assert shown == when or when < shown <= when + timedelta(hours=1)


@given(
    local_times,
    st.integers(0, 10_000),
    st.sampled_from(ZONES).map(ZoneInfo),
)
def test_an_absence_is_never_shorter_than_written_nor_turned_round(
    when: datetime, minutes: int, zone: ZoneInfo
) -> None:
    later = when + timedelta(minutes=minutes)
    assert start_instant(when, zone) <= end_instant(later, zone)
