"""Handovers and the participants' answers in MongoDB.

    handovers      {_id, number, epoch, state, legs, totals, ...}; see `Handover`
    receipt_parts  {_id: "<handover>/<participant>/<part>", moves, moved_at, total, ...}; see `Part`
    counters       {_id: "handovers/<year>", value}

Several consumers write to one handover. So each write names its fields, and whoever decides by a
handover's answers writes to it first: two last answers at the same instant cannot miss each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pymongo import ReturnDocument

from services.scheduler.documents import Documents, to_bson
from services.scheduler.handovers.domain import (
    PARTICIPANTS,
    Acknowledgement,
    Handover,
    HandoverState,
    Numbered,
    Part,
    Share,
)
from shared.auth import Scope
from shared.events.handover import ItemKind, Participant
from shared.events.scheduler import HandoverCompleted
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["Handovers", "PartCount", "Uncovered"]


@dataclass(frozen=True, slots=True)
class PartCount:
    """A part without its moves: `moves` is how many of them the reader may see."""

    id: str
    participant: Participant
    part: int
    moves: int
    moved_at: datetime
    total: int | None
    committed_at: tuple[datetime | None, ...]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Items of a responsibility that a handover left with nobody."""

    items: int
    first_due_at: datetime | None

    @classmethod
    def with_share(cls, share: Share, others: Uncovered | None) -> Uncovered:
        dues = [share.first_due_at, others.first_due_at if others else None]
        return cls(
            items=share.items + (others.items if others else 0),
            first_due_at=min((at for at in dues if at is not None), default=None),
        )


_NEWEST_FIRST = Order("handovers", ("epoch", -1), ("_id", -1))


class Handovers:
    def __init__(self, mongo: Mongo) -> None:
        self._handovers = Documents(mongo.collection("handovers"), Handover)
        self._parts = Documents(mongo.collection("receipt_parts"), Part)
        self._counters = mongo.collection("counters")

    # Handovers

    async def next_number(self, tx: Transaction, year: int) -> str:
        """`H-2026-0147`; consecutive within a year, because it is taken in the transaction."""
        row = await self._counters.find_one_and_update(
            {"_id": f"handovers/{year}"},
            {"$inc": {"value": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
        return f"H-{year}-{row['value']:04d}"

    async def put(self, tx: Transaction, handover: Handover) -> None:
        await self._handovers.put(tx.session, handover)

    async def get(self, handover_id: str, session: Session | None = None) -> Handover | None:
        return await self._handovers.get(handover_id, session)

    async def find(self, scope: Scope, handover_id: str) -> Handover | None:
        query = {"$and": [{"_id": handover_id}, scope.mongo("clients")]}
        return await self._handovers.find_one(query)

    async def page(
        self,
        scope: Scope,
        cursor: str | None,
        limit: int,
        *,
        state: HandoverState | None = None,
        member_id: str | None = None,
    ) -> tuple[list[Handover], str | None]:
        """The newest first. `member_id`: whose absence it was."""
        wanted = {"state": state and state.value, "absent_member": member_id}
        query: Document = {name: value for name, value in wanted.items() if value is not None}
        return await self._handovers.page(
            {"$and": [query, scope.mongo("clients")]}, _NEWEST_FIRST, cursor, limit
        )

    async def open(self, session: Session | None = None) -> list[Handover]:
        """The oldest first."""
        query: Document = {"state": HandoverState.OPEN.value}
        return await self._handovers.find(query, session, sort=[("epoch", 1)])

    async def latest_for(self, member_id: str, after_epoch: int) -> Handover | None:
        """The first later handover that belongs to an absence of the member."""
        query: Document = {"absent_member": member_id, "epoch": {"$gt": after_epoch}}
        found = await self._handovers.find(query, sort=[("epoch", 1)], limit=1)
        return found[0] if found else None

    async def first_covering(
        self, scope: Scope, responsibility_id: str, after_epoch: int
    ) -> Handover | None:
        """The first later handover from which on somebody acts for the responsibility."""
        leg = {"responsibility_id": responsibility_id, "to": {"$ne": None}}
        later = {"epoch": {"$gt": after_epoch}, "legs": {"$elemMatch": leg}}
        query = {"$and": [later, scope.mongo("clients")]}
        found = await self._handovers.find(query, sort=[("epoch", 1)], limit=1)
        return found[0] if found else None

    async def numbers(self, ids: Iterable[str]) -> dict[str, str]:
        query: Document = {"_id": {"$in": sorted(set(ids))}}
        rows = self._handovers.collection.find(query, {"number": 1})
        return {row["_id"]: row["number"] async for row in rows}

    async def mark_committed(self, handover_id: str, at: datetime) -> None:
        """A single write after the start's commit; the first mark stays."""
        await self._handovers.collection.update_one(
            {"_id": handover_id, "committed_at": None}, {"$set": {"committed_at": at}}
        )

    async def unmarked(self, *, before: datetime) -> list[Handover]:
        """Those started before that instant whose commit nobody has marked."""
        return await self._handovers.find({"committed_at": None, "started_at": {"$lt": before}})

    async def acknowledge(
        self, tx: Transaction, handover_id: str, acknowledgement: Acknowledgement
    ) -> None:
        """The first of a member counts."""
        await self._handovers.collection.update_one(
            {
                "_id": handover_id,
                "acknowledgements.member_id": {"$ne": acknowledgement.member_id},
            },
            {"$push": {"acknowledgements": asdict(acknowledgement)}},
            session=tx.session,
        )

    async def note_total(
        self, tx: Transaction, handover_id: str, participant: Participant, total: int
    ) -> None:
        await self._handovers.collection.update_one(
            {"_id": handover_id},
            {"$set": {f"totals.{participant.value}": total}},
            session=tx.session,
        )

    async def note_fault(self, tx: Transaction, handover_id: str, fault: str | None) -> None:
        await self._handovers.collection.update_one(
            {"_id": handover_id}, {"$set": {"fault": fault}}, session=tx.session
        )

    async def note_completed(
        self, tx: Transaction, completed: HandoverCompleted, clients: Iterable[str]
    ) -> None:
        outcome = to_bson(
            completed.model_dump(
                include={"completed_at", "uncovered", "gaps", "recipients", "leads"}
            )
        )
        await self._handovers.collection.update_one(
            {"_id": completed.handover_id},
            {
                "$set": {
                    **outcome,
                    "clients": sorted(clients),
                    "state": HandoverState.COMPLETED.value,
                    "fault": None,
                }
            },
            session=tx.session,
        )

    # Answers

    async def put_part(self, tx: Transaction, part: Part) -> None:
        await self._parts.put(tx.session, part)

    async def parts(
        self, handover_id: str, session: Session | None = None, *, after: str = "", limit: int = 0
    ) -> list[Part]:
        query: Document = {"handover_id": handover_id, "_id": {"$gt": after}}
        return await self._parts.find(query, session, sort=[("_id", 1)], limit=limit)

    async def parts_by_id(self, ids: Iterable[str]) -> list[Part]:
        return await self._parts.find({"_id": {"$in": sorted(ids)}}, sort=[("_id", 1)])

    async def counts(self, scope: Scope, handover_id: str) -> list[PartCount]:
        """How many moves each part has that the scope lets see, in the order of receipts."""
        pipeline: list[Document] = [
            {"$match": {"handover_id": handover_id}},
            {
                "$project": {
                    "participant": 1,
                    "part": 1,
                    "moved_at": 1,
                    "total": 1,
                    "committed_at": 1,
                    "moves": {"$size": _visible_moves(scope)},
                }
            },
        ]
        rows = [row async for row in self._parts.collection.aggregate(pipeline)]
        counts = [_part_count(row) for row in rows]
        return sorted(counts, key=lambda one: (PARTICIPANTS.index(one.participant), one.part))

    async def latest_moves(
        self, scope: Scope, counts: Iterable[PartCount], limit: int
    ) -> list[Part]:
        """Of the parts counted, the newest with moves, each with its last `limit` visible moves."""
        told = [one for one in counts if one.moves]
        newest = sorted(told, key=lambda one: (one.moved_at, one.id), reverse=True)[:limit]
        pipeline: list[Document] = [
            # By their ids: parts are long, and to sort them would be to copy them all.
            {"$match": {"_id": {"$in": [one.id for one in newest]}}},
            {"$set": {"moves": {"$slice": [_visible_moves(scope), -limit]}}},
        ]
        rows = {row["_id"]: row async for row in self._parts.collection.aggregate(pipeline)}
        return [self._parts.load(rows[one.id]) for one in newest]

    async def shares(self, scope: Scope, handover_id: str) -> list[Share]:
        """Who had what after the handover, counted where it is stored."""
        pipeline: list[Document] = [
            {"$match": {"handover_id": handover_id}},
            {"$unwind": "$moves"},
            {"$replaceWith": "$moves"},
            {"$match": scope.mongo()},
            {"$sort": {"move_no": 1}},
            {"$group": {"_id": "$item_id", "last": {"$last": "$$ROOT"}}},
            {
                "$group": {
                    "_id": {
                        "member_id": "$last.to_holder",
                        "responsibility_id": "$last.responsibility_id",
                        "kind": "$last.kind",
                    },
                    "items": {"$sum": 1},
                    "first_due_at": {"$min": "$last.due_at"},
                }
            },
        ]
        rows = self._parts.collection.aggregate(pipeline)
        return [_share(row) async for row in rows]

    async def uncovered(self, scope: Scope, handover_id: str) -> dict[str, Uncovered]:
        """By responsibility: what nobody had after the handover."""
        found: dict[str, Uncovered] = {}
        for share in await self.shares(scope, handover_id):
            if share.member_id is None:
                found[share.responsibility_id] = Uncovered.with_share(
                    share, found.get(share.responsibility_id)
                )
        return found

    async def told(self, tx: Transaction, moves: Iterable[Numbered]) -> set[Numbered]:
        """Those of the moves that any handover's parts tell of."""
        by_number: dict[int, list[str]] = defaultdict(list)
        for one in moves:
            by_number[one.move_no].append(one.item_id)
        return {
            Numbered(item_id, move_no)
            for move_no, item_ids in by_number.items()
            for item_id in await self._with_move(move_no, sorted(item_ids), tx.session)
        }

    async def _with_move(
        self, move_no: int, item_ids: Sequence[str], session: Session
    ) -> list[str]:
        """Those of the items whose move of that number is told of; found by the index, since an
        item may have been moved by any number of handovers."""
        wanted: Document = {"item_id": {"$in": item_ids}, "move_no": move_no}
        pipeline: list[Document] = [
            {"$match": {"moves": {"$elemMatch": wanted}}},
            {"$unwind": "$moves"},
            {"$replaceWith": "$moves"},
            {"$match": wanted},
            {"$group": {"_id": None, "item_ids": {"$push": "$item_id"}}},
        ]
        rows = self._parts.collection.aggregate(pipeline, session=session)
        return [item_id async for row in rows for item_id in row["item_ids"]]

    async def moves_of(self, item_ids: Iterable[str]) -> list[Document]:
        """All moves of the items, in order: {item_id, move_no, from_holder, to_holder, home,
        handover_id, moved_at}."""
        wanted: Document = {"moves.item_id": {"$in": sorted(set(item_ids))}}
        pipeline: list[Document] = [
            {"$match": wanted},
            {"$project": {"handover_id": 1, "moved_at": 1, "moves": 1}},
            {"$unwind": "$moves"},
            {"$match": wanted},
            {
                "$project": {
                    "handover_id": 1,
                    "moved_at": 1,
                    "item_id": "$moves.item_id",
                    "move_no": "$moves.move_no",
                    "from_holder": "$moves.from_holder",
                    "to_holder": "$moves.to_holder",
                    "home": "$moves.home",
                }
            },
            {"$sort": {"item_id": 1, "move_no": 1}},
        ]
        return [row async for row in self._parts.collection.aggregate(pipeline)]


def _visible_moves(scope: Scope) -> Document | str:
    if scope.clients is None:
        return "$moves"
    visible = {"$in": ["$$move.client_id", sorted(scope.clients)]}
    return {"$filter": {"input": "$moves", "as": "move", "cond": visible}}


def _share(row: Document) -> Share:
    by = row["_id"]
    return Share(
        member_id=by["member_id"],
        responsibility_id=by["responsibility_id"],
        kind=ItemKind(by["kind"]),
        items=row["items"],
        first_due_at=row["first_due_at"],
    )


def _part_count(row: Document) -> PartCount:
    return PartCount(
        id=row["_id"],
        participant=Participant(row["participant"]),
        part=row["part"],
        moves=row["moves"],
        moved_at=row["moved_at"],
        total=row["total"],
        committed_at=tuple(row["committed_at"]),
    )
