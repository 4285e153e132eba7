"""Absences as people type them: a day, or a day and a time, local to the member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.scheduler.absences.domain import Absence
from shared.errors import N_, FieldError, InvalidRequest
from shared.web.forms import Form

__all__ = ["Shown", "shown_period", "typed_period"]

_MIDNIGHT = "00:00"


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment as `<input type="date">` and `<input type="time">` take it; empty is none."""

    day: str = ""
    time: str = ""

    @property
    def text(self) -> str | None:
        """As the API takes it."""
        return (f"{self.day}T{self.time}" if self.time else self.day) or None


def shown_period(absence: Absence, zone: ZoneInfo) -> tuple[Shown, Shown]:
    """Start and end as they would be typed; whole days without times."""
    end = absence.ends_at
    return _shown(absence.starts_at, zone), Shown() if end is None else _shown_end(end, zone)


def _shown(at: datetime, zone: ZoneInfo) -> Shown:
    here = at.astimezone(zone)
    time = here.strftime("%H:%M")
    return Shown(here.date().isoformat(), "" if time == _MIDNIGHT else time)


def _shown_end(at: datetime, zone: ZoneInfo) -> Shown:
    shown = _shown(at, zone)
    return shown if shown.time else Shown(_shown(at - timedelta(minutes=1), zone).day)


def typed_period(
    typed: Form, before: Absence | None = None, zone: ZoneInfo | None = None
) -> Mapping[str, Any]:
    """`starts_at` and `ends_at` of a body. What was left as it was shown stays to the millisecond.

    Raises `InvalidRequest` for a time without its day.
    """
    start, end = _typed(typed, "starts"), _typed(typed, "ends")
    errors = [
        FieldError(f"/{name}_at", N_("A time needs its day."))
        for name, moment in (("starts", start), ("ends", end))
        if moment.time and not moment.day
    ]
    if errors:
        raise InvalidRequest(errors=errors)
    period = {"starts_at": start.text, "ends_at": end.text}
    if before is not None and zone is not None:
        start_before, end_before = shown_period(before, zone)
        if start == start_before:
            period["starts_at"] = before.starts_at.isoformat()
        if end == end_before and before.ends_at is not None:
            period["ends_at"] = before.ends_at.isoformat()
    return period


def _typed(typed: Form, name: str) -> Shown:
    return Shown(typed.text(f"{name}_day"), typed.text(f"{name}_time"))
