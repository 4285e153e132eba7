"""Whom of the leads to ask for a decision on leave, and telling that there is one to take."""

from __future__ import annotations

from services.scheduler.desk import Desk
from services.scheduler.leave.domain import Leave, leave_changed
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.leads import leads_to_tell
from services.scheduler.responsibilities.store import Selection
from shared.auth import SYSTEM_SCOPE
from shared.outbox import Transaction

__all__ = ["tell_of_leave"]


async def tell_of_leave(tx: Transaction, desk: Desk, leave: Leave, member: Member) -> None:
    tx.emit(leave_changed(leave, await _deciding(tx, desk, member)))


async def _deciding(tx: Transaction, desk: Desk, member: Member) -> list[str]:
    """Of those who may decide, the leads of the clients for whom the member works; if there are
    none, all."""
    may = await desk.members.leads_seeing(member, tx.session) - {member.id}
    named = Selection(member_id=member.id)
    concerned = await desk.responsibilities.select(SYSTEM_SCOPE, named, tx.session)
    clients = {one.client_id for one in concerned}
    leads = await leads_to_tell(tx, desk.leads, desk.members, clients, but=member.id)
    return [lead for lead in leads if lead in may] or sorted(may)
