"""Qualifications as JSON: `/api/v1/members/{id}/qualifications`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.scheduler.edge import Manager, Moment, PathId, Reader, TheDesk
from services.scheduler.qualifications.domain import Qualification
from services.scheduler.qualifications.usecases import (
    Skill,
    add_qualification,
    change_qualification,
    remove_qualification,
)
from shared.errors import NotFound
from shared.events.disciplines import Discipline
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Router, Served, StrictModel, reply

__all__ = ["QualificationView", "router"]

router = Router(prefix="/api/v1/members/{member_id}/qualifications", tags=["qualifications"])

Level = Annotated[int, Field(ge=1, le=3)]
Evidence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class QualificationView(BaseModel):
    """`level` 1: with help, 2: alone, 3: teaches others. `valid_until` null: without end.
    `evidence`: what shows it, in words or as an address."""

    model_config = ConfigDict(from_attributes=True)

    member_id: str
    discipline: Discipline
    level: int
    valid_until: AwareDatetime | None
    evidence: str
    version: int


class QualificationChange(BaseModel):
    """`handover_id`: the handover that follows, if somebody else acts now."""

    qualification: QualificationView | None
    handover_id: str | None


class SkillBody(StrictModel):
    """`valid_until` as a date includes that day, in the member's time zone."""

    level: Level
    valid_until: Moment | None = None
    evidence: Evidence = ""

    def skill(self) -> Skill:
        return Skill(self.level, self.valid_until, self.evidence)


class QualificationBody(SkillBody):
    discipline: Discipline


@router.get("")
async def list_qualifications(
    who: Reader, desk: TheDesk, member_id: PathId
) -> list[QualificationView]:
    """All of the member's, also those that have run out."""
    if await desk.members.find(who.scope, member_id) is None:
        raise NotFound
    return [
        QualificationView.model_validate(one) for one in await desk.qualifications.of([member_id])
    ]


@router.post("", status_code=201, response_model=QualificationChange)
async def create_qualification(
    who: Manager,
    desk: TheDesk,
    service: Served,
    once: Idempotent,
    member_id: PathId,
    body: QualificationBody,
) -> Response:
    async def work(tx: Transaction) -> Response:
        added, handover_id = await add_qualification(
            tx, desk, who, member_id, body.discipline, body.skill(), service.clock()
        )
        return _answer(added, handover_id, status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.put("/{discipline}", response_model=QualificationChange)
async def put_qualification(
    who: Manager,
    desk: TheDesk,
    service: Served,
    member_id: PathId,
    discipline: Discipline,
    version: IfMatch,
    body: SkillBody,
) -> Response:
    changed, handover_id = await service.outbox.transaction(
        lambda tx: change_qualification(
            tx, desk, who, member_id, discipline, body.skill(), version, service.clock()
        )
    )
    return _answer(changed, handover_id)


@router.delete("/{discipline}")
async def delete_qualification(
    who: Manager,
    desk: TheDesk,
    service: Served,
    member_id: PathId,
    discipline: Discipline,
    version: IfMatch,
) -> QualificationChange:
    handover_id = await service.outbox.transaction(
        lambda tx: remove_qualification(
            tx, desk, who, member_id, discipline, version, service.clock()
        )
    )
    return QualificationChange(qualification=None, handover_id=handover_id)


def _answer(
    qualification: Qualification, handover_id: str | None, *, status: int = 200
) -> Response:
    view = QualificationView.model_validate(qualification)
    change = QualificationChange(qualification=view, handover_id=handover_id)
    return reply(change, status=status, version=qualification.version)
