"""The coverage clock: one counter that orders everything which may change who acts.

A transaction that changes a member, a qualification, access, accounts on a page, an absence, a
responsibility or a list of leads takes its next value, the *epoch*, before it reads anything. Two
such transactions therefore conflict, and the later one reads what the earlier one wrote: of two
sick calls at the same instant, one always sees the other.

Its time never goes back along the epochs, whichever replica's clock is behind. Otherwise somebody
whose absence began in epoch 7 could be found present in epoch 8, a few milliseconds earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.mongo import Conflict, Mongo, Session
from shared.outbox import Transaction

__all__ = ["CoverageClock", "Tick"]


@dataclass(frozen=True, slots=True)
class Tick:
    """`now` is the instant at which everything in the transaction is decided."""

    epoch: int
    now: datetime


class CoverageClock:
    """Collection `coverage_clock`, one document."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("coverage_clock")

    async def epoch(self, session: Session | None = None) -> int:
        """The last one taken; 0 before the first."""
        row = await self._collection.find_one({"_id": "coverage"}, {"epoch": 1}, session=session)
        return 0 if row is None else int(row["epoch"])

    async def tick(self, tx: Transaction, now: datetime) -> Tick:
        """Epochs count from 1. The first thing a transaction does: its snapshot is taken here."""
        try:
            row = await self._collection.find_one_and_update(
                {"_id": "coverage"},
                {"$inc": {"epoch": 1}, "$max": {"now": now}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
        except DuplicateKeyError as error:
            raise Conflict("the clock was first taken by somebody else") from error
        return Tick(row["epoch"], row["now"])
