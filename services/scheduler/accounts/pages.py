"""Who has an account on a page, edited in place among the client's responsibilities."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import Response

from services.scheduler.accounts.domain import PageAccounts
from services.scheduler.accounts.listing import account_rows, responsible_for, ticks_for
from services.scheduler.accounts.routes import AccountsBody
from services.scheduler.accounts.usecases import Checking, check_accounts, stop_checking
from services.scheduler.directory.store import Page
from services.scheduler.edge import Manager, PathId
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.responsibilities.overview import place_rows
from shared.auth import Identity
from shared.errors import N_, AppError, NotFound
from shared.ui.ui import Toast
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/responsibilities/pages/{page_id}/accounts", include_in_schema=False)

_DIALOG = "account-dialog"


@router.get("")
async def show_form(screen: TheScreen, who: Manager, page_id: PathId) -> Response:
    """Everybody who may be ticked; on top of the client's page with htmx, else as a page."""
    return await _form(screen, who, page_id)


@router.post("")
async def put(screen: TheScreen, who: Manager, page_id: PathId, typed: Typed) -> Response:
    try:
        made = await _check(screen, who, page_id, typed)
    except AppError as error:
        return await _form(screen, who, page_id, typed, error)
    return await _done(
        screen, who, page_id, made, N_("{page}: only who has an account acts there.")
    )


@router.post("/stop")
async def stop(screen: TheScreen, who: Manager, page_id: PathId, typed: Typed) -> Response:
    version = typed.version
    made = await screen.service.outbox.transaction(
        lambda tx: stop_checking(tx, screen.desk, who, page_id, version, screen.now)
    )
    return await _done(screen, who, page_id, made, N_("{page}: accounts are not checked any more."))


async def _check(screen: Screen, who: Identity, page_id: str, typed: Form) -> Checking:
    body, version = parsed(AccountsBody, {"members": typed.every("members")}), typed.version
    return await screen.service.outbox.transaction(
        lambda tx: check_accounts(tx, screen.desk, who, page_id, body.members, version, screen.now)
    )


def _undo(page_id: str, made: Checking) -> str:
    """Where a POST makes it as it was before."""
    query: dict[str, int | Sequence[str]] = {"version": made.after.version if made.after else 0}
    if made.before is not None:
        query["members"] = made.before.members
    command = "" if made.before else "/stop"
    return f"/responsibilities/pages/{page_id}/accounts{command}?{urlencode(query, doseq=True)}"


async def _page(screen: Screen, who: Identity, page_id: str) -> Page:
    page = await screen.desk.directory.page(who.scope, page_id)
    if page is None:
        raise NotFound
    return page


async def _form(
    screen: Screen,
    who: Identity,
    page_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    page, desk = await _page(screen, who, page_id), screen.desk
    accounts = await desk.accounts.get(page_id)
    return screen.page(
        "account_dialog.html" if screen.by_htmx else "account_page.html",
        error=error,
        headers={"HX-Retarget": f"#{_DIALOG}", "HX-Reswap": "innerHTML"} if error else None,
        page=page,
        checked=accounts is not None,
        version=accounts.version if accounts else 0,
        ticks=await ticks_for(desk, who.scope, page, accounts.members if accounts else ()),
        ticked=await _ticked(screen, page, accounts, typed),
    )


async def _ticked(
    screen: Screen, page: Page, accounts: PageAccounts | None, typed: Form | None
) -> set[str]:
    """At first whoever is responsible there: they work on the page already."""
    if typed is not None:
        return set(typed.every("members"))
    if accounts is not None:
        return set(accounts.members)
    return await responsible_for(screen.desk, page)


async def _done(screen: Screen, who: Identity, page_id: str, made: Checking, said: str) -> Response:
    page = await _page(screen, who, page_id)
    if not screen.by_htmx:
        return screen.onward(f"/responsibilities/clients/{page.client_id}")
    return screen.page(
        "accounts_changed.html",
        client=await screen.desk.directory.client(who.scope, page.client_id),
        rows=await place_rows(screen.desk, who.scope, page.client_id),
        account_rows=await account_rows(screen.desk, who.scope, page.client_id),
        done=Toast(screen.said(said, page=page.name), undo=_undo(page_id, made)),
    )
