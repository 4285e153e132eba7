"""Risk as JSON: `/api/v1/risk…`. For those who answer for the team: it tells what each colleague
has to do, and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import AwareDatetime, BaseModel

from services.scheduler.coverage.outlook import Gap
from services.scheduler.coverage.person import WhyNot
from services.scheduler.edge import TheDesk
from services.scheduler.risk.domain import Sole
from services.scheduler.risk.load import MemberLoad, read_load
from services.scheduler.risk.points import points_of
from services.scheduler.risk.query import SupposedAway
from services.scheduler.risk.reading import GapAhead, Sight, gaps_ahead, gaps_of, read_sight
from shared.auth import Identity, Permission
from shared.events.disciplines import Discipline
from shared.web import Order, Page, Paging, Router, Served, require

__all__ = ["RiskReader", "router"]

router = Router(prefix="/api/v1/risk", tags=["risk"])

RiskReader = Annotated[Identity, require(Permission.RISK_READ)]
"""May see on whom how much hangs, and what each of the team has to do."""

OptionalClient = Annotated[str | None, Query(max_length=100, description="Of this client only")]

_PLACES, _GAPS = Order("risk places", ("key", 1)), Order("risk gaps", ("key", 1))
_MOST_GAPS = 200
T = TypeVar("T")


class RiskView(BaseModel):
    """Of the time from `starts_at` up to `ends_at`. `gaps`: responsibilities that have nobody for
    some of it; `gap_seconds`: for how long, summed over them. `single_points_of_failure`:
    responsibilities with a bus factor of one. `overloaded`: members who act now for more than
    `most_at_once`."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    responsibilities: int
    gaps: int
    gap_seconds: int
    single_points_of_failure: int
    overloaded: int
    most_at_once: int


class StretchView(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PlaceRiskView(BaseModel):
    """`bus_factor`: how many could act in all of the next eight weeks, be it for a part of the time
    because they are away for the rest: active, qualified to the end, with access and account.
    `able`: these. `able_now`: these, and those whose qualification ends within the time. `fewest`:
    how many of them are there at once, at the moment with the fewest; 0 if there is a gap."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    bus_factor: int
    able: list[str]
    able_now: list[str]
    fewest: int
    gap_seconds: int

    @classmethod
    def of(cls, sight: Sight, responsibility_id: str) -> PlaceRiskView:
        place = sight.place(responsibility_id)
        found = sight.risk.strengths[responsibility_id]
        return cls(
            responsibility_id=responsibility_id,
            client_id=place.client_id,
            page_id=place.page_id,
            discipline=place.discipline,
            bus_factor=found.bus_factor,
            able=list(found.able),
            able_now=list(found.able_now),
            fewest=found.fewest,
            gap_seconds=_seconds(sight.risk.gap_time(responsibility_id)),
        )


class GapAheadView(BaseModel):
    """`open_ended`: no end of it is in sight. `missing`: who would come first, and why not them.
    `deputy`: the id of somebody who could be put in and act through all of it; `training`: else of
    somebody whose training would help."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    open_ended: bool
    missing: dict[str, WhyNot]
    deputy: str | None
    training: str | None

    @classmethod
    def of(cls, gap: GapAhead) -> GapAheadView:
        return cls(
            responsibility_id=gap.place.responsibility_id,
            client_id=gap.place.client_id,
            page_id=gap.place.page_id,
            discipline=gap.place.discipline,
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            open_ended=gap.open_ended,
            missing={each.member.member_id: each.why for each in gap.missing},
            deputy=gap.help.deputy.member_id if gap.help.deputy else None,
            training=gap.help.training.member_id if gap.help.training else None,
        )


class PassingView(StretchView):
    responsibility_id: str

    @classmethod
    def of(cls, responsibility_id: str, sole: Sole) -> PassingView:
        return cls(
            responsibility_id=responsibility_id, starts_at=sole.starts_at, ends_at=sole.ends_at
        )


class SinglePointView(BaseModel):
    """Were the member away, these responsibilities would have nobody: `lasting`, whenever it is;
    `passing`, at these times, while others are away."""

    member_id: str
    lasting: list[str]
    passing: list[PassingView]


class MemberLoadView(BaseModel):
    """`now`: responsibilities the member acts for now, `hidden` of them at clients that the caller
    does not see. `owns`, `deputises`: of those in sight. `most`: so many at once if those named
    were away, first from `most_at`; `most_before`: as it is."""

    member_id: str
    now: int
    hidden: int
    owns: int
    deputises: int
    most: int
    most_at: AwareDatetime | None
    most_before: int
    away: bool

    @classmethod
    def of(cls, load: MemberLoad) -> MemberLoadView:
        return cls(
            member_id=load.member.member_id,
            now=load.now,
            hidden=load.hidden,
            owns=load.owns,
            deputises=load.deputises,
            most=load.most,
            most_at=load.at.starts_at if load.at else None,
            most_before=load.most_before,
            away=load.away,
        )


class LoadView(BaseModel):
    """`gaps`: what would have nobody only because those named were away, the first 200 to begin;
    `gap_count`: how many responsibilities that concerns, with `hidden_gaps` at clients that the
    caller does not see."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    away: list[str]
    most_at_once: int
    members: list[MemberLoadView]
    gaps: list[GapAheadView]
    gap_count: int
    hidden_gaps: int


@router.get("")
async def show_risk(who: RiskReader, desk: TheDesk, client: OptionalClient = None) -> RiskView:
    """The next eight weeks in a few figures."""
    sight = await read_sight(desk, who.scope, client)
    figures = sight.figures
    return RiskView(
        starts_at=sight.risk.start,
        ends_at=sight.risk.end,
        responsibilities=len(sight.ids),
        gaps=figures.gaps,
        gap_seconds=_seconds(figures.gap_time),
        single_points_of_failure=figures.single,
        overloaded=figures.overloaded,
        most_at_once=sight.most,
    )


@router.get("/places")
async def list_places(
    who: RiskReader, desk: TheDesk, paging: Paging, client: OptionalClient = None
) -> Page[PlaceRiskView]:
    """Bus factors by responsibility: those with a gap first, then by bus factor."""
    sight = await read_sight(desk, who.scope, client)
    shown, following = _paged(_PLACES, sight.ids, sight.severity, paging)
    return Page(items=[PlaceRiskView.of(sight, id) for id in shown], next_cursor=following)


@router.get("/single-points")
async def list_single_points(
    who: RiskReader, desk: TheDesk, client: OptionalClient = None
) -> list[SinglePointView]:
    """On whom what hangs alone: who has most of it first."""
    sight = await read_sight(desk, who.scope, client)
    return [
        SinglePointView(
            member_id=one.member_id,
            lasting=list(one.lasting),
            passing=[PassingView.of(id, sole) for id, sole in one.passing],
        )
        for one in points_of(sight)
    ]


@router.get("/gaps")
async def list_gaps_ahead(
    who: RiskReader, desk: TheDesk, paging: Paging, client: OptionalClient = None
) -> Page[GapAheadView]:
    """The gaps of the next eight weeks, the first to begin first."""
    sight = await read_sight(desk, who.scope, client)
    shown, following = _paged(_GAPS, gaps_of(sight), _by_start, paging)
    seen = await gaps_ahead(sight, shown, sight.risk.outlook)
    return Page(items=[GapAheadView.of(gap) for gap in seen], next_cursor=following)


@router.get("/load")
async def show_load(
    who: RiskReader,
    desk: TheDesk,
    service: Served,
    query: Annotated[SupposedAway, Query()],
) -> LoadView:
    """What each of the team has to do, and would have if some were away (`away`, once for each),
    as a question: nothing is changed or kept. Without days: in the next eight weeks."""
    sight = await read_sight(desk, who.scope)
    dates = query.dates(ZoneInfo(who.tz), service.clock())
    load = await read_load(sight, query.away, dates)
    gaps = await gaps_ahead(sight, load.gaps[:_MOST_GAPS], load.outlook)
    return LoadView(
        starts_at=load.starts_at,
        ends_at=load.ends_at,
        away=[one.member_id for one in load.away],
        most_at_once=sight.most,
        members=[MemberLoadView.of(one) for one in load.members],
        gaps=[GapAheadView.of(one) for one in gaps],
        gap_count=load.gap_count,
        hidden_gaps=load.hidden_gaps,
    )


def _paged(
    order: Order, rows: Iterable[T], key: Callable[[T], str], paging: Paging
) -> tuple[list[T], str | None]:
    """A part of a list that is thought up, not stored, by keys that sort it."""
    ordered = sorted(rows, key=key)
    if paging.cursor is not None:
        [behind] = order.read(paging.cursor)
        ordered = [row for row in ordered if key(row) > str(behind)]
    shown = ordered[: paging.limit]
    more = len(ordered) > len(shown)
    return shown, order.cursor({"key": key(shown[-1])}) if more else None


def _by_start(gap: Gap) -> str:
    return f"{gap.starts_at.timestamp():017.3f} {gap.responsibility_id}"


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())
