"""A day or a time as people write it in the subject of a mail, in German or English. Pure.

Deliberately narrow: what can mean two things is not understood. So `next Friday`, `03/12` and
`Friday` on a Friday are not, and the sender is told what would be. Names of days and months are
CLDR's, by Babel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache

from babel.dates import get_day_names, get_month_names

from services.scheduler.absences.period import When, is_plausible

__all__ = ["read_moment"]

_DAY = timedelta(days=1)
_HALF_A_DAY = 12
_RELATIVE: Mapping[str, int] = {
    "vorgestern": -2,
    "gestern": -1,
    "yesterday": -1,
    "heute": 0,
    "today": 0,
    "morgen": 1,
    "tomorrow": 1,
    "übermorgen": 2,
}
_MONTH = r"(?P<month>[a-zäöü]+)\.?"
_YEAR = r"(?P<year>\d{4})"
_DATES = (
    rf"{_YEAR}-(?P<m>\d\d)-(?P<d>\d\d)",
    rf"(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.(?:\s?{_YEAR}|\s?(?P<short>\d\d)(?![\d:.]))?",
    rf"(?P<d>\d\d?)\.\s?{_MONTH}(?:\s{_YEAR})?",
    rf"(?P<d>\d\d?)(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?",
    rf"{_MONTH}\s(?P<d>\d\d?)(?:st|nd|rd|th)?(?:,?\s{_YEAR})?(?![\d:])",
)
_TIMES = (
    r"(?P<h>\d\d?):(?P<min>\d\d)(?:\s?(?P<half>[ap]m)|\s?uhr|\s?h)?",
    r"(?P<h>\d\d?)(?:\.(?P<min>\d\d))?\s?uhr(?:\s(?P<late>\d\d))?",
    r"(?P<h>\d\d?)\s?(?P<half>[ap]m)",
)
_END_OF_WORD = re.compile(r"(?![\wäöüß])")
_BETWEEN = re.compile(r"[\s,]*(?:\b(?:um|at|den|dem|the|on|am)\s+)?")
_AFTERWARDS = re.compile(
    r"\s*(?:inklusive|einschließlich|inkl\.?|inclusive)?\s*(?:$|[,;.!()\u2013-])"
)


def read_moment(text: str, now: datetime, *, past: bool = False) -> When | None:
    """What `text` begins with, if it ends there or goes on after a comma or the like; else None.

    `now` and the answer are local wall time. A day without its year is the next one there is,
    today included; with `past` the last one. A time without its day is today's.
    """
    reading = _Reading(text.strip().casefold(), now, past=past)
    return reading.moment()


class _Reading:
    def __init__(self, text: str, now: datetime, *, past: bool) -> None:
        self._text = text
        self._at = 0
        self._now = now
        self._past = past

    def moment(self) -> When | None:
        try:
            day = self._day()
            at = self._time()
        except ValueError:  # there is no such day, or no such hour
            return None
        if (day is None and at is None) or not _AFTERWARDS.match(self._text, self._at):
            return None
        if at is None:
            found: When = day or self._now.date()
        else:
            found = datetime.combine(day or self._now.date(), at)
        return found if is_plausible(found) else None

    def _day(self) -> date | None:
        """A weekday may stand before its date; then both have to agree."""
        self._skip()
        if (relative := self._word(_RELATIVE)) is not None:
            return self._now.date() + relative * _DAY
        weekday = self._word(_weekdays())
        self._skip()
        written = self._written()
        if weekday is None:
            return written
        if written is not None:
            if written.weekday() != weekday:
                raise ValueError("the day of the week is another")
            return written
        return self._nearest(weekday)

    def _nearest(self, weekday: int) -> date:
        """On a Friday, “Friday” may be today or in a week."""
        today = self._now.date()
        ahead = (weekday - today.weekday()) % 7
        if ahead == 0:
            raise ValueError("today, or in a week?")
        return today + (ahead - 7 if self._past else ahead) * _DAY

    def _written(self) -> date | None:
        for pattern in _DATES:
            found = re.compile(pattern).match(self._text, self._at)
            if found is None or not _END_OF_WORD.match(self._text, found.end()):
                continue
            parts = found.groupdict()
            month = _months().get(parts["month"]) if parts.get("month") else int(parts["m"])
            if month is None:
                continue
            self._at = found.end()
            return self._dated(parts, month, int(parts["d"]))
        return None

    def _dated(self, parts: Mapping[str, str | None], month: int, day: int) -> date:
        year = parts.get("year") or (parts.get("short") and f"20{parts['short']}")
        if year:
            return date(int(year), month, day)
        today = self._now.date()
        for nearby in (today.year, today.year + (-1 if self._past else 1)):
            one = _existing(nearby, month, day)
            if one is not None and (one <= today if self._past else one >= today):
                return one
        raise ValueError("there is no such day near")

    def _time(self) -> time | None:
        before = self._at
        self._skip()
        for pattern in _TIMES:
            found = re.compile(pattern).match(self._text, self._at)
            if found is None or not _END_OF_WORD.match(self._text, found.end()):
                continue
            self._at = found.end()
            parts = found.groupdict()
            minute = int(parts.get("min") or parts.get("late") or 0)
            return time(_hour(int(parts["h"]), parts.get("half")), minute)
        self._at = before
        return None

    def _word(self, meanings: Mapping[str, int]) -> int | None:
        found = re.compile(r"[a-zäöü]+").match(self._text, self._at)
        if found is None or found[0] not in meanings:
            return None
        self._at = found.end()
        if self._text.startswith(".", self._at):  # Fr.
            self._at += 1
        return meanings[found[0]]

    def _skip(self) -> None:
        between = _BETWEEN.match(self._text, self._at)
        if between is not None:
            self._at = between.end()


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= _HALF_A_DAY:
        raise ValueError("not an hour of half a day")
    return hour % _HALF_A_DAY + (_HALF_A_DAY if half == "pm" else 0)


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _weekdays() -> Mapping[str, int]:
    return {"sonnabend": 5, **_names(get_day_names)}


@cache
def _months() -> Mapping[str, int]:
    return {"jänner": 1, **_names(get_month_names)}


def _names(of: Callable[..., Mapping[int, str]]) -> dict[str, int]:
    return {
        name.casefold().rstrip("."): number
        for language in ("de", "en")
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in of(width, context, language).items()
    }
