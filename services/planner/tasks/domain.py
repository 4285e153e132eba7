"""A task: one discipline's part in the work, with exactly one responsibility and a holder. Pure.

    todo ──start──> in_progress ──finish──> done            drop: from todo and in_progress
      │                                      ^ │            reopen: from done and dropped, to todo
      ├───────────────finish─────────────────┘ │
      └<──────────────reopen───────────────────┘

An *approval* is a task too, bound to one revision of a content item. It is finished by deciding on
the item, not by a tick, and dropped when its revision is no longer the one to decide on.

Holder, home, touched and move number belong to the handover protocol (`shared.handover`). A command
by the present holder of a task that is away from home touches it, so that a handback leaves it
there. A command that names a holder makes the task at home with them. Only moves count `move_no`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypedDict, Unpack

from shared.errors import N_, NotAllowedNow
from shared.events.disciplines import Discipline

__all__ = [
    "DecidedOnContent",
    "Task",
    "TaskEdit",
    "TaskKind",
    "TaskStatus",
    "TaskStep",
    "WrongStep",
    "assign",
    "change",
    "decide",
    "drop",
    "finish",
    "reopen",
    "start",
    "work_on",
]


class TaskKind(StrEnum):
    WORK = "work"
    APPROVAL = "approval"


class TaskStatus(StrEnum):
    """DROPPED: nobody needs it any more; unlike DONE, nobody did it."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"

    @property
    def open(self) -> bool:
        return self in (TaskStatus.TODO, TaskStatus.IN_PROGRESS)


class TaskStep(StrEnum):
    START = "start"
    FINISH = "finish"
    REOPEN = "reopen"
    DROP = "drop"
    ASSIGN = "assign"


_LEGAL = {
    TaskStep.START: frozenset({TaskStatus.TODO}),
    TaskStep.FINISH: frozenset({TaskStatus.TODO, TaskStatus.IN_PROGRESS}),
    TaskStep.REOPEN: frozenset({TaskStatus.DONE, TaskStatus.DROPPED}),
    TaskStep.DROP: frozenset({TaskStatus.TODO, TaskStatus.IN_PROGRESS}),
    TaskStep.ASSIGN: frozenset({TaskStatus.TODO, TaskStatus.IN_PROGRESS}),
}


@dataclass(frozen=True, slots=True)
class Task:
    """`holder` None: nobody has it. `revision` is what an approval is bound to.

    `content_id` None: a task for the client or page as such, like a monthly report. `campaign_id`
    is the content item's, kept here for filtering.
    """

    id: str
    client_id: str
    discipline: Discipline
    responsibility_id: str
    title: str
    due_at: datetime
    created_at: datetime
    holder: str | None
    page_id: str | None = None
    content_id: str | None = None
    campaign_id: str | None = None
    kind: TaskKind = TaskKind.WORK
    revision: int | None = None
    status: TaskStatus = TaskStatus.TODO
    finished_at: datetime | None = None
    finished_by: str | None = None
    home: str | None = None
    touched: bool = False
    version: int = 1

    @property
    def open(self) -> bool:
        return self.status.open


class TaskEdit(TypedDict, total=False):
    title: str
    due_at: datetime


class WrongStep(NotAllowedNow):
    code = "task_step_not_possible"
    title = N_("The task's status does not allow this")
    detail = N_("It was started, finished, dropped or opened again in the meantime.")


class DecidedOnContent(NotAllowedNow):
    code = "decided_on_content"
    title = N_("An approval is given on the content item")
    detail = N_("This task is done when its revision is approved or sent back.")
    remedy = N_("Open the content item and decide there.")


def start(task: Task, by: str) -> Task:
    """Raises `WrongStep`."""
    _check(task, TaskStep.START)
    return _by(task, by, replace(task, status=TaskStatus.IN_PROGRESS))


def finish(task: Task, by: str, now: datetime) -> Task:
    """Raises `WrongStep`, and `DecidedOnContent` for an approval."""
    if task.kind is TaskKind.APPROVAL:
        raise DecidedOnContent
    return decide(task, by, now)


def decide(task: Task, by: str, now: datetime) -> Task:
    """Finish any kind of task; an approval's item has been decided on. Raises `WrongStep`."""
    _check(task, TaskStep.FINISH)
    done = replace(task, status=TaskStatus.DONE, finished_at=now, finished_by=by)
    return _by(task, by, done)


def drop(task: Task, by: str, now: datetime) -> Task:
    """Raises `WrongStep`."""
    _check(task, TaskStep.DROP)
    dropped = replace(task, status=TaskStatus.DROPPED, finished_at=now, finished_by=by)
    return _next(dropped)


def reopen(task: Task, holder: str | None) -> Task:
    """With `holder`: its last one leaves home as it was, another one has it at home.

    Raises `WrongStep`, and `DecidedOnContent` for an approval.
    """
    if task.kind is TaskKind.APPROVAL:
        raise DecidedOnContent
    _check(task, TaskStep.REOPEN)
    again = replace(task, status=TaskStatus.TODO, finished_at=None, finished_by=None)
    return _next(again if holder == task.holder else _at_home_with(holder, again))


def change(task: Task, by: str, **edit: Unpack[TaskEdit]) -> Task:
    """Possible in every status: a wrong title stays wrong after the work is done."""
    return _by(task, by, replace(task, **edit))


def work_on(task: Task, by: str) -> Task:
    """Who works on its content item works on the task; no change but that its holder touches it."""
    return task if task.touched or not _touches(task, by) else _by(task, by, task)


def assign(task: Task, holder: str | None) -> Task:
    """At home with `holder`; None: with nobody. Raises `WrongStep`."""
    _check(task, TaskStep.ASSIGN)
    return _next(_at_home_with(holder, task))


def _at_home_with(holder: str | None, task: Task) -> Task:
    return replace(task, holder=holder, home=None, touched=False)


def _check(task: Task, step: TaskStep) -> None:
    if task.status not in _LEGAL[step]:
        raise WrongStep(extra={"step": step.value, "present": task.status.value})


def _touches(task: Task, by: str) -> bool:
    return task.home is not None and task.holder == by


def _by(before: Task, by: str, after: Task) -> Task:
    """What the present holder does to a task away from home touches it."""
    return _next(replace(after, touched=after.touched or _touches(before, by)))


def _next(task: Task) -> Task:
    return replace(task, version=task.version + 1)
