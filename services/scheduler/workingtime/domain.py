"""When a member works, where public holidays are theirs, and how much leave they have. Pure.

Not a rota: outside these hours nobody is asked to hand over. They say on which days leave counts,
and on which days a deputy would have to act although they do not work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from shared.errors import N_, FieldError, InvalidRequest

__all__ = [
    "MOST_DAYS",
    "STANDARD_WEEK",
    "WEEKDAYS",
    "Hours",
    "HoursOfNoLength",
    "Pattern",
    "Region",
    "Terms",
    "TooManyPatterns",
    "Week",
    "WorkingTime",
    "agreed",
    "unset",
]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MOST_DAYS = 366.0
"""Of leave in a year."""

_MOST_PATTERNS = 50


@dataclass(frozen=True, slots=True)
class Hours:
    """Of a day, as the clock on the wall shows them; `ends` 00:00 is the end of the day."""

    starts: time
    ends: time

    @property
    def length(self) -> timedelta:
        """As on a day without a change of clocks."""
        day = timedelta(days=1) if self.ends == time() else timedelta()
        return day + _since_midnight(self.ends) - _since_midnight(self.starts)


Week = tuple[Hours | None, ...]
"""Monday to Sunday; None: off."""

_OFFICE_DAY = Hours(time(9), time(17))
STANDARD_WEEK: Week = (*[_OFFICE_DAY] * 5, None, None)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A working week that holds from the day `since` until the next one; None: always so far."""

    since: date | None
    week: Week


@dataclass(frozen=True, slots=True)
class Region:
    """Whose public holidays: ISO 3166-1 alpha-2, and the subdivision of ISO 3166-2 without the
    country, such as `DE` and `BY`; None: those of the whole country only."""

    country: str
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with the member.

    `region` None: public holidays are the agency's. `allowance`: working days of leave a year;
    None: no balance is kept. `carried`: by year, how many come on top of it from before.
    """

    patterns: tuple[Pattern, ...] = (Pattern(None, STANDARD_WEEK),)
    region: Region | None = None
    allowance: float | None = None
    carried: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """`version` 0: nothing is stored, so the agency's usual holds."""

    member_id: str
    terms: Terms
    version: int = 0

    @property
    def id(self) -> str:
        return self.member_id

    def hours(self, day: date) -> Hours | None:
        """By the pattern alone: a public holiday is none of its business."""
        return self._week(day)[day.weekday()]

    def weeks_from(self, day: date) -> list[Pattern]:
        """The one that holds on the day, then each later one."""
        later = [one for one in self.terms.patterns if one.since is not None and one.since > day]
        return [Pattern(None, self._week(day)), *later]

    def _week(self, day: date) -> Week:
        week = STANDARD_WEEK
        for pattern in self.terms.patterns:
            if pattern.since is None or pattern.since <= day:
                week = pattern.week
        return week


def unset(member_id: str) -> WorkingTime:
    return WorkingTime(member_id, Terms())


def agreed(before: WorkingTime, terms: Terms) -> WorkingTime:
    """Other terms. Raises `HoursOfNoLength`, `TooManyPatterns`."""
    if len(terms.patterns) > _MOST_PATTERNS:
        raise TooManyPatterns(most=_MOST_PATTERNS)
    _check_hours(terms.patterns)
    patterns = _in_order(terms.patterns)
    return replace(before, terms=replace(terms, patterns=patterns), version=before.version + 1)


def _check_hours(patterns: Sequence[Pattern]) -> None:
    wrong = [
        FieldError(f"/patterns/{number}/week/{WEEKDAYS[day]}", N_("The end must be later."))
        for number, pattern in enumerate(patterns)
        for day, hours in enumerate(pattern.week)
        if hours is not None and hours.length <= timedelta()
    ]
    if wrong:
        raise HoursOfNoLength(errors=wrong)


def _in_order(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """By day; of two since the same day, the later one in the list is meant."""
    by_day = {pattern.since: pattern for pattern in patterns}
    return tuple(sorted(by_day.values(), key=lambda one: one.since or date.min))


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


class HoursOfNoLength(InvalidRequest):
    code = "hours_of_no_length"
    title = N_("A working day ends before it starts")
    detail = N_("Work ends later on the same day, at midnight at the latest.")
    remedy = N_("Correct the times, or leave both empty for a day off.")


class TooManyPatterns(InvalidRequest):
    code = "too_many_patterns"
    title = N_("There are too many working weeks")
    detail = N_("Up to {most} are kept.")
    remedy = N_("Remove those that ended long ago.")
