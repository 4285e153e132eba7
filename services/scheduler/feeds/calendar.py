"""Who is away, and when somebody is on duty, as a calendar that other programs read (RFC 5545).
Never why anybody is away. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from services.scheduler.absences.domain import Absence
from services.scheduler.rota.domain import Shift

__all__ = ["DutyEntry", "Entry", "away_calendar"]

_OPEN_ENDED = timedelta(weeks=2)
"""An event must end. Until further notice, it is drawn so far beyond the present day, and further
whenever it is read again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`summary`: what the calendar shows. `zone`: of who is away."""

    absence: Absence
    summary: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class DutyEntry:
    shift: Shift
    summary: str


def away_calendar(
    title: str,
    entries: Iterable[Entry],
    host: str,
    now: datetime,
    duties: Iterable[DutyEntry] = (),
) -> bytes:
    """`host` makes the events' ids unique in the world."""
    calendar = Calendar()
    calendar.add("prodid", "-//Understudy//Absences//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", timedelta(minutes=15), parameters={"value": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, host, now))
    for duty in duties:
        calendar.add_component(_duty(duty, host, now))
    return bytes(calendar.to_ical())


def _event(entry: Entry, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.absence.id}@{host}")
    event.add("sequence", entry.absence.version - 1)
    event.add("dtstamp", now)
    event.add("summary", entry.summary)
    event.add("transp", "OPAQUE")
    starts, ends = _limits(entry.absence, entry.zone, now)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    return event


def _duty(entry: DutyEntry, host: str, now: datetime) -> Event:
    shift = entry.shift
    event = Event()
    event.add("uid", f"{shift.id}@{host}")
    event.add("sequence", shift.version - 1)
    event.add("dtstamp", now)
    event.add("summary", entry.summary)
    event.add("transp", "OPAQUE")
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.ends_at)
    return event


def _limits(
    absence: Absence, zone: ZoneInfo, now: datetime
) -> tuple[date, date] | tuple[datetime, datetime]:
    """Whole days of the member's zone as days, which every reader sees on the same dates."""
    starts = absence.starts_at.astimezone(zone)
    if absence.ends_at is None:
        last = max(now, absence.starts_at).astimezone(zone).date() + _OPEN_ENDED
        return starts.date(), last
    ends = absence.ends_at.astimezone(zone)
    if starts.time() == ends.time() == time():
        return starts.date(), ends.date()
    return absence.starts_at, absence.ends_at
