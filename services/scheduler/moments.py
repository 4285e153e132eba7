"""Moments as people type them: a day, or a day and a time, in somebody's time zone.

A day as a start is from its beginning; as an end it is included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.errors import N_, FieldError
from shared.web.forms import Form

__all__ = ["Shown", "shown_end", "shown_start", "without_day"]

_MIDNIGHT = "00:00"


@dataclass(frozen=True, slots=True)
class Shown:
    """As `<input type="date">` and `<input type="time">` take it; empty is none."""

    day: str = ""
    time: str = ""

    @classmethod
    def typed(cls, form: Form, name: str) -> Shown:
        return cls(form.text(f"{name}_day"), form.text(f"{name}_time"))

    @property
    def text(self) -> str | None:
        """As the API takes it."""
        return (f"{self.day}T{self.time}" if self.time else self.day) or None


def shown_start(at: datetime, zone: ZoneInfo) -> Shown:
    here = at.astimezone(zone)
    time = here.strftime("%H:%M")
    return Shown(here.date().isoformat(), "" if time == _MIDNIGHT else time)


def shown_end(at: datetime | None, zone: ZoneInfo) -> Shown:
    """None: without end."""
    if at is None:
        return Shown()
    shown = shown_start(at, zone)
    return shown if shown.time else Shown(shown_start(at - timedelta(minutes=1), zone).day)


def without_day(moment: Shown, pointer: str) -> list[FieldError]:
    """What is wrong with a time that was typed alone."""
    if moment.time and not moment.day:
        return [FieldError(pointer, N_("A time needs its day."))]
    return []
