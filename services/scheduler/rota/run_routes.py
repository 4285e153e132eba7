"""Generations of the rota as JSON: asked for, looked at, applied or discarded, under
`/api/v1/rota/runs`."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.scheduler.edge import Id, Manager, PathId, Reader, TheDesk
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
from services.scheduler.rota.rules import Hindrance
from services.scheduler.rota.runs import Run, RunState
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["RunBody", "router"]

router = Router(prefix="/api/v1/rota/runs", tags=["rota"])


class RunBody(StrictModel):
    groups: list[Id] = Field(min_length=1, max_length=50)
    first_day: date = Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))
    weeks: int = Field(ge=1, le=12)


class RunView(BaseModel):
    """`open`: shifts that nobody would have, so far. `seconds`: how long the search has taken.
    `proved`: no rota leaves fewer open."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    group_ids: list[str]
    first_day: date
    weeks: int
    by: str
    asked_at: AwareDatetime
    state: RunState
    attempt: int
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    decided_by: str | None
    seconds: float
    open: int
    better: int
    proved: bool
    dropped: int
    version: int


class OpenView(BaseModel):
    """`reasons`: of those who take part, how many each thing keeps from the shift."""

    shift_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    taking_part: int
    reasons: dict[Hindrance, int]


class RunDetail(RunView):
    """`given`: by id of the shift who is to have it, so far; null: nobody, or somebody whom the
    caller does not see. Once it is proposed: `open_shifts`; `dropped_shifts`, what cannot be
    applied any more, as things are now; `open_besides`, what else is open in these weeks and
    stays so."""

    given: dict[str, str | None]
    open_shifts: list[OpenView]
    dropped_shifts: list[str]
    open_besides: list[str]


@router.get("")
async def list_runs(who: Reader, desk: TheDesk, paging: Paging) -> Page[RunView]:
    """The latest first."""
    groups = [group.id for group in await desk.rota.groups(who.scope, ended=True)]
    found, following = await desk.rota.runs(groups, paging.cursor, paging.limit)
    return Page(items=[RunView.model_validate(one) for one in found], next_cursor=following)


@router.post("", status_code=202, response_model=RunView)
async def create_run(
    who: Manager, desk: TheDesk, service: Served, once: Idempotent, body: RunBody
) -> Response:
    """Have a rota made for some weeks. It is worked on in the background: look at it again."""

    async def work(tx: Transaction) -> Response:
        run = await begin_run(
            tx, desk, who, body.groups, body.first_day, body.weeks, service.clock()
        )
        where = f"{service.settings.root_path}/api/v1/rota/runs/{run.id}"
        view = RunView.model_validate(run)
        return reply(view, status=202, version=run.version, location=where)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{run_id}", response_model=RunDetail)
async def show_run(who: Reader, desk: TheDesk, service: Served, run_id: PathId) -> Response:
    """With the best rota so far; a proposal says why it leaves shifts open, as things are now."""
    run = await find_run(desk, who, run_id)
    seen = await faces_seen(desk, who.scope)
    decidable = run.state is RunState.PROPOSED
    proposal = await read_proposal(desk, who, run, service.clock()) if decidable else None
    detail = RunDetail(
        **RunView.model_validate(run).model_dump(),
        given={id: member if member in seen else None for id, member in run.given.items()},
        open_shifts=[
            OpenView(
                shift_id=one.shift.id,
                starts_at=one.shift.starts_at,
                ends_at=one.shift.ends_at,
                taking_part=one.taking_part,
                reasons=dict(one.reasons),
            )
            for one in (proposal.open if proposal else ())
        ],
        dropped_shifts=[one.shift.id for one in (proposal.dropped if proposal else ())],
        open_besides=[one.shift.id for one in (proposal.open_besides if proposal else ())],
    )
    return reply(detail, version=run.version)


@router.post("/{run_id}/cancel", response_model=RunView)
async def cancel(who: Manager, desk: TheDesk, service: Served, run_id: PathId) -> Response:
    """Whatever was found meanwhile is given up."""
    run = await service.outbox.transaction(
        lambda tx: cancel_run(tx, desk, who, run_id, service.clock())
    )
    return _run(run)


@router.post("/{run_id}/finish", response_model=RunView)
async def finish(who: Manager, desk: TheDesk, service: Served, run_id: PathId) -> Response:
    """The best rota so far is good enough: it becomes the proposal."""
    run = await service.outbox.transaction(
        lambda tx: finish_run(tx, desk, who, run_id, service.clock())
    )
    return _run(run)


@router.post("/{run_id}/apply", response_model=RunView)
async def apply(
    who: Manager, desk: TheDesk, service: Served, version: IfMatch, run_id: PathId
) -> Response:
    """The proposal becomes the rota, all of it at once. Who cannot have a shift any more does not
    get it: `dropped` says how many stay open for that."""
    run = await service.outbox.transaction(
        lambda tx: apply_run(tx, desk, who, run_id, version, service.clock())
    )
    return _run(run)


@router.post("/{run_id}/discard", response_model=RunView)
async def discard(
    who: Manager, desk: TheDesk, service: Served, version: IfMatch, run_id: PathId
) -> Response:
    run = await service.outbox.transaction(lambda tx: discard_run(tx, desk, who, run_id, version))
    return _run(run)


def _run(run: Run) -> Response:
    return reply(RunView.model_validate(run), version=run.version)
