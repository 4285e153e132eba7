"""Conversations, messages and notes in MongoDB.

    conversations {_id, client_id, page_id, responsibility_id, author_id, author_name, thread, kind,
                   excerpt, messages, latest_at, latest_arrival, waiting_since, open, done_at,
                   done_by, holder, home, touched, move_no, version}
    messages      {_id: "<page>:<platform id>", conversation_id, client_id, platform_message_id,
                   author_name, kind, text, sent_at, received_at, arrival}
    notes         {_id, conversation_id, client_id, author, text, written_at}

The handover protocol moves conversations too, and changes `holder`, `home`, `touched` and
`move_no` without counting a version. So a save writes only the fields that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.inbox.conversations.domain import (
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Note,
)
from shared.auth import Scope
from shared.events.inbox import ConversationStatus, MessageKind
from shared.handover.rule import Holding
from shared.mongo import Conflict, Document, Mongo, Session, is_duplicate_key
from shared.paging import Order

__all__ = ["Conversations", "Listed", "Load", "Messages", "Notes", "Selection", "View"]

T = TypeVar("T")

_ORDERS = {
    ConversationStatus.OPEN: Order("conversations/open", ("waiting_since", 1), ("_id", 1)),
    ConversationStatus.DONE: Order("conversations/done", ("done_at", -1), ("_id", -1)),
}
_LATEST_FIRST = Order("messages", ("sent_at", -1), ("arrival", -1))


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of a list; `cursor` None: the last one."""

    items: list[T]
    cursor: str | None


class View(StrEnum):
    """Whose conversations: the caller's own, those nobody has, or everybody's."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which conversations; conditions combine. `caller` is whose `MINE` are; `home` those held
    for this member, `at_home` those held for nobody."""

    caller: str
    view: View = View.ALL
    status: ConversationStatus = ConversationStatus.OPEN
    page_id: str | None = None
    client_id: str | None = None
    holder: str | None = None
    home: str | None = None
    at_home: bool = False

    def mongo(self) -> Document:
        wanted = {"page_id": self.page_id, "client_id": self.client_id, "home": self.home}
        query: Document = {name: value for name, value in wanted.items() if value is not None}
        query["open"] = self.status is ConversationStatus.OPEN
        if self.at_home:
            query["home"] = None
        holders: list[str | None] = [self.holder] if self.holder is not None else []
        if self.view is View.MINE:
            holders.append(self.caller)
        elif self.view is View.UNASSIGNED:
            holders.append(None)
        if holders:
            query["$and"] = [{"holder": holder} for holder in holders]
        return query


@dataclass(frozen=True, slots=True)
class Load:
    """How many open conversations of a page a member holds, for `home` if it is not their own."""

    page_id: str
    holder: str | None
    home: str | None
    count: int


class Conversations:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.collection("conversations")

    async def get(
        self, scope: Scope, id: ConversationId, session: Session | None = None
    ) -> Conversation | None:
        row = await self._rows.find_one({"_id": id, **scope.mongo()}, session=session)
        return None if row is None else _conversation(row)

    async def load(
        self, session: Session, ids: Iterable[ConversationId]
    ) -> dict[ConversationId, Conversation]:
        """Those that exist. Ingest's own look-up, whoever's they are."""
        rows = self._rows.find({"_id": {"$in": sorted(ids)}}, session=session)
        return {row["_id"]: _conversation(row) async for row in rows}

    async def save(self, session: Session, before: Conversation, after: Conversation) -> None:
        """`before` must have been loaded in the same transaction."""
        await self.save_all(session, [(before, after)])

    async def save_all(
        self, session: Session, changes: Sequence[tuple[Conversation | None, Conversation]]
    ) -> None:
        """Each (before, after) in one bulk write; before None is a new conversation."""
        writes = [_write(before, after) for before, after in changes if before != after]
        if not writes:
            return
        try:
            result = await self._rows.bulk_write(writes, ordered=False, session=session)
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise Conflict("a conversation was begun meanwhile") from None
            raise
        if result.matched_count + result.inserted_count != len(writes):
            raise Conflict("a conversation was changed meanwhile")

    async def select(
        self, scope: Scope, selection: Selection, *, cursor: str | None, limit: int
    ) -> Listed[Conversation]:
        """Open ones by waiting time, the longest first; done ones by when, the latest first."""
        order = _ORDERS[selection.status]
        query = {"$and": [selection.mongo(), scope.mongo(), order.after(cursor)]}
        rows = [row async for row in self._rows.find(query).sort(order.sort).limit(limit + 1)]
        shown, following = order.split(rows, limit)
        return Listed([_conversation(row) for row in shown], following)

    async def loads(self, scope: Scope) -> list[Load]:
        """Open conversations counted by page, holder and home."""
        pipeline: list[Document] = [
            {"$match": {"open": True, **scope.mongo()}},
            {
                "$group": {
                    "_id": {"page_id": "$page_id", "holder": "$holder", "home": "$home"},
                    "count": {"$sum": 1},
                }
            },
        ]
        return [
            Load(count=row["count"], **row["_id"])
            async for row in self._mongo.aggregate("conversations", pipeline)
        ]

    async def count_done(self, scope: Scope, *, at_most: int) -> int:
        return await self._rows.count_documents({"open": False, **scope.mongo()}, limit=at_most)

    async def oldest_waiting(self, scope: Scope) -> datetime | None:
        """Since when the longest waiting author of an open conversation waits."""
        row = await self._rows.find_one(
            {"open": True, **scope.mongo()}, {"waiting_since": 1}, sort=[("waiting_since", 1)]
        )
        return None if row is None else row["waiting_since"]


class Messages:
    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("messages")

    async def known(self, session: Session, ids: Iterable[MessageId]) -> frozenset[MessageId]:
        """Those of the messages that were taken in before."""
        rows = self._rows.find({"_id": {"$in": sorted(ids)}}, {"_id": 1}, session=session)
        return frozenset([row["_id"] async for row in rows])

    async def insert(self, session: Session, messages: Sequence[Message]) -> None:
        """Raises `Conflict` if another replica has just taken one of them in."""
        try:
            await self._rows.insert_many(
                [_message_row(message) for message in messages], ordered=False, session=session
            )
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise Conflict("a message was taken in meanwhile") from None
            raise

    async def latest(
        self, scope: Scope, id: ConversationId, *, cursor: str | None, limit: int
    ) -> Listed[Message]:
        """The conversation's messages, the latest first."""
        query = {"$and": [{"conversation_id": id}, scope.mongo(), _LATEST_FIRST.after(cursor)]}
        rows = self._rows.find(query).sort(_LATEST_FIRST.sort).limit(limit + 1)
        shown, following = _LATEST_FIRST.split([row async for row in rows], limit)
        return Listed([_message(row) for row in shown], following)


class Notes:
    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("notes")

    async def insert(self, session: Session, note: Note) -> None:
        row = {name: getattr(note, name) for name in _NOTE_FIELDS}
        await self._rows.insert_one({"_id": note.id, **row}, session=session)

    async def of(self, scope: Scope, id: ConversationId) -> list[Note]:
        """In the order they were written; not in pages, because people write them by hand."""
        rows = self._rows.find({"conversation_id": id, **scope.mongo()}).sort("_id", 1)
        return [
            Note(id=row["_id"], **{name: row[name] for name in _NOTE_FIELDS}) async for row in rows
        ]


_NOTE_FIELDS = ("conversation_id", "client_id", "author", "text", "written_at")
_MESSAGE_FIELDS = (
    "conversation_id", "client_id", "platform_message_id", "author_name", "text", "sent_at",
    "received_at", "arrival",
)  # fmt: skip
_PLAIN_FIELDS = (
    "client_id", "page_id", "responsibility_id", "author_id", "author_name", "thread", "excerpt",
    "messages", "waiting_since", "done_at", "done_by", "version",
)  # fmt: skip


def _write(before: Conversation | None, after: Conversation) -> InsertOne[Document] | UpdateOne:
    if before is None:
        return InsertOne({"_id": after.id, "move_no": 0, **_fields(after)})
    old = _fields(before)
    changed = {name: value for name, value in _fields(after).items() if old[name] != value}
    return UpdateOne({"_id": after.id, "version": before.version}, {"$set": changed})


def _fields(conversation: Conversation) -> dict[str, Any]:
    at, arrival = conversation.latest
    return {
        **{name: getattr(conversation, name) for name in _PLAIN_FIELDS},
        "kind": conversation.kind.value,
        "latest_at": at,
        "latest_arrival": arrival,
        "open": conversation.open,
        "holder": conversation.holding.holder,
        "home": conversation.holding.home,
        "touched": conversation.holding.touched,
    }


def _conversation(row: Document) -> Conversation:
    return Conversation(
        id=row["_id"],
        **{name: row[name] for name in _PLAIN_FIELDS},
        kind=MessageKind(row["kind"]),
        latest=(row["latest_at"], row["latest_arrival"]),
        status=ConversationStatus.OPEN if row["open"] else ConversationStatus.DONE,
        holding=Holding(row["holder"], row["home"], row["touched"]),
    )


def _message_row(message: Message) -> Document:
    fields = {name: getattr(message, name) for name in _MESSAGE_FIELDS}
    return {"_id": message.id, "kind": message.kind.value, **fields}


def _message(row: Document) -> Message:
    fields = {name: row[name] for name in _MESSAGE_FIELDS}
    return Message(id=row["_id"], kind=MessageKind(row["kind"]), **fields)
