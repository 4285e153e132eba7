"""What people do with accounts on the platforms, and what follows when a page is archived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.accounts.domain import PageAccounts, depending_on, with_members
from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Page
from services.scheduler.errors import check_version
from services.scheduler.responsibilities.domain import check_access
from shared.auth import Identity
from shared.errors import NotFound
from shared.outbox import Transaction

__all__ = ["PAGE_ARCHIVED", "Checking", "archived_or_back", "check_accounts", "stop_checking"]

PAGE_ARCHIVED = "page_archived"
"""Kind of the due row: a page was archived or is back, so its client may need other accounts."""


@dataclass(frozen=True, slots=True)
class Checking:
    """None `before`, or `after`: accounts were not checked, or are not any more. `handover_id`: the
    handover that follows, if somebody else acts now."""

    before: PageAccounts | None
    after: PageAccounts | None
    handover_id: str | None


async def check_accounts(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    page_id: str,
    members: Sequence[str],
    version: int,
    now: datetime,
) -> Checking:
    """From now on only these members can act on the page, in what needs an account; version 0 is a
    page where accounts are not checked yet.

    Whoever is new in the list must be active and have access to the client. Raises `NotFound`,
    `StaleVersion`, `UnknownMember`, `InactiveMember`, `NoAccess`.
    """
    tick = await desk.clock.tick(tx, now)
    page = await _page(tx, desk, who, page_id)
    found = await desk.accounts.get(page_id, tx.session)
    before = found or PageAccounts(page_id, page.client_id, (), version=0)
    check_version(version, before.version)
    after = with_members(before, members)
    added = [one for one in after.members if one not in before.members]
    people = await desk.team.people_at(added, tick.now, tx.session)
    known = await desk.members.load(added, tx.session)
    check_access(page.client_id, added, people, {one.id: one.name for one in known.values()})
    await desk.accounts.put(tx, after)
    change = _concerning(after, who.member_id)
    return Checking(found, after, await desk.settling.settle(tx, tick, change))


async def stop_checking(
    tx: Transaction, desk: Desk, who: Identity, page_id: str, version: int, now: datetime
) -> Checking:
    """Nobody needs an account on the page any more. Raises `NotFound`, also where accounts are not
    checked, and `StaleVersion`."""
    tick = await desk.clock.tick(tx, now)
    await _page(tx, desk, who, page_id)
    before = await desk.accounts.get(page_id, tx.session)
    if before is None:
        raise NotFound
    check_version(version, before.version)
    await desk.accounts.delete(tx, before)
    change = _concerning(before, who.member_id)
    return Checking(before, None, await desk.settling.settle(tx, tick, change))


async def archived_or_back(tx: Transaction, desk: Desk, page_id: str, now: datetime) -> None:
    """Decide anew who acts for the client as a whole: archived pages do not count."""
    tick = await desk.clock.tick(tx, now)
    accounts = await desk.accounts.get(page_id, tx.session)
    if accounts is not None:
        await desk.settling.settle(tx, tick, _concerning(accounts, None))


async def _page(tx: Transaction, desk: Desk, who: Identity, page_id: str) -> Page:
    page = await desk.directory.page(who.scope, page_id, tx.session)
    if page is None:
        raise NotFound
    return page


def _concerning(accounts: PageAccounts, by: str | None) -> Change:
    return Change(responsibilities=depending_on(accounts.client_id, accounts.page_id), by=by)
