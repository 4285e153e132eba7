"""Agreeing on working time and leave with a member."""

from __future__ import annotations

from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.workingtime.domain import Terms, WorkingTime, agreed
from services.scheduler.workingtime.public_holidays import is_known
from shared.auth import Identity
from shared.errors import N_, FieldError, InvalidRequest, NotFound
from shared.outbox import Transaction

__all__ = ["UnknownRegion", "set_terms"]


async def set_terms(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    member_id: str,
    terms: Terms,
    version: int,
    now: datetime,
) -> WorkingTime:
    """From then on days of leave count so, those of before too. Who acts stays as it is. Raises
    `NotFound`, `StaleVersion`, `UnknownRegion`, and what `agreed` raises."""
    await desk.clock.tick(tx, now)
    if await desk.members.find(who.scope, member_id, tx.session) is None:
        raise NotFound
    if terms.region is not None and not is_known(terms.region):
        wrong = FieldError("/region", N_("Choose one of the list."))
        raise UnknownRegion(errors=[wrong])
    before = await desk.working_times.get(member_id, tx.session)
    check_version(version, before.version)
    after = agreed(before, terms)
    await desk.working_times.put(tx, after)
    return after


class UnknownRegion(InvalidRequest):
    code = "unknown_region"
    title = N_("Public holidays of this region are not known")
    detail = N_("The country or the region is none of those that have a calendar here.")
    remedy = N_("Choose another one, or the whole country.")
