"""An absence: a member is away from a minute to another, or until further notice. Pure.

    report -> planned --start falls due--> active --end falls due, or ended--> over
                 \\____________________________\\______ cancel ______________> cancelled

Events say who and when. *Why* is a `Reason`, kept apart from everything here: it is stored beside
the absence and never becomes part of an event, a log line or an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from services.scheduler.absences.period import Period
from services.scheduler.coverage.person import Stretch
from shared.errors import N_, InvalidRequest, NotAllowedNow
from shared.events.scheduler import (
    AbsenceCancelled,
    AbsenceChanged,
    AbsenceEnded,
    AbsenceReported,
    AbsenceStarted,
)

__all__ = [
    "Absence",
    "AbsenceEvent",
    "AbsenceOver",
    "AbsenceState",
    "EndOutside",
    "Kind",
    "LeaveNeedsApproval",
    "NotStarted",
    "Reason",
    "advance",
    "cancel",
    "end",
    "report",
    "reschedule",
]

AbsenceEvent = AbsenceReported | AbsenceChanged | AbsenceCancelled | AbsenceStarted | AbsenceEnded
E = TypeVar("E", AbsenceReported, AbsenceChanged, AbsenceCancelled, AbsenceStarted, AbsenceEnded)


class Kind(StrEnum):
    SICK = "sick"
    HOLIDAY = "holiday"
    TRAINING = "training"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is away: for the member and the entitled only. It does not show in a `repr`."""

    kind: Kind = field(repr=False)
    note: str = field(default="", repr=False)


class AbsenceState(StrEnum):
    PLANNED = "planned"
    ACTIVE = "active"
    OVER = "over"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Absence:
    """`started` and `ended` say which of the two has been told, so that it is told once."""

    id: str
    member_id: str
    starts_at: datetime
    ends_at: datetime | None
    reported_by: str
    reported_at: datetime
    cancelled: bool = False
    started: bool = False
    ended: bool = False
    version: int = 1

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.starts_at, self.ends_at)

    def state(self, now: datetime) -> AbsenceState:
        if self.cancelled:
            return AbsenceState.CANCELLED
        if now < self.starts_at:
            return AbsenceState.PLANNED
        return AbsenceState.ACTIVE if self.stretch.covers(now) else AbsenceState.OVER


def report(
    id: str, member_id: str, period: Period, *, by: str, now: datetime
) -> tuple[Absence, list[AbsenceEvent]]:
    absence = Absence(id, member_id, period.starts_at, period.ends_at, by, now)
    started, events = advance(absence, now)
    return started, [_tell(AbsenceReported, absence), *events]


def reschedule(
    absence: Absence, period: Period, now: datetime
) -> tuple[Absence, list[AbsenceEvent]]:
    """Raises `AbsenceOver`. An active absence may move to a later start: the member is back until
    then."""
    _refuse_if_over(absence, now)
    moved = replace(
        absence,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        started=absence.started and period.starts_at <= now,
        version=absence.version + 1,
    )
    advanced, events = advance(moved, now)
    return advanced, [_tell(AbsenceChanged, moved), *events]


def end(absence: Absence, at: datetime, now: datetime) -> tuple[Absence, list[AbsenceEvent]]:
    """The member is back, since `at` at the latest now.

    Raises `AbsenceOver`; `NotStarted` for a planned absence (cancel it instead); `EndOutside` if
    `at` is not after the start and up to now.
    """
    _refuse_if_over(absence, now)
    if absence.state(now) is AbsenceState.PLANNED:
        raise NotStarted
    if not absence.starts_at < at <= now:
        raise EndOutside
    ended = replace(absence, ends_at=at, version=absence.version + 1)
    return advance(ended, now)


def cancel(absence: Absence, now: datetime) -> tuple[Absence, list[AbsenceEvent]]:
    """As if it had never been reported. Raises `AbsenceOver`."""
    _refuse_if_over(absence, now)
    cancelled = replace(absence, cancelled=True, version=absence.version + 1)
    return cancelled, [_tell(AbsenceCancelled, cancelled)]


def advance(absence: Absence, now: datetime) -> tuple[Absence, list[AbsenceEvent]]:
    """Tell what has come to pass by `now` and was not told yet, in order."""
    if absence.cancelled:
        return absence, []
    events: list[AbsenceEvent] = []
    started = absence.started or absence.starts_at <= now
    ended = absence.ended or (absence.ends_at is not None and absence.ends_at <= now)
    if started and not absence.started:
        events.append(_tell(AbsenceStarted, absence))
    if ended and not absence.ended:
        events.append(_tell(AbsenceEnded, absence))
    return replace(absence, started=started, ended=ended), events


def _refuse_if_over(absence: Absence, now: datetime) -> None:
    if absence.state(now) in (AbsenceState.OVER, AbsenceState.CANCELLED):
        raise AbsenceOver


def _tell(event: type[E], absence: Absence) -> E:
    return event(
        absence_id=absence.id,
        member_id=absence.member_id,
        starts_at=absence.starts_at,
        ends_at=absence.ends_at,
    )


class AbsenceOver(NotAllowedNow):
    code = "absence_over"
    title = N_("The absence is over")
    detail = N_("It has ended or was cancelled, so it cannot be changed any more.")
    remedy = N_("Report a new absence if the member is away again.")


class NotStarted(NotAllowedNow):
    code = "absence_not_started"
    title = N_("The absence has not started")
    detail = N_("Somebody who is not away yet cannot come back.")
    remedy = N_("Cancel it, or change its start and end.")


class EndOutside(InvalidRequest):
    code = "absence_end_outside"
    title = N_("The absence cannot end then")
    detail = N_("The end must be after the start of the absence, and not in the future.")
    remedy = N_("Change the absence to give it an end in the future.")


class LeaveNeedsApproval(NotAllowedNow):
    code = "leave_needs_approval"
    title = N_("A lead decides on leave")
    detail = N_("Without asking, only illness is reported, and up to a day that begins now.")
    remedy = N_("Ask for leave: that shows at once what it would do to coverage.")
