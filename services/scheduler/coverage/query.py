"""What of the coverage board is asked for, as the page's address says it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.scheduler.coverage.board import Days
from services.scheduler.responsibilities.store import Selection
from shared.events.disciplines import Discipline
from shared.ui.ui import Ui

__all__ = ["BoardChoice", "Chosen", "Stretch", "query_behind"]

_WEEK = timedelta(days=7)


class Stretch(StrEnum):
    """How much time the board shows."""

    WEEK = "week"
    WEEKS = "weeks"
    MONTH = "month"
    TWELVE_WEEKS = "12weeks"


_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""Nobody means a day outside; a year has to be left for what lies around it."""


class BoardChoice(BaseModel):
    """`start` None: the present week or month. `handover`: the one beside the board. `unfolded`:
    clients whose rows are drawn although there are many before them."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    start: date | None = Field(None, alias="from")
    stretch: Stretch = Field(Stretch.WEEKS, alias="show")
    client: str | None = Field(None, max_length=100)
    discipline: Discipline | None = None
    member: str | None = Field(None, max_length=100)
    handover: str | None = Field(None, max_length=100)
    unfolded: list[str] = Field(default=[], alias="open", max_length=50)

    @field_validator("start", "client", "discipline", "member", "handover", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    @property
    def filtered(self) -> bool:
        return any((self.client, self.discipline, self.member))

    def selection(self) -> Selection:
        return Selection(client_id=self.client, discipline=self.discipline, member_id=self.member)

    def days(self, zone: ZoneInfo, now: datetime) -> Days:
        first = self._first(zone, now)
        return Days(first, (self._following(first) - first).days, zone)

    def before(self, days: Days) -> str:
        """The address of the stretch before."""
        if self.stretch is Stretch.MONTH:
            return self.link(start=(days.first - timedelta(days=1)).replace(day=1))
        return self.link(start=days.first - timedelta(days=days.count))

    def after(self, days: Days) -> str:
        return self.link(start=days.first + timedelta(days=days.count))

    def link(self, **changes: Any) -> str:
        """The query of the page with other choices, beginning with `?`; empty if there are none."""
        chosen = BoardChoice.model_validate(self.model_dump() | changes)
        values = chosen.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return "?" + urlencode(values, doseq=True) if values else ""

    def _first(self, zone: ZoneInfo, now: datetime) -> date:
        day = self.start or now.astimezone(zone).date()
        day = min(max(day, _EARLIEST), _LATEST)
        if self.stretch is Stretch.MONTH:
            return day.replace(day=1)
        return day - timedelta(days=day.weekday())

    def _following(self, first: date) -> date:
        match self.stretch:
            case Stretch.WEEK:
                return first + _WEEK
            case Stretch.WEEKS:
                return first + 2 * _WEEK
            case Stretch.MONTH:
                return (first + timedelta(days=31)).replace(day=1)
            case Stretch.TWELVE_WEEKS:
                return first + 12 * _WEEK


Chosen = Annotated[BoardChoice, Query()]


def query_behind(request: Request, ui: Ui) -> BoardChoice:
    """Of the board from which the request was sent; of a fresh one if it was another page."""
    address = urlsplit(
        request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    )
    if address.path != ui.url("/"):
        return BoardChoice()
    values = parse_qs(address.query)
    lists = {"open": values.pop("open", [])}
    try:
        return BoardChoice.model_validate({name: one[0] for name, one in values.items()} | lists)
    except ValidationError:
        return BoardChoice()
