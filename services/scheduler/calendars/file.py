"""A calendar file (RFC 5545) of somebody's own, as the times that its events take. Pure.

Recurring events are written out within the window. Left out is what keeps nobody from work:
cancelled events, those that their owner marked as free, and those without length. Local times
without a zone, and whole days, are in the zone of who is away.

An event that is changed for one occurrence (RECURRENCE-ID) is changed for that one, also where the
file says "this and all that follow".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import chain
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

from services.scheduler.absences.period import start_instant
from services.scheduler.calendars.lines import Line, lines_of
from services.scheduler.calendars.problems import Problem, Unreadable

__all__ = ["MOST_EVENTS", "CalendarFile", "LeftOut", "Time", "read"]

MOST_EVENTS = 200
"""So many times are told, the soonest first: more than a year of working days nobody goes through
one by one."""

_AHEAD = timedelta(days=366)
_LONGEST_SUMMARY = 200
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_WITHIN_DAYS = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
# What may come of properties that hold something else than they should.
_NONSENSE = (AttributeError, OverflowError, TypeError, ValueError)
_start = attrgetter("starts_at", "ends_at")


class LeftOut(StrEnum):
    """Why an event takes no time. `OTHER_TIME`: none within the window."""

    CANCELLED = "cancelled"
    FREE = "free"
    NO_LENGTH = "no_length"
    TOO_OFTEN = "too_often"
    OTHER_TIME = "other_time"


@dataclass(frozen=True, slots=True)
class Time:
    """`summary` is for whoever has the calendar, and nobody else: it does not show in a `repr`."""

    starts_at: datetime
    ends_at: datetime
    whole_days: bool
    summary: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """`times` by start. `more`: how many later ones there are besides. `left_out`: how many events,
    by why."""

    times: tuple[Time, ...]
    more: int
    left_out: dict[LeftOut, int]


def read(data: bytes, zone: ZoneInfo, now: datetime) -> CalendarFile:
    """From the day of `now`, in the zone, for a year. Raises `Unreadable`.

    How long that takes is up to who wrote the file: see `reader`.
    """
    window = _Window(start_instant(now.astimezone(zone).date(), zone), now + _AHEAD, zone)
    times: list[Time] = []
    left_out: dict[LeftOut, int] = {}
    for found in _by_event(data, window):
        if isinstance(found, LeftOut):
            left_out[found] = left_out.get(found, 0) + 1
        else:
            times.extend(found)
    times.sort(key=_start)
    return CalendarFile(tuple(times[:MOST_EVENTS]), max(len(times) - MOST_EVENTS, 0), left_out)


@dataclass(frozen=True, slots=True)
class _Window:
    """`zone`: of times that name none."""

    start: datetime
    end: datetime
    zone: ZoneInfo


def _by_event(data: bytes, window: _Window) -> Iterator[LeftOut | list[Time]]:
    events = [_entry(event, line, window.zone) for event, line in _events(data)]
    changed: dict[str, set[datetime]] = {}
    for one in events:
        if one.instead_of is not None:
            changed.setdefault(one.uid, set()).add(one.instead_of)
    for one in events:
        moved = changed.get(one.uid, set()) if one.instead_of is None else set()
        yield one.times(window, but=moved)


def _events(data: bytes) -> Iterator[tuple[Event, Line]]:
    """Each with the line at which it begins. Raises `Unreadable`."""
    text, begins = lines_of(data)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (*_NONSENSE, LookupError):
        raise Unreadable(Problem.BAD_FORMAT) from None
    found = list(chain.from_iterable(calendar.walk("VEVENT") for calendar in calendars))
    if len(found) != len(begins):
        raise Unreadable(Problem.BAD_FORMAT)
    yield from zip(found, begins, strict=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event. Its times are those on the clocks of `zone`; of a whole day, midnight.

    `instead_of`: the occurrence of the event with the same `uid` that it takes the place of.
    `left_out` None: it may take time.
    """

    uid: str
    line: Line
    event: Event
    zone: tzinfo
    whole_days: bool
    starts: datetime
    length: timedelta
    instead_of: datetime | None
    left_out: LeftOut | None

    @classmethod
    def of(cls, event: Event, line: Line, own: ZoneInfo) -> _Entry:
        """Raises `Unreadable`."""
        start = _moment(event, "DTSTART", line)
        if start is None:
            raise Unreadable(Problem.NO_START, line)
        zone = (start.tzinfo if isinstance(start, datetime) else None) or own
        starts = _wall(start, zone)
        replaced = _moment(event, "RECURRENCE-ID", line)
        entry = cls(
            uid=str(event.get("UID", "")) or f"line {line}",
            line=line,
            event=event,
            zone=zone,
            whole_days=not isinstance(start, datetime),
            starts=starts,
            length=_length(event, line, start, zone),
            instead_of=None if replaced is None else _wall(replaced, zone),
            left_out=None,
        )
        return replace(entry, left_out=_left_out(entry))

    def times(self, window: _Window, but: set[datetime]) -> LeftOut | list[Time]:
        """`but` these occurrences, which others take the place of. Raises `Unreadable`."""
        if self.left_out is not None:
            return self.left_out
        summary = _summary(self.event)
        found = []
        try:
            for starts in self._occurrences(window, but):
                time = self._time(starts, window.zone, summary)
                if time.starts_at < window.end and window.start < time.ends_at:
                    found.append(time)
        except _NONSENSE:
            raise Unreadable(Problem.BAD_EVENT, self.line) from None
        return found or LeftOut.OTHER_TIME

    def _occurrences(self, window: _Window, but: set[datetime]) -> Iterator[datetime]:
        """Each once, up to the end of the window."""
        until = _wall(window.end, self.zone) + timedelta(days=1)
        left_out = but | set(self._dates("EXDATE"))
        given: set[datetime] = set(self._dates("RDATE"))
        for rule in _several(self.event.get("RRULE")):
            for starts in rrulestr(self._rule(rule), dtstart=self.starts):
                if starts > until:
                    break
                if starts + self.length + timedelta(days=1) > _wall(window.start, self.zone):
                    given.add(starts)
        # A rule that does not hit its own start has it all the same.
        given.add(self.starts)
        yield from given - left_out

    def _rule(self, rule: Any) -> str:
        """Its limit on the same clocks as its start."""
        parts = {name: value for name, value in rule.items() if name != "UNTIL"}
        for limit in _several(rule.get("UNTIL")):
            last = _wall(limit, self.zone)
            if not isinstance(limit, datetime):
                last += timedelta(days=1, seconds=-1)
            parts["UNTIL"] = last
        return str(type(rule)(parts).to_ical().decode())

    def _dates(self, name: str) -> Iterator[datetime]:
        """Of RDATE and EXDATE. A period counts by its start."""
        for given in _several(self.event.get(name)):
            for each in given.dts:
                one = each.dt[0] if isinstance(each.dt, tuple) else each.dt
                at = _wall(one, self.zone)
                # A whole day that is left out or added, of an event with times.
                whole = not isinstance(one, datetime) and not self.whole_days
                yield datetime.combine(at, self.starts.time()) if whole else at

    def _time(self, starts: datetime, own: ZoneInfo, summary: str) -> Time:
        if self.whole_days:
            ends = (starts + self.length).date()
            return Time(start_instant(starts.date(), own), start_instant(ends, own), True, summary)
        began = _instant(starts, self.zone)
        return Time(began, max(began, _instant(starts + self.length, self.zone)), False, summary)


def _entry(event: Event, line: Line, own: ZoneInfo) -> _Entry:
    """Raises `Unreadable`."""
    try:
        return _Entry.of(event, line, own)
    except _NONSENSE:
        raise Unreadable(Problem.BAD_EVENT, line) from None


def _left_out(entry: _Entry) -> LeftOut | None:
    event = entry.event
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return LeftOut.CANCELLED
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return LeftOut.FREE
    if entry.length <= timedelta():
        return LeftOut.NO_LENGTH
    for rule in _several(event.get("RRULE")):
        frequencies = {str(one).upper() for one in _several(rule.get("FREQ"))}
        if not frequencies <= _FREQUENCIES or not _WITHIN_DAYS.isdisjoint(rule):
            return LeftOut.TOO_OFTEN
    return None


def _moment(event: Event, name: str, line: Line) -> datetime | date | None:
    """Raises `Unreadable` for one that is there and cannot be read, or whose zone is unknown."""
    given = event.get(name)
    if given is None:
        if any(one[0] == name for one in event.errors):
            raise Unreadable(Problem.BAD_EVENT, line)
        return None
    moment = getattr(given, "dt", None)
    if not isinstance(moment, date):
        raise Unreadable(Problem.BAD_EVENT, line)
    unknown = isinstance(moment, datetime) and moment.tzinfo is None
    if unknown and "TZID" in given.params:
        raise Unreadable(Problem.UNKNOWN_ZONE, line)
    return moment


def _length(event: Event, line: Line, start: datetime | date, zone: tzinfo) -> timedelta:
    """On the clocks of the zone. Without an end, a day takes a day, and a time none."""
    end = _moment(event, "DTEND", line)
    if end is not None:
        if isinstance(end, datetime) is not isinstance(start, datetime):
            raise Unreadable(Problem.BAD_EVENT, line)
        return _wall(end, zone) - _wall(start, zone)
    lasts = getattr(event.get("DURATION"), "dt", None)
    if isinstance(lasts, timedelta):
        return lasts
    return timedelta() if isinstance(start, datetime) else timedelta(days=1)


def _wall(when: datetime | date, zone: tzinfo) -> datetime:
    """What the clocks of the zone show then."""
    if not isinstance(when, datetime):
        return datetime(when.year, when.month, when.day)  # noqa: DTZ001 (no zone: wall time)
    return when if when.tzinfo is None else when.astimezone(zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    if isinstance(zone, ZoneInfo):
        return start_instant(wall, zone)
    return wall.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))


def _summary(event: Event) -> str:
    words = str(event.get("SUMMARY", ""))
    shown = "".join(one if one.isprintable() else " " for one in words)
    return " ".join(shown.split())[:_LONGEST_SUMMARY]


def _several(value: Any) -> Iterable[Any]:
    """A property that may be there once, several times or not at all."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
