"""Campaigns in MongoDB: collection `campaigns`."""

from __future__ import annotations

from services.planner.campaigns.domain import Campaign
from services.planner.documents import Documents, Slice
from shared.auth import Scope
from shared.errors import NotFound
from shared.mongo import Document, Mongo
from shared.outbox import Transaction
from shared.paging import Order
from shared.service import Service

__all__ = ["CampaignStore", "index_campaigns"]

_CAMPAIGNS = Order("campaigns", ("starts_on", 1), ("_id", 1))


def index_campaigns(service: Service) -> None:
    service.index("campaigns", [("client_id", 1), *_CAMPAIGNS.sort])


class CampaignStore:
    def __init__(self, mongo: Mongo) -> None:
        self._campaigns = Documents(mongo.collection("campaigns"), Campaign)

    async def get(self, scope: Scope, campaign_id: str, tx: Transaction | None = None) -> Campaign:
        """Raises `NotFound`."""
        query = {"$and": [{"_id": campaign_id}, scope.mongo()]}
        found = await self._campaigns.find_one(query, tx)
        if found is None:
            raise NotFound
        return found

    async def all(self, scope: Scope, client_id: str | None = None) -> list[Campaign]:
        """By their first day."""
        found = await self._campaigns.find(_query(scope, client_id))
        return sorted(found, key=lambda campaign: (campaign.starts_on, campaign.name))

    async def slice(
        self, scope: Scope, client_id: str | None, cursor: str | None, limit: int
    ) -> Slice[Campaign]:
        return await self._campaigns.slice(_query(scope, client_id), _CAMPAIGNS, cursor, limit)

    async def insert(self, tx: Transaction, campaign: Campaign) -> None:
        await self._campaigns.insert(tx, campaign)

    async def save(self, tx: Transaction, before: Campaign, after: Campaign) -> None:
        await self._campaigns.save(tx, before, after)


def _query(scope: Scope, client_id: str | None) -> Document:
    chosen = {} if client_id is None else {"client_id": client_id}
    return {"$and": [chosen, scope.mongo()]}
