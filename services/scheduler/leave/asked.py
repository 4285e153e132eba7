"""When somebody wants to be away, as they say it: once, at several times, or again and again. Pure.

What repeats is written out here, into the times that are decided on. The rule itself is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from services.scheduler.absences.period import Period, When, period
from services.scheduler.leave.domain import MOST_TIMES, Dates, TooManyTimes, times_of
from shared.errors import N_, FieldError, InvalidRequest

__all__ = ["Asked", "Every", "Repeats"]

_WEEK = 7
_SHORTEST_MONTH = 28
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Every(StrEnum):
    """How often. A month's fifth Monday is its last one, in every month; and where a month has no
    31st, its last day counts."""

    WEEK = "week"
    TWO_WEEKS = "two_weeks"
    MONTH_WEEKDAY = "month_weekday"
    MONTH_DATE = "month_date"


@dataclass(frozen=True, slots=True)
class Repeats:
    """`until`: the last day on which it may begin again."""

    every: Every
    until: date


@dataclass(frozen=True, slots=True)
class Asked:
    """`spans`: from when until when, each; with `repeats`, it is one span. `time_zone` is that of
    local times; None: the member's own."""

    spans: tuple[tuple[When, When], ...]
    time_zone: str | None = None
    repeats: Repeats | None = None

    def times(self, own: ZoneInfo) -> tuple[Dates, ...]:
        """In order, those too that are over. `own`: the member's zone.

        Raises `ZeroLength`, `EndsBeforeStart`, what `times_of` raises, and `InvalidRequest` if it
        would repeat until before it begins.
        """
        zone = ZoneInfo(self.time_zone) if self.time_zone else own
        if self.repeats is None:
            return times_of(_periods(self.spans, zone))
        [(starts, ends)] = self.spans
        return _written_out(_local(starts, zone), _local(ends, zone), self.repeats, zone)


def _periods(spans: tuple[tuple[When, When], ...], zone: ZoneInfo) -> Iterator[Period]:
    for index, (starts, ends) in enumerate(spans):
        try:
            yield period(starts, ends, zone, _LONG_AGO)
        except InvalidRequest as error:
            if len(spans) == 1:
                raise
            which = FieldError(f"/times/{index}", error.title)
            raise type(error)(errors=[which]) from None


def _written_out(starts: When, ends: When, repeats: Repeats, zone: ZoneInfo) -> tuple[Dates, ...]:
    """At the same times of day, also when clocks change."""
    days = list(islice(_days(_day(starts), repeats), MOST_TIMES + 1))
    if not days:
        raise InvalidRequest(
            errors=[FieldError("/repeats/until", N_("Choose a day after the first one."))]
        )
    if len(days) > MOST_TIMES:
        choose = FieldError("/repeats/until", N_("Choose an earlier day."))
        raise TooManyTimes(most=MOST_TIMES, errors=[choose])
    away = (day - _day(starts) for day in days)
    return times_of(period(starts + by, ends + by, zone, _LONG_AGO) for by in away)


def _days(first: date, repeats: Repeats) -> Iterator[date]:
    """On which it begins, from the first one on."""
    start, until = (datetime.combine(day, time()) for day in (first, repeats.until))
    match repeats.every:
        case Every.WEEK:
            rule = rrule(WEEKLY, start, until=until)
        case Every.TWO_WEEKS:
            rule = rrule(WEEKLY, start, interval=2, until=until)
        case Every.MONTH_WEEKDAY:
            nth = (first.day - 1) // _WEEK + 1
            which = weekday(first.weekday(), nth if nth <= _SHORTEST_MONTH // _WEEK else -1)
            rule = rrule(MONTHLY, start, byweekday=which, until=until)
        case Every.MONTH_DATE:
            days = range(min(first.day, _SHORTEST_MONTH), first.day + 1)
            rule = rrule(MONTHLY, start, bymonthday=tuple(days), bysetpos=-1, until=until)
    return (one.date() for one in rule)


def _day(when: When) -> date:
    return when.date() if isinstance(when, datetime) else when


def _local(when: When, zone: ZoneInfo) -> When:
    """As the clocks on the wall have it, which is what repeats."""
    if isinstance(when, datetime) and when.tzinfo is not None:
        return when.astimezone(zone).replace(tzinfo=None)
    return when
