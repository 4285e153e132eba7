"""What people do with campaigns. Each runs in the transaction it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Unpack

from services.planner.campaigns import domain
from services.planner.campaigns.domain import Campaign, CampaignEdit
from services.planner.campaigns.store import CampaignStore
from services.planner.directory.store import DirectoryStore
from services.planner.directory.usecases import known_client
from services.planner.errors import UnknownReference, check_version
from shared.auth import Identity
from shared.errors import NotFound
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = ["NewCampaign", "add_campaign", "change_campaign", "known_campaign"]


@dataclass(frozen=True, slots=True)
class NewCampaign:
    client_id: str
    name: str
    starts_on: date
    ends_on: date


async def add_campaign(
    tx: Transaction,
    directory: DirectoryStore,
    campaigns: CampaignStore,
    who: Identity,
    new: NewCampaign,
) -> Campaign:
    """Raises `UnknownReference` for the client, `InvalidRequest`."""
    await known_client(tx, directory, who, new.client_id)
    campaign = domain.add_campaign(
        Campaign(
            id=new_id(),
            client_id=new.client_id,
            name=new.name,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
        )
    )
    await campaigns.insert(tx, campaign)
    return campaign


async def change_campaign(
    tx: Transaction,
    campaigns: CampaignStore,
    who: Identity,
    campaign_id: str,
    version: int,
    **edit: Unpack[CampaignEdit],
) -> Campaign:
    """Raises `NotFound`, `StaleVersion`, `InvalidRequest`."""
    before = await campaigns.get(who.scope, campaign_id, tx)
    check_version(version, before.version)
    after = domain.change_campaign(before, **edit)
    await campaigns.save(tx, before, after)
    return after


async def known_campaign(
    tx: Transaction, campaigns: CampaignStore, who: Identity, client_id: str, campaign_id: str
) -> Campaign:
    """The client's campaign a body names. Raises `UnknownReference` if there is none."""
    try:
        found = await campaigns.get(who.scope, campaign_id, tx)
    except NotFound:
        raise UnknownReference("/campaign_id", "campaign") from None
    if found.client_id != client_id:
        raise UnknownReference("/campaign_id", "campaign")
    return found
