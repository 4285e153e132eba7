"""Risk as pages: bus factors, on whom what hangs, what each has to do, and the gaps ahead."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services.scheduler.edge import Manager, PathId
from services.scheduler.handovers.places import read_places
from services.scheduler.pages import INTO_PAGE, Screen, TheScreen
from services.scheduler.responsibilities.domain import with_deputy
from services.scheduler.responsibilities.usecases import Assigned, assign_one, take_back
from services.scheduler.risk.heat import thin
from services.scheduler.risk.load import read_load
from services.scheduler.risk.points import points_of, points_seen
from services.scheduler.risk.query import Chosen, RiskChoice, Supposed, SupposedAway
from services.scheduler.risk.reading import Sight, gaps_ahead, gaps_of, heat_lines, read_sight
from services.scheduler.risk.routes import RiskReader
from shared.auth import Identity
from shared.errors import N_, AppError, NotFound
from shared.ui.ui import Toast
from shared.ui.words import WORDS
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/risk", include_in_schema=False)

_LINES = 40
_MEMBERS = 10
_PLACES_OF_A_MEMBER = 6
_ALL_PLACES = 100
_GAPS = 50
_LOADS = 100


class View(StrEnum):
    PLACES = "places"
    PEOPLE = "people"
    LOAD = "load"
    GAPS = "gaps"

    @property
    def path(self) -> str:
        return "/risk" if self is View.PLACES else f"/risk/{self}"


@router.get("")
async def show_places(screen: TheScreen, who: RiskReader, query: Chosen) -> Response:
    return await _places(screen, who, query)


@router.get("/people")
async def show_people(screen: TheScreen, who: RiskReader, query: Chosen) -> Response:
    return await _people(screen, who, query)


@router.get("/gaps")
async def show_gaps(screen: TheScreen, who: RiskReader, query: Chosen) -> Response:
    return await _gaps(screen, who, query)


@router.get("/load")
async def show_load(screen: TheScreen, who: RiskReader, query: Supposed) -> Response:
    """Also, what it would be if some were away."""
    return await _load(screen, who, query)


# What helps, by one press


@router.post("/deputy")
async def make_deputy(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    """One more deputy, who comes after those there are."""
    back = _Back.to(typed)
    responsibility_id, member_id = typed.text("responsibility_id"), typed.text("member_id")
    try:
        before = await screen.desk.responsibilities.find(who.scope, responsibility_id)
        if before is None:
            raise NotFound
        wanted = with_deputy(before, member_id, typed.version)
        made = await screen.service.outbox.transaction(
            lambda tx: assign_one(tx, screen.desk, who, wanted, screen.now)
        )
    except AppError as error:
        return await back.page(screen, who, error=error)
    return await back.after(screen, who, await _done(screen, made, member_id, back))


@router.post("/assignments/{assignment_id}/take-back")
async def undo(screen: TheScreen, who: Manager, assignment_id: PathId, typed: Typed) -> Response:
    back = _Back.to(typed)
    await screen.service.outbox.transaction(
        lambda tx: take_back(tx, screen.desk, who, assignment_id, screen.now)
    )
    return await back.after(screen, who, Toast(screen.said(N_("Taken back."))))


async def _done(screen: Screen, made: Assigned, member_id: str, back: _Back) -> Toast:
    """What was done, and the way back."""
    [one] = made.responsibilities
    places = await read_places(screen.desk.directory, [one.client_id])
    where = places.place(one.id, one.client_id)
    members = await screen.desk.members.load([member_id])
    said = screen.said(
        N_("{name} is deputy: {place}."),
        name=members[member_id].name,
        place=f"{screen.said(WORDS[where.discipline])}, {where.page or where.client}",
    )
    address = f"/risk/assignments/{made.assignment.id}/take-back?view={back.view}"
    address += back.query.link().replace("?", "&")
    return Toast(said, undo=address if made.assignment.can_be_taken_back else None)


@dataclass(frozen=True, slots=True)
class _Back:
    """The page that a command came from: its forms carry what was chosen there."""

    view: View
    query: RiskChoice | SupposedAway

    @classmethod
    def to(cls, typed: Form) -> _Back:
        """Raises `InvalidRequest`."""
        view = View(typed.text("view")) if typed.text("view") in set(View) else View.PLACES
        chosen = {name: typed.text(name) for name in ("client", "member", "from", "to")}
        skip = typed.text("skip") or 0
        if view is View.LOAD:
            sent = {**chosen, "away": typed.every("away"), "skip": skip}
            return cls(view, parsed(SupposedAway, sent))
        return cls(view, parsed(RiskChoice, {**chosen, "skip": skip}))

    async def after(self, screen: Screen, who: Identity, toast: Toast) -> Response:
        address = self.view.path + self.query.link()
        if not screen.by_htmx:
            return screen.onward(address)
        return await self.page(
            screen, who, toast=toast, headers={"HX-Push-Url": screen.ui.url(address)}
        )

    async def page(
        self,
        screen: Screen,
        who: Identity,
        *,
        toast: Toast | None = None,
        error: AppError | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """As it is now."""
        telling: dict[str, Any] = {
            "toast": toast,
            "error": error,
            "headers": INTO_PAGE if error else headers,
        }
        if isinstance(self.query, SupposedAway):
            return await _load(screen, who, self.query, **telling)
        draw = {View.PEOPLE: _people, View.GAPS: _gaps}.get(self.view, _places)
        return await draw(screen, who, self.query, **telling)


# What the pages show


async def _places(screen: Screen, who: Identity, query: RiskChoice, **telling: Any) -> Response:
    sight = await read_sight(screen.desk, who.scope, query.client)
    # In a thread, because for a large agency it takes longer than others should wait.
    lines, count = await asyncio.to_thread(heat_lines, sight, query.skip, _LINES)
    return screen.page(
        "risk_places.html",
        lines=lines,
        thin=thin(sight.risk, sight.ids),
        following=_following(query.skip, _LINES, count),
        **await _frame(screen, who, View.PLACES, query, sight),
        **telling,
    )


async def _people(screen: Screen, who: Identity, query: RiskChoice, **telling: Any) -> Response:
    sight = await read_sight(screen.desk, who.scope, query.client)
    points, places = points_of(sight), _PLACES_OF_A_MEMBER
    if query.member is not None:
        points = [one for one in points if one.member_id == query.member]
        places = _ALL_PLACES
    shown = points[query.skip : query.skip + _MEMBERS]
    return screen.page(
        "risk_people.html",
        points=await points_seen(sight, shown, places),
        following=_following(query.skip, _MEMBERS, len(points)),
        **await _frame(screen, who, View.PEOPLE, query, sight),
        **telling,
    )


async def _gaps(screen: Screen, who: Identity, query: RiskChoice, **telling: Any) -> Response:
    sight = await read_sight(screen.desk, who.scope, query.client)
    gaps = gaps_of(sight)
    shown = gaps[query.skip : query.skip + _GAPS]
    return screen.page(
        "risk_gaps.html",
        gaps=await gaps_ahead(sight, shown, sight.risk.outlook),
        following=_following(query.skip, _GAPS, len(gaps)),
        **await _frame(screen, who, View.GAPS, query, sight),
        **telling,
    )


async def _load(
    screen: Screen,
    who: Identity,
    query: SupposedAway,
    error: AppError | None = None,
    **telling: Any,
) -> Response:
    sight = await read_sight(screen.desk, who.scope)
    dates = None
    try:
        dates = query.dates(ZoneInfo(who.tz), screen.now)
    except AppError as wrong:
        error = error or wrong
    load = await read_load(sight, query.away, dates)
    shown = load.members[query.skip : query.skip + _LOADS]
    drawn = {one.member.member_id for one in shown}
    return screen.page(
        "risk_load.html",
        load=load,
        shown=shown,
        scale=max([sight.most, *(one.most for one in load.members)]),
        elsewhere=[one for one in load.away if one.member_id not in drawn],
        gaps=await gaps_ahead(sight, load.gaps[:_GAPS], load.outlook),
        more_gaps=max(0, len(load.gaps) - _GAPS),
        following=_following(query.skip, _LOADS, len(load.members)),
        error=error,
        **await _frame(screen, who, View.LOAD, query, sight),
        **telling,
    )


async def _frame(
    screen: Screen, who: Identity, view: View, query: RiskChoice | SupposedAway, sight: Sight
) -> dict[str, Any]:
    """What all of them show."""
    clients = await screen.desk.directory.clients(who.scope)
    return {
        "view": view,
        "views": list(View),
        "query": query,
        "sight": sight,
        "figures": sight.figures,
        "clients": [(one.id, one.name) for one in clients.values() if not one.archived],
    }


def _following(skip: int, shown: int, count: int) -> int | None:
    """How much is left out before the next part; None at the end."""
    return skip + shown if skip + shown < count else None
