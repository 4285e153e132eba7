"""Calendar files: what times their events take, what is left out, and what a bad one is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from services.scheduler.calendars.file import MOST_EVENTS, CalendarFile, LeftOut, read
from services.scheduler.calendars.problems import Problem, Unreadable
from services.scheduler.calendars.reader import CalendarReader, CalendarUnreadable

local = datetime.fromisoformat
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 1, 9, 42, tzinfo=UTC)
ONE = "DTSTART:20261204T120000Z\nDTEND:20261204T160000Z"


def event(*lines: str, uid: str = "u1") -> str:
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"))


def calendar(*parts: str) -> bytes:
    lines = "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test", *parts, "END:VCALENDAR"))
    return lines.replace("\n", "\r\n").encode() + b"\r\n"


def found(*parts: str) -> CalendarFile:
    return read(calendar(*parts), BERLIN, NOW)


def starts(file: CalendarFile, zone: ZoneInfo = BERLIN) -> list[str]:
    return [one.starts_at.astimezone(zone).strftime("%m-%d %H:%M") for one in file.times]


def refusal(data: bytes) -> tuple[Problem, int]:
    with pytest.raises(Unreadable) as refused:
        read(data, BERLIN, NOW)
    return refused.value.problem, refused.value.line


VTIMEZONE = """BEGIN:VTIMEZONE
TZID:Head Office
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:DAYLIGHT
END:VTIMEZONE"""
BROKEN_ZONE = VTIMEZONE.replace("Head Office", "Branch").replace("FREQ=YEARLY;", "")


def test_times_in_utc_in_a_zone_in_the_files_own_zone_and_in_none() -> None:
    file = found(
        VTIMEZONE,
        event("DTSTART:20261204T120000Z", "DURATION:PT4H", uid="a"),
        event("DTSTART;TZID=America/New_York:20261205T080000", "DURATION:PT1H", uid="b"),
        event("DTSTART;TZID=Head Office:20261206T100000", "DTEND:20261206T090000Z", uid="c"),
        event("DTSTART:20261207T090000", "DTEND:20261207T100000", uid="d"),
    )
    assert starts(file) == ["12-04 13:00", "12-05 14:00", "12-06 09:00", "12-07 09:00"]
    assert [one.ends_at - one.starts_at for one in file.times] == [
        timedelta(hours=hours) for hours in (4, 1, 1, 1)
    ]


def test_whole_days_are_those_of_who_is_away() -> None:
    file = found(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20270101"))
    [time] = file.times
    assert time.whole_days
    assert (time.starts_at, time.ends_at) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 31, 23, tzinfo=UTC),
    )
    [alone] = found(event("DTSTART;VALUE=DATE:20261224")).times
    assert alone.ends_at - alone.starts_at == timedelta(days=1)


def test_what_repeats_keeps_its_time_of_day_over_daylight_saving() -> None:
    file = found(
        event(
            "DTSTART;TZID=Europe/Berlin:20270319T130000",
            "DTEND;TZID=Europe/Berlin:20270319T170000",
            "RRULE:FREQ=WEEKLY;UNTIL=20270402T110000Z",
        )
    )
    assert starts(file) == ["03-19 13:00", "03-26 13:00", "04-02 13:00"]
    assert starts(file, ZoneInfo("UTC")) == ["03-19 12:00", "03-26 12:00", "04-02 11:00"]


def test_exceptions_additions_and_changed_occurrences() -> None:
    file = found(
        event(
            "DTSTART;TZID=Europe/Berlin:20261204T130000",
            "DURATION:PT4H",
            "RRULE:FREQ=WEEKLY;COUNT=5",
            "EXDATE;TZID=Europe/Berlin:20261211T130000",
            "EXDATE;VALUE=DATE:20261218",
            "RDATE;TZID=Europe/Berlin:20261209T090000,20261210T090000",
            "SUMMARY:Course",
        ),
        event(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261225T130000",
            "DTSTART;TZID=Europe/Berlin:20261228T100000",
            "DURATION:PT1H",
            "SUMMARY:Course, moved",
        ),
        event(
            "RECURRENCE-ID:20270101T120000Z",
            "DTSTART;TZID=Europe/Berlin:20270101T130000",
            "DURATION:PT4H",
            "STATUS:CANCELLED",
        ),
    )
    assert starts(file) == ["12-04 13:00", "12-09 09:00", "12-10 09:00", "12-28 10:00"]
    assert file.times[-1].summary == "Course, moved"
    assert file.left_out == {LeftOut.CANCELLED: 1}


def test_whole_days_that_repeat() -> None:
    file = found(
        event(
            "DTSTART;VALUE=DATE:20261204",
            "RRULE:FREQ=MONTHLY;BYDAY=1FR;UNTIL=20270205",
            "EXDATE;VALUE=DATE:20270101",
        )
    )
    assert starts(file) == ["12-04 00:00", "02-05 00:00"]


def test_what_keeps_nobody_from_work_is_left_out_and_counted() -> None:
    file = found(
        event(ONE, "STATUS:CANCELLED", uid="a"),
        event(ONE, "TRANSP:TRANSPARENT", uid="b"),
        event("DTSTART:20261204T120000Z", uid="c"),
        event(ONE, "RRULE:FREQ=SECONDLY", uid="d"),
        event(ONE, "RRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3", uid="e"),
        event("DTSTART:20200101T120000Z", "DURATION:PT1H", uid="f"),
        event("DTSTART:20300101T120000Z", "DURATION:PT1H", uid="g"),
        event("DTSTART:20261204T120000Z", "DTEND:20261204T100000Z", uid="h"),
    )
    assert file.times == ()
    assert file.left_out == {
        LeftOut.CANCELLED: 1,
        LeftOut.FREE: 1,
        LeftOut.NO_LENGTH: 2,
        LeftOut.TOO_OFTEN: 2,
        LeftOut.OTHER_TIME: 2,
    }


def test_the_window_is_from_today_for_a_year_and_the_list_has_an_end() -> None:
    daily = ("DTSTART;TZID=Europe/Berlin:20251201T080000", "DURATION:PT1H")
    file = found(event(*daily, "RRULE:FREQ=DAILY;COUNT=999999999"))
    assert (file.times[0].starts_at, len(file.times)) == (
        datetime(2026, 12, 1, 7, tzinfo=UTC),  # today, though it is over
        MOST_EVENTS,
    )
    assert file.more == 367 - MOST_EVENTS


def test_summaries_are_cut_and_show_in_no_repr() -> None:
    [time] = found(event(ONE, r"SUMMARY:Dr. Canary\, 2\nfloor " + "x" * 500)).times
    assert time.summary.startswith("Dr. Canary, 2 floor x")
    assert len(time.summary) == 200
    assert "Canary" not in repr(time)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"PK\x03\x04", (Problem.NO_CALENDAR, 1)),
        (b"<html></html>", (Problem.NO_CALENDAR, 1)),
        (b"\r\n\r\n", (Problem.NO_CALENDAR, 1)),
        (b"BEGIN:VCARD\r\nEND:VCARD", (Problem.NO_CALENDAR, 1)),
        (
            calendar(event(ONE, "SUMMARY:Grüße")).decode().encode("latin-1"),
            (Problem.BAD_ENCODING, 8),
        ),
        (calendar(event(ONE)).decode().encode("utf-16"), (Problem.BAD_ENCODING, 1)),
        (calendar(event(ONE, "no colon here")), (Problem.BAD_LINE, 8)),
        (calendar(event(ONE).replace("END:VEVENT", "END:VTODO")), (Problem.BAD_NESTING, 8)),
        (calendar(event(ONE))[:-15], (Problem.BAD_NESTING, 8)),
        (calendar(BROKEN_ZONE, event(ONE)), (Problem.BAD_FORMAT, 0)),
        (calendar(event("SUMMARY:x")), (Problem.NO_START, 4)),
        (calendar(event("DTSTART:tomorrow")), (Problem.BAD_EVENT, 4)),
        (calendar(event("DTSTART:20261304T120000Z")), (Problem.BAD_EVENT, 4)),
        (calendar(event("DTSTART;TZID=Nowhere/Else:20261204T120000")), (Problem.UNKNOWN_ZONE, 4)),
        (
            calendar(event("DTSTART;VALUE=DATE:20261204", "DTEND:20261204T160000Z")),
            (Problem.BAD_EVENT, 4),
        ),
        (calendar(event(ONE, uid="a"), event("DTSTART:x", uid="b")), (Problem.BAD_EVENT, 9)),
        (
            calendar(event("DTSTART;TZID=Asia/Tokyo:00010101T000000", "DURATION:P1D")),
            (Problem.BAD_EVENT, 4),
        ),
    ],
    ids=[
        "zip",
        "html",
        "blank",
        "vcard",
        "latin-1",
        "utf-16",
        "no-colon",
        "crossed",
        "cut-off",
        "bad-zone",
        "no-start",
        "no-date",
        "month-13",
        "unknown-zone",
        "day-and-time",
        "second-event",
        "year-1",
    ],
)
def test_a_bad_file_is_told_which_line(data: bytes, problem: tuple[Problem, int]) -> None:
    assert refusal(data) == problem


def test_a_bomb_of_exceptions_is_just_a_long_file() -> None:
    days = (date(2000, 1, 1) + timedelta(days=n) for n in range(20_000))
    bomb = ",".join(one.strftime("%Y%m%dT120000Z") for one in days)
    file = found(event(ONE, "RRULE:FREQ=DAILY", f"EXDATE:{bomb}"))
    assert file.left_out == {LeftOut.OTHER_TIME: 1}


@given(
    st.lists(
        st.tuples(
            st.datetimes(local("2026-11-01"), local("2027-12-01")),
            st.timedeltas(timedelta(), timedelta(days=9)),
            st.text(max_size=80),
            st.sampled_from([None, {"FREQ": "WEEKLY", "COUNT": 4}, {"FREQ": "MONTHLY"}]),
        ),
        max_size=5,
    )
)
@settings(max_examples=60)
def test_what_another_program_writes_is_read(
    events: Iterable[tuple[datetime, timedelta, str, dict[str, object] | None]],
) -> None:
    file, most = Calendar(), 0
    for start, length, summary, rule in events:
        one = Event()
        one.add("uid", str(most))
        one.add("dtstart", start.replace(microsecond=0, tzinfo=BERLIN))
        one.add("dtend", start.replace(microsecond=0, tzinfo=BERLIN) + length)
        one.add("summary", summary)
        if rule:
            one.add("rrule", rule)
        file.add_component(one)
        most += 14
    seen = read(file.to_ical(), BERLIN, NOW)
    assert len(seen.times) <= most
    assert all(one.starts_at < one.ends_at for one in seen.times)
    assert sorted(seen.times, key=lambda one: one.starts_at) == list(seen.times)


@given(st.binary(max_size=300), st.integers(0, 120))
@settings(max_examples=150)
def test_whatever_stands_in_it_it_is_read_or_refused(junk: bytes, at: int) -> None:
    good = calendar(event(ONE, "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:x"))
    for data in (junk, good[:at] + junk + good[at:], good[: -at - 1] + junk):
        try:
            read(data, BERLIN, NOW)
        except Unreadable as error:
            assert error.line or error.problem is Problem.BAD_FORMAT  # noqa: PT017 (or it is read)


# In a process of its own


async def test_a_file_that_would_keep_it_busy_for_ever_is_given_up() -> None:
    never = event(ONE, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    with pytest.raises(CalendarUnreadable) as refused:
        await CalendarReader(seconds=2).read(calendar(*[never] * 50), BERLIN, NOW)
    assert [one.message for one in refused.value.errors] == [
        "To work out its events would take too long."
    ]


async def test_what_it_reads_and_refuses_comes_back() -> None:
    reader = CalendarReader()
    file = await reader.read(calendar(event(ONE, "SUMMARY:Zahnarzt 🦷")), BERLIN, NOW)
    assert file == found(event(ONE, "SUMMARY:Zahnarzt 🦷"))
    with pytest.raises(CalendarUnreadable) as refused:
        await reader.read(calendar(event("DTSTART:x")), BERLIN, NOW)
    [error] = refused.value.errors
    assert (error.pointer, error.params) == ("/file", {"line": 4})
