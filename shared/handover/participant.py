"""A participant's runs: take the decisions in, sweep, answer; resumable after every step.

    handover_runs {_id: handover id, epoch, state, event, parts, moved, failures, retry_at}

State goes `stored -> sweeping -> answered`. Runs are worked through in the order of their epochs,
one at a time, by the replica that holds the lease. The sweep reads where items go from the rows,
never from the event, so that a run which comes late moves by the newest decision, or nothing. What
the event alone says is of which responsibilities somebody has given the open work away.

An item that cannot be moved because of an error in our own code holds up nothing else: the sweep
moves all others, the run stays open and is tried again with growing pauses, later runs go on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import MinKey

from shared.consuming import Received, caused_by
from shared.events.envelope import Envelope, Event
from shared.events.handover import ItemKind, Move, Participant, WorkHandedOver
from shared.events.scheduler import CoverageChanged, HandoverStarted, MemberChanged
from shared.handover.rows import Acting, Here, Rows, of_client
from shared.handover.rule import Holding, destination
from shared.mongo import Collection, Conflict, Document, is_infrastructure
from shared.outbox import Transaction
from shared.service import Service

__all__ = ["Items", "Participation", "holding_indexes"]

_CHUNK = 500
_PAUSE_MAX = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Items:
    """A collection of work items. Its documents have, besides their own, the fields `open`,
    `holder`, `home`, `touched`, `move_no`, `responsibility_id` and `client_id`.

    `label` and `due` read a document of which only `fields` are loaded.
    """

    collection: str
    kind: ItemKind
    fields: Sequence[str]
    label: Callable[[Mapping[str, Any]], str]
    due: Callable[[Mapping[str, Any]], datetime | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One item and its holding after the move."""

    document: Document
    to: Holding


@dataclass(frozen=True)
class _Given:
    """The responsibilities whose open work goes to whoever acts, as the handover asks for."""

    ids: frozenset[str]
    clients: frozenset[str]

    @classmethod
    def by(cls, event: HandoverStarted) -> _Given:
        legs = [leg for leg in event.legs if leg.open_work]
        return cls(
            frozenset(leg.responsibility_id for leg in legs),
            frozenset(leg.client_id for leg in legs),
        )


class Participation:
    """Makes a service a participant; the features compose its handlers with their own."""

    def __init__(self, service: Service, name: Participant, items: Sequence[Items]) -> None:
        self.rows = Rows(service.mongo)
        self._name = name
        self._items = items
        self._mongo = service.mongo
        self._outbox = service.outbox
        self._clock = service.clock
        self._runs = service.mongo.collection("handover_runs")
        self._committed: dict[str, dict[int, datetime]] = defaultdict(dict)
        service.index("handover_runs", [("state", 1), ("epoch", 1)])
        service.index("presence_rows", [("slot", 1), ("present", 1)])
        for one in items:
            for keys in holding_indexes():
                service.index(one.collection, keys, partialFilterExpression={"open": True})
        service.worker("handover", self.work, wake_on=["handover_runs"])

    # Events in

    async def take_coverage(self, batch: Sequence[Received[Event]]) -> None:
        """`prepare` of `team.coverage`."""
        events = [received.event for received in batch]
        await self.rows.apply_coverage(
            Acting(event.responsibility_id, event.epoch, event.acting)
            for event in events
            if isinstance(event, CoverageChanged)
        )

    async def take_presence(self, batch: Sequence[Received[Event]]) -> None:
        """`prepare` of `team.directory`."""
        events = [received.event for received in batch]
        await self.rows.apply_presence(
            Here(event.member_id, event.epoch, event.present)
            for event in events
            if isinstance(event, MemberChanged)
        )

    async def store_run(self, tx: Transaction, received: Received[HandoverStarted]) -> None:
        """Handler of `handover.started`: keep it; the worker does the rest."""
        event = received.event
        if self._name not in event.participants:
            return
        run = {
            "epoch": event.epoch,
            "state": "stored",
            "envelope": received.envelope.to_bytes(),
            "parts": 0,
            "moved": 0,
        }
        await self._runs.update_one(
            {"_id": event.handover_id}, {"$setOnInsert": run}, upsert=True, session=tx.session
        )

    # The worker

    async def work(self) -> bool:
        """Take the oldest open run one step further; False if there is none to be tried now."""
        ready = {"$or": [{"retry_at": None}, {"retry_at": {"$lte": self._clock()}}]}
        run = await self._runs.find_one(
            {"state": {"$ne": "answered"}, **ready}, sort=[("epoch", 1)]
        )
        if run is None:
            return False
        try:
            await self._carry_out(run)
        except Exception as error:
            if _may_pass(error):
                raise
            _log.exception("handover run failed, later ones go on", handover=run["_id"])
            await self._try_later(run)
        return True

    async def _carry_out(self, run: Document) -> None:
        envelope = Envelope.parse(run["envelope"])
        event = HandoverStarted.model_validate(envelope.data)
        with caused_by(envelope):
            if run["state"] == "stored":
                await self._take_decisions(event)
            if await self._sweep(event):
                await self._try_later(run)
            else:
                await self._answer(event)

    async def _try_later(self, run: Document) -> None:
        failures = run.get("failures", 0) + 1
        pause = min(_PAUSE_MAX, timedelta(seconds=2 ** min(failures, 10)))
        await self._runs.update_one(
            {"_id": run["_id"]},
            {"$set": {"failures": failures, "retry_at": self._clock() + pause}},
        )

    async def _take_decisions(self, event: HandoverStarted) -> None:
        await self.rows.apply_presence(
            Here(one.member_id, event.epoch, one.present) for one in event.presence
        )
        await self.rows.apply_coverage(
            Acting(leg.responsibility_id, event.epoch, leg.to) for leg in event.legs
        )
        await self._runs.update_one(
            {"_id": event.handover_id, "state": "stored"}, {"$set": {"state": "sweeping"}}
        )

    async def _sweep(self, event: HandoverStarted) -> set[str]:
        """In passes over all open items, until one finds nothing to move. Returns the ids of those
        that should be and cannot."""
        stuck: set[str] = set()
        while True:
            found = [
                (items, ids)
                for items in self._items
                if (ids := [id for id in await self._due_to_move(event, items) if id not in stuck])
            ]
            if not found:
                return stuck
            for items, ids in found:
                for start in range(0, len(ids), _CHUNK):
                    stuck |= await self._move_each(event, items, ids[start : start + _CHUNK])

    async def _move_each(self, event: HandoverStarted, items: Items, ids: list[str]) -> set[str]:
        """Move them together, or if that fails half by half; returns those that fail alone."""
        try:
            await self._move_chunk(event, items, ids)
        except Exception as error:
            if _may_pass(error):
                raise
            if len(ids) == 1:
                _log.exception("item cannot be moved", collection=items.collection, item=ids[0])
                return set(ids)
        else:
            return set()
        middle = len(ids) // 2
        first = await self._move_each(event, items, ids[:middle])
        return first | await self._move_each(event, items, ids[middle:])

    async def _due_to_move(self, event: HandoverStarted, items: Items) -> list[str]:
        """Ids of the items that the rule would move, as the rows are now."""
        absent = await self.rows.absent()
        given = _Given.by(event)
        concerned: list[Document] = [
            {"holder": {"$in": [*absent, None]}},
            {"home": {"$ne": None}, "touched": False},
        ]
        if given.ids:
            # By the index of holders, which has the open items only: this is asked for so seldom
            # that it is worth no index of its own, which every incoming message would pay for.
            anybody = {"$gte": MinKey()}
            concerned.append({"holder": anybody, "client_id": {"$in": sorted(given.clients)}})
        query: Document = {"open": True, "$or": concerned}
        found = self._mongo.collection(items.collection).find(query, _projection(()))
        documents = [document async for document in found]
        acting = await self.rows.acting_by_responsibility(_responsibilities(documents))
        return [one.document["_id"] for one in _transfers(documents, absent, acting, given.ids)]

    async def _move_chunk(self, event: HandoverStarted, items: Items, ids: list[str]) -> None:
        """Move what is still due among `ids`: one transaction, one part of the answer."""

        async def work(tx: Transaction) -> int | None:
            transfers = await self._decide(tx, event, items, ids)
            if not transfers:
                return None
            await _move(self._mongo.collection(items.collection), tx, transfers)
            run = await self._runs.find_one_and_update(
                {"_id": event.handover_id, "state": "sweeping"},
                {"$inc": {"parts": 1, "moved": len(transfers)}},
                session=tx.session,
            )
            if run is None:
                raise Conflict("the run was answered meanwhile")
            part: int = run["parts"] + 1
            tx.emit(self._part(event, part, [_as_move(items, one) for one in transfers]))
            return part

        part = await self._outbox.transaction(work)
        if part is not None:
            self._committed[event.handover_id][part] = self._clock()

    async def _decide(
        self, tx: Transaction, event: HandoverStarted, items: Items, ids: list[str]
    ) -> list[_Transfer]:
        """By the mover's slots, so that a newer epoch cannot come in between."""
        found = self._mongo.collection(items.collection).find(
            {"_id": {"$in": ids}, "open": True}, _projection(items.fields), session=tx.session
        )
        documents = [document async for document in found]
        acting = await self.rows.acting_by_responsibility(_responsibilities(documents), tx)
        absent = await self.rows.absent_among(_members(documents, acting), tx)
        return list(_transfers(documents, absent, acting, _Given.by(event).ids))

    async def _answer(self, event: HandoverStarted) -> None:
        async def work(tx: Transaction) -> None:
            run = await self._runs.find_one_and_update(
                {"_id": event.handover_id, "state": "sweeping"},
                {"$set": {"state": "answered", "answered_at": self._clock()}},
                session=tx.session,
            )
            if run is not None:
                tx.emit(self._total(event, run["parts"], run["moved"]))

        await self._outbox.transaction(work)
        self._committed.pop(event.handover_id, None)

    def _part(self, event: HandoverStarted, part: int, moves: Sequence[Move]) -> WorkHandedOver:
        return WorkHandedOver(
            handover_id=event.handover_id,
            epoch=event.epoch,
            participant=self._name,
            part=part,
            moves=tuple(moves),
            moved_at=self._clock(),
        )

    def _total(self, event: HandoverStarted, parts: int, moved: int) -> WorkHandedOver:
        seen = self._committed[event.handover_id]
        return WorkHandedOver(
            handover_id=event.handover_id,
            epoch=event.epoch,
            participant=self._name,
            part=parts + 1,
            moved_at=self._clock(),
            total=moved,
            committed_at=tuple(seen.get(part) for part in range(1, parts + 1)),
        )


def _may_pass(error: Exception) -> bool:
    """Whether the same may go well the next time: the worker is begun again as a whole."""
    return is_infrastructure(error) or isinstance(error, Conflict)


def holding_indexes() -> Sequence[Sequence[tuple[str, int]]]:
    """What the sweep asks for, among open items."""
    return [[("holder", 1), ("responsibility_id", 1)], [("home", 1), ("touched", 1)]]


def _projection(fields: Sequence[str]) -> Document:
    ours = ("holder", "home", "touched", "move_no", "responsibility_id", "client_id")
    return dict.fromkeys([*ours, *fields], 1)


def _responsibilities(documents: Iterable[Document]) -> set[str]:
    names = ((one["responsibility_id"], _of_client(one)) for one in documents)
    return {name for pair in names for name in pair}


def _of_client(document: Document) -> str:
    """It stands in for the page's as long as nobody has been made responsible for the page."""
    return of_client(document["client_id"], document["responsibility_id"])


def _members(documents: Iterable[Document], acting: Mapping[str, str | None]) -> set[str]:
    """Whoever the rule may ask about."""
    asked = {one[role] for one in documents for role in ("holder", "home")} | {*acting.values()}
    return {member for member in asked if member is not None}


def _transfers(
    documents: Iterable[Document],
    absent: set[str],
    acting: Mapping[str, str | None],
    given: AbstractSet[str],
) -> Iterable[_Transfer]:
    for document in documents:
        responsibility = _known(document, acting)
        to = destination(
            Holding(document["holder"], document["home"], document["touched"]),
            present=lambda member: member not in absent,
            acting=acting.get(responsibility),
            given_away=responsibility in given,
        )
        if to is not None:
            yield _Transfer(document, to)


def _known(document: Document, acting: Mapping[str, str | None]) -> str:
    """The page's own responsibility, or the client's as long as that one is not known."""
    own: str = document["responsibility_id"]
    return own if own in acting else _of_client(document)


async def _move(collection: Collection, tx: Transaction, transfers: Sequence[_Transfer]) -> None:
    """One update for each new holding; what is not found as it was makes it all run again."""
    groups: dict[Holding, list[str]] = defaultdict(list)
    for one in transfers:
        groups[one.to].append(one.document["_id"])
    for to, ids in groups.items():
        result = await collection.update_many(
            {"_id": {"$in": ids}, "open": True},
            {
                "$set": {"holder": to.holder, "home": to.home, "touched": to.touched},
                "$inc": {"move_no": 1},
            },
            session=tx.session,
        )
        if result.modified_count != len(ids):
            raise Conflict("an item changed while it was moved")


def _as_move(items: Items, transfer: _Transfer) -> Move:
    document, to = transfer.document, transfer.to
    return Move(
        item_id=document["_id"],
        kind=items.kind,
        label=items.label(document)[:120],
        responsibility_id=document["responsibility_id"],
        client_id=document["client_id"],
        move_no=document["move_no"] + 1,
        from_holder=document["holder"],
        to_holder=to.holder,
        home=to.home,
        due_at=items.due(document),
    )
