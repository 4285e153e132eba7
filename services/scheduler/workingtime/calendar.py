"""A member's working days: which days are any, and how many of them somebody is away. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.scheduler.absences.period import end_instant, start_instant
from services.scheduler.coverage.person import Stretch
from services.scheduler.workingtime.domain import Region, WorkingTime
from services.scheduler.workingtime.public_holidays import public_holidays

__all__ = ["WorkCalendar", "WorkingDay", "days_between"]

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """From when until when somebody works."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`zone`: where the member's clock hangs. `region` None: no public holidays."""

    working_time: WorkingTime
    zone: ZoneInfo
    region: Region | None

    def working(self, day: date) -> WorkingDay | None:
        """From when until when the member works on the day of their zone; None: not at all."""
        hours = self.working_time.hours(day)
        if hours is None or self.public_holiday(day):
            return None
        starts = start_instant(datetime.combine(day, hours.starts), self.zone)
        last = day if hours.ends > hours.starts else day + timedelta(days=1)
        ends = end_instant(datetime.combine(last, hours.ends), self.zone)
        # From 02:00 to 03:00 nobody works on the day on which the clocks leave that hour out.
        return WorkingDay(starts, ends) if starts < ends else None

    def public_holiday(self, day: date, language: str = "en") -> str | None:
        """What it is called."""
        if self.region is None:
            return None
        return public_holidays(self.region, day.year, language).get(day)

    def days_away(self, away: Iterable[Stretch], first: date, last: date) -> Mapping[date, float]:
        """Working days from `first` to `last`, both included, that the absences take: a whole one,
        or half of it if they take no more than half of its hours. Absences may overlap."""
        found: dict[date, float] = {}
        stretches = list(away)
        for day in _concerned(stretches, first, last, self.zone):
            working = self.working(day)
            share = 0.0 if working is None else _share(working, stretches)
            if share:
                found[day] = _HALF if share <= _HALF else 1.0
        return found

    def count(self, away: Iterable[Stretch]) -> float:
        """Working days that absences with an end take altogether."""
        stretches = list(away)
        ends = [one.ends_at for one in stretches if one.ends_at is not None]
        if not ends:
            return 0
        first = min(one.starts_at for one in stretches).astimezone(self.zone).date()
        last = max(ends).astimezone(self.zone).date()
        return sum(self.days_away(stretches, first, last).values())


def days_between(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The days of the zone that the time touches, up to and without `ends_at`."""
    day = starts_at.astimezone(zone).date()
    last = (ends_at - timedelta(milliseconds=1)).astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _concerned(away: Iterable[Stretch], first: date, last: date, zone: ZoneInfo) -> list[date]:
    start = start_instant(first, zone)
    end = end_instant(last, zone)
    days: set[date] = set()
    for one in away:
        until = end if one.ends_at is None else min(end, one.ends_at)
        since = max(start, one.starts_at)
        if since < until:
            days.update(days_between(since, until, zone))
    return sorted(days)


def _share(working: WorkingDay, away: Iterable[Stretch]) -> float:
    """Of the working hours, how much the absences take: 0 to 1."""
    taken, until = timedelta(), working.starts_at
    for one in sorted(away, key=lambda each: each.starts_at):
        starts = max(until, one.starts_at)
        ends = working.ends_at if one.ends_at is None else min(working.ends_at, one.ends_at)
        if starts < ends:
            taken += ends - starts
            until = ends
    return taken / (working.ends_at - working.starts_at)
