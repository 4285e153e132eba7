"""Who has an account where, as pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.scheduler.accounts.domain import NEEDING_ACCOUNT, PageAccounts, depending_on
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Page
from services.scheduler.members.domain import Member
from services.scheduler.members.view import Face, face
from services.scheduler.responsibilities.domain import responsibility_id
from shared.auth import Scope

__all__ = [
    "AccountRow",
    "Tick",
    "account_rows",
    "pages_with_account",
    "responsible_for",
    "ticks_for",
]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A page of a client; `checked` false: nobody needs an account there."""

    page: Page
    checked: bool
    holders: tuple[Face, ...]


async def account_rows(desk: Desk, scope: Scope, client_id: str) -> list[AccountRow]:
    """Of the client's pages in use, by name."""
    pages = await desk.directory.pages(scope, [client_id])
    found = {one.page_id: one for one in await desk.accounts.of_clients([client_id])}
    named = {id for one in found.values() for id in one.members}
    members = await desk.members.load(named)
    rows = [_row(page, found.get(page.id), members) for page in pages.values() if not page.archived]
    return sorted(rows, key=lambda row: row.page.name.casefold())


def _row(page: Page, accounts: PageAccounts | None, members: dict[str, Member]) -> AccountRow:
    ids = accounts.members if accounts else ()
    faces = sorted((face(members[id]) for id in ids), key=lambda one: one.name.casefold())
    return AccountRow(page, accounts is not None, tuple(faces))


async def pages_with_account(desk: Desk, scope: Scope, member_id: str) -> list[Page] | None:
    """Where the member has an account, by name; None if accounts are checked nowhere."""
    if not await desk.accounts.any_checked(scope):
        return None
    found = await desk.accounts.of_member(scope, member_id)
    pages = await desk.directory.pages(scope, {one.client_id for one in found})
    there = (pages.get(one.page_id) for one in found)
    in_use = [page for page in there if page is not None and not page.archived]
    return sorted(in_use, key=lambda page: page.name.casefold())


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody who may be said to have an account. `active` and `sees` are what else it takes to
    act for the client."""

    member: Face
    active: bool
    sees: bool


async def ticks_for(desk: Desk, scope: Scope, page: Page, listed: Sequence[str]) -> list[Tick]:
    """Everybody in the team with access to the client, and whoever is listed already."""
    members = {
        one.id: one for one in await desk.members.all(scope) if one.active and _sees(one, page)
    }
    members |= await desk.members.load(listed)
    ticks = [Tick(face(one), one.active, _sees(one, page)) for one in members.values()]
    return sorted(ticks, key=lambda tick: tick.member.name.casefold())


def _sees(member: Member, page: Page) -> bool:
    return member.clients is None or page.client_id in member.clients


async def responsible_for(desk: Desk, page: Page) -> set[str]:
    """Owners and deputies of what needs an account on the page; of its client, where it has nobody
    of its own."""
    ids = depending_on(page.client_id, page.id)
    found = {one.id: one for one in await desk.responsibilities.load(ids)}
    named: set[str] = set()
    for discipline in NEEDING_ACCOUNT:
        of_client = found.get(responsibility_id(page.client_id, None, discipline))
        one = found.get(responsibility_id(page.client_id, page.id, discipline)) or of_client
        named.update(one.people if one else ())
    return named
