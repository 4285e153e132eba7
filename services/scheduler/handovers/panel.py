"""What stands beside the coverage board: one handover as it goes, or how things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.scheduler.absences.domain import Absence, AbsenceState
from services.scheduler.coverage.gaps import OpenGap, read_gaps
from services.scheduler.desk import Desk
from services.scheduler.handovers.domain import Handover
from services.scheduler.handovers.listing import HandoverRow, rows_of
from services.scheduler.handovers.reading import view_handover
from services.scheduler.handovers.store import Uncovered
from services.scheduler.handovers.view import HandoverView, Place
from services.scheduler.members.view import Face, face
from shared.auth import Identity, Scope
from shared.events.scheduler import HandoverCause

__all__ = ["OVERVIEW", "Closed", "Panel", "read_closed", "read_panel"]

OVERVIEW = "none"
"""Asked for instead of a handover: no one in particular."""

_STILL_NEWS = timedelta(minutes=15)
_LISTED = 6
_LOOKED_THROUGH = 40
_GAPS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Closed:
    """A handover's gap that is none any more: who acts, by which later handover, when."""

    place: Place
    acting: Face
    handover_id: str | None
    number: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Panel:
    """`handover` None: `gaps` are all there are now, and `newest` the last handovers.

    With a handover, `gaps` are those of its gaps that are still there; `absence` is the one that
    can be taken back; `pending`: the handover asked for is about to start.
    """

    handover: HandoverView | None = None
    pending: bool = False
    absence: Absence | None = None
    gaps: tuple[OpenGap, ...] = ()
    more_gaps: int = 0
    uncovered: Mapping[str, Uncovered] = field(default_factory=dict)
    closed: tuple[Closed, ...] = ()
    newest: tuple[HandoverRow, ...] = ()


async def read_panel(desk: Desk, who: Identity, wanted: str | None, now: datetime) -> Panel:
    """`wanted`: a handover's id, `OVERVIEW`, or None: that of an absence which has just begun."""
    if wanted not in (None, OVERVIEW):
        handover = await desk.handovers.find(who.scope, wanted)
        return Panel(pending=True) if handover is None else await _of(desk, who, handover, now)
    newest, _ = await desk.handovers.page(who.scope, None, _LOOKED_THROUGH)
    for handover in newest if wanted is None else ():
        if _is_news(handover, now) and await _undoable(desk, handover, now):
            return await _of(desk, who, handover, now)
    telling = [one for one in newest if _tells_something(one)]
    return await _overview(desk, who.scope, telling[:_LISTED], now)


def _is_news(handover: Handover, now: datetime) -> bool:
    begun = handover.cause is HandoverCause.ABSENCE_STARTED
    return begun and now - handover.started_at < _STILL_NEWS


def _tells_something(handover: Handover) -> bool:
    """Not the ones by which somebody was put in charge and nothing moved."""
    somebody = handover.cause is not HandoverCause.COVERAGE_CHANGED
    return somebody or not handover.answered or any(handover.totals.values())


async def _of(desk: Desk, who: Identity, handover: Handover, now: datetime) -> Panel:
    view = await view_handover(desk, who, handover)
    ids = [place.responsibility_id for place in view.gaps]
    gaps = await read_gaps(desk, who.scope, ids[:_GAPS_SHOWN], now)
    return Panel(
        handover=view,
        absence=await _undoable(desk, handover, now),
        gaps=tuple(gaps),
        more_gaps=max(0, len(ids) - _GAPS_SHOWN),
        uncovered=await desk.handovers.uncovered(who.scope, handover.id) if ids else {},
        closed=tuple(await read_closed(desk, who.scope, view)),
    )


async def _undoable(desk: Desk, handover: Handover, now: datetime) -> Absence | None:
    if handover.cause is not HandoverCause.ABSENCE_STARTED or handover.absence_id is None:
        return None
    absence = await desk.absences.get(handover.absence_id)
    going_on = absence is not None and absence.state(now) is AbsenceState.ACTIVE
    return absence if going_on else None


async def _overview(desk: Desk, scope: Scope, newest: list[Handover], now: datetime) -> Panel:
    open_gaps = await desk.coverage.gaps(scope, await desk.directory.archived())
    shown = [one.id for one in open_gaps[:_GAPS_SHOWN]]
    return Panel(
        gaps=tuple(await read_gaps(desk, scope, shown, now)),
        more_gaps=max(0, len(open_gaps) - _GAPS_SHOWN),
        newest=tuple(await rows_of(desk, scope, newest)),
    )


async def read_closed(desk: Desk, scope: Scope, handover: HandoverView) -> list[Closed]:
    """The handover's gaps for which somebody acts by now, and who was the first to."""
    covered = await desk.coverage.load(place.responsibility_id for place in handover.gaps)
    places = {id: one for id, one in covered.items() if one.acting is not None}
    by = {
        id: await desk.handovers.first_covering(scope, id, handover.epoch) for id in sorted(places)
    }
    who = {id: _acts(id, by[id]) or places[id].acting for id in places}
    members = await desk.members.load(id for id in who.values() if id is not None)
    return [
        _closed(place, face(members[member_id]), by[place.responsibility_id])
        for place in handover.gaps
        if (member_id := who.get(place.responsibility_id)) in members
    ]


def _acts(responsibility_id: str, handover: Handover | None) -> str | None:
    legs = () if handover is None else handover.legs
    return next((leg.to for leg in legs if leg.responsibility_id == responsibility_id), None)


def _closed(place: Place, acting: Face, by: Handover | None) -> Closed:
    return Closed(
        place=place,
        acting=acting,
        handover_id=by.id if by else None,
        number=by.number if by else None,
        at=by.started_at if by else None,
    )
