"""Who acts, as last decided, in MongoDB: collection `coverage`, one document per responsibility."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.scheduler.coverage.domain import Acting
from services.scheduler.documents import Documents
from services.scheduler.responsibilities.domain import Responsibility, responsibility_id
from shared.auth import Scope
from shared.events.disciplines import Discipline
from shared.events.scheduler import ActsAs, CoverageChanged
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction

__all__ = ["CoverageStore", "Covered", "covered"]


@dataclass(frozen=True, slots=True)
class Covered:
    """A responsibility and who acts for it since `epoch`; `acting` None is a gap."""

    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...]
    acting: str | None
    acts_as: ActsAs
    epoch: int

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)

    def event(self) -> CoverageChanged:
        return CoverageChanged(
            responsibility_id=self.id,
            client_id=self.client_id,
            page_id=self.page_id,
            discipline=self.discipline,
            owner=self.owner,
            deputies=self.deputies,
            acting=self.acting,
            acts_as=self.acts_as,
            epoch=self.epoch,
        )


def covered(responsibility: Responsibility, acting: Acting, epoch: int) -> Covered:
    return Covered(
        client_id=responsibility.client_id,
        page_id=responsibility.page_id,
        discipline=responsibility.discipline,
        owner=responsibility.owner,
        deputies=responsibility.deputies,
        acting=acting.member,
        acts_as=acting.acts_as,
        epoch=epoch,
    )


class CoverageStore:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("coverage"), Covered)

    async def load(self, ids: Iterable[str], session: Session | None = None) -> dict[str, Covered]:
        found = await self._documents.find({"_id": {"$in": sorted(set(ids))}}, session)
        return {one.id: one for one in found}

    async def gaps(self, scope: Scope, archived: Iterable[str]) -> list[Covered]:
        """Without those of `archived` clients and pages, which nobody misses."""
        query: Document = {"$and": [_gap(archived), scope.mongo()]}
        return await self._documents.find(query, sort=[("_id", 1)])

    async def count_gaps(self, archived: Iterable[str]) -> int:
        return await self._documents.collection.count_documents(_gap(archived))

    async def put_all(self, tx: Transaction, changed: Iterable[Covered]) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put_all(tx.session, changed)


def _gap(archived: Iterable[str]) -> Document:
    gone = sorted(archived)
    return {"acting": None, "client_id": {"$nin": gone}, "page_id": {"$nin": gone}}
