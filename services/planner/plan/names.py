"""Names for the ids that tasks and content items carry, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.content.domain import ContentItem
from services.planner.content.usecases import Desk
from services.planner.directory.domain import Client, Page
from services.planner.tasks.domain import Task
from services.planner.team.store import Member, TeamStore
from shared.auth import Scope

__all__ = ["Names", "TaskRow", "holding", "load_names", "task_rows"]


@dataclass(frozen=True, slots=True)
class Names:
    """Everything in the scope, archived or not, because old items go on naming it."""

    clients: dict[str, Client]
    pages: dict[str, Page]
    members: dict[str, Member]

    def client(self, client_id: str) -> str:
        known = self.clients.get(client_id)
        return client_id if known is None else known.name

    def chosen(self, client_id: str | None) -> Client | None:
        """The client of a new thing: the one asked for, or the only one there is."""
        present = self.present_clients
        if client_id is None and len(present) == 1:
            return present[0]
        return next((client for client in present if client.id == client_id), None)

    @property
    def present_clients(self) -> list[Client]:
        return [client for client in self.clients.values() if not client.archived]

    def member(self, member_id: str | None) -> Member | None:
        """Somebody the directory has not told of yet, or no longer, is shown by their id."""
        if member_id is None:
            return None
        return self.members.get(member_id) or _stranger(member_id)

    def pages_of(self, client_id: str) -> list[Page]:
        return [p for p in self.pages.values() if p.client_id == client_id and not p.archived]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task with names. `home` is whom the holder stands in for."""

    task: Task
    client: str
    page: Page | None
    content: ContentItem | None
    holder: Member | None
    home: Member | None

    @property
    def holding(self) -> str:
        return holding(self.holder, self.task.home)


def holding(holder: Member | None, home: str | None) -> str:
    """In the design's grammar: owner filled, deputy outlined, away hatched, gap red."""
    if holder is None:
        return "gap"
    if not holder.present:
        return "away"
    return "owner" if home is None else "deputy"


async def load_names(desk: Desk, team: TeamStore, scope: Scope) -> Names:
    clients = await desk.directory.clients(scope, archived=True)
    pages = await desk.directory.pages(scope, archived=True)
    return Names(
        clients={client.id: client for client in clients},
        pages={page.id: page for page in pages},
        members=await team.members(scope),
    )


async def task_rows(desk: Desk, names: Names, scope: Scope, tasks: Sequence[Task]) -> list[TaskRow]:
    """The tasks with names, in the same order."""
    ids = {task.content_id for task in tasks if task.content_id is not None}
    content = await desk.content.by_id(scope, ids) if ids else {}
    return [
        TaskRow(
            task=task,
            client=names.client(task.client_id),
            page=names.pages.get(task.page_id or ""),
            content=content.get(task.content_id or ""),
            holder=names.member(task.holder),
            home=names.member(task.home),
        )
        for task in tasks
    ]


def _stranger(member_id: str) -> Member:
    return Member(
        id=member_id, name=member_id, initials="", colour=0, clients=None, active=True, present=True
    )
