"""Clients with their pages and campaigns: what is set up before anything can be planned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, cast

from starlette.responses import Response

from services.planner.callers import Manager, Reader
from services.planner.campaigns import usecases as campaign_usecases
from services.planner.campaigns.routes import CampaignBody
from services.planner.campaigns.usecases import NewCampaign
from services.planner.directory import usecases
from services.planner.directory.domain import ClientEdit, PageEdit, time_zones
from services.planner.directory.routes import ClientBody, ClientPatch, PageBody, PagePatch
from services.planner.directory.usecases import NewPage
from services.planner.plan.forms import Form, Refused, Typed, parsed
from services.planner.plan.pages import Plan, Planner
from shared.auth import Identity, Permission
from shared.errors import AppError
from shared.events.planner import Platform
from shared.outbox import Transaction
from shared.web import Router, require

__all__ = ["router"]

router = Router(include_in_schema=False)

Putting = Literal["archive", "restore"]
Work = Callable[[Transaction], Awaitable[Any]]


@router.get("/clients")
async def show_clients(plan: Planner, who: Reader, *, archived: bool = False) -> Response:
    names = await plan.names(who)
    shown = [client for client in names.clients.values() if client.archived == archived]
    return plan.page("clients.html", clients=shown, names=names, archived=archived)


@router.get("/clients/new", dependencies=[require(Permission.PLANNER_MANAGE)])
async def new_client(plan: Planner) -> Response:
    return _new_page(plan, Form({}))


@router.post("/clients")
async def add_client(plan: Planner, who: Manager, typed: Typed) -> Response:
    try:
        body = parsed(
            ClientBody, {"name": typed.text("name"), "time_zone": typed.text("time_zone")}
        )
        client = await plan.service.outbox.transaction(
            lambda tx: usecases.add_client(tx, plan.desk.directory, who, body.name, body.time_zone)
        )
    except AppError as error:
        return _new_page(plan, typed, error)
    return plan.onward(f"/clients/{client.id}")


@router.get("/clients/{client_id}")
async def show_client(plan: Planner, who: Reader, client_id: str) -> Response:
    return await _client_page(plan, who, client_id)


@router.post("/clients/{client_id}")
async def change_client(plan: Planner, who: Manager, client_id: str, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        sent = {"name": typed.text("name"), "time_zone": typed.text("time_zone")}
        body = parsed(ClientPatch, sent).model_dump(exclude_unset=True)
        edit = cast("ClientEdit", body)
        await usecases.change_client(tx, plan.desk.directory, who, client_id, typed.version, **edit)

    return await _taken(plan, who, client_id, "client", typed, work)


@router.post("/clients/{client_id}/pages")
async def add_page(plan: Planner, who: Manager, client_id: str, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        names = ("name", "platform", "handle")
        sent = {"client_id": client_id, **{name: typed.text(name) for name in names}}
        body = parsed(PageBody, sent)
        new = NewPage(body.client_id, body.name, body.platform, body.handle)
        await usecases.add_page(tx, plan.desk.directory, who, new)

    return await _taken(plan, who, client_id, "page", typed, work)


@router.post("/clients/{client_id}/campaigns")
async def add_campaign(plan: Planner, who: Manager, client_id: str, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        names = ("name", "starts_on", "ends_on")
        sent = {"client_id": client_id, **{name: typed.text(name) for name in names}}
        body = parsed(CampaignBody, sent)
        new = NewCampaign(body.client_id, body.name, body.starts_on, body.ends_on)
        await campaign_usecases.add_campaign(tx, plan.desk.directory, plan.desk.campaigns, who, new)

    return await _taken(plan, who, client_id, "campaign", typed, work)


@router.post("/clients/{client_id}/{put}")
async def put_client(
    plan: Planner, who: Manager, client_id: str, put: Putting, typed: Typed
) -> Response:
    """Archived clients leave the lists; all that belongs to them stays as it is."""
    await plan.service.outbox.transaction(
        lambda tx: usecases.change_client(
            tx, plan.desk.directory, who, client_id, typed.version, archived=put == "archive"
        )
    )
    return plan.onward(f"/clients/{client_id}")


@router.post("/pages/{page_id}")
async def change_page(plan: Planner, who: Manager, page_id: str, typed: Typed) -> Response:
    page = await plan.desk.directory.page(who.scope, page_id)

    async def work(tx: Transaction) -> None:
        sent = {"name": typed.text("name"), "handle": typed.text("handle")}
        body = parsed(PagePatch, sent).model_dump(exclude_unset=True)
        edit = cast("PageEdit", body)
        await usecases.change_page(tx, plan.desk.directory, who, page_id, typed.version, **edit)

    return await _taken(plan, who, page.client_id, page_id, typed, work)


@router.post("/pages/{page_id}/{put}")
async def put_page(
    plan: Planner, who: Manager, page_id: str, put: Putting, typed: Typed
) -> Response:
    """Nothing new is planned for an archived page; what is planned stays."""
    page = await plan.service.outbox.transaction(
        lambda tx: usecases.change_page(
            tx, plan.desk.directory, who, page_id, typed.version, archived=put == "archive"
        )
    )
    return plan.onward(f"/clients/{page.client_id}")


async def _taken(
    plan: Plan, who: Identity, client_id: str, section: str, typed: Form, work: Work
) -> Response:
    """Carry out what a form on the client's page says; refused, it shows what was typed."""
    try:
        await plan.service.outbox.transaction(work)
    except AppError as error:
        return await _client_page(plan, who, client_id, section, typed, error)
    return plan.onward(f"/clients/{client_id}")


async def _client_page(
    plan: Plan,
    who: Identity,
    client_id: str,
    section: str = "",
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    return plan.page(
        "client.html",
        status=200 if error is None else error.status,
        client=await plan.desk.directory.client(who.scope, client_id),
        pages=await plan.desk.directory.pages(who.scope, client_id, archived=True),
        campaigns=await plan.desk.campaigns.all(who.scope, client_id),
        platforms=list(Platform),
        time_zones=time_zones(),
        section=section,
        typed=typed or Form({}),
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
    )


def _new_page(plan: Plan, typed: Form, error: AppError | None = None) -> Response:
    return plan.page(
        "client_new.html",
        status=200 if error is None else error.status,
        time_zones=time_zones(),
        typed=typed,
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
    )
