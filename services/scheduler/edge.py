"""What the scheduler's routes share: who calls, the desk, and types of fields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from services.scheduler.absences.period import When, is_plausible
from services.scheduler.desk import Desk
from shared.auth import Identity, Permission
from shared.errors import N_
from shared.web import require

__all__ = [
    "Day",
    "Email",
    "Id",
    "Instant",
    "Language",
    "Manager",
    "Moment",
    "Name",
    "PathId",
    "Reader",
    "TheDesk",
    "TimeZone",
    "time_zones",
]

Reader = Annotated[Identity, require(Permission.TEAM_READ)]
"""May see members, responsibilities, coverage, handovers, and who is away when."""

Manager = Annotated[Identity, require(Permission.TEAM_WRITE)]
"""May change members, qualifications, responsibilities and leads."""


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]


@cache
def time_zones() -> tuple[str, ...]:
    """All IANA names this machine knows, sorted. To look for them blocks, so it is done once."""
    return tuple(sorted(available_timezones()))


def _time_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(N_("This must be an IANA time zone, like Europe/Berlin."))
    return name


def _instant(at: datetime) -> datetime:
    """To the millisecond, because MongoDB keeps no more and an answer must survive storing."""
    _check_plausible(at)
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _moment(value: object) -> When:
    """The forms of `When`, told apart by how they are written."""
    when = _parsed(value) if isinstance(value, str) else None
    if when is None:
        raise ValueError(N_("This must be a date, or a date and time, with or without offset."))
    _check_plausible(when)
    return when


def _parsed(text: str) -> When | None:
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _check_plausible(when: When) -> None:
    if not is_plausible(when):
        raise ValueError(N_("This must be in the years 2000 to 2100."))


def _day(day: date) -> date:
    _check_plausible(day)
    return day


Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
PathId = Annotated[str, Path(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
# One address, nothing that could break out of a header; whether it works, the first mail tells.
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+$",
    ),
]
Language = Annotated[str, Field(pattern="^(de|en)$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Day = Annotated[date, AfterValidator(_day)]
Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
Moment = Annotated[
    datetime | date,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A date and time with offset; or without, which is local; or a date",
            "examples": ["2026-11-24T10:42:00+01:00", "2026-11-24T10:42", "2026-11-24"],
        }
    ),
]
