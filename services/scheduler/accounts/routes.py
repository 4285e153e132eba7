"""Accounts on the platforms as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.scheduler.accounts.domain import PageAccounts
from services.scheduler.accounts.usecases import check_accounts, stop_checking
from services.scheduler.directory.store import Page
from services.scheduler.edge import Id, Manager, PathId, Reader, TheDesk
from shared.errors import NotFound
from shared.web import IfMatch, Router, Served, StrictModel, reply

__all__ = ["AccountsBody", "router"]

router = Router(prefix="/api/v1/pages/{page_id}/accounts", tags=["accounts"])


class AccountsBody(StrictModel):
    """All members with an account, or a role, on the platform for the page, in any order."""

    members: Annotated[tuple[Id, ...], Field(max_length=1_000)]


class AccountsView(BaseModel):
    """`checked` false: nobody needs an account on the page, and `version` is 0. Else only `members`
    can publish there, look after its community, or organise it."""

    page_id: str
    client_id: str
    checked: bool
    members: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, page: Page, accounts: PageAccounts | None) -> AccountsView:
        return cls(
            page_id=page.id,
            client_id=page.client_id,
            checked=accounts is not None,
            members=accounts.members if accounts else (),
            version=accounts.version if accounts else 0,
        )


class AccountsChange(BaseModel):
    """`handover_id`: the handover that follows, if somebody else acts now."""

    accounts: AccountsView
    handover_id: str | None


@router.get("", response_model=AccountsView)
async def show_accounts(who: Reader, desk: TheDesk, page_id: PathId) -> Response:
    """Who has an account there, if that is checked."""
    view = AccountsView.of(await _page(desk, who, page_id), await desk.accounts.get(page_id))
    return reply(view, version=view.version)


@router.put("", response_model=AccountsChange)
async def put_accounts(
    who: Manager,
    desk: TheDesk,
    service: Served,
    page_id: PathId,
    version: IfMatch,
    body: AccountsBody,
) -> Response:
    """Check accounts from now on, `If-Match: "0"`, or change who has one. Whoever acts and has none
    hands over at once."""
    made = await service.outbox.transaction(
        lambda tx: check_accounts(tx, desk, who, page_id, body.members, version, service.clock())
    )
    view = AccountsView.of(await _page(desk, who, page_id), made.after)
    return reply(AccountsChange(accounts=view, handover_id=made.handover_id), version=view.version)


@router.delete("")
async def delete_accounts(
    who: Manager, desk: TheDesk, service: Served, page_id: PathId, version: IfMatch
) -> AccountsChange:
    """Accounts are checked there no longer."""
    made = await service.outbox.transaction(
        lambda tx: stop_checking(tx, desk, who, page_id, version, service.clock())
    )
    view = AccountsView.of(await _page(desk, who, page_id), made.after)
    return AccountsChange(accounts=view, handover_id=made.handover_id)


async def _page(desk: TheDesk, who: Reader, page_id: str) -> Page:
    page = await desk.directory.page(who.scope, page_id)
    if page is None:
        raise NotFound
    return page
