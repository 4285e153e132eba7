"""From what people write to instants: local wall time and a zone, also when clocks change. Pure.

A local time may happen twice (clocks go back) or never (clocks go forward). An absence is never
shorter than it was meant: the start is the first of two, the end is the last. A time that never
happens is the instant at which the clocks jump over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.errors import N_, InvalidRequest

__all__ = [
    "EndsBeforeStart",
    "EndsNow",
    "Period",
    "When",
    "ZeroLength",
    "end_instant",
    "is_plausible",
    "period",
    "start_instant",
]

When = datetime | date
"""A datetime with an offset; or one without, which is local wall time; or a whole day."""

_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """In UTC, to the millisecond; `ends_at` is excluded, None is until further notice."""

    starts_at: datetime
    ends_at: datetime | None


def period(starts: When | None, ends: When | None, zone: ZoneInfo, now: datetime) -> Period:
    """`starts` None is now, `ends` None is until further notice.

    Raises `ZeroLength`, `EndsBeforeStart`, or `EndsNow` if all of it lies in the past.
    """
    starts_at = now if starts is None else start_instant(starts, zone)
    ends_at = None if ends is None else end_instant(ends, zone)
    if ends_at is not None:
        if ends_at == starts_at:
            raise ZeroLength
        if ends_at < starts_at:
            raise EndsBeforeStart
        if ends_at <= now:
            raise EndsNow
    return Period(starts_at, ends_at)


def is_plausible(when: When) -> bool:
    """Whether it is in the years 2000 to 2100: far from where days and offsets cannot be added.

    An instant may be a day beyond them, which is what their first and last day are elsewhere: what
    came from a plausible day or wall time is plausible itself.
    """
    if not isinstance(when, datetime):
        return _FIRST <= when <= _LAST
    if when.tzinfo is None:
        return _FIRST <= when.date() <= _LAST
    first = datetime.combine(_FIRST - _DAY, time(), UTC)
    return first <= when < datetime.combine(_LAST + 2 * _DAY, time(), UTC)


def start_instant(when: When, zone: ZoneInfo) -> datetime:
    """A day starts with its first instant."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return _instant(when, zone, fold=0)


def end_instant(when: When, zone: ZoneInfo) -> datetime:
    """A day is included: it ends with the first instant of the next."""
    if not isinstance(when, datetime):
        return _instant(datetime.combine(when + timedelta(days=1), time()), zone, fold=0)
    return _instant(when, zone, fold=1)


def _instant(when: datetime, zone: ZoneInfo, fold: int) -> datetime:
    when = when.replace(microsecond=when.microsecond // 1000 * 1000)
    if when.tzinfo is not None:
        return when.astimezone(UTC)
    at = when.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == when:
        return at
    return _jump_over(when, zone)


def _jump_over(when: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks jump over the local time `when`, to the second."""
    late = when.replace(tzinfo=zone, fold=0).astimezone(UTC)
    early = when.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


class ZeroLength(InvalidRequest):
    code = "absence_zero_length"
    title = N_("The absence has no length")
    detail = N_("It ends at the instant it starts.")
    remedy = N_("Choose a later end, or none for “until further notice”.")


class EndsBeforeStart(InvalidRequest):
    code = "absence_ends_before_start"
    title = N_("The absence ends before it starts")
    detail = N_("The end must be later than the start.")
    remedy = N_("Choose a later end, or none for “until further notice”.")


class EndsNow(InvalidRequest):
    """Backdated is fine, entirely in the past is not: nothing could be handed over any more."""

    code = "absence_in_the_past"
    title = N_("The absence is over already")
    detail = N_("It ends in the past, so there is nothing to hand over.")
    remedy = N_("Choose an end in the future, or none for “until further notice”.")
