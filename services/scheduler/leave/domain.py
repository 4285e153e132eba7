"""Leave that somebody asks for, from the request to the decision, and who did what. Pure.

    request -> requested --approve--> approved: there is an absence from now on
                  |  \\____decline___> declined
                  \\______withdraw___> withdrawn

Leave is one time, or several: a course on eight Fridays is asked for, decided and told as one.

Why somebody wants leave is a `Reason`, kept apart from everything here as that of an absence is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.scheduler.absences.period import Period
from services.scheduler.coverage.person import Stretch
from shared.errors import N_, FieldError, InvalidRequest, NotAllowedNow
from shared.events.scheduler import LeaveChanged, LeaveStep

__all__ = [
    "FARTHEST",
    "LONGEST",
    "MOST_TIMES",
    "AwayAnyway",
    "Dates",
    "Did",
    "Leave",
    "LeaveAskedFor",
    "LeaveDecided",
    "LeaveNeedsEnd",
    "LeaveOver",
    "LeaveState",
    "LeaveTooLong",
    "NeedsWrittenReason",
    "OwnLeave",
    "Step",
    "TimesOverlap",
    "TooManyTimes",
    "approve",
    "change",
    "decline",
    "leave_changed",
    "merged",
    "request",
    "times_of",
    "to_come",
    "whole",
    "withdraw",
]


@dataclass(frozen=True, slots=True)
class Dates:
    """From `starts_at` up to `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.starts_at, self.ends_at)

    def moved(self, days: int, zone: ZoneInfo) -> Dates:
        """By whole days of the zone: the time of day stays."""
        by = timedelta(days=days)
        return Dates(
            (self.starts_at.astimezone(zone) + by).astimezone(UTC),
            (self.ends_at.astimezone(zone) + by).astimezone(UTC),
        )

    def lie_within(self, other: Stretch) -> bool:
        ends_first = other.ends_at is None or self.ends_at <= other.ends_at
        return other.starts_at <= self.starts_at and ends_first

    def overlaps(self, other: Stretch) -> bool:
        ends_later = other.ends_at is None or self.starts_at < other.ends_at
        return ends_later and other.starts_at < self.ends_at


def whole(times: Sequence[Dates]) -> Dates:
    """From the first of them, in order, to the end of the last."""
    return Dates(times[0].starts_at, times[-1].ends_at)


def merged(times: Iterable[Dates]) -> list[Dates]:
    """In order; those that overlap are one."""
    found: list[Dates] = []
    for one in sorted(times, key=lambda each: (each.starts_at, each.ends_at)):
        if found and one.starts_at < found[-1].ends_at:
            found[-1] = replace(found[-1], ends_at=max(found[-1].ends_at, one.ends_at))
        else:
            found.append(one)
    return found


def to_come(times: Iterable[Dates], now: datetime) -> tuple[Dates, ...]:
    """What of the times is not over; of one that has begun, the rest."""
    return tuple(Dates(max(one.starts_at, now), one.ends_at) for one in times if one.ends_at > now)


LONGEST = timedelta(days=367)
"""So long may be asked for without being back in between."""

FARTHEST = timedelta(days=732)
"""So far the last of several times may end after the first begins."""

MOST_TIMES = 60
"""So many times one request may have: once a week for a year, and some days besides. Each becomes
an absence with two moments that fall due and an event, all in the transaction that approves."""


class LeaveState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Did(StrEnum):
    """What somebody did with the request."""

    REQUESTED = "requested"
    CHANGED = "changed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the audit trail, for the member and whoever may decide.

    `times` are those it was about, from `starts_at` to `ends_at`. `gaps`: how many responsibilities
    the leave would leave without anybody, as was known then; None: nobody asked. `said`: in
    writing.
    """

    did: Did
    by: str
    at: datetime
    starts_at: datetime
    ends_at: datetime
    gaps: int | None = None
    said: str = ""
    times: tuple[Dates, ...] = ()

    def __post_init__(self) -> None:
        _fill_in_times(self)


@dataclass(frozen=True, slots=True)
class Leave:
    """`times`, in order, and from the first to the last of them `starts_at` to `ends_at`, which is
    excluded."""

    id: str
    member_id: str
    starts_at: datetime
    ends_at: datetime
    state: LeaveState
    trail: tuple[Step, ...]
    version: int = 1
    times: tuple[Dates, ...] = ()

    def __post_init__(self) -> None:
        _fill_in_times(self)

    @property
    def dates(self) -> Dates:
        return Dates(self.starts_at, self.ends_at)

    @property
    def absences(self) -> dict[str, Dates]:
        """What it has become, by id: an absence for each of its times that was not over by then.
        The first time's has the id of the request."""
        if self.state is not LeaveState.APPROVED:
            return {}
        return {
            self.id if n == 1 else f"{self.id}-{n}": dates
            for n, dates in enumerate(self.times, 1)
            if dates.ends_at > self.trail[-1].at
        }

    @property
    def absence_ids(self) -> tuple[str, ...]:
        return tuple(self.absences)

    @property
    def absence_id(self) -> str | None:
        """The first of them."""
        return next(iter(self.absences), None)

    @property
    def requested_at(self) -> datetime:
        return self.trail[0].at

    @property
    def decided(self) -> Step | None:
        return None if self.state is LeaveState.REQUESTED else self.trail[-1]


def times_of(periods: Iterable[Period]) -> tuple[Dates, ...]:
    """Of periods in order. Raises `LeaveNeedsEnd`, `LeaveTooLong`, `TooManyTimes`,
    `TimesOverlap`."""
    times = tuple(_dates(one) for one in periods)
    if len(times) > MOST_TIMES:
        raise TooManyTimes(most=MOST_TIMES)
    if any(after.starts_at < before.ends_at for before, after in pairwise(times)):
        raise TimesOverlap
    if times[-1].ends_at - times[0].starts_at > FARTHEST:
        raise LeaveTooLong(errors=[FieldError("/ends_at", N_("Choose an earlier day."))])
    return times


def request(id: str, member_id: str, times: tuple[Dates, ...], *, by: str, now: datetime) -> Leave:
    """`times`: of `times_of`."""
    dates = whole(times)
    first = Step(Did.REQUESTED, by, now, dates.starts_at, dates.ends_at, times=times)
    return Leave(
        id,
        member_id,
        dates.starts_at,
        dates.ends_at,
        LeaveState.REQUESTED,
        (first,),
        times=times,
    )


def change(leave: Leave, times: tuple[Dates, ...], *, by: str, now: datetime) -> Leave:
    """Other times, of `times_of`. Raises `LeaveDecided`."""
    _refuse_if_decided(leave)
    dates = whole(times)
    moved = replace(leave, starts_at=dates.starts_at, ends_at=dates.ends_at, times=times)
    return _step(moved, Did.CHANGED, by, now)


def approve(leave: Leave, *, by: str, now: datetime, gaps: int, said: str) -> Leave:
    """Of several times, those that are over by `now` become no absences.

    Raises `LeaveDecided`, `LeaveOver`, and `NeedsWrittenReason` if gaps would stay open.
    """
    _refuse_if_decided(leave)
    if leave.ends_at <= now:
        raise LeaveOver
    if gaps and not said.strip():
        raise NeedsWrittenReason(gaps=gaps)
    approved = replace(leave, state=LeaveState.APPROVED)
    return _step(approved, Did.APPROVED, by, now, gaps=gaps, said=said.strip())


def decline(leave: Leave, *, by: str, now: datetime, said: str) -> Leave:
    """Raises `LeaveDecided`."""
    _refuse_if_decided(leave)
    declined = replace(leave, state=LeaveState.DECLINED)
    return _step(declined, Did.DECLINED, by, now, said=said.strip())


def withdraw(leave: Leave, *, by: str, now: datetime) -> Leave:
    """Raises `LeaveDecided`."""
    _refuse_if_decided(leave)
    return _step(replace(leave, state=LeaveState.WITHDRAWN), Did.WITHDRAWN, by, now)


def leave_changed(leave: Leave, deciding: Iterable[str]) -> LeaveChanged:
    """Its last step as other services learn it: neither the reason nor what was said to it.
    `deciding`: who may decide; they are asked while there is something to decide."""
    step = leave.trail[-1]
    asked = deciding if leave.state is LeaveState.REQUESTED else ()
    return LeaveChanged(
        leave_id=leave.id,
        member_id=leave.member_id,
        starts_at=leave.starts_at,
        ends_at=leave.ends_at,
        step=LeaveStep(step.did),
        by=step.by,
        version=leave.version,
        count=len(leave.times),
        leads=tuple(lead for lead in asked if lead not in (leave.member_id, step.by)),
    )


def _step(
    leave: Leave, did: Did, by: str, now: datetime, *, gaps: int | None = None, said: str = ""
) -> Leave:
    step = Step(did, by, now, leave.starts_at, leave.ends_at, gaps, said, leave.times)
    return replace(leave, trail=(*leave.trail, step), version=leave.version + 1)


def _dates(period: Period) -> Dates:
    if period.ends_at is None:
        raise LeaveNeedsEnd(errors=[FieldError("/ends_at", N_("Choose the last day."))])
    if period.ends_at - period.starts_at > LONGEST:
        raise LeaveTooLong(errors=[FieldError("/ends_at", N_("Choose an earlier day."))])
    return Dates(period.starts_at, period.ends_at)


def _fill_in_times(stored: Leave | Step) -> None:
    """What was stored when leave had but one time does not name it apart."""
    if not stored.times:
        object.__setattr__(stored, "times", (Dates(stored.starts_at, stored.ends_at),))


def _refuse_if_decided(leave: Leave) -> None:
    if leave.state is not LeaveState.REQUESTED:
        raise LeaveDecided


class LeaveNeedsEnd(InvalidRequest):
    code = "leave_needs_end"
    title = N_("Leave needs an end")
    detail = N_("Only somebody who is ill can be away until further notice.")
    remedy = N_("Choose the last day.")


class LeaveTooLong(InvalidRequest):
    code = "leave_too_long"
    title = N_("The leave is too long")
    detail = N_("Up to a year can be asked for at once, and several times within two years.")
    remedy = N_("Ask for the rest later.")


class TooManyTimes(InvalidRequest):
    code = "leave_too_many_times"
    title = N_("These are too many times")
    detail = N_("Up to {most} can be asked for at once.")
    remedy = N_("Choose fewer, and ask for the rest later.")


class TimesOverlap(InvalidRequest):
    code = "leave_times_overlap"
    title = N_("The times overlap, or are not in order")
    detail = N_("One begins before the one ends that comes before it.")
    remedy = N_("Choose times with a break in between, or a single longer one.")


class LeaveAskedFor(NotAllowedNow):
    code = "leave_asked_for"
    title = N_("These days are asked for already")
    detail = N_("A request for some of them waits for a decision.")
    remedy = N_("Change that request, or withdraw it first.")


class AwayAnyway(NotAllowedNow):
    code = "leave_away_anyway"
    title = N_("There is an absence on these days already")
    detail = N_("It covers all of the time asked for.")
    remedy = N_("Change the absence, or choose other days.")


class LeaveDecided(NotAllowedNow):
    code = "leave_decided"
    title = N_("The request is decided already")
    detail = N_("It was approved, declined or withdrawn meanwhile.")
    remedy = N_("Look at it again. Approved leave is changed or taken back as an absence.")


class LeaveOver(NotAllowedNow):
    code = "leave_over"
    title = N_("The leave would be over already")
    detail = N_("Its last day has passed, so there is nothing to approve.")
    remedy = N_("Decline it, or ask for other dates.")


class NeedsWrittenReason(NotAllowedNow):
    code = "leave_needs_reason"
    title = N_("Gaps would stay open")
    detail = N_("Responsibilities for which nobody could act: {gaps}. To approve that, say why.")
    remedy = N_("Close the gaps first, or write down why the leave is approved all the same.")


class OwnLeave(NotAllowedNow):
    code = "leave_own"
    title = N_("Somebody else decides on your leave")
    detail = N_("There are other leads, and nobody approves their own request.")
    remedy = N_("Ask another lead.")
