"""What people do with tasks. Each runs in the transaction it is given.

Whoever assigns reads the coverage or presence row in the same transaction (`Rows`), so that no
task lands on somebody who has just called in sick, however the two commits fall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from services.planner.directory.store import DirectoryStore
from services.planner.directory.usecases import known_client, known_pages
from services.planner.errors import check_version
from services.planner.tasks import domain
from services.planner.tasks.domain import Task, TaskEdit, TaskKind
from services.planner.tasks.store import TaskStore
from services.planner.team.store import TeamStore
from shared.auth import Identity
from shared.errors import N_, FieldError, InvalidRequest, NotAllowedNow
from shared.events.disciplines import Discipline
from shared.handover.rows import Rows
from shared.handover.rule import Holding, destination
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "MemberAbsent",
    "MemberWithoutAccess",
    "NewTask",
    "PageRequired",
    "TaskRef",
    "UnknownMember",
    "add_task",
    "assign_task",
    "change_task",
    "create_task",
    "drop_task",
    "finish_task",
    "reopen_task",
    "return_task",
    "start_task",
]


class PageRequired(InvalidRequest):
    code = "page_required"
    title = N_("The page is missing")
    detail = N_("The work of this discipline belongs to one page.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/page_id", self.detail)])


class UnknownMember(InvalidRequest):
    code = "unknown_member"
    title = N_("There is no such member")
    detail = N_("The team has no member with this id.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/member_id", self.detail)])


class MemberAbsent(NotAllowedNow):
    code = "member_absent"
    title = N_("The member is away")
    detail = N_("Nothing can be given to somebody who is away.")
    remedy = N_("Choose somebody who is here, or leave it to whoever acts for the responsibility.")


class MemberWithoutAccess(NotAllowedNow):
    code = "member_without_access"
    title = N_("The member has no access to this client")
    detail = N_("Tasks of a client can be given to people who see the client only.")
    remedy = N_("Choose somebody else, or have a lead give access.")


@dataclass(frozen=True, slots=True)
class NewTask:
    """`page_id` says that the work belongs to one page."""

    client_id: str
    discipline: Discipline
    title: str
    due_at: datetime
    page_id: str | None = None
    content_id: str | None = None
    campaign_id: str | None = None
    kind: TaskKind = TaskKind.WORK
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task as its caller last saw it. Moves do not count: they leave the version alone."""

    id: str
    version: int


async def add_task(
    tx: Transaction, tasks: TaskStore, rows: Rows, new: NewTask, now: datetime
) -> Task:
    """Give a new task to whoever acts for its responsibility, or to nobody in a gap.

    That client, page and content belong together is for the caller to see to.
    Raises `PageRequired`.
    """
    if new.discipline.per_page and new.page_id is None:
        raise PageRequired
    responsibility_id = await rows.responsibility(tx, new.client_id, new.page_id, new.discipline)
    task = Task(
        id=new_id(),
        client_id=new.client_id,
        discipline=new.discipline,
        responsibility_id=responsibility_id,
        title=new.title,
        due_at=new.due_at,
        created_at=now,
        holder=await rows.acting(tx, responsibility_id),
        page_id=new.page_id,
        content_id=new.content_id,
        campaign_id=new.campaign_id,
        kind=new.kind,
        revision=new.revision,
    )
    await tasks.insert(tx, task)
    return task


async def create_task(
    tx: Transaction,
    directory: DirectoryStore,
    tasks: TaskStore,
    rows: Rows,
    who: Identity,
    new: NewTask,
    now: datetime,
) -> Task:
    """A task for a client or page as such. Raises `UnknownReference`, `PageRequired`."""
    await known_client(tx, directory, who, new.client_id)
    if new.page_id is not None:
        await known_pages(tx, directory, who, new.client_id, {"/page_id": new.page_id})
    return await add_task(tx, tasks, rows, new, now)


async def start_task(tx: Transaction, tasks: TaskStore, who: Identity, ref: TaskRef) -> Task:
    """Raises `NotFound`, `StaleVersion`, `WrongStep`."""
    return await _step(tx, tasks, who, ref, lambda task: domain.start(task, who.member_id))


async def finish_task(
    tx: Transaction, tasks: TaskStore, who: Identity, ref: TaskRef, now: datetime
) -> Task:
    """Raises `NotFound`, `StaleVersion`, `WrongStep`, `DecidedOnContent`."""
    return await _step(tx, tasks, who, ref, lambda task: domain.finish(task, who.member_id, now))


async def drop_task(
    tx: Transaction, tasks: TaskStore, who: Identity, ref: TaskRef, now: datetime
) -> Task:
    """Raises `NotFound`, `StaleVersion`, `WrongStep`."""
    return await _step(tx, tasks, who, ref, lambda task: domain.drop(task, who.member_id, now))


async def change_task(
    tx: Transaction, tasks: TaskStore, who: Identity, ref: TaskRef, **edit: Unpack[TaskEdit]
) -> Task:
    """Raises `NotFound`, `StaleVersion`."""
    return await _step(tx, tasks, who, ref, lambda task: domain.change(task, who.member_id, **edit))


async def reopen_task(
    tx: Transaction, tasks: TaskStore, rows: Rows, who: Identity, ref: TaskRef
) -> Task:
    """By the rule of the handover: with its holder if that is right today, else home or to whoever
    acts for the responsibility. With anybody but its holder it is at home.

    Raises `NotFound`, `StaleVersion`, `WrongStep`, `DecidedOnContent`.
    """
    before = await _load(tx, tasks, who, ref)
    after = domain.reopen(before, await _holder_again(tx, rows, before))
    await tasks.save(tx, before, after)
    return after


async def assign_task(
    tx: Transaction,
    tasks: TaskStore,
    team: TeamStore,
    rows: Rows,
    who: Identity,
    ref: TaskRef,
    member_id: str,
) -> Task:
    """Give the task to somebody by name; it is at home with them.

    Raises `NotFound`, `StaleVersion`, `WrongStep`, and `UnknownMember`, `MemberAbsent`,
    `MemberWithoutAccess`.
    """
    before = await _load(tx, tasks, who, ref)
    after = domain.assign(before, member_id)
    present = await rows.present(tx, member_id)
    member = await team.member(who.scope, member_id, tx)
    if present is None or member is None or not member.active:
        raise UnknownMember
    if not present:
        raise MemberAbsent
    if not member.may_see(before.client_id):
        raise MemberWithoutAccess
    await tasks.save(tx, before, after)
    return after


async def return_task(
    tx: Transaction, tasks: TaskStore, rows: Rows, who: Identity, ref: TaskRef
) -> Task:
    """Give the task to whoever acts for its responsibility. Raises as `assign_task`."""
    before = await _load(tx, tasks, who, ref)
    after = domain.assign(before, await _acting(tx, rows, before))
    await tasks.save(tx, before, after)
    return after


async def _holder_again(tx: Transaction, rows: Rows, task: Task) -> str | None:
    acting = await _acting(tx, rows, task)
    asked = {member for member in (task.holder, task.home, acting) if member is not None}
    present = {member for member in sorted(asked) if await rows.present(tx, member)}
    last = Holding(task.holder, task.home, task.touched)
    moved = destination(last, present=present.__contains__, acting=acting)
    return task.holder if moved is None else moved.holder


async def _acting(tx: Transaction, rows: Rows, task: Task) -> str | None:
    return await rows.acting(tx, task.responsibility_id, client_id=task.client_id)


async def _load(tx: Transaction, tasks: TaskStore, who: Identity, ref: TaskRef) -> Task:
    task = await tasks.get(who.scope, ref.id, tx)
    check_version(ref.version, task.version)
    return task


async def _step(
    tx: Transaction,
    tasks: TaskStore,
    who: Identity,
    ref: TaskRef,
    step: Callable[[Task], Task],
) -> Task:
    before = await _load(tx, tasks, who, ref)
    after = step(before)
    await tasks.save(tx, before, after)
    return after
