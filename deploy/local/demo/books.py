"""What the four databases and the mailbox say, read directly and side by side."""

from __future__ import annotations

import mailbox
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pymongo import AsyncMongoClient

__all__ = ["Books", "Client", "Item", "Key", "Move", "read_books", "read_mail"]

Client = AsyncMongoClient[dict[str, Any]]
Row = Mapping[str, Any]

_ITEMS = {"planner": "tasks", "scheduler": "publications", "inbox": "conversations"}
"""Who holds work items, and in which collection."""


class Key(NamedTuple):
    """An item, wherever it is spoken of."""

    service: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Item:
    open: bool
    holder: str | None
    home: str | None
    touched: bool
    move_no: int
    responsibility_id: str


@dataclass(frozen=True, slots=True)
class Move:
    """One item's move as a receipt tells it."""

    handover_id: str
    key: Key
    label: str
    move_no: int
    from_holder: str | None
    to_holder: str | None


@dataclass(frozen=True)
class Books:
    """`parts` and `runs` are by handover and service: the scheduler's copy of what was answered,
    and what the participant itself has counted. `mails` are Message-IDs, each as often as it came.
    """

    items: Mapping[Key, Item]
    moves: Sequence[Move]
    handovers: Mapping[str, Row]
    parts: Mapping[tuple[str, str], Sequence[Row]]
    runs: Mapping[tuple[str, str], Row]
    absent: frozenset[str]
    acting: Mapping[str, str | None]
    notifications: Mapping[str, Row]
    attempts: Mapping[str, Row]
    mails: Sequence[str]

    def moves_of(self, handover_id: str) -> dict[Key, list[Move]]:
        found: dict[Key, list[Move]] = defaultdict(list)
        for move in self.moves:
            if move.handover_id == handover_id:
                found[move.key].append(move)
        return found

    def held_by(self, member_id: str) -> frozenset[Key]:
        """The open items that the member has."""
        return frozenset(
            key for key, item in self.items.items() if item.open and item.holder == member_id
        )


async def read_books(client: Client, prefix: str, mail: Path) -> Books:
    """`prefix` of the databases' names; `mail` is a Maildir."""

    async def rows(service: str, collection: str) -> list[dict[str, Any]]:
        return await client[f"{prefix}{service}"][collection].find().to_list()

    items = {
        Key(service, row["_id"]): _item(row)
        for service, collection in _ITEMS.items()
        for row in await rows(service, collection)
    }
    parts = await rows("scheduler", "receipt_parts")
    return Books(
        items=items,
        moves=tuple(_moves(parts)),
        handovers={row["_id"]: row for row in await rows("scheduler", "handovers")},
        parts=_by_handover(parts),
        runs={
            (row["_id"], service): row
            for service in _ITEMS
            for row in await rows(service, "handover_runs")
        },
        absent=frozenset(
            row["_id"] for row in await rows("scheduler", "members") if not row["present"]
        ),
        acting={row["_id"]: row["acting"] for row in await rows("scheduler", "coverage")},
        notifications={row["_id"]: row for row in await rows("notifier", "notifications")},
        # Before the attempts: of what is being sent meanwhile, the attempt is there first.
        mails=tuple(read_mail(mail)),
        attempts={row["message_id"]: row for row in await rows("notifier", "attempts")},
    )


def read_mail(mail: Path) -> Iterable[str]:
    """The Message-ID of each mail that the local SMTP server has taken."""
    if mail.exists():
        for message in mailbox.Maildir(mail, create=False):
            yield str(message["Message-ID"]).strip()


def _item(row: Row) -> Item:
    return Item(
        open=row["open"],
        holder=row["holder"],
        home=row["home"],
        touched=row["touched"],
        move_no=row["move_no"],
        responsibility_id=row["responsibility_id"],
    )


def _moves(parts: Iterable[Row]) -> Iterable[Move]:
    for part in parts:
        for move in part["moves"]:
            yield Move(
                handover_id=part["handover_id"],
                key=Key(part["participant"], move["item_id"]),
                label=move["label"],
                move_no=move["move_no"],
                from_holder=move["from_holder"],
                to_holder=move["to_holder"],
            )


def _by_handover(parts: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for part in parts:
        found[part["handover_id"], part["participant"]].append(part)
    return {key: sorted(told, key=lambda part: part["part"]) for key, told in found.items()}
