"""Do the books balance? Reads the four databases and says what does not add up.

Nobody absent holds open work; work of a covered responsibility has a holder; each item's moves
chain without a hole and no move is told twice; every completed receipt's parts equal its totals;
no message is doubled, and each conversation's messages are numbered without a hole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any

from pymongo import MongoClient

__all__ = ["Books", "Row"]

_ITEMS = (("planner", "tasks"), ("scheduler", "publications"), ("inbox", "conversations"))
_COME_AND_GO = {"leases", "outbox", "due", "settlements"}
_SERVICES = ("planner", "scheduler", "inbox", "notifier")
Row = dict[str, Any]


class Books:
    def __init__(self, client: MongoClient[Row], prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def rows(self, service: str, collection: str, query: Row | None = None) -> list[Row]:
        return list(self._client[f"{self._prefix}{service}"][collection].find(query or {}))

    def count(self, service: str, collection: str, query: Row | None = None) -> int:
        return self._client[f"{self._prefix}{service}"][collection].count_documents(query or {})

    # Being at rest

    def at_rest(self) -> bool:
        """Nothing is under way: all events are sent, all runs answered, all receipts closed."""
        return not (
            any(self.count(name, "outbox", {"published_at": None}) for name in _SERVICES)
            or any(
                self.count(name, "handover_runs", {"state": {"$ne": "answered"}})
                for name, _ in _ITEMS
            )
            or self.count("scheduler", "handovers", {"state": "open"})
            or self.count("planner", "handover_runs") != self.count("scheduler", "handovers")
            or self.count("inbox", "handover_runs") != self.count("scheduler", "handovers")
        )

    # What does not add up

    def faults(self, given: AbstractSet[str] = frozenset()) -> list[str]:
        """Empty when the books balance. `given` are items that people gave to somebody, or took:
        whoever has them then has them at home."""
        return [*self._holders(), *self._moves(given), *self._receipts(), *self._messages()]

    def _holders(self) -> Iterator[str]:
        absent = {row["_id"] for row in self.rows("scheduler", "members", {"present": False})}
        acting = {row["_id"]: row["acting"] for row in self.rows("scheduler", "coverage")}
        for service, collection in _ITEMS:
            for item in self.rows(service, collection, {"open": True}):
                where = f"{service}/{collection}/{item['_id']}"
                if item["holder"] in absent:
                    yield f"{where} is held by {item['holder']}, who is absent"
                if item["holder"] is None and acting.get(item["responsibility_id"]) is not None:
                    yield f"{where} is uncovered, {item['responsibility_id']} is not"
                if item["home"] is not None and item["home"] == item["holder"]:
                    yield f"{where} is at home and says it is not"

    def _moves(self, given: AbstractSet[str]) -> Iterator[str]:
        told: dict[str, list[Row]] = defaultdict(list)
        for part in self.rows("scheduler", "receipt_parts"):
            for move in part["moves"]:
                told[move["item_id"]].append(move)
        for item_id, moves in told.items():
            moves.sort(key=lambda move: int(move["move_no"]))
            if [move["move_no"] for move in moves] != list(range(1, len(moves) + 1)):
                yield f"moves of {item_id} have a hole or a double: {[m['move_no'] for m in moves]}"
            for before, after in pairwise(moves if item_id not in given else ()):
                if before["home"] is not None and after["home"] not in {before["home"], None}:
                    yield f"{item_id} forgot its home {before['home']}"
        for service, collection in _ITEMS:
            for item in self.rows(service, collection):
                moves = told.get(item["_id"], [])
                if item["move_no"] != len(moves):
                    yield f"{item['_id']} moved {item['move_no']} times, told {len(moves)}"

    def _receipts(self) -> Iterator[str]:
        parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for part in self.rows("scheduler", "receipt_parts"):
            parts[part["handover_id"], part["participant"]].append(part)
        for handover in self.rows("scheduler", "handovers"):
            for participant in handover["participants"]:
                told = parts[handover["_id"], participant]
                moved = sum(len(part["moves"]) for part in told)
                totals = [part["total"] for part in told if part["total"] is not None]
                if totals != [moved]:
                    yield f"{handover['number']}/{participant}: {moved} moves, totals {totals}"

    def _messages(self) -> Iterator[str]:
        arrivals: dict[str, list[int]] = defaultdict(list)
        for message in self.rows("inbox", "messages"):
            arrivals[message["conversation_id"]].append(message["arrival"])
        for conversation in self.rows("inbox", "conversations"):
            numbers = sorted(arrivals.pop(conversation["_id"], []))
            if numbers != list(range(1, conversation["messages"] + 1)):
                yield f"conversation {conversation['_id']} has messages {numbers}"
        for conversation_id in arrivals:
            yield f"messages of a conversation that is not there: {conversation_id}"

    def doubled_notifications(self) -> list[str]:
        """Persons who were told of one cause more than once."""
        causes = Counter(
            (str(row.get("expiry", row.get("handover_id"))), row["member_id"], row["kind"])
            for row in self.rows("notifier", "notifications")
        )
        return [str(cause) for cause, times in causes.items() if times > 1]

    # All there is, for comparing before and after a redelivery

    def everything(self, *, machinery: bool = False) -> dict[str, list[Row]]:
        """All documents, by database and collection; with `machinery` those that come and go."""
        found: dict[str, list[Row]] = {}
        for service in _SERVICES:
            database = self._client[f"{self._prefix}{service}"]
            for name in sorted(database.list_collection_names()):
                if machinery or name not in _COME_AND_GO:
                    found[f"{service}/{name}"] = list(database[name].find().sort("_id", 1))
        return found
