"""Coverage and presence rows: what a participant knows of who acts and who is here.

Each row is nine documents, its slots: eight for writers and one for the mover.

    coverage_rows {_id: "<responsibility>|<slot>", responsibility_id, slot, epoch, acting, turns}
    presence_rows {_id: "<member>|<slot>", member_id, slot, epoch, present, turns}

Who assigns an item takes one slot of every row it decides from, known or not, which writes it. A
new epoch is written to one slot after the other by single writes outside a transaction: each waits
for the writer that holds the slot, and a writer that read an older value conflicts and is run
again. So once all slots are written, no assignment by the old epoch is still to come.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.events.disciplines import Discipline
from shared.mongo import Collection, Conflict, Document, Mongo, is_duplicate_key
from shared.outbox import Transaction

__all__ = ["HTTP_SLOT", "Acting", "Here", "Rows", "ingest_slot", "of_client"]

HTTP_SLOT = 7
"""The writers' slot of commands that come over HTTP; consumers use the slots below."""

MOVER_SLOT = 8
_SLOTS = range(MOVER_SLOT + 1)


def ingest_slot(partition: int) -> int:
    """The writers' slot of a consumer, so that partitions seldom wait for each other."""
    return partition % HTTP_SLOT


@dataclass(frozen=True, slots=True)
class Acting:
    """From `epoch` on, `member` acts for the responsibility; None is a gap."""

    responsibility_id: str
    epoch: int
    member: str | None


@dataclass(frozen=True, slots=True)
class Here:
    """From `epoch` on, the member is present, or not."""

    member_id: str
    epoch: int
    present: bool


class Rows:
    """The rows of one participant."""

    def __init__(self, mongo: Mongo) -> None:
        self._coverage = _Slots(mongo.collection("coverage_rows"), "responsibility_id", "acting")
        self._presence = _Slots(mongo.collection("presence_rows"), "member_id", "present")

    # Taking decisions in

    async def apply_coverage(self, decisions: Iterable[Acting]) -> None:
        """Idempotent, outside of any transaction; a stored epoch that is higher stays."""
        await self._coverage.write(
            _Value(one.responsibility_id, one.epoch, one.member) for one in decisions
        )

    async def apply_presence(self, decisions: Iterable[Here]) -> None:
        """Idempotent, outside of any transaction; a stored epoch that is higher stays."""
        await self._presence.write(
            _Value(one.member_id, one.epoch, one.present) for one in decisions
        )

    # Deciding by them

    async def responsibility(
        self,
        tx: Transaction,
        client_id: str,
        page_id: str | None,
        discipline: Discipline,
        slot: int = HTTP_SLOT,
    ) -> str:
        """The most specific responsibility that is known: the page's, else the client's.

        If neither is, the page's for disciplines whose work belongs to a page, else the client's;
        an item gets its holder as soon as somebody is made responsible for either.
        """
        for_client = f"{client_id}:{discipline}"
        if page_id is None:
            return for_client
        for_page = f"{page_id}:{discipline}"
        known = await self._coverage.known((for_page, for_client), tx)
        if for_page in known:
            return for_page
        if for_client not in known:
            await self.acting(tx, for_client, slot)  # to conflict with whoever makes it known
        return for_client if for_client in known or not discipline.per_page else for_page

    async def acting(
        self,
        tx: Transaction,
        responsibility_id: str,
        slot: int = HTTP_SLOT,
        *,
        client_id: str | None = None,
    ) -> str | None:
        """Who acts, for an assignment in this transaction.

        With `client_id`, the client's responsibility stands in for the page's as long as nobody has
        been made responsible for the page. None: a gap, nobody is responsible, or the presence row
        says already that whoever acted is away, and the coverage row does not yet. A run that is on
        its way assigns it then.
        """
        acting: str | None = await self._coverage.take(tx, responsibility_id, slot)
        if acting is None and client_id is not None:
            for_client = of_client(client_id, responsibility_id)
            if responsibility_id not in await self._coverage.known((responsibility_id,), tx):
                acting = await self._coverage.take(tx, for_client, slot)
        if acting is not None and await self.present(tx, acting, slot) is False:
            return None
        return acting

    async def present(self, tx: Transaction, member_id: str, slot: int = HTTP_SLOT) -> bool | None:
        """Whether the member is here, for an assignment in this transaction. None: unknown."""
        present: bool | None = await self._presence.take(tx, member_id, slot)
        return present

    # The mover's view

    async def absent(self) -> set[str]:
        return await self._presence.with_value(value=False)

    async def acting_by_responsibility(
        self, names: Iterable[str], tx: Transaction | None = None
    ) -> dict[str, str | None]:
        """Who acts for each that is known; with a transaction, its decisions hold until it is
        committed."""
        return await self._coverage.as_mover(set(names), tx)

    async def absent_among(self, members: Iterable[str], tx: Transaction | None = None) -> set[str]:
        """Those whose row says that they are away; as above."""
        present = await self._presence.as_mover(set(members), tx)
        return {member for member, here in present.items() if here is False}


def of_client(client_id: str, responsibility_id: str) -> str:
    """The client's responsibility for the discipline of the given one."""
    return f"{client_id}:{responsibility_id.rpartition(':')[2]}"


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    epoch: int
    value: Any


class _Slots:
    """The slots of all rows of one kind. A row nobody has told of has the value None, epoch 0."""

    def __init__(self, collection: Collection, name: str, value: str) -> None:
        """`name` and `value` are the fields that hold them."""
        self._collection = collection
        self._name = name
        self._value = value

    # Writing a new epoch

    async def write(self, values: Iterable[_Value]) -> None:
        """One slot after the other, until each has this epoch or a higher one."""
        newest = {one.name: one for one in sorted(values, key=lambda one: one.epoch)}
        for slot in _SLOTS:
            while outdated := await self._outdated(newest, slot):
                if await self._write_slot(slot, outdated):
                    break

    async def _outdated(self, values: Mapping[str, _Value], slot: int) -> Sequence[_Value]:
        ids = [_slot_id(name, slot) for name in values]
        found = self._collection.find({"_id": {"$in": ids}}, {self._name: 1, "epoch": 1})
        epochs = {row[self._name]: row["epoch"] async for row in found}
        return [one for one in values.values() if epochs.get(one.name, -1) < one.epoch]

    async def _write_slot(self, slot: int, values: Iterable[_Value]) -> bool:
        """False if it must be looked at again: a duplicate key says that somebody else has just
        created the slot or has written a higher epoch, and not which."""
        writes = [
            UpdateOne(
                {"_id": _slot_id(one.name, slot), "epoch": {"$lt": one.epoch}},
                {"$set": self._row(one, slot)},
                upsert=True,
            )
            for one in values
        ]
        try:
            await self._collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            if not is_duplicate_key(error) or error.details["writeConcernErrors"]:
                raise
            return False
        return True

    def _row(self, one: _Value, slot: int) -> Document:
        return {self._name: one.name, "slot": slot, "epoch": one.epoch, self._value: one.value}

    # Taking slots

    async def take(self, tx: Transaction, name: str, slot: int) -> Any:
        """Its value. Of an unknown row, too, to conflict with whoever makes it known."""
        try:
            row = await self._collection.find_one_and_update(
                {"_id": _slot_id(name, slot)},
                {"$inc": {"turns": 1}, "$setOnInsert": self._row(_Value(name, 0, None), slot)},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
        except DuplicateKeyError as error:
            raise Conflict("the row became known meanwhile") from error
        return row[self._value]

    async def as_mover(self, names: AbstractSet[str], tx: Transaction | None) -> dict[str, Any]:
        """The values of those that are known. With a transaction a slot of each is taken."""
        ids: Document = {"_id": {"$in": sorted(_slot_id(name, MOVER_SLOT) for name in names)}}
        if tx is not None:
            await self._collection.update_many(ids, {"$inc": {"turns": 1}}, session=tx.session)
        rows = [row async for row in self._mover_slots(ids, tx)]
        if tx is not None:
            for name in sorted(names - {row[self._name] for row in rows}):
                await self.take(tx, name, MOVER_SLOT)
        return {row[self._name]: row[self._value] for row in rows if row["epoch"] > 0}

    # Reading

    async def known(self, names: Iterable[str], tx: Transaction) -> set[str]:
        """Those of which somebody has told; without taking a slot."""
        query = {"_id": {"$in": [_slot_id(name, MOVER_SLOT) for name in names]}}
        rows = self._mover_slots(query, tx)
        return {row[self._name] async for row in rows if row["epoch"] > 0}

    async def with_value(self, value: Any) -> set[str]:
        rows = self._mover_slots({"slot": MOVER_SLOT, self._value: value}, None)
        return {row[self._name] async for row in rows}

    def _mover_slots(self, query: Document, tx: Transaction | None) -> AsyncIterator[Document]:
        return self._collection.find(query, session=None if tx is None else tx.session)


def _slot_id(name: str, slot: int) -> str:
    return f"{name}|{slot}"
