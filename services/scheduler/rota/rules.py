"""The hard rules, checked: whether somebody can have a shift, and what keeps them from it. Pure.

Everything that gives somebody a shift asks here: taking, assigning, swapping, applying what was
generated. The solver builds its own constraints, and tests hold what it finds against this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.scheduler.coverage.person import Demand, Person, WhyNot
from services.scheduler.rota.domain import Rules
from shared.errors import N_, NotAllowedNow

__all__ = [
    "Duty",
    "Hand",
    "Hindrance",
    "RuleBroken",
    "check",
    "hindrance",
    "minutes_by_day",
    "unable",
    "week_of",
]

_MINUTE = timedelta(minutes=1)
_HOUR = 60


class Hindrance(StrEnum):
    """What keeps somebody from a shift: the first that holds, in this order."""

    INACTIVE = "inactive"
    NO_ACCESS = "no_access"
    NO_ACCOUNT = "no_account"
    UNQUALIFIED = "unqualified"
    EXPIRED = "expired"
    AWAY = "away"
    ELSEWHERE = "elsewhere"
    REST = "rest"
    DAY_HOURS = "day_hours"
    WEEK_HOURS = "week_hours"


@dataclass(frozen=True, slots=True)
class Duty:
    """Time of a shift, as the rules see it."""

    starts_at: datetime
    ends_at: datetime

    def touches(self, other: Duty, rest: timedelta = timedelta()) -> bool:
        """Whether there is less than `rest` between the two."""
        return self.starts_at < other.ends_at + rest and other.starts_at < self.ends_at + rest


@dataclass(frozen=True, slots=True)
class Hand:
    """A member as the rota knows them: days and weeks are those of their `zone`."""

    person: Person
    zone: ZoneInfo

    @property
    def member_id(self) -> str:
        return self.person.member_id


def hindrance(
    hand: Hand, duty: Duty, demands: Sequence[Demand], others: Iterable[Duty], rules: Rules
) -> Hindrance | None:
    """None if the member can have the shift beside the `others` that they have."""
    return unable(hand, duty, demands) or _clash(duty, list(others), hand.zone, rules)


def unable(hand: Hand, duty: Duty, demands: Iterable[Demand]) -> Hindrance | None:
    """What keeps the member from it whatever else they do: it must hold from start to end."""
    found = {
        span.why
        for demand in demands
        for span in hand.person.spans(demand, duty.starts_at, duty.ends_at)
    }
    return next((Hindrance(why.value) for why in WhyNot if why in found), None)


def _clash(duty: Duty, others: list[Duty], zone: ZoneInfo, rules: Rules) -> Hindrance | None:
    if any(duty.touches(other) for other in others):
        return Hindrance.ELSEWHERE
    if any(duty.touches(other, rules.rest) for other in others):
        return Hindrance.REST
    days = minutes_by_day(duty, zone)
    before = Counter[date]()
    for other in others:
        before.update(minutes_by_day(other, zone))
    if any(before[day] + more > rules.most_hours_day * _HOUR for day, more in days.items()):
        return Hindrance.DAY_HOURS
    weeks = Counter[tuple[int, int]]()
    for day, minutes in (before + Counter(days)).items():
        weeks[week_of(day)] += minutes
    if any(weeks[week_of(day)] > rules.most_hours_week * _HOUR for day in days):
        return Hindrance.WEEK_HOURS
    return None


def minutes_by_day(duty: Duty, zone: ZoneInfo) -> dict[date, int]:
    """How long it lasts on each day of the zone, also when clocks change in it."""
    return dict(_days(duty, zone))


def _days(duty: Duty, zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    at = duty.starts_at
    while at < duty.ends_at:
        day = at.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        until = min(midnight, duty.ends_at)
        yield day, (until - at) // _MINUTE
        at = until


def week_of(day: date) -> tuple[int, int]:
    """ISO year and week."""
    year, week, _ = day.isocalendar()
    return year, week


def check(
    hand: Hand,
    name: str,
    duty: Duty,
    demands: Sequence[Demand],
    others: Iterable[Duty],
    rules: Rules,
) -> None:
    """Raises the `RuleBroken` that says which rule keeps `name` from the shift."""
    why = hindrance(hand, duty, demands, others, rules)
    if why is not None:
        raise _BROKEN[why](
            member=name,
            extra={"member_id": hand.member_id, "rule": why.value},
            hours_a_day=rules.most_hours_day,
            hours_a_week=rules.most_hours_week,
            rest_hours=rules.rest_hours,
        )


class RuleBroken(NotAllowedNow):
    code = "rota_rule_broken"
    title = N_("A rule of the rota forbids it")
    remedy = N_("Choose somebody else, or another shift.")


class _Inactive(RuleBroken):
    detail = N_("{member} has left the team.")


class _NoAccess(RuleBroken):
    detail = N_("{member} has no access to a client of this page group.")


class _NoAccount(RuleBroken):
    detail = N_("{member} has no account on a page of this group, and accounts are checked there.")


class _Unqualified(RuleBroken):
    detail = N_("{member} is not qualified for community management.")


class _Expired(RuleBroken):
    detail = N_("The qualification of {member} ends before the shift does.")


class _Away(RuleBroken):
    detail = N_("{member} is away for some of the shift.")


class _Elsewhere(RuleBroken):
    detail = N_("{member} has another shift at that time.")


class _Rest(RuleBroken):
    detail = N_("{member} would have less than {rest_hours} hours of rest between two shifts.")


class _DayHours(RuleBroken):
    detail = N_("{member} would have more than {hours_a_day} hours on one day.")


class _WeekHours(RuleBroken):
    detail = N_("{member} would have more than {hours_a_week} hours in one week.")


_BROKEN: dict[Hindrance, type[RuleBroken]] = {
    Hindrance.INACTIVE: _Inactive,
    Hindrance.NO_ACCESS: _NoAccess,
    Hindrance.NO_ACCOUNT: _NoAccount,
    Hindrance.UNQUALIFIED: _Unqualified,
    Hindrance.EXPIRED: _Expired,
    Hindrance.AWAY: _Away,
    Hindrance.ELSEWHERE: _Elsewhere,
    Hindrance.REST: _Rest,
    Hindrance.DAY_HOURS: _DayHours,
    Hindrance.WEEK_HOURS: _WeekHours,
}
