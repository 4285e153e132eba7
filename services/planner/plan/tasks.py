"""A task's page, and what is done with tasks on any page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import Response

from services.planner.callers import Reader, Writer
from services.planner.plan.forms import Form, Refused, Typed, parsed, zoned_text
from services.planner.plan.names import task_rows
from services.planner.plan.pages import Plan, Planner, asked_by_htmx
from services.planner.tasks import usecases
from services.planner.tasks.domain import Task, TaskEdit
from services.planner.tasks.routes import TaskBody, TaskPatch
from services.planner.tasks.usecases import NewTask, TaskRef
from shared.auth import Identity
from shared.errors import N_, AppError
from shared.outbox import Transaction
from shared.ui.ui import Toast
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["router"]

router = Router(prefix="/tasks", include_in_schema=False)

Step = Literal["start", "finish", "drop", "reopen"]
Work = Callable[[Transaction], Awaitable[Task]]

_SAID = {
    "start": N_("Started: {title}"),
    "finish": N_("Done: {title}"),
    "drop": N_("Dropped: {title}"),
    "reopen": N_("Open again: {title}"),
    "assign": N_("{who} has it now: {title}"),
    "nobody": N_("Nobody has it now: {title}"),
}


@router.get("/new")
async def new_task(plan: Planner, who: Writer, client: str | None = None) -> Response:
    return await _new_page(plan, who, client, Form({}))


@router.post("")
async def create_task(plan: Planner, who: Writer, typed: Typed) -> Response:
    desk = plan.desk
    try:
        body = parsed(TaskBody, _new_body(typed, who))
        new = NewTask(
            client_id=body.client_id,
            page_id=body.page_id,
            discipline=body.discipline,
            title=body.title,
            due_at=body.due_at,
        )
        task = await plan.service.outbox.transaction(
            lambda tx: usecases.create_task(
                tx, desk.directory, desk.tasks, desk.rows, who, new, plan.now
            )
        )
    except AppError as error:
        return await _new_page(plan, who, typed.text("client_id"), typed, error)
    return plan.onward(f"/tasks/{task.id}")


@router.get("/{task_id}")
async def show_task(plan: Planner, who: Reader, task_id: str) -> Response:
    return await _task_page(plan, who, task_id)


async def _existing(plan: Planner, who: Reader, task_id: str) -> str:
    """Raises `NotFound` before a stream begins, when that can still be the answer."""
    return (await plan.desk.tasks.get(who.scope, task_id)).id


@router.get("/{task_id}/live", response_class=EventSourceResponse)
async def follow_task(
    request: Request, plan: Planner, who: Reader, task_id: Annotated[str, Depends(_existing)]
) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        task = await plan.desk.tasks.get(who.scope, task_id)
        return [Part("task", plan.part("task_state.html", **await _shown(plan, who, task)))]

    async for event in live(request, ["tasks", "members"], render):
        yield event


@router.post("/{task_id}/change")
async def change_task(plan: Planner, who: Writer, task_id: str, typed: Typed) -> Response:
    saved = await plan.desk.tasks.get(who.scope, task_id)
    due_at = zoned_text(typed.text("due_at"), ZoneInfo(who.tz), saved.due_at)
    try:
        body = parsed(TaskPatch, {"title": typed.text("title"), "due_at": due_at})
        edit = cast("TaskEdit", body.model_dump(exclude_unset=True))
        ref = TaskRef(task_id, typed.version)
        await plan.service.outbox.transaction(
            lambda tx: usecases.change_task(tx, plan.desk.tasks, who, ref, **edit)
        )
    except AppError as error:
        return await _task_page(plan, who, task_id, typed, error)
    return plan.onward(f"/tasks/{task_id}")


@router.post("/{task_id}/assign")
async def assign_task(plan: Planner, who: Writer, task_id: str, typed: Typed) -> Response:
    """An empty `member_id` gives it to whoever acts for the responsibility."""
    desk, ref, member_id = plan.desk, TaskRef(task_id, typed.version), typed.optional("member_id")

    async def work(tx: Transaction) -> Task:
        if member_id is None:
            return await usecases.return_task(tx, desk.tasks, desk.rows, who, ref)
        return await usecases.assign_task(tx, desk.tasks, plan.team, desk.rows, who, ref, member_id)

    before = await desk.tasks.get(who.scope, task_id)
    task = await plan.service.outbox.transaction(work)
    # Assigning it back would make it at home with the deputy it had been moved to.
    undo = None if before.home else _address(task, "assign", member_id=before.holder or "")
    return await _answer(plan, who, task, await _holder_said(plan, who, task), undo, typed)


@router.post("/{task_id}/{step}")
async def take_step(plan: Planner, who: Writer, task_id: str, step: Step, typed: Typed) -> Response:
    tasks, ref = plan.desk.tasks, TaskRef(task_id, typed.version)
    steps: dict[Step, Work] = {
        "start": lambda tx: usecases.start_task(tx, tasks, who, ref),
        "finish": lambda tx: usecases.finish_task(tx, tasks, who, ref, plan.now),
        "drop": lambda tx: usecases.drop_task(tx, tasks, who, ref, plan.now),
        "reopen": lambda tx: usecases.reopen_task(tx, tasks, plan.desk.rows, who, ref),
    }
    task = await plan.service.outbox.transaction(steps[step])
    undo = _address(task, "reopen") if step in ("finish", "drop") else None
    return await _answer(plan, who, task, plan.said(_SAID[step], title=task.title), undo, typed)


async def _answer(
    plan: Plan, who: Identity, task: Task, said: str, undo: str | None, typed: Form
) -> Response:
    """To htmx the task as it is now, with a word and a way back; else the page it was on."""
    if not asked_by_htmx(plan.request):
        return plan.back(f"/tasks/{task.id}")
    template = "task_state.html" if typed.text("shown") == "page" else "task_row.html"
    return plan.page(
        "answer.html",
        part=template,
        toast=Toast(said, undo=undo),
        **await _shown(plan, who, task),
    )


async def _shown(plan: Plan, who: Identity, task: Task) -> dict[str, Any]:
    names = await plan.names(who)
    (row,) = await task_rows(plan.desk, names, who.scope, [task])
    return {"row": row, "names": names}


async def _holder_said(plan: Plan, who: Identity, task: Task) -> str:
    holder = (await plan.names(who)).member(task.holder)
    if holder is None:
        return plan.said(_SAID["nobody"], title=task.title)
    return plan.said(_SAID["assign"], who=holder.name, title=task.title)


def _address(task: Task, step: str, **params: str) -> str:
    return f"/tasks/{task.id}/{step}?{urlencode({'version': task.version, **params})}"


async def _task_page(
    plan: Plan,
    who: Identity,
    task_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    task = await plan.desk.tasks.get(who.scope, task_id)
    return plan.page(
        "task.html",
        status=200 if error is None else error.status,
        typed=typed,
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
        **await _shown(plan, who, task),
    )


async def _new_page(
    plan: Plan, who: Identity, client_id: str | None, typed: Form, error: AppError | None = None
) -> Response:
    names = await plan.names(who)
    return plan.page(
        "task_new.html",
        status=200 if error is None else error.status,
        names=names,
        chosen=names.chosen(client_id),
        typed=typed,
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
    )


def _new_body(typed: Form, who: Identity) -> dict[str, Any]:
    return {
        "client_id": typed.text("client_id"),
        "page_id": typed.optional("page_id"),
        "discipline": typed.text("discipline"),
        "title": typed.text("title"),
        "due_at": zoned_text(typed.text("due_at"), ZoneInfo(who.tz)),
    }
