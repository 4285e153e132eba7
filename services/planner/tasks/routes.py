"""Tasks over HTTP, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.planner.callers import Reader, Writer
from services.planner.directory.routes import Directory
from services.planner.fields import UNCHANGED, Id, Instant, Listing, Name
from services.planner.tasks import usecases
from services.planner.tasks.domain import Task, TaskEdit, TaskKind, TaskStatus
from services.planner.tasks.store import TaskFilter, TaskStore
from services.planner.tasks.usecases import NewTask, TaskRef
from services.planner.team.store import TeamStore
from shared.auth import Identity
from shared.events.disciplines import Discipline
from shared.handover.rows import Rows
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Router, Served, StrictModel, reply

__all__ = [
    "ME",
    "NOBODY",
    "Coverage",
    "Ref",
    "TaskBody",
    "TaskPatch",
    "TaskView",
    "Tasks",
    "Team",
    "created",
    "router",
]

router = Router(prefix="/api/v1/tasks", tags=["tasks"])

ME, NOBODY = "me", "none"


async def _tasks(request: Request) -> TaskStore:
    store: TaskStore = request.app.state.tasks
    return store


async def _team(request: Request) -> TeamStore:
    store: TeamStore = request.app.state.team
    return store


async def _rows(request: Request) -> Rows:
    rows: Rows = request.app.state.rows
    return rows


async def _ref(task_id: str, version: IfMatch) -> TaskRef:
    return TaskRef(task_id, version)


Tasks = Annotated[TaskStore, Depends(_tasks)]
Team = Annotated[TeamStore, Depends(_team)]
Coverage = Annotated[Rows, Depends(_rows)]
Ref = Annotated[TaskRef, Depends(_ref)]


class TaskQuery(Listing):
    """`due_to` is the first instant not included."""

    client: str | None = None
    page: str | None = None
    campaign: str | None = None
    content: str | None = None
    holder: Annotated[
        str | None, Field(description=f"A member's id, `{ME}`, or `{NOBODY}` for uncovered ones")
    ] = None
    discipline: Discipline | None = None
    status: tuple[TaskStatus, ...] = ()
    open: bool | None = None
    due_from: Instant | None = None
    due_to: Instant | None = None

    def wanted(self, who: Identity) -> TaskFilter:
        return TaskFilter(
            client_id=self.client,
            page_id=self.page,
            campaign_id=self.campaign,
            content_id=self.content,
            holder=who.member_id if self.holder == ME else self.holder,
            uncovered=self.holder == NOBODY,
            open=self.open,
            discipline=self.discipline,
            statuses=frozenset(self.status),
            due_from=self.due_from,
            due_to=self.due_to,
        )


class TaskView(BaseModel):
    """`holder` null: nobody has it. `home`: whom it goes back to, if it was moved away."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str
    page_id: str | None
    content_id: str | None
    campaign_id: str | None
    responsibility_id: str
    discipline: Discipline
    kind: TaskKind
    revision: int | None
    title: str
    due_at: datetime
    status: TaskStatus
    holder: str | None
    home: str | None
    created_at: datetime
    finished_at: datetime | None
    finished_by: str | None
    version: int


class TaskBody(StrictModel):
    """A task for a client or page as such; those of a content item are created there."""

    client_id: Id
    page_id: Id | None = None
    discipline: Discipline
    title: Name
    due_at: Instant


class TaskPatch(StrictModel):
    title: Name = UNCHANGED
    due_at: Instant = UNCHANGED


class AssignBody(StrictModel):
    """`member_id` null: to whoever acts for the task's responsibility."""

    member_id: Id | None


@router.get("")
async def list_tasks(
    who: Reader, tasks: Tasks, query: Annotated[TaskQuery, Query()]
) -> Page[TaskView]:
    """By due time."""
    found = await tasks.slice(who.scope, query.wanted(who), query.cursor, query.limit)
    views = [TaskView.model_validate(task) for task in found.items]
    return Page(items=views, next_cursor=found.next_cursor)


@router.post("", status_code=201, response_model=TaskView)
async def create_task(
    who: Writer,
    directory: Directory,
    tasks: Tasks,
    coverage: Coverage,
    service: Served,
    once: Idempotent,
    body: TaskBody,
) -> Response:
    new = NewTask(
        client_id=body.client_id,
        page_id=body.page_id,
        discipline=body.discipline,
        title=body.title,
        due_at=body.due_at,
    )

    async def work(tx: Transaction) -> Response:
        now = service.clock()
        task = await usecases.create_task(tx, directory, tasks, coverage, who, new, now)
        return created(service, task)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{task_id}", response_model=TaskView)
async def show_task(who: Reader, tasks: Tasks, task_id: str) -> Response:
    return _reply(await tasks.get(who.scope, task_id))


@router.patch("/{task_id}", response_model=TaskView)
async def change_task(
    who: Writer, tasks: Tasks, service: Served, ref: Ref, body: TaskPatch
) -> Response:
    edit = cast("TaskEdit", body.model_dump(exclude_unset=True))
    task = await service.outbox.transaction(
        lambda tx: usecases.change_task(tx, tasks, who, ref, **edit)
    )
    return _reply(task)


@router.post("/{task_id}/start", response_model=TaskView)
async def start_task(who: Writer, tasks: Tasks, service: Served, ref: Ref) -> Response:
    task = await service.outbox.transaction(lambda tx: usecases.start_task(tx, tasks, who, ref))
    return _reply(task)


@router.post("/{task_id}/finish", response_model=TaskView)
async def finish_task(who: Writer, tasks: Tasks, service: Served, ref: Ref) -> Response:
    now = service.clock()
    task = await service.outbox.transaction(
        lambda tx: usecases.finish_task(tx, tasks, who, ref, now)
    )
    return _reply(task)


@router.post("/{task_id}/drop", response_model=TaskView)
async def drop_task(who: Writer, tasks: Tasks, service: Served, ref: Ref) -> Response:
    """Nobody needs it any more."""
    now = service.clock()
    task = await service.outbox.transaction(lambda tx: usecases.drop_task(tx, tasks, who, ref, now))
    return _reply(task)


@router.post("/{task_id}/reopen", response_model=TaskView)
async def reopen_task(
    who: Writer, tasks: Tasks, coverage: Coverage, service: Served, ref: Ref
) -> Response:
    task = await service.outbox.transaction(
        lambda tx: usecases.reopen_task(tx, tasks, coverage, who, ref)
    )
    return _reply(task)


@router.post("/{task_id}/assign", response_model=TaskView)
async def assign_task(
    who: Writer,
    tasks: Tasks,
    team: Team,
    coverage: Coverage,
    service: Served,
    ref: Ref,
    body: AssignBody,
) -> Response:
    async def work(tx: Transaction) -> Task:
        if body.member_id is None:
            return await usecases.return_task(tx, tasks, coverage, who, ref)
        return await usecases.assign_task(tx, tasks, team, coverage, who, ref, body.member_id)

    return _reply(await service.outbox.transaction(work))


def created(service: Served, task: Task) -> Response:
    """The answer to a request that made a task."""
    location = f"{service.settings.root_path}/api/v1/tasks/{task.id}"
    return _reply(task, status=201, location=location)


def _reply(task: Task, status: int = 200, location: str | None = None) -> Response:
    view = TaskView.model_validate(task)
    return reply(view, status=status, version=task.version, location=location)
