"""Absences as JSON: `/api/v1/absences`. Who and when for the team; why for the entitled only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, StringConstraints
from starlette.responses import Response

from services.scheduler.absences.domain import Absence, AbsenceState, Kind, Reason
from services.scheduler.absences.reading import (
    absences_page,
    find_absence,
    may_know_why,
    reason_for,
)
from services.scheduler.absences.store import Window
from services.scheduler.absences.usecases import (
    Report,
    Revision,
    cancel_absence,
    change_absence,
    end_absence,
    report_absence,
)
from services.scheduler.edge import Id, Instant, Moment, PathId, Reader, TheDesk, TimeZone
from shared.auth import Identity
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["AbsenceView", "router"]

router = Router(prefix="/api/v1/absences", tags=["absences"])

Note = Annotated[str, StringConstraints(max_length=2_000)]


class AbsenceView(BaseModel):
    """`ends_at` null: until further notice. It never says why. `reported_by` is null for all but
    the member and the entitled: often enough it would say why."""

    id: str
    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    state: AbsenceState
    reported_by: str | None
    reported_at: AwareDatetime
    version: int

    @classmethod
    def of(cls, absence: Absence, who: Identity, now: datetime) -> AbsenceView:
        return cls(
            id=absence.id,
            member_id=absence.member_id,
            starts_at=absence.starts_at,
            ends_at=absence.ends_at,
            state=absence.state(now),
            reported_by=absence.reported_by if may_know_why(who, absence.member_id) else None,
            reported_at=absence.reported_at,
            version=absence.version,
        )


class ReasonView(BaseModel):
    kind: Kind
    note: str


class AbsenceDetail(AbsenceView):
    """`reason` null: none of the caller's business."""

    reason: ReasonView | None


class AbsenceChange(BaseModel):
    """`handover_id`: the handover that follows, if the member came or went just now."""

    absence: AbsenceView
    handover_id: str | None


class PeriodBody(StrictModel):
    """`starts_at` left out: now. `ends_at` left out: until further notice; as a date it includes
    that day. Local times are in `time_zone`, or the member's own."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    time_zone: TimeZone | None = None


class AbsenceBody(PeriodBody):
    member_id: Id
    kind: Kind
    note: Note = ""

    def report(self) -> Report:
        return Report(self.starts_at, self.ends_at, self.time_zone, Reason(self.kind, self.note))


class AbsencePut(PeriodBody):
    """`kind` and `note` left out stay as they are: who may not see them may still change when."""

    starts_at: Moment
    kind: Kind | None = None
    note: Note | None = None

    def revision(self) -> Revision:
        return Revision(self.starts_at, self.ends_at, self.time_zone, self.kind, self.note)


class EndBody(StrictModel):
    """`at` left out: now. It is when the member came back, so it is not in the future."""

    at: Moment | None = None


@router.get("")
async def list_absences(
    who: Reader,
    desk: TheDesk,
    service: Served,
    paging: Paging,
    member: Annotated[str | None, Query(max_length=100)] = None,
    start: Annotated[Instant | None, Query(alias="from")] = None,
    end: Annotated[Instant | None, Query(alias="to")] = None,
) -> Page[AbsenceView]:
    """By start, cancelled ones too. `to` is the first instant not included."""
    found, following = await absences_page(
        desk, who, member, Window(start, end), paging.cursor, paging.limit
    )
    now = service.clock()
    return Page(items=[AbsenceView.of(one, who, now) for one in found], next_cursor=following)


@router.post("", status_code=201, response_model=AbsenceChange)
async def create_absence(
    who: Reader, desk: TheDesk, service: Served, once: Idempotent, body: AbsenceBody
) -> Response:
    """Report sick, or plan leave: one's own, or with the permission anybody's."""

    async def work(tx: Transaction) -> Response:
        absence, handover_id = await report_absence(
            tx, desk, who, body.member_id, body.report(), service.clock()
        )
        return _answer(absence, who, handover_id, service.clock(), status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{absence_id}", response_model=AbsenceDetail)
async def show_absence(who: Reader, desk: TheDesk, service: Served, absence_id: PathId) -> Response:
    absence = await find_absence(desk, who, absence_id)
    reason = await reason_for(desk, who, absence)
    view = AbsenceView.of(absence, who, service.clock())
    why = None if reason is None else ReasonView(kind=reason.kind, note=reason.note)
    detail = AbsenceDetail(**view.model_dump(), reason=why)
    return reply(detail, version=absence.version)


@router.put("/{absence_id}", response_model=AbsenceChange)
async def put_absence(
    who: Reader,
    desk: TheDesk,
    service: Served,
    absence_id: PathId,
    version: IfMatch,
    body: AbsencePut,
) -> Response:
    absence, handover_id = await service.outbox.transaction(
        lambda tx: change_absence(
            tx, desk, who, absence_id, body.revision(), version, service.clock()
        )
    )
    return _answer(absence, who, handover_id, service.clock())


@router.post("/{absence_id}/end", response_model=AbsenceChange)
async def end(
    who: Reader,
    desk: TheDesk,
    service: Served,
    once: Idempotent,
    absence_id: PathId,
    body: EndBody,
) -> Response:
    """The member is back."""

    async def work(tx: Transaction) -> Response:
        absence, handover_id = await end_absence(
            tx, desk, who, absence_id, body.at, service.clock()
        )
        return _answer(absence, who, handover_id, service.clock())

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.post("/{absence_id}/cancel", response_model=AbsenceChange)
async def cancel(
    who: Reader, desk: TheDesk, service: Served, once: Idempotent, absence_id: PathId
) -> Response:
    """Undo: as if it had never been reported. What was handed over goes back."""

    async def work(tx: Transaction) -> Response:
        absence, handover_id = await cancel_absence(tx, desk, who, absence_id, service.clock())
        return _answer(absence, who, handover_id, service.clock())

    return await service.outbox.transaction(lambda tx: once(tx, None, work))


def _answer(
    absence: Absence, who: Identity, handover_id: str | None, now: datetime, *, status: int = 200
) -> Response:
    return reply(
        AbsenceChange(absence=AbsenceView.of(absence, who, now), handover_id=handover_id),
        status=status,
        version=absence.version,
    )
