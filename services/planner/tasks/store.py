"""Tasks in MongoDB: collection `tasks`. The handover protocol moves the same documents.

`move_no` belongs to the protocol alone and is never saved here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.planner.documents import Documents, Slice, within
from services.planner.tasks.domain import Task, TaskStatus
from shared.auth import Scope
from shared.errors import NotFound
from shared.events.disciplines import Discipline
from shared.mongo import Document, Mongo
from shared.outbox import Transaction
from shared.paging import Order
from shared.service import Service

__all__ = ["TaskFilter", "TaskStore", "index_tasks"]

_TASKS = Order("tasks", ("due_at", 1), ("_id", 1))


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What to list; None and empty leave it open. `due_to` is the first instant not included.

    `uncovered` asks for open tasks that nobody holds, whatever `holder` and `open` say.
    """

    client_id: str | None = None
    page_id: str | None = None
    campaign_id: str | None = None
    content_id: str | None = None
    holder: str | None = None
    uncovered: bool = False
    open: bool | None = None
    discipline: Discipline | None = None
    statuses: frozenset[TaskStatus] = field(default_factory=frozenset)
    due_from: datetime | None = None
    due_to: datetime | None = None

    def query(self) -> Document:
        given = {
            "client_id": self.client_id,
            "page_id": self.page_id,
            "campaign_id": self.campaign_id,
            "content_id": self.content_id,
            "holder": self.holder,
            "open": self.open,
            "discipline": self.discipline,
            "status": {"$in": sorted(self.statuses)} if self.statuses else None,
            "due_at": within(self.due_from, self.due_to) or None,
        }
        query: Document = {name: value for name, value in given.items() if value is not None}
        return query | ({"holder": None, "open": True} if self.uncovered else {})


def index_tasks(service: Service) -> None:
    service.index("tasks", [("open", 1), *_TASKS.sort])
    service.index("tasks", [("client_id", 1), *_TASKS.sort])
    service.index("tasks", [("holder", 1), *_TASKS.sort])
    service.index("tasks", [("content_id", 1), *_TASKS.sort])


class TaskStore:
    def __init__(self, mongo: Mongo) -> None:
        self._tasks = Documents(mongo.collection("tasks"), Task, _derived)

    async def get(self, scope: Scope, task_id: str, tx: Transaction | None = None) -> Task:
        """Raises `NotFound`."""
        found = await self._tasks.find_one({"$and": [{"_id": task_id}, scope.mongo()]}, tx)
        if found is None:
            raise NotFound
        return found

    async def of_content(self, scope: Scope, content_id: str) -> list[Task]:
        """All tasks of a content item, by due time."""
        query = {"$and": [{"content_id": content_id}, scope.mongo()]}
        return sorted(await self._tasks.find(query), key=lambda task: (task.due_at, task.id))

    async def open_of_content(self, scope: Scope, content_id: str, tx: Transaction) -> list[Task]:
        query = {"$and": [{"content_id": content_id, "open": True}, scope.mongo()]}
        return await self._tasks.find(query, tx)

    async def open_of_each(self, scope: Scope, content_ids: Iterable[str]) -> dict[str, list[Task]]:
        """The open tasks of several content items, by due time."""
        named = {"content_id": {"$in": sorted(set(content_ids))}, "open": True}
        found: dict[str, list[Task]] = {}
        for task in sorted(
            await self._tasks.find({"$and": [named, scope.mongo()]}), key=lambda t: (t.due_at, t.id)
        ):
            found.setdefault(task.content_id or "", []).append(task)
        return found

    async def content_ids(self, scope: Scope, wanted: TaskFilter) -> frozenset[str]:
        """The content items that such tasks belong to."""
        query = {"$and": [wanted.query(), scope.mongo()]}
        found = await self._tasks.collection.distinct("content_id", query)
        return frozenset(found) - {None}

    async def refile(self, tx: Transaction, content_id: str, campaign_id: str | None) -> None:
        """Let the tasks of a content item follow it into another campaign."""
        await self._tasks.collection.update_many(
            {"content_id": content_id}, {"$set": {"campaign_id": campaign_id}}, session=tx.session
        )

    async def slice(
        self, scope: Scope, wanted: TaskFilter, cursor: str | None, limit: int
    ) -> Slice[Task]:
        query = {"$and": [wanted.query(), scope.mongo()]}
        return await self._tasks.slice(query, _TASKS, cursor, limit)

    async def count(self, scope: Scope, wanted: TaskFilter) -> int:
        query = {"$and": [wanted.query(), scope.mongo()]}
        return await self._tasks.collection.count_documents(query)

    async def insert(self, tx: Transaction, task: Task) -> None:
        await self._tasks.insert(tx, task, move_no=0)

    async def save(self, tx: Transaction, before: Task, after: Task) -> None:
        await self._tasks.save(tx, before, after)


def _derived(task: Task) -> Document:
    return {"open": task.open}
