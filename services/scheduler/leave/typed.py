"""Leave as people type it, local to the member."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.scheduler.absences.typed import changed_period, typed_period
from services.scheduler.leave.domain import Dates, Leave, dates_of
from services.scheduler.leave.routes import LeaveBody, LeavePut
from services.scheduler.members.domain import Member
from services.scheduler.moments import Shown, shown_end, shown_start
from shared.errors import N_, AppError, FieldError, InvalidRequest
from shared.web.forms import Form, parsed

__all__ = ["dates_typed", "leave_changed", "leave_typed", "shown_dates"]

_PERIOD = ("starts_day", "starts_time", "ends_day", "ends_time")


def leave_typed(typed: Form) -> LeaveBody:
    """Raises `InvalidRequest`."""
    if not typed.text("member_id"):
        raise InvalidRequest(errors=[FieldError("/member_id", N_("Choose who is away."))])
    names = ("member_id", "kind", "note")
    return parsed(LeaveBody, {name: typed.text(name) for name in names} | _period(typed))


def leave_changed(typed: Form, before: Leave, zone: ZoneInfo) -> LeavePut:
    """What was left as it was shown in `zone` stays as it is. Raises `InvalidRequest`."""
    reason = {"kind": typed.optional("kind")}
    if reason["kind"] is not None:
        reason["note"] = typed.text("note")
    period = changed_period(typed, before, zone)
    return parsed(LeavePut, reason | _one_day(typed, period))


def dates_typed(typed: Form, member: Member, now: datetime) -> Dates | None:
    """As far as they are typed already; None: not enough of them, or they make no sense yet."""
    try:
        body = parsed(LeavePut, _period(typed))
        return dates_of(body.revision().period(member, now))
    except AppError:
        return None


def shown_dates(dates: Dates | Leave, member: Member) -> dict[str, str]:
    """What the form's fields hold for these dates."""
    starts = shown_start(dates.starts_at, member.zone)
    ends = shown_end(dates.ends_at, member.zone)
    return dict(zip(_PERIOD, (starts.day, starts.time, ends.day, ends.time), strict=True))


def _period(typed: Form) -> dict[str, str | None]:
    return _one_day(typed, typed_period(typed))


def _one_day(typed: Form, period: dict[str, str | None]) -> dict[str, str | None]:
    """A single day need not be typed twice."""
    first = Shown.typed(typed, "starts").day
    return period if period["ends_at"] or not first else {**period, "ends_at": first}
