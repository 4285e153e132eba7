"""The rota in MongoDB: collections `rota_groups`, `rota_shifts`, `rota_wishes`, `rota_swaps`,
`rota_rules`, `rota_runs`, `rota_openings`, and the counter `rota_turns`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.scheduler.documents import Documents
from services.scheduler.rota.domain import LONGEST_SHIFT, Group, Rules, Shift, Swap, SwapState, Wish
from services.scheduler.rota.openings import Opening
from services.scheduler.rota.runs import Run, RunState
from shared.auth import Scope
from shared.mongo import Conflict, Document, Mongo, Session, is_duplicate_key
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["RotaStore"]

_GROUPS = Order("rota-groups", ("name", 1), ("_id", 1))
_SHIFTS = Order("rota-shifts", ("starts_at", 1), ("_id", 1))
_RUNS = Order("rota-runs", ("asked_at", -1), ("_id", -1))
_AT_WORK = [RunState.QUEUED.value, RunState.SOLVING.value]


def _visible(scope: Scope) -> Document:
    """Only who sees all clients of a group sees the group."""
    if scope.clients is None:
        return {}
    return {"client_ids": {"$not": {"$elemMatch": {"$nin": sorted(scope.clients)}}}}


class RotaStore:
    def __init__(self, mongo: Mongo) -> None:
        self._groups = Documents(mongo.collection("rota_groups"), Group)
        self._shifts = Documents(mongo.collection("rota_shifts"), Shift)
        self._wishes = Documents(mongo.collection("rota_wishes"), Wish)
        self._swaps = Documents(mongo.collection("rota_swaps"), Swap)
        self._rules = Documents(mongo.collection("rota_rules"), Rules)
        self._runs = Documents(mongo.collection("rota_runs"), Run)
        self._openings = Documents(mongo.collection("rota_openings"), Opening)
        self._turns = mongo.collection("rota_turns")

    async def take_turn(self, tx: Transaction) -> None:
        """First of all in every transaction that changes who has which shift, or what decides it:
        one at a time, so whoever checks a rule sees every shift that counts."""
        try:
            await self._turns.update_one(
                {"_id": "rota"}, {"$inc": {"turns": 1}}, upsert=True, session=tx.session
            )
        except DuplicateKeyError as error:
            raise Conflict("the turn was first taken by somebody else") from error

    async def turns(self) -> int:
        """How often the rota has changed."""
        row = await self._turns.find_one({"_id": "rota"})
        return 0 if row is None else int(row["turns"])

    async def marks(self) -> tuple[int, int]:
        """How often the rota has changed, and the epoch of the coverage clock: in one read, for who
        asks every second. Unless one of them moves, nobody's shift falls open but by time."""
        both: list[Document] = [{"$unionWith": "coverage_clock"}]
        rows = {row["_id"]: row async for row in self._turns.aggregate(both)}
        turns, clock = rows.get("rota", {}), rows.get("coverage", {})
        return int(turns.get("turns", 0)), int(clock.get("epoch", 0))

    # Groups

    async def group(
        self, scope: Scope, group_id: str, session: Session | None = None
    ) -> Group | None:
        query = {"$and": [{"_id": group_id}, _visible(scope)]}
        return await self._groups.find_one(query, session)

    async def groups(
        self, scope: Scope, session: Session | None = None, *, ended: bool = False
    ) -> list[Group]:
        """By name; with `ended` those too that are not planned any more."""
        query = {"$and": [_visible(scope), {} if ended else {"ended": False}]}
        return await self._groups.find(query, session, sort=_GROUPS.sort)

    async def watching(self, page_id: str) -> list[Group]:
        """The groups that have the page, whoever may see them: for who is on duty for it."""
        return await self._groups.find({"pages": page_id, "ended": False})

    async def put_group(self, tx: Transaction, group: Group) -> None:
        await self._groups.put(tx.session, group)

    # Shifts

    async def shift(self, shift_id: str, session: Session | None = None) -> Shift | None:
        return await self._shifts.get(shift_id, session)

    async def shifts(
        self,
        start: datetime,
        end: datetime,
        *,
        groups: Iterable[str] | None = None,
        members: Iterable[str] | None = None,
        session: Session | None = None,
    ) -> list[Shift]:
        """Those that touch the time from `start` to `end`, by start; of all groups and members if
        none are named."""
        query = _within(start, end, groups)
        if members is not None:
            query["member_id"] = {"$in": sorted(set(members))}
        return await self._shifts.find(query, session, sort=_SHIFTS.sort)

    async def shift_page(
        self,
        start: datetime,
        end: datetime,
        groups: Iterable[str],
        cursor: str | None,
        limit: int,
    ) -> tuple[list[Shift], str | None]:
        return await self._shifts.page(_within(start, end, groups), _SHIFTS, cursor, limit)

    async def put_shifts(self, tx: Transaction, shifts: Iterable[Shift]) -> None:
        await self._shifts.put_all(tx.session, shifts)

    async def delete_shifts(self, tx: Transaction, ids: Iterable[str]) -> None:
        query: Document = {"_id": {"$in": sorted(ids)}}
        await self._shifts.collection.delete_many(query, session=tx.session)

    async def delete_to_come(self, tx: Transaction, group_id: str, now: datetime) -> list[Shift]:
        """What is gone, by start."""
        query: Document = {"group_id": group_id, "starts_at": {"$gt": now}}
        gone = await self._shifts.find(query, tx.session, sort=[("starts_at", 1), ("_id", 1)])
        await self.delete_shifts(tx, (one.id for one in gone))
        return gone

    # What was told of open shifts

    async def openings(self, session: Session) -> list[Opening]:
        return await self._openings.find({}, session, sort=[("_id", 1)])

    async def put_openings(self, tx: Transaction, openings: Iterable[Opening]) -> None:
        """Raises `Conflict` if somebody else has told of one meanwhile."""
        try:
            await self._openings.put_all(tx.session, openings)
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise Conflict("an open shift was told of meanwhile") from error
            raise

    async def delete_openings(self, tx: Transaction, openings: Iterable[Opening]) -> None:
        query: Document = {"_id": {"$in": sorted(one.id for one in openings)}}
        await self._openings.collection.delete_many(query, session=tx.session)

    # Wishes

    async def wish(self, wish_id: str, session: Session | None = None) -> Wish | None:
        return await self._wishes.get(wish_id, session)

    async def wishes(
        self, since: date, member_id: str | None = None, session: Session | None = None
    ) -> list[Wish]:
        """Of every week, and of days from `since` on; of one member, or of all."""
        query: Document = {"$or": [{"day": None}, {"day": {"$gte": since.isoformat()}}]}
        if member_id is not None:
            query["member_id"] = member_id
        return await self._wishes.find(query, session, sort=[("_id", 1)])

    async def delete_past_wishes(self, tx: Transaction, member_id: str, before: date) -> None:
        query: Document = {"member_id": member_id, "day": {"$lt": before.isoformat()}}
        await self._wishes.collection.delete_many(query, session=tx.session)

    async def put_wish(self, tx: Transaction, wish: Wish) -> None:
        await self._wishes.put(tx.session, wish)

    async def delete_wish(self, tx: Transaction, wish_id: str) -> None:
        await self._wishes.collection.delete_one({"_id": wish_id}, session=tx.session)

    # Swaps

    async def swap(self, swap_id: str, session: Session | None = None) -> Swap | None:
        return await self._swaps.get(swap_id, session)

    async def swaps_of(self, member_id: str) -> list[Swap]:
        """Offered by or to the member and not decided yet, the first ones first."""
        between = [{"giver": member_id}, {"taker": member_id}]
        query: Document = {"state": SwapState.OFFERED.value, "$or": between}
        return await self._swaps.find(query, sort=[("_id", 1)])

    async def swaps_about(
        self, shift_ids: Iterable[str], session: Session | None = None
    ) -> list[Swap]:
        """Not decided yet, about any of the shifts."""
        ids: Document = {"$in": sorted(set(shift_ids))}
        about = [{"shift_id": ids}, {"in_return": ids}]
        query: Document = {"state": SwapState.OFFERED.value, "$or": about}
        return await self._swaps.find(query, session, sort=[("_id", 1)])

    async def late_swaps(self, now: datetime, session: Session | None = None) -> list[Swap]:
        """Not decided, though a shift of theirs has begun."""
        query: Document = {"state": SwapState.OFFERED.value, "until": {"$lte": now}}
        return await self._swaps.find(query, session, sort=[("_id", 1)])

    async def put_swaps(self, tx: Transaction, swaps: Iterable[Swap]) -> None:
        await self._swaps.put_all(tx.session, swaps)

    # Rules

    async def rules(self, session: Session | None = None) -> Rules:
        """The agency's, or what is sensible while it has none of its own (version 0)."""
        return await self._rules.get(Rules().id, session) or Rules()

    async def put_rules(self, tx: Transaction, rules: Rules) -> None:
        await self._rules.put(tx.session, rules)

    # Generations

    async def run(self, run_id: str, session: Session | None = None) -> Run | None:
        return await self._runs.get(run_id, session)

    async def runs(
        self, groups: Sequence[str], cursor: str | None, limit: int
    ) -> tuple[list[Run], str | None]:
        """Of these groups and no others, the latest first."""
        query: Document = {"group_ids": {"$not": {"$elemMatch": {"$nin": sorted(groups)}}}}
        return await self._runs.page(query, _RUNS, cursor, limit)

    async def at_work_for(
        self, groups: Iterable[str], session: Session | None = None
    ) -> Run | None:
        query: Document = {"state": {"$in": _AT_WORK}, "group_ids": {"$in": sorted(groups)}}
        return await self._runs.find_one(query, session)

    async def next_run(self) -> Run | None:
        """The one that was asked for first, be it begun by a replica that is gone."""
        query: Document = {"state": {"$in": _AT_WORK}}
        found = await self._runs.find(query, sort=[("asked_at", 1), ("_id", 1)], limit=1)
        return found[0] if found else None

    async def put_run(self, tx: Transaction, run: Run) -> None:
        await self._runs.put(tx.session, run)

    async def move_run(self, before: Run, after: Run) -> bool:
        """Of a run that is being worked on. False: somebody else has moved it meanwhile."""
        moved = await self._runs.collection.update_one(
            {"_id": before.id, "version": before.version}, {"$set": self._runs.fields(after)}
        )
        return moved.matched_count == 1


def _within(start: datetime, end: datetime, groups: Iterable[str] | None) -> Document:
    begins = {"$gt": start - LONGEST_SHIFT, "$lt": end}
    query: Document = {"starts_at": begins, "ends_at": {"$gt": start}}
    if groups is not None:
        query["group_id"] = {"$in": sorted(set(groups))}
    return query
