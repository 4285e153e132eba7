"""What is kept of the mailbox in MongoDB: which mails were taken, and replies until they are sent.

    absence_mails    {_id: a hash, until}
    absence_replies  {_id, letter: {token, key}, retry_at, failures}

A copy of the database must not tell that somebody is ill. So a mail that was taken leaves nothing
but a hash, which names neither sender nor absence, and a reply is encrypted as reasons are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.keyring import Encrypted, KeyRing
from shared.ids import new_id
from shared.mongo import Conflict, Document, Mongo, Session
from shared.outbox import Transaction

__all__ = ["AbsenceMails", "Letter", "Queued"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply: plain text. `answers`: the id of the mail that it is the reply to."""

    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    answers: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Queued:
    """`letter` None: it was encrypted with a key that is not here any more."""

    id: str
    letter: Letter | None
    failures: int


class AbsenceMails:
    def __init__(self, mongo: Mongo, keys: KeyRing) -> None:
        self._taken = mongo.collection("absence_mails")
        self._replies = mongo.collection("absence_replies")
        self._look = mongo.collection("absence_mailbox")
        self._keys = keys

    async def once(
        self, tx: Transaction, names: Sequence[str], now: datetime, kept: timedelta
    ) -> bool:
        """False if one of the names was given before, less than its time ago; else it is from now
        on. Of two transactions with the same name one is run again, and then finds it."""
        if await self.known(names, now, tx.session):
            return False
        for id in _hashes(names):
            await self._give(tx, id, now + kept)
        return True

    async def _give(self, tx: Transaction, id: str, until: datetime) -> None:
        try:
            await self._taken.update_one(
                {"_id": id}, {"$set": {"until": until}}, upsert=True, session=tx.session
            )
        except DuplicateKeyError as error:
            raise Conflict("the name was first given by somebody else") from error

    async def known(
        self, names: Sequence[str], now: datetime, session: Session | None = None
    ) -> bool:
        query: Document = {"_id": {"$in": _hashes(names)}, "until": {"$gt": now}}
        return await self._taken.find_one(query, {"_id": 1}, session=session) is not None

    async def queue(self, tx: Transaction, letter: Letter, now: datetime) -> None:
        id = new_id()
        secret = self._keys.encrypt(id, Reason(Kind.OTHER, json.dumps(asdict(letter))))
        row = {"_id": id, "letter": asdict(secret), "retry_at": now, "failures": 0}
        await self._replies.insert_one(row, session=tx.session)

    async def next_reply(self, now: datetime) -> Queued | None:
        row = await self._replies.find_one({"retry_at": {"$lte": now}}, sort=[("retry_at", 1)])
        if row is None:
            return None
        letter = None
        if row["letter"]["key"] in self._keys.known:
            stored = Encrypted(row["letter"]["token"], row["letter"]["key"])
            letter = Letter(**json.loads(self._keys.decrypt(row["_id"], stored).note))
        return Queued(row["_id"], letter, row["failures"])

    async def sent(self, reply_id: str) -> None:
        """Or given up."""
        await self._replies.delete_one({"_id": reply_id})

    async def try_later(self, reply_id: str, at: datetime) -> None:
        await self._replies.update_one(
            {"_id": reply_id}, {"$set": {"retry_at": at}, "$inc": {"failures": 1}}
        )

    async def note_look(self, at: datetime) -> None:
        """The mailbox was looked through."""
        await self._look.update_one({"_id": "look"}, {"$set": {"at": at}}, upsert=True)

    async def last_look(self) -> datetime | None:
        row = await self._look.find_one({"_id": "look"})
        return None if row is None else row["at"]


def _hashes(names: Sequence[str]) -> list[str]:
    return [hashlib.sha256(name.encode(errors="replace")).hexdigest() for name in names]
