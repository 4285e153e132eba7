"""Two replicas of the scheduler with the other participants, as tests of handovers want them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from pydantic import SecretStr

from services.scheduler.handovers.domain import Handover, HandoverState
from services.scheduler.settings import SchedulerSettings
from shared.events.envelope import Event
from shared.events.handover import Participant
from shared.events.notifier import WorkAcknowledged
from shared.events.planner import ContentStatus, ContentStatusChanged, VariantState
from shared.outbox import Transaction
from shared.service import Service
from shared.settings import ServiceSettings
from tests.integration.scheduler.agency import Agency
from tests.integration.scheduler.stack import Holder, Scheduler, running
from tests.support import fixtures
from tests.support.engines import ABSENCE_KEYS, AUTH_SECRET
from tests.support.waiting import eventually

__all__ = ["Team", "team"]


@dataclass
class Team:
    """Two replicas of the scheduler, and the two other participants."""

    agency: Agency
    other: Agency
    planner: Holder
    inbox: Holder
    prefix: str
    kafka_servers: str

    @property
    def services(self) -> tuple[Service, ...]:
        return self.agency.service, self.planner.service, self.inbox.service

    async def closed(self, handover_id: str | None) -> Handover:
        """The handover, once it is complete."""
        assert handover_id is not None

        async def closed() -> Handover | None:
            handover = await self.agency.desk.handovers.get(handover_id)
            done = handover is not None and handover.state is HandoverState.COMPLETED
            return handover if done else None

        found = await eventually(closed, 30, what="the handover is complete")
        assert found is not None
        return found

    async def all_closed(self) -> None:
        async def closed() -> bool:
            return not await self.agency.desk.handovers.open()

        await eventually(closed, 30, what="all handovers are complete")

    async def holders(self, *prefixes: str) -> dict[str, str | None]:
        """Who has the open items whose names begin so."""
        publications = self.agency.service.mongo.collection("publications")
        ours = {row["_id"]: row["holder"] async for row in publications.find({"open": True})}
        everything = {**await self.planner.holders(), **await self.inbox.holders(), **ours}
        return {name: one for name, one in everything.items() if name.startswith(prefixes)}

    async def tell(self, service: Service, event: Event) -> None:
        async def work(tx: Transaction) -> None:
            tx.emit(event)

        await service.outbox.transaction(work)

    async def approve(self, client_id: str, content_id: str, page_id: str) -> None:
        """As the planner would: publishing duties follow from the status of content."""
        variant = VariantState(variant_id="v", page_id=page_id, publish_at=self.agency.now)
        event = ContentStatusChanged(
            content_id=content_id,
            client_id=client_id,
            title=f"Post {content_id}",
            status=ContentStatus.APPROVED,
            previous=ContentStatus.IN_REVIEW,
            variants=(variant,),
        )
        await self.tell(self.planner.service, event)
        publications = self.agency.service.mongo.collection("publications")
        query = {"content_id": content_id}
        await eventually(lambda: publications.find_one(query), what="it is planned")

    async def acknowledge(self, handover_id: str, member_id: str) -> None:
        at = self.agency.now
        event = WorkAcknowledged(handover_id=handover_id, member_id=member_id, acknowledged_at=at)
        await self.tell(self.inbox.service, event)

        async def stored() -> bool:
            handover = await self.agency.desk.handovers.get(handover_id)
            return handover is not None and bool(handover.acknowledgements)

        await eventually(stored, what="the acknowledgement is stored")

    async def quiet(self) -> bool:
        """Everything written is sent, marked and answered."""
        for service in self.services:
            outbox, runs = (service.mongo.collection(name) for name in ("outbox", "handover_runs"))
            if await outbox.count_documents({"published_at": None}):
                return False
            if await runs.count_documents({"state": {"$ne": "answered"}}):
                return False
        return not await self.agency.desk.handovers.open()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def team(kafka_servers: str, mongodb_uri: str) -> AsyncIterator[Team]:
    prefix = f"t{secrets.token_hex(4)}_"
    common = {
        "kafka_bootstrap_servers": kafka_servers,
        "mongodb_uri": mongodb_uri,
        "database_prefix": prefix,
        "topic_prefix": prefix,
        "topic_partitions_max": 2,
        "auth_secret": SecretStr(AUTH_SECRET),
        "absence_keys": SecretStr(ABSENCE_KEYS),
    }
    scheduling = SchedulerSettings.model_validate(common)
    others = ServiceSettings.model_validate({**common, "port": 1, "root_path": "/"})
    one, two = Scheduler(scheduling), Scheduler(scheduling)
    planner, inbox = Holder(others, Participant.PLANNER), Holder(others, Participant.INBOX)
    replicas = (one.service, two.service, planner.service, inbox.service)
    async with running(*replicas):
        yield Team(
            Agency.of(one.service), Agency.of(two.service), planner, inbox, prefix, kafka_servers
        )
        for service in replicas[1:]:
            await service.mongo.drop()
    await fixtures._delete_topics(kafka_servers, prefix)
