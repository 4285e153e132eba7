"""The days a calendar shows, when they begin for its reader, and posts moved between them. Pure.

A day is as long as it is in its zone: 23 or 25 hours when the clocks change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.planner.content.domain import Variant

__all__ = ["MORNING", "Span", "View", "beside", "moved", "span", "usual_time"]

MORNING = time(9)
"""When a post goes out that was given a day and no hour."""

_DAY = timedelta(days=1)
_LAST_HOUR = 23
_WEEK = timedelta(days=7)
_MONTH = timedelta(days=31)
# The years that requests may name, see `services.planner.fields`.
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, `last` included, as they are in `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + number * _DAY for number in range(count)]

    def day_by_limit(self) -> dict[datetime, date]:
        """Each day under the instant it begins with, in UTC and in order.

        A day that a zone left out, when it changed sides of the date line, begins with the next
        one, which takes its place.
        """
        return {_beginning(day, self.zone): day for day in self.days}

    @property
    def limits(self) -> list[datetime]:
        """When each day begins, and when the last one ends."""
        return [*self.day_by_limit(), _beginning(self.last + _DAY, self.zone)]


def span(view: View, day: date, zone: ZoneInfo) -> Span:
    """What a view of `day` shows: its month in whole weeks, its week from Monday, or itself."""
    if view is View.DAY:
        return Span(day, day, zone)
    if view is View.WEEK:
        return Span(_monday(day), _monday(day) + _WEEK - _DAY, zone)
    last = (day.replace(day=1) + _MONTH).replace(day=1) - _DAY
    return Span(_monday(day.replace(day=1)), _monday(last) + _WEEK - _DAY, zone)


def beside(view: View, day: date, step: int) -> date | None:
    """A day of the view before (-1) or after (1) this one; None where the years end."""
    if view is View.MONTH:
        near = day.replace(day=1) + _MONTH if step > 0 else day.replace(day=1) - _DAY
        found = near.replace(day=1)
    else:
        found = day + step * (_WEEK if view is View.WEEK else _DAY)
    return found if _FIRST <= found <= _LAST else None


def usual_time(day: date, now: datetime) -> time:
    """In the morning; today, once that is over, at the next full hour. `now` in the zone of
    `day`."""
    if day != now.date() or now.time() < MORNING:
        return MORNING
    return time(now.hour + 1) if now.hour < _LAST_HOUR else time(_LAST_HOUR, 59)


def moved(
    variants: Sequence[Variant], day: date, at: time | None, zone: ZoneInfo
) -> tuple[Variant, ...]:
    """The variants with the first of them going out on `day` at `at`, the others as far apart by
    the clock on the wall as before. Without `at` the first keeps its hour.

    Where none has a time yet, all get the same; else one without a time stays without.
    """
    times = sorted(variant.publish_at for variant in variants if variant.publish_at)
    if not times:
        first = datetime.combine(day, at or MORNING)
        return tuple(replace(variant, publish_at=_instant(first, zone)) for variant in variants)
    shown = _shown(times[0], zone).replace(second=0, microsecond=0)
    shift = datetime.combine(day, at or shown.time()) - shown
    return tuple(_shifted(variant, shift, zone) for variant in variants)


def _shifted(variant: Variant, shift: timedelta, zone: ZoneInfo) -> Variant:
    # What is shown as before is left alone: it may name two instants when the clocks go back.
    if variant.publish_at is None or not shift:
        return variant
    return replace(variant, publish_at=_instant(_shown(variant.publish_at, zone) + shift, zone))


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(shown: datetime, zone: ZoneInfo) -> datetime:
    return shown.replace(tzinfo=zone).astimezone(UTC)


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return _instant(datetime.combine(day, time()), zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
