"""Generations as pages: what to plan, live progress, the proposal and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.rota.generating import (
    apply_run,
    begin_run,
    cancel_run,
    discard_run,
    find_run,
    finish_run,
)
from services.scheduler.rota.proposal import read_proposal
from services.scheduler.rota.reading import faces_seen
from services.scheduler.rota.run_routes import RunBody
from services.scheduler.rota.runs import Run, RunState
from shared.auth import Identity, Permission
from shared.errors import AppError
from shared.ids import new_id
from shared.outbox import Transaction
from shared.web import EventSourceResponse, Paging, Part, Router, ServerSentEvent, live, reply
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/rota/runs", include_in_schema=False)

_WEEK = timedelta(weeks=1)
_SHOWN = (1, 2, 4, 8)


@router.get("")
async def list_runs(screen: TheScreen, who: Reader, paging: Paging) -> Response:
    desk = screen.desk
    groups = await desk.rota.groups(who.scope, ended=True)
    found, following = await desk.rota.runs(
        [group.id for group in groups], paging.cursor, paging.limit
    )
    return screen.page(
        "rota_runs.html",
        runs=found,
        next_cursor=following,
        names={group.id: group.name for group in groups},
        faces=await faces_seen(desk, who.scope),
    )


@router.get("/new")
async def new_run(screen: TheScreen, who: Manager, group: str = "") -> Response:
    return await _form(screen, who, Form({"groups": [group]} if group else {}))


class _Begun(BaseModel):
    run_id: str


@router.post("")
async def begin(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    try:
        sent = {
            "groups": typed.every("groups"),
            "first_day": typed.text("first_day"),
            "weeks": typed.text("weeks"),
        }
        body = parsed(RunBody, sent)

        async def work(tx: Transaction) -> Response:
            run = await begin_run(
                tx, screen.desk, who, body.groups, body.first_day, body.weeks, screen.now
            )
            return reply(_Begun(run_id=run.id))

        once = screen.once(typed, who, "POST /rota/runs", body)
        answer = await screen.service.outbox.transaction(lambda tx: once(tx, body, work))
    except AppError as error:
        return await _form(screen, who, typed, error)
    run_id = _Begun.model_validate_json(bytes(answer.body)).run_id
    return screen.onward(f"/rota/runs/{run_id}")


async def _form(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    groups = await screen.desk.rota.groups(who.scope)
    today = screen.now.astimezone(ZoneInfo(who.tz)).date()
    return screen.page(
        "rota_run_new.html",
        error=error,
        typed=typed,
        groups=groups,
        chosen=typed.every("groups") or ([] if error else [group.id for group in groups]),
        first_day=typed.text("first_day") or _next_monday(today).isoformat(),
        weeks=typed.text("weeks") or "4",
        key=typed.text("key") or new_id(),
    )


def _next_monday(today: date) -> date:
    return today - timedelta(days=today.weekday()) + _WEEK


# One of them


async def _followable(screen: TheScreen, who: Reader, run_id: PathId) -> None:
    """A stream that has begun cannot be refused any more."""
    await find_run(screen.desk, who, run_id)


@router.get("/{run_id}")
async def show_run(screen: TheScreen, who: Reader, run_id: PathId) -> Response:
    return await _run(screen, who, run_id)


@router.get(
    "/{run_id}/live", response_class=EventSourceResponse, dependencies=[Depends(_followable)]
)
async def follow_run(
    request: Request, screen: TheScreen, who: Reader, run_id: PathId
) -> AsyncIterator[ServerSentEvent]:
    """Progress until there is a proposal, and that one then."""
    drawn: tuple[int, Part] | None = None

    async def render() -> list[Part]:
        nonlocal drawn
        run = await find_run(screen.desk, who, run_id)
        if drawn is None or drawn[0] != run.version:
            shown = await _shown(screen, who, run)
            drawn = run.version, Part("run", screen.part("rota_run_state.html", **shown))
        return [drawn[1]]

    async for event in live(request, ["rota_runs"], render):
        yield event


@router.post("/{run_id}/cancel")
async def cancel(screen: TheScreen, who: Manager, run_id: PathId) -> Response:
    return await _done(
        screen, who, run_id, lambda tx: cancel_run(tx, screen.desk, who, run_id, screen.now)
    )


@router.post("/{run_id}/finish")
async def finish(screen: TheScreen, who: Manager, run_id: PathId) -> Response:
    return await _done(
        screen, who, run_id, lambda tx: finish_run(tx, screen.desk, who, run_id, screen.now)
    )


@router.post("/{run_id}/apply")
async def apply(screen: TheScreen, who: Manager, run_id: PathId, typed: Typed) -> Response:
    return await _done(
        screen,
        who,
        run_id,
        lambda tx: apply_run(tx, screen.desk, who, run_id, typed.version, screen.now),
    )


@router.post("/{run_id}/discard")
async def discard(screen: TheScreen, who: Manager, run_id: PathId, typed: Typed) -> Response:
    return await _done(
        screen, who, run_id, lambda tx: discard_run(tx, screen.desk, who, run_id, typed.version)
    )


async def _done(
    screen: Screen,
    who: Identity,
    run_id: str,
    work: Callable[[Transaction], Awaitable[Run]],
) -> Response:
    await find_run(screen.desk, who, run_id)
    try:
        await screen.service.outbox.transaction(work)
    except AppError as error:
        return await _run(screen, who, run_id, error)
    return screen.onward(f"/rota/runs/{run_id}")


async def _run(
    screen: Screen, who: Identity, run_id: str, error: AppError | None = None
) -> Response:
    run = await find_run(screen.desk, who, run_id)
    return screen.page("rota_run.html", error=error, **await _shown(screen, who, run))


async def _shown(screen: Screen, who: Identity, run: Run) -> dict[str, Any]:
    decidable = run.state is RunState.PROPOSED
    groups = await screen.desk.rota.groups(who.scope, ended=True)
    faces = await faces_seen(screen.desk, who.scope)
    proposal = await read_proposal(screen.desk, who, run, screen.now) if decidable else None
    begun = run.started_at or screen.now
    return {
        "run": run,
        "elapsed": max(0.0, round((screen.now - begun).total_seconds(), 1)),
        "may_decide": who.may(Permission.TEAM_WRITE),
        "groups": [group for group in groups if group.id in run.group_ids],
        "by": faces.get(run.by),
        "decided_by": faces.get(run.decided_by or ""),
        "limit": screen.request.app.state.rota_seconds,
        "proposal": proposal,
        "today": screen.now.astimezone(ZoneInfo(who.tz)).date(),
        "shown_weeks": next(weeks for weeks in _SHOWN if weeks >= min(run.weeks, _SHOWN[-1])),
    }
