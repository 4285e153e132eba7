"""Campaigns over HTTP, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.planner.callers import Manager, Reader
from services.planner.campaigns import usecases
from services.planner.campaigns.domain import Campaign, CampaignEdit
from services.planner.campaigns.store import CampaignStore
from services.planner.campaigns.usecases import NewCampaign
from services.planner.directory.routes import Directory
from services.planner.fields import UNCHANGED, Day, Id, Name
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["Campaigns", "router"]

router = Router(prefix="/api/v1/campaigns", tags=["campaigns"])


async def _campaigns(request: Request) -> CampaignStore:
    store: CampaignStore = request.app.state.campaigns
    return store


Campaigns = Annotated[CampaignStore, Depends(_campaigns)]


class CampaignView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str
    name: str
    starts_on: date
    ends_on: date
    version: int


class CampaignBody(StrictModel):
    """Both days are included, in the client's time zone."""

    client_id: Id
    name: Name
    starts_on: Day
    ends_on: Day


class CampaignPatch(StrictModel):
    name: Name = UNCHANGED
    starts_on: Day = UNCHANGED
    ends_on: Day = UNCHANGED


@router.get("")
async def list_campaigns(
    who: Reader, campaigns: Campaigns, paging: Paging, client: str | None = None
) -> Page[CampaignView]:
    found = await campaigns.slice(who.scope, client, paging.cursor, paging.limit)
    views = [CampaignView.model_validate(campaign) for campaign in found.items]
    return Page(items=views, next_cursor=found.next_cursor)


@router.post("", status_code=201, response_model=CampaignView)
async def add_campaign(
    who: Manager,
    directory: Directory,
    campaigns: Campaigns,
    service: Served,
    once: Idempotent,
    body: CampaignBody,
) -> Response:
    new = NewCampaign(body.client_id, body.name, body.starts_on, body.ends_on)

    async def work(tx: Transaction) -> Response:
        campaign = await usecases.add_campaign(tx, directory, campaigns, who, new)
        location = f"{service.settings.root_path}/api/v1/campaigns/{campaign.id}"
        return _reply(campaign, status=201, location=location)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{campaign_id}", response_model=CampaignView)
async def show_campaign(who: Reader, campaigns: Campaigns, campaign_id: str) -> Response:
    return _reply(await campaigns.get(who.scope, campaign_id))


@router.patch("/{campaign_id}", response_model=CampaignView)
async def change_campaign(
    who: Manager,
    campaigns: Campaigns,
    service: Served,
    campaign_id: str,
    version: IfMatch,
    body: CampaignPatch,
) -> Response:
    edit = cast("CampaignEdit", body.model_dump(exclude_unset=True))
    campaign = await service.outbox.transaction(
        lambda tx: usecases.change_campaign(tx, campaigns, who, campaign_id, version, **edit)
    )
    return _reply(campaign)


def _reply(campaign: Campaign, status: int = 200, location: str | None = None) -> Response:
    view = CampaignView.model_validate(campaign)
    return reply(view, status=status, version=campaign.version, location=location)
