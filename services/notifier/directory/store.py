"""Projections: `members`, `coverage`, `clients` and `pages`, each keyed by the aggregate's id; and
`expiries` and `leave`, what was told last of each qualification's end and each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pymongo import ReplaceOne

from services.notifier.briefs.domain import Coverage
from services.notifier.directory.people import Member, Responsibility
from services.notifier.leave.domain import LeaveRequest
from services.notifier.reminders.domain import Expiry
from services.notifier.rota.domain import OpenNow, SwapOffer
from shared.mongo import Document, Mongo, Session

__all__ = ["Directory"]

_EXPIRY, _LEAVE = TypeAdapter(Expiry), TypeAdapter(LeaveRequest)
_SWAP, _OPEN = TypeAdapter(SwapOffer), TypeAdapter(OpenNow)


class Directory:
    """Reads take a session when they belong to a decision."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def replace(
        self, session: Session, collection: str, rows: Mapping[str, Document]
    ) -> None:
        """Put the full state of each row, by id."""
        writes = [ReplaceOne({"_id": id}, row, upsert=True) for id, row in rows.items()]
        if writes:
            await self._mongo.collection(collection).bulk_write(writes, session=session)

    async def member(self, member_id: str, session: Session | None = None) -> Member | None:
        return (await self.members([member_id], session)).get(member_id)

    async def members(
        self, ids: Iterable[str], session: Session | None = None
    ) -> dict[str, Member]:
        rows = await self._rows("members", ids, session)
        return {id: _member(row) for id, row in rows.items()}

    async def coverage(
        self, ids: Iterable[str], session: Session | None = None
    ) -> dict[str, Coverage]:
        rows = await self._rows("coverage", ids, session)
        return {
            id: Coverage(
                responsibility_id=id,
                client_id=row["client_id"],
                page_id=row["page_id"],
                discipline=row["discipline"],
                acting=row["acting"],
                epoch=row["epoch"],
            )
            for id, row in rows.items()
        }

    async def put_expiry(self, session: Session, expiry: Expiry) -> None:
        row = _EXPIRY.dump_python(expiry)
        await self.replace(session, "expiries", {expiry.qualification_id: row})

    async def expiry(self, qualification_id: str, session: Session) -> Expiry | None:
        rows = await self._rows("expiries", [qualification_id], session)
        row = rows.get(qualification_id)
        return None if row is None else _EXPIRY.validate_python(row)

    async def put_leave(self, session: Session, request: LeaveRequest) -> None:
        row = _LEAVE.dump_python(request)
        await self.replace(session, "leave", {request.leave_id: row})

    async def leave(
        self, ids: Iterable[str], session: Session | None = None
    ) -> dict[str, LeaveRequest]:
        rows = await self._rows("leave", ids, session)
        return {id: _LEAVE.validate_python(row) for id, row in rows.items()}

    async def put_swap(self, session: Session, offer: SwapOffer) -> None:
        await self.replace(session, "swaps", {offer.swap_id: _SWAP.dump_python(offer)})

    async def swaps(
        self, ids: Iterable[str], session: Session | None = None
    ) -> dict[str, SwapOffer]:
        rows = await self._rows("swaps", ids, session)
        return {id: _SWAP.validate_python(row) for id, row in rows.items()}

    async def put_open_shifts(self, session: Session, present: OpenNow) -> None:
        row = _OPEN.dump_python(present)
        await self.replace(session, "open_shifts", {present.member_id: row})

    async def open_shifts(
        self, holders: Iterable[str], session: Session | None = None
    ) -> dict[str, OpenNow]:
        rows = await self._rows("open_shifts", holders, session)
        return {id: _OPEN.validate_python(row) for id, row in rows.items()}

    async def responsibilities(
        self, ids: Iterable[str], session: Session | None = None
    ) -> dict[str, Responsibility]:
        """All of `ids`, as far as they are known: the id itself names the place otherwise."""
        coverage = await self.coverage(ids := set(ids), session)
        places = {id: id.rpartition(":")[0] for id in ids}
        pages = await self._rows("pages", places.values(), session)
        client_ids = {row["client_id"] for row in pages.values()}
        client_ids |= {row.client_id for row in coverage.values()} | set(places.values())
        clients = await self._rows("clients", client_ids, session)
        return {
            id: _responsibility(id, coverage.get(id), pages.get(place), clients)
            for id, place in places.items()
        }

    async def _rows(
        self, collection: str, ids: Iterable[str], session: Session | None
    ) -> dict[str, Document]:
        query: Document = {"_id": {"$in": sorted(set(ids))}}
        found = self._mongo.collection(collection).find(query, session=session)
        return {row["_id"]: row async for row in found}


def _member(row: Document) -> Member:
    clients = row["clients"]
    fields: dict[str, Any] = {
        name: row[name]
        for name in (
            "name", "initials", "colour", "email", "language", "time_zone", "active", "present",
            "epoch",
        )
    }  # fmt: skip
    return Member(id=row["_id"], clients=None if clients is None else frozenset(clients), **fields)


def _responsibility(
    id: str, coverage: Coverage | None, page: Document | None, clients: Mapping[str, Document]
) -> Responsibility:
    place, _, discipline = id.rpartition(":")
    if coverage is not None:
        discipline = coverage.discipline
    client_id = _client_id(coverage, page, place if place in clients else None)
    client = clients.get(client_id or "")
    named = page or client
    return Responsibility(
        id=id,
        discipline=discipline,
        client_id=client_id,
        place=named["name"] if named else place,
        platform=page["platform"] if page else None,
    )


def _client_id(
    coverage: Coverage | None, page: Document | None, client_id: str | None
) -> str | None:
    if coverage is not None:
        return coverage.client_id
    if page is not None:
        return str(page["client_id"])
    return client_id
