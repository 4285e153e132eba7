"""Absences as people type them, local to the member."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from services.scheduler.moments import Shown, shown_end, shown_start, without_day
from shared.errors import InvalidRequest
from shared.web.forms import Form

__all__ = ["changed_period", "typed_period"]


class _Period(Protocol):
    """An absence, or leave that is asked for."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...


def typed_period(typed: Form) -> dict[str, Any]:
    """`starts_at` and `ends_at` of a body. Raises `InvalidRequest` for a time without its day."""
    start, end = Shown.typed(typed, "starts"), Shown.typed(typed, "ends")
    if errors := [*without_day(start, "/starts_at"), *without_day(end, "/ends_at")]:
        raise InvalidRequest(errors=errors)
    return {"starts_at": start.text, "ends_at": end.text}


def changed_period(typed: Form, before: _Period, zone: ZoneInfo) -> dict[str, Any]:
    """The same for a period that was shown in `zone`: what was left as it was shown stays as it
    is, to the millisecond."""
    period = typed_period(typed)
    if Shown.typed(typed, "starts") == shown_start(before.starts_at, zone):
        period["starts_at"] = before.starts_at.isoformat()
    if before.ends_at is not None and Shown.typed(typed, "ends") == shown_end(before.ends_at, zone):
        period["ends_at"] = before.ends_at.isoformat()
    return period
