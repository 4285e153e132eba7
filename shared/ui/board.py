"""Where an instant lies on a board whose columns are days.

A day is as wide as any other, also when the clocks change: positions follow the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil, floor
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

__all__ = ["Day", "DayAxis", "Span", "Week"]

_SATURDAY = 5
_WEEK = 7
_LONGEST_MONTH = 31


class _Stretch(Protocol):
    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime | None: ...


S = TypeVar("S", bound=_Stretch)


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    weekend: bool
    past: bool
    today: bool
    week_start: bool
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """Seven columns from `first`; `number` is that of its ISO week. `now`: how many of its days
    have gone by, None if it is not the present one."""

    first: date
    number: int
    past: bool
    now: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end` in days from the left edge. `parts` are its shares of the days it
    touches: 1 for a whole day, 0.25 for six hours."""

    start: float
    end: float
    parts: tuple[float, ...]

    @property
    def days(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class DayAxis:
    """`count` days from `first` as seen in `zone`. `holidays`: those that have a name."""

    first: date
    count: int
    zone: ZoneInfo
    now: datetime
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def days(self) -> list[Day]:
        today = self.now.astimezone(self.zone).date()
        dates = [self.first + timedelta(days=index) for index in range(self.count)]
        return [
            Day(
                date=each,
                weekend=each.weekday() >= _SATURDAY,
                past=each < today,
                today=each == today,
                week_start=each.weekday() == 0 and each != self.first,
                holiday=self.holidays.get(each, ""),
            )
            for each in dates
        ]

    @property
    def narrow(self) -> bool:
        """So many days that only weeks have room for a heading, and bands for their initials
        once."""
        return self.count > _LONGEST_MONTH

    @property
    def weeks(self) -> list[Week]:
        """Of an axis that begins on a Monday."""
        here = self.position(self.now)
        return [
            Week(
                first=(first := self.first + timedelta(days=left)),
                number=first.isocalendar().week,
                past=left + _WEEK <= here,
                now=here - left if left <= here < left + _WEEK else None,
            )
            for left in range(0, self.count, _WEEK)
        ]

    @property
    def now_at(self) -> float | None:
        """Where the now-line stands; None if today is not on the board."""
        at = self.position(self.now)
        return at if 0 <= at < self.count else None

    def position(self, at: datetime) -> float:
        """Days from the left edge; negative before it."""
        here = at.astimezone(self.zone)
        clock = timedelta(hours=here.hour, minutes=here.minute, seconds=here.second)
        return (here.date() - self.first).days + clock / timedelta(days=1)

    def span(self, start: datetime, end: datetime | None) -> Span | None:
        """The visible part of a stretch of time; `end` None is open-ended; None if not visible."""
        left = max(self.position(start), 0.0)
        right = min(self.position(end), float(self.count)) if end else float(self.count)
        if left >= right:
            return None
        edges = [left, *range(floor(left) + 1, ceil(right)), right]
        parts = tuple(round(b - a, 4) for a, b in pairwise(edges))
        return Span(round(left, 4), round(right, 4), parts)

    def lanes(self, stretches: Iterable[S]) -> list[list[S]]:
        """The visible ones in as few rows as keep them from lying on each other, by start."""
        lanes: list[tuple[float, list[S]]] = []
        for one in sorted(stretches, key=lambda each: each.starts_at):
            span = self.span(one.starts_at, one.ends_at)
            if span is None:
                continue
            for number, (until, lane) in enumerate(lanes):
                if until <= span.start:
                    lanes[number] = (span.end, [*lane, one])
                    break
            else:
                lanes.append((span.end, [one]))
        return [lane for _, lane in lanes]
