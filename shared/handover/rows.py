"""Coverage and presence rows: what a participant knows of who acts and who is here.

Each row is nine documents, its slots: eight for writers and one for the mover.

    coverage_rows {_id: "<responsibility>|<slot>", responsibility_id, slot, epoch, acting, turns}
    presence_rows {_id: "<member>|<slot>", member_id, slot, epoch, present, turns}

Who assigns an item takes one slot of the row it decides from, which writes it. A new epoch is
written to one slot after the other by single writes outside a transaction: each waits for the
writer that holds the slot, and a writer that read an older value conflicts and is run again. So
once all slots are written, no assignment by the old epoch is still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.events.disciplines import Discipline
from shared.mongo import Collection, Conflict, Document, Mongo, is_duplicate_key
from shared.outbox import Transaction

__all__ = ["HTTP_SLOT", "Acting", "Here", "Rows", "ingest_slot"]

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
        self._coverage = mongo.collection("coverage_rows")
        self._presence = mongo.collection("presence_rows")

    # Taking decisions in

    async def apply_coverage(self, decisions: Iterable[Acting]) -> None:
        """Idempotent, outside of any transaction; a stored epoch that is higher stays."""
        values = [
            {"responsibility_id": one.responsibility_id, "epoch": one.epoch, "acting": one.member}
            for one in decisions
        ]
        await _write(self._coverage, _newest(values, "responsibility_id"))

    async def apply_presence(self, decisions: Iterable[Here]) -> None:
        """Idempotent, outside of any transaction; a stored epoch that is higher stays."""
        values = [
            {"member_id": one.member_id, "epoch": one.epoch, "present": one.present}
            for one in decisions
        ]
        await _write(self._presence, _newest(values, "member_id"))

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
        slots = [_slot_id(name, MOVER_SLOT) for name in (for_page, for_client)]
        query = {"_id": {"$in": slots}, "epoch": {"$gt": 0}}
        found = self._coverage.find(query, session=tx.session)
        known = {row["responsibility_id"] async for row in found}
        if for_page in known:
            return for_page
        if for_client not in known:
            await self.acting(tx, for_client, slot)  # to conflict with whoever makes it known
        return for_client if for_client in known or not discipline.per_page else for_page

    async def acting(
        self, tx: Transaction, responsibility_id: str, slot: int = HTTP_SLOT
    ) -> str | None:
        """Who acts, for an assignment in this transaction. None: a gap, or nobody is responsible."""
        try:
            row = await self._coverage.find_one_and_update(
                {"_id": _slot_id(responsibility_id, slot)},
                {
                    "$inc": {"turns": 1},
                    # Unknown yet: a slot to conflict with whoever makes it known.
                    "$setOnInsert": {
                        "responsibility_id": responsibility_id,
                        "slot": slot,
                        "epoch": 0,
                        "acting": None,
                    },
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
        except DuplicateKeyError as error:
            raise Conflict("the responsibility became known meanwhile") from error
        acting: str | None = row["acting"]
        return acting

    async def present(self, tx: Transaction, member_id: str, slot: int = HTTP_SLOT) -> bool | None:
        """Whether the member is here, for an assignment in this transaction. None: unknown."""
        row = await self._presence.find_one_and_update(
            {"_id": _slot_id(member_id, slot)}, {"$inc": {"turns": 1}}, session=tx.session
        )
        return bool(row["present"]) if row else None

    # The mover's view

    async def absent(self) -> set[str]:
        query = {"slot": MOVER_SLOT, "present": False}
        return {row["member_id"] async for row in self._presence.find(query)}

    async def acting_by_responsibility(
        self, names: Iterable[str], tx: Transaction | None = None
    ) -> dict[str, str | None]:
        """Who acts for each that is known; with a transaction, its decisions hold until it is
        committed."""
        rows = await _mover_rows(self._coverage, names, tx)
        return {row["responsibility_id"]: row["acting"] for row in rows if row["epoch"] > 0}

    async def absent_among(self, members: Iterable[str], tx: Transaction | None = None) -> set[str]:
        """Those whose row says that they are away; as above."""
        rows = await _mover_rows(self._presence, members, tx)
        return {row["member_id"] for row in rows if not row["present"]}


def _slot_id(name: str, slot: int) -> str:
    return f"{name}|{slot}"


def _newest(values: Iterable[Document], name: str) -> dict[str, Document]:
    """By name, the value of the highest epoch."""
    return {value[name]: value for value in sorted(values, key=lambda value: value["epoch"])}


async def _write(collection: Collection, values: Mapping[str, Document]) -> None:
    """One slot after the other. A slot whose epoch is higher answers with a duplicate key."""
    for slot in _SLOTS:
        writes = [
            UpdateOne(
                {"_id": _slot_id(name, slot), "epoch": {"$lt": value["epoch"]}},
                {"$set": {**value, "slot": slot}},
                upsert=True,
            )
            for name, value in await _outdated(collection, values, slot)
        ]
        if writes:
            await _write_unless_newer(collection, writes)


async def _outdated(
    collection: Collection, values: Mapping[str, Document], slot: int
) -> Sequence[tuple[str, Document]]:
    ids = [_slot_id(name, slot) for name in values]
    found = collection.find({"_id": {"$in": ids}}, {"epoch": 1})
    epochs = {row["_id"]: row["epoch"] async for row in found}
    return [
        (name, value)
        for name, value in values.items()
        if epochs.get(_slot_id(name, slot), -1) < value["epoch"]
    ]


async def _write_unless_newer(collection: Collection, writes: list[UpdateOne]) -> None:
    try:
        await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if not is_duplicate_key(error) or error.details["writeConcernErrors"]:
            raise


async def _mover_rows(
    collection: Collection, names: Iterable[str], tx: Transaction | None
) -> list[Document]:
    query: Document = {"_id": {"$in": sorted(_slot_id(name, MOVER_SLOT) for name in set(names))}}
    session = None
    if tx is not None:
        session = tx.session
        await collection.update_many(query, {"$inc": {"turns": 1}}, session=session)
    return [row async for row in collection.find(query, session=session)]
