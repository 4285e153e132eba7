"""Handovers as they are shown: their progress while they run, and what is known of them after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.scheduler.absences.reading import may_know_why
from services.scheduler.desk import Desk
from services.scheduler.handovers.domain import (
    Handover,
    HandoverLeg,
    HandoverState,
    Part,
    outcome,
)
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.store import PartCount
from services.scheduler.handovers.view import (
    HandoverView,
    JustMoved,
    LegView,
    Place,
    RecipientView,
    ServiceShare,
)
from services.scheduler.members.view import Face, face
from shared.auth import Identity, Scope
from shared.errors import NotFound
from shared.events.handover import Move, Participant
from shared.events.scheduler import Recipient

__all__ = [
    "Times",
    "find_handover",
    "newest_handovers",
    "view_handover",
    "with_starter_for",
]

_JUST_MOVED = 4


@dataclass(frozen=True)
class Times:
    """When each part's transaction was seen committed, after the handover's own."""

    start: datetime
    counts: Sequence[PartCount]

    @classmethod
    def of(cls, handover: Handover, counts: Sequence[PartCount]) -> Times:
        return cls(handover.committed_at or handover.started_at, counts)

    def after(self, participant: Participant, part: int, moved_at: datetime) -> timedelta:
        """`moved_at` stands in where no commit was seen: until the total is told, or for ever if
        the participant was restarted."""
        for one in self.counts:
            if one.participant is participant and one.total is not None:
                seen = one.committed_at[part - 1 : part]
                moved_at = (seen[0] if seen else None) or moved_at
        return max(moved_at - self.start, timedelta())

    def moved(self, participant: Participant) -> int:
        return sum(one.moves for one in self.counts if one.participant is participant)

    def span(self, participant: Participant) -> timedelta | None:
        """Until the last of the participant's items was committed, so far."""
        own = [one for one in self.counts if one.participant is participant and one.moves]
        after = (self.after(participant, one.part, one.moved_at) for one in own)
        return max(after, default=None)


async def find_handover(desk: Desk, who: Identity, handover_id: str) -> HandoverView:
    """Raises `NotFound`."""
    handover = await desk.handovers.find(who.scope, handover_id)
    if handover is None:
        raise NotFound
    return await view_handover(desk, who, handover)


async def newest_handovers(desk: Desk, who: Identity, limit: int) -> list[HandoverView]:
    found, _ = await desk.handovers.page(who.scope, None, limit)
    return [await view_handover(desk, who, handover) for handover in found]


async def view_handover(desk: Desk, who: Identity, handover: Handover) -> HandoverView:
    """With what the caller may see of it."""
    scope = who.scope
    handover = await _as_seen(desk, who, handover)
    counts = await desk.handovers.counts(scope, handover.id)
    latest = await desk.handovers.latest_moves(scope, counts, _JUST_MOVED)
    absence = await desk.absences.get(handover.absence_id) if handover.absence_id else None
    places = await read_places(desk.directory, _clients(handover, latest, scope))
    faces = await _faces(desk, _people(handover, latest))
    times = Times.of(handover, counts)
    shares = tuple(_share(handover, scope, times, one) for one in handover.participants)
    return HandoverView(
        id=handover.id,
        number=handover.number,
        state=handover.state,
        cause=handover.cause,
        epoch=handover.epoch,
        absent=faces.get(handover.absent_member or ""),
        absence_id=handover.absence_id,
        away_from=absence.starts_at if absence else None,
        away_until=absence.ends_at if absence else None,
        started_by=faces.get(handover.started_by or ""),
        started_at=handover.started_at,
        committed_at=handover.committed_at,
        completed_at=handover.completed_at,
        services=shares,
        moved=sum(share.moved for share in shares),
        span=max((share.span for share in shares if share.span is not None), default=None),
        legs=tuple(_leg(leg, places, faces) for leg in handover.legs),
        uncovered=handover.uncovered,
        gaps=tuple(_gaps(handover, places)),
        recipients=tuple(_recipients(handover, faces)),
        just_moved=tuple(_just_moved(latest, times, places, faces)),
        fault=handover.fault,
    )


def with_starter_for(who: Identity, handover: Handover) -> Handover:
    """Whoever reported or ended an absence is known to those alone who may know its reason."""
    absent = handover.absent_member
    told = absent is None or may_know_why(who, absent)
    return handover if told else replace(handover, started_by=None)


async def _as_seen(desk: Desk, who: Identity, handover: Handover) -> Handover:
    """Without the legs, gaps and items of clients that the scope does not let see, and without who
    caused it if that is not told."""
    scope, handover = who.scope, with_starter_for(who, handover)
    if scope.clients is None:
        return handover
    legs = tuple(leg for leg in handover.legs if scope.allows(leg.client_id))
    seen = replace(handover, legs=legs)
    if handover.completed_at is None:
        return seen
    came_of_it = outcome(seen, await desk.handovers.shares(scope, handover.id))
    return replace(
        seen,
        uncovered=came_of_it.uncovered,
        gaps=came_of_it.gaps,
        recipients=came_of_it.recipients,
    )


def _share(
    handover: Handover, scope: Scope, times: Times, participant: Participant
) -> ServiceShare:
    moved, total = times.moved(participant), handover.totals.get(participant)
    # What the reader may see is the whole of it as far as they are concerned.
    seen = total if total is None or scope.clients is None else moved
    return ServiceShare(participant, moved, seen, times.span(participant))


async def _faces(desk: Desk, member_ids: Iterable[str | None]) -> dict[str, Face]:
    members = await desk.members.load(one for one in member_ids if one is not None)
    return {member.id: face(member) for member in members.values()}


def _people(handover: Handover, latest: Iterable[Part]) -> Iterable[str | None]:
    yield handover.absent_member
    yield handover.started_by
    yield from (leg.to for leg in handover.legs)
    yield from (recipient.member_id for recipient in handover.recipients)
    yield from (move.to_holder for part in latest for move in part.moves)


def _clients(handover: Handover, latest: Iterable[Part], scope: Scope) -> set[str]:
    touched = {*handover.clients, *(move.client_id for part in latest for move in part.moves)}
    return {client_id for client_id in touched if scope.allows(client_id)}


def _leg(leg: HandoverLeg, places: Places, faces: dict[str, Face]) -> LegView:
    place = places.place(leg.responsibility_id, leg.client_id)
    return LegView(place, faces.get(leg.to or ""), leg.acts_as)


def _gaps(handover: Handover, places: Places) -> Iterable[Place]:
    """While it runs, the legs' gaps; once completed, also those of uncovered items."""
    by_leg = {leg.responsibility_id: leg.client_id for leg in handover.legs}
    if handover.state is HandoverState.OPEN:
        ids: Iterable[str] = [leg.responsibility_id for leg in handover.legs if leg.to is None]
    else:
        ids = handover.gaps
    for responsibility_id in ids:
        where = responsibility_id.rpartition(":")[0]
        page = places.pages.get(where)
        client_id = by_leg.get(responsibility_id) or (page.client_id if page else where)
        if client_id in places.clients:
            yield places.place(responsibility_id, client_id)


def _recipients(handover: Handover, faces: dict[str, Face]) -> Iterable[RecipientView]:
    acknowledged = {one.member_id: one.acknowledged_at for one in handover.acknowledgements}
    for one in handover.recipients:
        if one.member_id in faces:
            yield _recipient(one, faces[one.member_id], acknowledged.get(one.member_id))


def _recipient(one: Recipient, member: Face, acknowledged_at: datetime | None) -> RecipientView:
    return RecipientView(
        member=member,
        items=one.items,
        count=sum(one.items.values()),
        first_due_at=one.first_due_at,
        acknowledged_at=acknowledged_at,
    )


def _just_moved(
    latest: Sequence[Part], times: Times, places: Places, faces: dict[str, Face]
) -> list[JustMoved]:
    """The newest first."""
    moved = [
        _moved(move, times.after(part.participant, part.part, part.moved_at), places, faces)
        for part in latest
        for move in reversed(part.moves)
    ]
    return moved[:_JUST_MOVED]


def _moved(move: Move, after: timedelta, places: Places, faces: dict[str, Face]) -> JustMoved:
    place = places.place(move.responsibility_id, move.client_id)
    return JustMoved(
        item_id=move.item_id,
        kind=move.kind,
        label=move.label,
        platform=place.platform,
        to=faces.get(move.to_holder or ""),
        after=after,
    )
