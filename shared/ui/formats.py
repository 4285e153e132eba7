"""Dates, times, durations and numbers as the current viewer reads them.

Instants are aware datetimes; they are shown in the viewer's time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from babel import dates, numbers

from shared.ui.viewer import gettext, viewer

__all__ = ["FILTERS"]

_MINUTE = timedelta(minutes=1)
_MIDNIGHT = "00:00"


def local(at: datetime) -> datetime:
    """The instant in the viewer's time zone."""
    return at.astimezone(viewer().time_zone)


def clock(at: datetime) -> str:
    """`10:42`"""
    return local(at).strftime("%H:%M")


def clock_seconds(at: datetime) -> str:
    """`10:42:07`"""
    return local(at).strftime("%H:%M:%S")


def clock_tenths(at: datetime) -> str:
    """`10:42:07.2`, with the language's decimal sign: for what took less than a second."""
    tenth = local(at).microsecond // 100_000
    return f"{clock_seconds(at)}{numbers.get_decimal_symbol(viewer().language)}{tenth}"


def day(at: datetime | date) -> str:
    """`Tue 24 Nov`"""
    return _pattern(at, {"en": "EEE d MMM", "de": "ccc, d. LLL"})


def full_day(at: datetime | date) -> str:
    """`Tuesday 24 November 2026`"""
    return _pattern(at, {"en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y"})


def short_date(at: datetime | date) -> str:
    """`24 Nov 2026`"""
    return _pattern(at, {"en": "d MMM y", "de": "d. LLL y"})


def day_month(at: datetime | date) -> str:
    """`24 Nov`"""
    return _pattern(at, {"en": "d MMM", "de": "d. LLL"})


def weekday(at: datetime | date) -> str:
    """`Tue`"""
    return _pattern(at, {"en": "EEE", "de": "ccc"})


def weekday_name(at: datetime | date) -> str:
    """`Tuesday`"""
    return _pattern(at, {"en": "EEEE", "de": "cccc"})


def weekday_letter(at: datetime | date) -> str:
    """`T`"""
    return _pattern(at, {"en": "ccccc", "de": "ccccc"})


def month_name(at: datetime | date) -> str:
    """`Nov`"""
    return _pattern(at, {"en": "LLL", "de": "LLL"})


def month(at: datetime | date) -> str:
    """`November 2026`"""
    return _pattern(at, {"en": "LLLL y", "de": "LLLL y"})


def moment(at: datetime) -> str:
    """`Tue 24 Nov, 10:42`"""
    return f"{day(at)}, {clock(at)}"


def starting(at: datetime) -> str:
    """`Tue 24 Nov, 10:42`; of a whole day `Tue 24 Nov`."""
    return day(at) if clock(at) == _MIDNIGHT else moment(at)


def ending(at: datetime) -> str:
    """The same for an end, which is not included: midnight is the end of the day before."""
    return day(at - _MINUTE) if clock(at) == _MIDNIGHT else moment(at)


def last_day(until: datetime) -> str:
    """`31 Mar 2027`: the last day touched before an end, which is not included."""
    return short_date(until - _MINUTE)


def absolute(at: datetime) -> str:
    """`Tue 24 Nov 2026, 10:42:07 CET`: everything, for the hover text."""
    zone = local(at).tzname() or ""
    year = _pattern(at, {"en": "EEE d MMM y", "de": "ccc, d. LLL y"})
    return f"{year}, {clock_seconds(at)} {zone}"


def when(at: datetime) -> str:
    """`10:42` today, `Thu 12:00` within a week, `1 Dec, 10:00` otherwise."""
    here, today = local(at), local(viewer().now)
    if here.date() == today.date():
        return clock(at)
    if abs(here.date() - today.date()) < timedelta(days=7):
        return f"{weekday(at)} {clock(at)}"
    return f"{day_month(at)}, {clock(at)}"


def relative(at: datetime) -> str:
    """`in 1 h 26 min`, `41 min ago`, `just now`."""
    ahead = at - viewer().now
    span = duration(abs(ahead))
    if abs(ahead) < _MINUTE:
        return gettext("just now") if ahead <= timedelta() else gettext("in under a minute")
    return (gettext("in %(span)s") if ahead > timedelta() else gettext("%(span)s ago")) % {
        "span": span
    }


def due(at: datetime) -> str:
    """`due in 1 h 26 min`, `overdue 41 min`."""
    ahead = at - viewer().now
    if abs(ahead) < _MINUTE:
        return gettext("due now")
    text = gettext("due in %(span)s") if ahead > timedelta() else gettext("overdue %(span)s")
    return text % {"span": duration(abs(ahead))}


def duration(span: timedelta) -> str:
    """`3 min`, `1 h 26 min`, `2 d 4 h`: the two largest units, rounded down."""
    minutes = int(span / _MINUTE)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        (days, gettext("%(n)s d")),
        (hours, gettext("%(n)s h")),
        (minutes, gettext("%(n)s min")),
    ]
    shown = [text % {"n": count} for count, text in parts if count]
    return " ".join(shown[:2]) or gettext("%(n)s min") % {"n": 0}


def seconds(span: timedelta | float) -> str:
    """`0.40 s`, with the language's decimal sign."""
    value = span.total_seconds() if isinstance(span, timedelta) else span
    return f"{numbers.format_decimal(value, '#,##0.00', locale=viewer().language)} s"


def number(value: float) -> str:
    """`12,480`"""
    return numbers.format_decimal(value, locale=viewer().language)


def zone(at: datetime) -> str:
    """`Europe/Berlin (CET)` at that instant."""
    return f"{viewer().time_zone.key} ({local(at).tzname()})"


def _pattern(at: datetime | date, patterns: dict[str, str]) -> str:
    here = local(at) if isinstance(at, datetime) else at
    language = viewer().language
    return dates.format_date(here, format=patterns[language], locale=language)


FILTERS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        absolute, clock, clock_seconds, clock_tenths, day, day_month, due, duration, ending,
        full_day, last_day, local, moment, month, month_name, number, relative, seconds,
        short_date, starting, weekday, weekday_letter, weekday_name, when,
        zone,
    )
}  # fmt: skip
