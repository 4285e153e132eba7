"""What the platform remembers, in one SQLite file that survives restarts and kills.

    pages       posts       messages       switches {name, value}
    deliveries  {message_id, copies, attempts, due_at, reason}: what is still to be delivered

A message and its delivery are stored together, and a delivery goes only when the webhook has
taken it. All calls are short and are made from the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.platform.domain import Delivery, Kind, Message, Network, Page, Post

__all__ = ["Store", "Waiting"]

Waiting = tuple[int, str]
"""How often a delivery was tried, and what came of the last time."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    id TEXT PRIMARY KEY, network TEXT NOT NULL, name TEXT NOT NULL, handle TEXT NOT NULL,
    topic TEXT NOT NULL, webhook_url TEXT, webhook_secret TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS posts (
    id TEXT PRIMARY KEY, page_id TEXT NOT NULL REFERENCES pages, text TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, page_id TEXT NOT NULL REFERENCES pages, author_id TEXT NOT NULL,
    author_name TEXT NOT NULL, kind TEXT NOT NULL, thread TEXT, text TEXT NOT NULL,
    sent_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS latest ON messages (page_id, sent_at);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE REFERENCES messages,
    copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS due ON deliveries (due_at);
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
_MESSAGE = "m.id, m.page_id, m.author_id, m.author_name, m.kind, m.thread, m.text, m.sent_at"


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    # Pages and what they have published

    def put_page(self, page: Page) -> None:
        """New, or changed; its messages stay. A webhook that is left out stays as well."""
        self._database.execute(
            "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "network = excluded.network, name = excluded.name, handle = excluded.handle, "
            "topic = excluded.topic, "
            "webhook_url = coalesce(excluded.webhook_url, webhook_url), "
            "webhook_secret = coalesce(excluded.webhook_secret, webhook_secret)",
            astuple(page),
        )

    def pages(self) -> list[Page]:
        rows = self._database.execute("SELECT * FROM pages ORDER BY name, network")
        return [_page(row) for row in rows]

    def page(self, page_id: str) -> Page | None:
        rows = self._database.execute("SELECT * FROM pages WHERE id = ?", [page_id])
        return next((_page(row) for row in rows), None)

    def put_post(self, post: Post) -> None:
        self._database.execute(
            "INSERT INTO posts VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET text = excluded.text",
            astuple(post),
        )

    def posts(self, page_id: str) -> list[Post]:
        rows = self._database.execute(
            "SELECT * FROM posts WHERE page_id = ? ORDER BY id", [page_id]
        )
        return [Post(*row) for row in rows]

    # Messages

    def add_message(self, message: Message, *, copies: int, due_at: datetime) -> bool:
        """With its delivery, in one transaction. False if there is one with its id already."""
        with self._transaction() as database:
            added = database.execute(
                "INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*astuple(message)[:-1], _text(message.sent_at)),
            )
            if added.rowcount:
                database.execute(
                    "INSERT INTO deliveries (message_id, copies, due_at) VALUES (?, ?, ?)",
                    (message.id, copies, _text(due_at)),
                )
        return bool(added.rowcount)

    def messages(self, page_id: str, limit: int) -> list[tuple[Message, Waiting | None]]:
        """The latest first; with each, how its delivery goes, None once that is over."""
        rows = self._database.execute(
            f"SELECT d.attempts, d.reason, {_MESSAGE} FROM messages m "  # noqa: S608 - our columns
            "LEFT JOIN deliveries d ON d.message_id = m.id WHERE m.page_id = ? "
            "ORDER BY m.sent_at DESC, m.id DESC LIMIT ?",
            (page_id, limit),
        )
        return [
            (_message(rest), None if attempts is None else (attempts, reason))
            for attempts, reason, *rest in rows
        ]

    def message(self, message_id: str) -> Message | None:
        rows = self._database.execute(
            f"SELECT {_MESSAGE} FROM messages m WHERE id = ?",  # noqa: S608 - our columns
            [message_id],
        )
        return next((_message(row) for row in rows), None)

    def count_messages(self) -> int:
        [count] = self._database.execute("SELECT count(*) FROM messages").fetchone()
        return int(count)

    # Deliveries

    def due(self, now: datetime, limit: int) -> list[Delivery]:
        """What may be tried now, the longest waiting first."""
        rows = self._database.execute(
            "SELECT d.id, p.webhook_url, p.webhook_secret, d.copies, d.attempts, "  # noqa: S608
            f"{_MESSAGE} FROM deliveries d JOIN messages m ON m.id = d.message_id "
            "JOIN pages p ON p.id = m.page_id WHERE p.webhook_url IS NOT NULL AND d.due_at <= ? "
            "ORDER BY d.due_at, d.id LIMIT ?",
            (_text(now), limit),
        )
        return [
            Delivery(id, _message(rest), url, secret, copies, attempts)
            for id, url, secret, copies, attempts, *rest in rows
        ]

    def taken(self, delivery: Delivery) -> None:
        """It has arrived as often as it was to."""
        self._database.execute("DELETE FROM deliveries WHERE id = ?", [delivery.id])

    def try_again(self, delivery: Delivery, *, copies: int, due_at: datetime, reason: str) -> None:
        self._database.execute(
            "UPDATE deliveries SET copies = ?, attempts = attempts + 1, due_at = ?, reason = ? "
            "WHERE id = ?",
            (copies, _text(due_at), reason, delivery.id),
        )

    def count_waiting(self) -> int:
        [count] = self._database.execute("SELECT count(*) FROM deliveries").fetchone()
        return int(count)

    # Switches

    def is_on(self, switch: str) -> bool:
        rows = self._database.execute("SELECT value FROM switches WHERE name = ?", [switch])
        return any(value for (value,) in rows)

    def turn(self, switch: str, *, on: bool) -> None:
        self._database.execute("INSERT OR REPLACE INTO switches VALUES (?, ?)", (switch, int(on)))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _text(at: datetime) -> str:
    """Sorts as the instants do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _page(row: tuple[str, ...]) -> Page:
    id, network, name, handle, topic, url, secret = row
    return Page(id, Network(network), name, handle, topic, url, secret)


def _message(row: tuple[str, ...] | list[str]) -> Message:
    id, page_id, author, name, kind, thread, text, sent_at = row
    return Message(
        id, page_id, author, name, Kind(kind), thread, text, datetime.fromisoformat(sent_at)
    )
