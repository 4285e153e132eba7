"""Leave as people type it, local to the member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from services.scheduler.absences.typed import changed_period, typed_period
from services.scheduler.leave.asked import Asked
from services.scheduler.leave.domain import Dates, Leave, merged
from services.scheduler.leave.routes import InstantsBody, LeaveBody, LeavePut
from services.scheduler.leave.taken import Offer
from services.scheduler.members.domain import Member
from services.scheduler.moments import shown_end, shown_start
from shared.errors import N_, AppError, FieldError, InvalidRequest
from shared.web.forms import Form, parsed

__all__ = [
    "Choice",
    "asked_typed",
    "chosen_from",
    "leave_changed",
    "leave_typed",
    "offered",
    "shown_dates",
    "shown_times",
]

_start = attrgetter("starts_at")
_PERIOD = ("starts_day", "starts_time", "ends_day", "ends_time")


@dataclass(frozen=True, slots=True)
class Choice:
    """A time on offer, `value` in the form. `summary`: what a calendar calls it, for whoever reads
    that calendar in only."""

    offer: Offer
    value: str
    chosen: bool
    summary: str = field(default="", repr=False)

    @classmethod
    def of(cls, offer: Offer, *, chosen: bool = True, summary: str = "") -> Choice:
        """What cannot be asked for is not chosen."""
        value = _shown_time(offer.dates)
        return cls(offer, value, chosen and offer.obstacle is None, summary)


def leave_typed(typed: Form) -> LeaveBody:
    """Raises `InvalidRequest`."""
    if not typed.text("member_id"):
        raise InvalidRequest(errors=[FieldError("/member_id", N_("Choose who is away."))])
    names = ("member_id", "kind", "note")
    return parsed(LeaveBody, {name: typed.text(name) for name in names} | _when(typed))


def leave_changed(typed: Form, before: Leave, zone: ZoneInfo) -> LeavePut:
    """What was left as it was shown in `zone` stays as it is. Raises `InvalidRequest`."""
    reason = {"kind": typed.optional("kind")}
    if reason["kind"] is not None:
        reason["note"] = typed.text("note")
    if typed.has("offer"):
        return parsed(LeavePut, reason | _chosen(typed))
    period = changed_period(_one_day(typed), before, zone)
    return parsed(LeavePut, reason | period | _again(typed))


def asked_typed(typed: Form) -> Asked | None:
    """As far as it is typed already; None: not enough of it yet."""
    try:
        return parsed(LeavePut, _when(typed)).asked()
    except AppError:
        return None


def shown_times(times: Iterable[Dates]) -> list[tuple[str, str]]:
    """What the form's fields hold for times that are chosen from: all of these."""
    shown = [_shown_time(one) for one in times]
    return [*(("offer", one) for one in shown), *(("time", one) for one in shown)]


def offered(typed: Form) -> list[Dates]:
    """The times on offer in the form, by start; they may overlap. Raises `InvalidRequest`."""
    return sorted(map(_dates, typed.every("offer")), key=_start)


def chosen_from(typed: Form, offers: Iterable[Offer]) -> list[Choice]:
    chosen = set(typed.every("time"))
    return [Choice.of(one, chosen=_shown_time(one.dates) in chosen) for one in offers]


def shown_dates(dates: Dates, member: Member) -> dict[str, str]:
    """What the form's fields hold for these dates."""
    starts = shown_start(dates.starts_at, member.zone)
    ends = shown_end(dates.ends_at, member.zone)
    return dict(zip(_PERIOD, (starts.day, starts.time, ends.day, ends.time), strict=True))


def _when(typed: Form) -> dict[str, Any]:
    """Times chosen from those on offer, or from when until when, and whether it repeats."""
    if typed.has("offer"):
        return _chosen(typed)
    return typed_period(_one_day(typed)) | _again(typed)


def _chosen(typed: Form) -> dict[str, Any]:
    if not typed.every("time"):
        raise InvalidRequest(errors=[FieldError("/times", N_("Choose at least one time."))])
    times = merged(map(_dates, typed.every("time")))
    return {
        "times": [
            {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}
            for one in times
        ]
    }


def _dates(value: str) -> Dates:
    starts, _, ends = value.partition("/")
    body = parsed(InstantsBody, {"starts_at": starts, "ends_at": ends})
    return Dates(body.starts_at, body.ends_at)


def _shown_time(dates: Dates) -> str:
    return f"{dates.starts_at.isoformat()}/{dates.ends_at.isoformat()}"


def _again(typed: Form) -> dict[str, Any]:
    every, until = typed.text("repeats"), typed.text("until")
    if not every:
        return {}
    if not until:
        choose = N_("Choose until when it repeats.")
        raise InvalidRequest(errors=[FieldError("/repeats/until", choose)])
    return {"repeats": {"every": every, "until": until}}


def _one_day(typed: Form) -> Form:
    """From when until when: a single day need not be typed twice."""
    period = {name: [typed.text(name)] for name in _PERIOD}
    return Form(period if typed.text("ends_day") else {**period, "ends_day": period["starts_day"]})
