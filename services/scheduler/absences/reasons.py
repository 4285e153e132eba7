"""Why somebody is away, or wants to be: encrypted in the field `reason` {token, key} of a document.

That field is the only place where it is kept. It is left out of everything else that is loaded from
the collection.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.keyring import Encrypted, KeyRing, ReasonUnreadable
from shared.mongo import Collection, Document, Session
from shared.outbox import Transaction

__all__ = ["Reasons"]


class Reasons:
    """Of one collection, by the documents' ids."""

    def __init__(self, collection: Collection, keys: KeyRing) -> None:
        self._collection = collection
        self._keys = keys

    async def get(self, id: str, session: Session | None = None) -> Reason | None:
        """For the member and the entitled only: whoever calls this has checked it.

        Raises `ReasonUnreadable`.
        """
        row = await self._collection.find_one({"_id": id}, {"reason": 1}, session=session)
        return None if row is None else self._read(row)

    async def kinds(self, ids: Iterable[str]) -> dict[str, Kind]:
        """Of what can be read; for the member and the entitled only, as `get` is."""
        found: dict[str, Kind] = {}
        async for row in self._collection.find({"_id": {"$in": sorted(ids)}}, {"reason": 1}):
            with suppress(ReasonUnreadable):
                reason = self._read(row)
                found[row["_id"]] = Kind.OTHER if reason is None else reason.kind
        return found

    async def put(self, tx: Transaction, id: str, reason: Reason) -> None:
        encrypted = asdict(self._keys.encrypt(id, reason))
        await self._collection.update_one(
            {"_id": id}, {"$set": {"reason": encrypted}}, session=tx.session
        )

    async def change(self, tx: Transaction, id: str, kind: Kind | None, note: str | None) -> None:
        """What is None stays as it is. Raises `ReasonUnreadable`, unless both are given."""
        if kind is not None and note is not None:
            await self.put(tx, id, Reason(kind, note))
        elif (kind, note) != (None, None):
            before = await self.get(id, tx.session) or Reason(Kind.OTHER)
            changed = Reason(kind or before.kind, before.note if note is None else note)
            await self.put(tx, id, changed)

    async def move(self, tx: Transaction, id: str, to: Reasons) -> None:
        """To the document with the same id in another collection, unread: it may be that no key
        for it is here."""
        found = await self._collection.find_one_and_update(
            {"_id": id}, {"$unset": {"reason": ""}}, {"reason": 1}, session=tx.session
        )
        if found and "reason" in found:
            await to._collection.update_one(
                {"_id": id}, {"$set": {"reason": found["reason"]}}, session=tx.session
            )

    async def spread(self, tx: Transaction, id: str, to: Reasons, ids: Iterable[str]) -> None:
        """To several documents of another collection, read and encrypted anew for each: a token
        says to which it belongs. Raises `ReasonUnreadable`."""
        reason = await self.get(id, tx.session)
        if reason is not None:
            for each in ids:
                await to.put(tx, each, reason)
            await self._collection.update_one(
                {"_id": id}, {"$unset": {"reason": ""}}, session=tx.session
            )

    async def encrypt_anew(self, tx: Transaction, id: str) -> None:
        """With the newest key. Raises `ReasonUnreadable`."""
        reason = await self.get(id, tx.session)
        if reason is not None:
            await self.put(tx, id, reason)

    async def count_unreadable(self) -> int:
        """How many are encrypted with a key that is not here."""
        unknown: Document = {"$exists": True, "$nin": sorted(self._keys.known)}
        return await self._collection.count_documents({"reason.key": unknown})

    async def count_outdated(self) -> int:
        """How many are to be encrypted anew; after that, older keys are not needed."""
        return await self._collection.count_documents(self._outdated())

    async def outdated(self, limit: int, *, but: Iterable[str] = ()) -> list[str]:
        """Ids of such documents; `but` these."""
        query: Document = {"_id": {"$nin": sorted(but)}, **self._outdated()}
        rows = self._collection.find(query, {"_id": 1}).limit(limit)
        return [row["_id"] async for row in rows]

    def _read(self, row: Document) -> Reason | None:
        stored = row.get("reason")
        if not stored:
            return None
        if "kind" in stored:  # of a version that did not encrypt
            return Reason(Kind(stored["kind"]), stored["note"])
        return self._keys.decrypt(row["_id"], Encrypted(stored["token"], stored["key"]))

    def _outdated(self) -> Document:
        older = sorted(self._keys.known - {self._keys.newest})
        # Those of a version that did not encrypt have none.
        return {"reason": {"$exists": True}, "reason.key": {"$in": [*older, None]}}
