"""Aggregates whose handler raised: see which wait and why, and let them go on once it is mended."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.auth import Permission
from shared.errors import N_, NotAllowedNow, NotFound
from shared.mongo import Conflict, is_infrastructure
from shared.observability import described
from shared.web.access import Router, require
from shared.web.exchange import Served
from shared.web.validation import StrictModel

__all__ = ["router"]

router = Router(
    prefix="/api/v1/parked", tags=["operations"], dependencies=[require(Permission.OPERATIONS)]
)


class StillFailing(NotAllowedNow):
    code = "still_failing"
    title = N_("It still fails")
    detail = N_("The handler raised again: {error}. The records wait as before.")


class ParkedView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    topic: str
    key: str
    reason: str
    since: AwareDatetime


class Release(StrictModel):
    topic: str
    key: str


class Released(BaseModel):
    records: int


@router.get("")
async def list_parked(service: Served) -> list[ParkedView]:
    """The longest waiting first."""
    return [ParkedView.model_validate(one) for one in await service.parked()]


@router.post("/release")
async def release(service: Served, body: Release) -> Released:
    """Apply what waits, in order. If the handler raises again, nothing is lost."""
    consumer = service.consumers.get(body.topic)
    if consumer is None:
        raise NotFound
    try:
        return Released(records=await consumer.release(body.key))
    except Exception as error:
        if is_infrastructure(error) or isinstance(error, Conflict):
            raise
        raise StillFailing(error=described(error)) from error
