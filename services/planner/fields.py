"""Types of fields in request bodies and queries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from services.planner.directory.domain import time_zones
from shared.errors import N_
from shared.web import StrictModel

__all__ = [
    "UNCHANGED",
    "Day",
    "Handle",
    "Id",
    "Instant",
    "Listing",
    "Name",
    "Remark",
    "Text",
    "TimeZone",
]

D = TypeVar("D", bound=date)

# Far from where converting, formatting or storing a time overflows.
_YEARS = range(2000, 2101)


class Listing(StrictModel):
    """Base of a list's query: `limit` items from behind `cursor`."""

    cursor: str | None = Field(default=None, max_length=2_000)
    limit: int = Field(default=50, ge=1, le=200)


def _in_a_near_year(day: D) -> D:
    if day.year not in _YEARS:
        raise ValueError(N_("The year must be between 2000 and 2100."))
    return day


def _instant(at: datetime) -> datetime:
    """To the millisecond, because MongoDB keeps no more and an answer must survive storing."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _time_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(N_("This must be an IANA time zone, like Europe/Berlin."))
    return name


Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Handle = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Day = Annotated[date, AfterValidator(_in_a_near_year)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_a_near_year), AfterValidator(_instant)]

# A field left out of a change. Its value is never read: bodies are dumped with `exclude_unset`.
UNCHANGED: Any = Field(default_factory=lambda: None)
