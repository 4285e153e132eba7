"""Collections `notifications` (what is told and how it is going) and `attempts` (the mails).

    notifications {_id: "<handover>:<member>:<kind>", handover, content, clients, <delivery>}
                  {_id: "<expiry>:<member>:reminder", expiry, content, clients, <delivery>}
                  {_id: "<leave>:<version>:<member>:leave", leave, content, clients, <delivery>}
                  {_id: "<swap>:<version>:<member>:swap", swap, content, clients, <delivery>}
                  {_id: "<opening>:<member>:open_shifts", opening, content, clients, <delivery>}
                  {_id: "<run>:<member>:rota", change, content, clients, <delivery>}
                  {_id: "<shift>:<version>:<member>:shift", change, content, clients, <delivery>}
    attempts      {_id: "<notification>#<number>", mail, message_id, …, outcome}

Readers ask as somebody (`Identity`): own notifications always, all of them with the permission
for it and a scope that allows every client spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from services.notifier.briefs.domain import (
    About,
    Brief,
    Handover,
    Kind,
    Notification,
    Summary,
)
from services.notifier.briefs.letters import Letter
from services.notifier.delivery.domain import Delivery, Outcome
from services.notifier.leave.domain import LeaveNews, LeaveRequest
from services.notifier.reminders.domain import Expiry, Reminder
from services.notifier.rota.domain import (
    Duties,
    DutyChange,
    Opening,
    OpenShifts,
    SwapNews,
    SwapOffer,
)
from shared.auth import Identity, Permission
from shared.events.notifier import DeliveryState
from shared.mongo import Conflict, Document, Mongo, Session
from shared.paging import Order

__all__ = [
    "ATTEMPTS_KEPT",
    "INDEXES",
    "NOTIFICATIONS",
    "UNFINISHED",
    "Attempt",
    "Deliveries",
    "Told",
]

NOTIFICATIONS = "notifications"
ATTEMPTS = "attempts"

ATTEMPTS_KEPT = timedelta(days=90)
"""Mails are personal data; after this nobody asks any more how one of them went."""

INDEXES: tuple[tuple[str, list[tuple[str, int]], dict[str, Any]], ...] = (
    (NOTIFICATIONS, [("member_id", 1), ("planned_at", -1)], {}),
    (NOTIFICATIONS, [("planned_at", -1), ("_id", -1)], {}),
    (NOTIFICATIONS, [("state", 1), ("due_at", 1)], {}),
    (NOTIFICATIONS, [("state", 1), ("planned_at", 1)], {}),
    (ATTEMPTS, [("began_at", 1)], {"expireAfterSeconds": int(ATTEMPTS_KEPT.total_seconds())}),
)

_ORDER = Order(NOTIFICATIONS, ("planned_at", -1), ("_id", -1))
_DELIVERY = TypeAdapter(Delivery)
_CONTENT: Mapping[str, TypeAdapter[Any]] = {
    Kind.BRIEF: TypeAdapter(Brief),
    Kind.SUMMARY: TypeAdapter(Summary),
    Kind.REMINDER: TypeAdapter(Reminder),
    Kind.LEAVE: TypeAdapter(LeaveNews),
    Kind.SWAP: TypeAdapter(SwapNews),
    Kind.OPEN_SHIFTS: TypeAdapter(OpenShifts),
    Kind.ROTA: TypeAdapter(Duties),
    Kind.SHIFT: TypeAdapter(Duties),
}
_HANDOVER = ("handover", TypeAdapter(Handover))
_CHANGE = ("change", TypeAdapter(DutyChange))
_ABOUT: Mapping[str, tuple[str, TypeAdapter[Any]]] = {
    Kind.BRIEF: _HANDOVER,
    Kind.SUMMARY: _HANDOVER,
    Kind.REMINDER: ("expiry", TypeAdapter(Expiry)),
    Kind.LEAVE: ("leave", TypeAdapter(LeaveRequest)),
    Kind.SWAP: ("swap", TypeAdapter(SwapOffer)),
    Kind.OPEN_SHIFTS: ("opening", TypeAdapter(Opening)),
    Kind.ROTA: _CHANGE,
    Kind.SHIFT: _CHANGE,
}
"""Of each kind, what it is about: the field of the row that has it, and its form."""
_UNDER_WAY = (DeliveryState.PLANNED.value, DeliveryState.SENDING.value)
_NEEDS_A_PERSON = (DeliveryState.UNKNOWN.value, DeliveryState.FAILED.value)

UNFINISHED = tuple(DeliveryState(state) for state in (*_UNDER_WAY, *_NEEDS_A_PERSON))
"""States from which something is still to happen; all others hold the past and only grow."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notification and how it is going."""

    notification: Notification
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Attempt:
    """The mail as it is about to be sent, and by which process."""

    notification_id: str
    number: int
    letter: Letter
    began_at: datetime
    process: str

    @property
    def id(self) -> str:
        return f"{self.notification_id}#{self.number}"


class Deliveries:
    def __init__(self, mongo: Mongo) -> None:
        self._notifications = mongo.collection(NOTIFICATIONS)
        self._attempts = mongo.collection(ATTEMPTS)

    # Within a transaction

    async def known(self, session: Session, ids: Iterable[str]) -> set[str]:
        found = self._notifications.find({"_id": {"$in": [*ids]}}, {"_id": 1}, session=session)
        return {row["_id"] async for row in found}

    async def add(self, session: Session, told: Told, clients: Iterable[str | None]) -> None:
        row = {
            "_id": told.notification.id,
            **_about(told.notification),
            "content": _content(told.notification),
            "clients": _sorted(clients),
            **_fields(told.delivery),
        }
        await self._notifications.insert_one(row, session=session)

    async def load(self, session: Session, notification_id: str) -> Told | None:
        row = await self._notifications.find_one({"_id": notification_id}, session=session)
        return None if row is None else _told(row)

    async def save(self, session: Session, before: Delivery, after: Delivery) -> None:
        """Raises `Conflict` if somebody has changed it since it was loaded."""
        query = {"_id": before.notification_id, "version": before.version}
        update = {"$set": _fields(after)}
        result = await self._notifications.update_one(query, update, session=session)
        if result.matched_count != 1:
            raise Conflict(f"{before.notification_id} has changed meanwhile")

    async def narrow(
        self, session: Session, notification: Notification, clients: Iterable[str | None]
    ) -> None:
        """Keep what was told in the end, which may be less than what was planned."""
        update = {"$set": {"content": _content(notification), "clients": _sorted(clients)}}
        await self._notifications.update_one({"_id": notification.id}, update, session=session)

    async def add_attempt(self, session: Session, attempt: Attempt) -> None:
        row = {
            "_id": attempt.id,
            "notification_id": attempt.notification_id,
            "number": attempt.number,
            "message_id": attempt.letter.message_id,
            "sender": attempt.letter.sender,
            "recipient": attempt.letter.recipient,
            "mail": attempt.letter.mail,
            "began_at": attempt.began_at,
            "process": attempt.process,
            "outcome": None,
            "ended_at": None,
        }
        await self._attempts.insert_one(row, session=session)

    async def end_attempt(
        self, session: Session, attempt: Attempt, outcome: Outcome, now: datetime
    ) -> None:
        said = TypeAdapter(type(outcome)).dump_python(outcome)
        update = {"outcome": {"kind": type(outcome).__name__.lower(), **said}, "ended_at": now}
        await self._attempts.update_one({"_id": attempt.id}, {"$set": update}, session=session)

    # For the sender

    async def due(self, now: datetime, limit: int) -> list[str]:
        """What waits longest first."""
        query = {"state": DeliveryState.PLANNED.value, "due_at": {"$lte": now}}
        found = self._notifications.find(query, {"_id": 1}).sort("due_at", 1).limit(limit)
        return [row["_id"] async for row in found]

    async def sending(self, since: datetime) -> list[str]:
        """What has been under way since then, or longer."""
        query = {"state": DeliveryState.SENDING.value, "changed_at": {"$lte": since}}
        found = self._notifications.find(query, {"_id": 1})
        return [row["_id"] async for row in found]

    # For readers

    async def one(self, reader: Identity, notification_id: str) -> Told | None:
        query = {"$and": [{"_id": notification_id}, _visible_to(reader)]}
        row = await self._notifications.find_one(query)
        return None if row is None else _told(row)

    async def page(
        self,
        reader: Identity,
        *,
        own: bool,
        state: DeliveryState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[Told], str | None]:
        """Latest first, and the cursor of the next page."""
        wanted: Document = {"member_id": reader.member_id} if own else {}
        if state is not None:
            wanted["state"] = state.value
        query = {"$and": [_visible_to(reader), wanted, _ORDER.after(cursor)]}
        rows = self._notifications.find(query).sort(_ORDER.sort).limit(limit + 1)
        shown, next_cursor = _ORDER.split(await rows.to_list(limit + 1), limit)
        return [_told(row) for row in shown], next_cursor

    async def count_unnoted(self, reader: Identity) -> int:
        """The reader's own briefs that wait to be taken note of."""
        return await self._notifications.count_documents(
            {
                "member_id": reader.member_id,
                "kind": Kind.BRIEF.value,
                "acknowledged_at": None,
                "state": {"$ne": DeliveryState.SUPERSEDED.value},
            }
        )

    async def for_a_person(self, reader: Identity, limit: int = 50) -> list[Told]:
        """What does not go on without a person's decision, oldest first."""
        query = {"$and": [_visible_to(reader), {"state": {"$in": [*_NEEDS_A_PERSON]}}]}
        rows = self._notifications.find(query).sort("changed_at", 1).limit(limit)
        return [_told(row) async for row in rows]

    # For the metrics

    async def count_unfinished(self) -> dict[DeliveryState, int]:
        """By each state of `UNFINISHED`; from the index alone, however many are finished."""
        groups = self._notifications.aggregate(
            [
                {"$match": {"state": {"$in": [state.value for state in UNFINISHED]}}},
                {"$group": {"_id": "$state", "n": {"$sum": 1}}},
            ]
        )
        found = {row["_id"]: row["n"] async for row in groups}
        return {state: found.get(state.value, 0) for state in UNFINISHED}

    async def oldest_undelivered(self) -> datetime | None:
        row = await self._notifications.find_one(
            {"state": {"$in": [*_UNDER_WAY]}}, {"planned_at": 1}, sort=[("planned_at", 1)]
        )
        return None if row is None else row["planned_at"]


def _visible_to(reader: Identity) -> Document:
    own = {"member_id": reader.member_id}
    if not reader.may(Permission.NOTIFICATIONS_READ_ALL):
        return own
    clients = reader.scope.clients
    if clients is None:
        return {}
    outside = {"clients": {"$elemMatch": {"$nin": sorted(clients)}}}
    return {"$or": [own, {"$nor": [outside]}]}


def _fields(delivery: Delivery) -> Document:
    """What changes while it is on its way, and its keys."""
    fields: Document = _DELIVERY.dump_python(delivery)
    del fields["about"]
    return fields


def _about(notification: Notification) -> Document:
    name, form = _ABOUT[notification.kind]
    row: Document = {name: form.dump_python(notification.about)}
    if isinstance(notification.about, Handover):
        row["handover_id"] = notification.about.id
    return row


def _content(notification: Notification) -> Document:
    return dict(_CONTENT[notification.kind].dump_python(notification.content))


def _sorted(clients: Iterable[str | None]) -> list[str | None]:
    """None stands for a client not heard of yet: no limited scope allows it."""
    return sorted(set(clients), key=lambda client: client or "")


def _told(row: Document) -> Told:
    name, form = _ABOUT[row["kind"]]
    about: About = form.validate_python(row[name])
    fields = {name: row[name] for name in Delivery.__dataclass_fields__ if name != "about"}
    notification = Notification(
        about=about,
        member_id=row["member_id"],
        content=_CONTENT[row["kind"]].validate_python(row["content"]),
    )
    return Told(notification, _DELIVERY.validate_python({**fields, "about": about}))
