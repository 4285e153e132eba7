"""Handovers in a list: who was away, who stands in, how much moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.handovers.domain import Handover, HandoverState
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.view import Place
from services.scheduler.members.view import Face, face
from shared.auth import Scope
from shared.events.scheduler import ActsAs, HandoverCause

__all__ = ["HandoverRow", "rows_of"]


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """`moved` None: not all of it is known to the reader. `places`: who acts has changed there;
    `owners`: it is their owners everywhere."""

    id: str
    number: str
    state: HandoverState
    cause: HandoverCause
    absent: Face | None
    recipients: tuple[Face, ...]
    places: tuple[Place, ...]
    owners: bool
    gaps: int
    moved: int | None
    started_at: datetime
    fault: str | None


async def rows_of(desk: Desk, scope: Scope, handovers: Sequence[Handover]) -> list[HandoverRow]:
    """In the order given, with what the scope lets see."""
    ids = {id for one in handovers for id in (one.absent_member, *_recipients(one, scope)) if id}
    members = await desk.members.load(ids)
    faces = {member.id: face(member) for member in members.values()}
    legs = {leg.client_id for one in handovers for leg in one.legs if scope.allows(leg.client_id)}
    places = await read_places(desk.directory, legs)
    return [_row(one, scope, faces, places) for one in handovers]


def _row(one: Handover, scope: Scope, faces: dict[str, Face], places: Places) -> HandoverRow:
    legs = [leg for leg in one.legs if scope.allows(leg.client_id)]
    return HandoverRow(
        id=one.id,
        number=one.number,
        state=one.state,
        cause=one.cause,
        absent=faces.get(one.absent_member or ""),
        recipients=tuple(faces[id] for id in _recipients(one, scope) if id in faces),
        places=tuple(places.place(leg.responsibility_id, leg.client_id) for leg in legs),
        owners=all(leg.acts_as is ActsAs.OWNER for leg in legs),
        gaps=sum(leg.to is None for leg in legs),
        moved=sum(one.totals.values()) if scope.clients is None else None,
        started_at=one.started_at,
        fault=one.fault,
    )


def _recipients(one: Handover, scope: Scope) -> Iterable[str]:
    """Who stands in somewhere from then on, each once."""
    known = [leg.to for leg in one.legs if leg.to and scope.allows(leg.client_id)]
    if scope.clients is None:
        known += [recipient.member_id for recipient in one.recipients]
    return dict.fromkeys(known)
