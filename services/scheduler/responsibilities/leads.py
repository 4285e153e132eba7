"""Whom of the clients' leads to tell of something."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.members.store import Members
from services.scheduler.responsibilities.store import ClientLeads
from shared.outbox import Transaction

__all__ = ["leads_to_tell"]


async def leads_to_tell(
    tx: Transaction,
    leads: ClientLeads,
    members: Members,
    clients: Iterable[str],
    *,
    but: str | None = None,
) -> list[str]:
    """The clients' leads, each once, without those who have left and without `but`; without those
    away, if any is here."""
    lists = await leads.of_clients(clients, tx.session)
    ids = dict.fromkeys(member_id for client in sorted(lists) for member_id in lists[client])
    found = await members.load(ids, tx.session)
    active = [one for one in ids if one != but and one in found and found[one].active]
    return [one for one in active if found[one].present] or active
