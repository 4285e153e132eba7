"""What of the risk is asked for, as the address says it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.scheduler.absences.period import end_instant, is_plausible, start_instant
from services.scheduler.leave.domain import Dates
from services.scheduler.risk.domain import AHEAD
from shared.errors import N_, FieldError, InvalidRequest

__all__ = ["Chosen", "RiskChoice", "Supposed", "SupposedAway"]

_MOST_AWAY = 50
_LONGEST = timedelta(days=190)

Id = Annotated[str, Field(max_length=100)]


class _Choice(BaseModel):
    """`skip`: how much is left out before."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    skip: int = Field(0, ge=0, le=100_000)

    def link(self, **changes: Any) -> str:
        """The query of the page with other choices, beginning with `?`; empty if there are none."""
        chosen = type(self).model_validate(self.model_dump() | changes)
        values = chosen.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return "?" + urlencode(values, doseq=True) if values else ""


class RiskChoice(_Choice):
    """`client`: only of this one. `member`: all that hangs on this one."""

    client: Id | None = None
    member: Id | None = None

    @field_validator("client", "member", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value


Chosen = Annotated[RiskChoice, Query()]


class SupposedAway(_Choice):
    """Who is taken to be away, and when: whole days of the reader's zone, `until` included.

    In the address: it says nothing of why, is kept nowhere, and can be looked at again and shown to
    another lead. No log has it: the services log no queries, and the front door not this one.
    """

    away: list[Id] = Field(default=[], max_length=_MOST_AWAY)
    since: date | None = Field(None, alias="from")
    until: date | None = Field(None, alias="to")

    @field_validator("since", "until", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    def dates(self, zone: ZoneInfo, now: datetime) -> Dates | None:
        """None: the next eight weeks. One day alone: `since` until eight weeks from now, or from
        now `until`. Raises `InvalidRequest`."""
        if self.since is None and self.until is None:
            return None
        for name, day in (("from", self.since), ("to", self.until)):
            if day is not None and not is_plausible(day):
                raise _wrong(name, N_("This must be in the years 2000 to 2100."))
        starts_at = now if self.since is None else max(now, start_instant(self.since, zone))
        ends_at = starts_at + AHEAD if self.until is None else end_instant(self.until, zone)
        if ends_at <= now:
            raise _wrong("to", N_("This is over already."))
        if ends_at <= starts_at:
            raise _wrong("to", N_("The last day is before the first."))
        if ends_at - starts_at > _LONGEST:
            raise _wrong("to", N_("At most half a year can be looked at at once."))
        return Dates(starts_at, ends_at)


Supposed = Annotated[SupposedAway, Query()]


def _wrong(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(f"query:{name}", message)])
