"""Coverage as JSON: who acts, over a stretch of time and now; and who could."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.scheduler.coverage.board import Days, coverage_board
from services.scheduler.coverage.candidates import candidates
from services.scheduler.coverage.view import Board
from services.scheduler.edge import Day, Instant, PathId, Reader, TheDesk, TimeZone
from services.scheduler.responsibilities.store import Selection
from shared.auth import Identity
from shared.clock import Clock
from shared.events.disciplines import Discipline
from shared.web import Router, Served, StrictModel

__all__ = ["BoardQuery", "router"]

router = Router(prefix="/api/v1", tags=["coverage"])

_TWO_WEEKS = 14
_HALF_A_YEAR = 190

OptionalId = Annotated[str | None, Field(max_length=200)]


class BoardQuery(StrictModel):
    """`start` left out: Monday of this week. `time_zone` left out: the caller's own."""

    start: Annotated[Day | None, Field(alias="from")] = None
    days: Annotated[int, Field(ge=1, le=_HALF_A_YEAR)] = _TWO_WEEKS
    time_zone: TimeZone | None = None
    client: OptionalId = None
    page: OptionalId = None
    discipline: Discipline | None = None
    member: Annotated[OptionalId, Field(description="As owner or deputy")] = None

    def selection(self) -> Selection:
        return Selection(self.client, self.page, self.discipline, self.member)

    def shown(self, who: Identity, clock: Clock) -> Days:
        zone = ZoneInfo(self.time_zone or who.tz)
        today = clock().astimezone(zone).date()
        return Days(self.start or today - timedelta(days=today.weekday()), self.days, zone)


class CandidateView(BaseModel):
    member_id: str
    name: str
    level: int
    valid_until: AwareDatetime | None


class GapView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    responsibility_id: str = Field(validation_alias="id")
    client_id: str
    page_id: str | None
    discipline: Discipline


@router.get("/coverage")
async def show_coverage(
    who: Reader, desk: TheDesk, service: Served, query: Annotated[BoardQuery, Query()]
) -> Board:
    """Who acts for each responsibility from day to day, cut exactly where it changes."""
    days = query.shown(who, service.clock)
    return await coverage_board(desk, who.scope, query.selection(), days, service.clock())


@router.get("/coverage/gaps")
async def list_gaps(who: Reader, desk: TheDesk) -> list[GapView]:
    """The responsibilities for which nobody acts now."""
    gaps = await desk.coverage.gaps(who.scope, await desk.directory.archived())
    return [GapView.model_validate(one) for one in gaps]


@router.get("/responsibilities/{responsibility_id}/candidates")
async def list_candidates(
    who: Reader,
    desk: TheDesk,
    service: Served,
    responsibility_id: PathId,
    at: Annotated[Instant | None, Query(description="Default: now")] = None,
) -> list[CandidateView]:
    """Who could be made a deputy and act at once: who owns least first."""
    found = await candidates(desk, who.scope, responsibility_id, at or service.clock())
    return [
        CandidateView(
            member_id=one.member.id,
            name=one.member.name,
            level=one.qualification.level,
            valid_until=one.qualification.valid_until,
        )
        for one in found
    ]
