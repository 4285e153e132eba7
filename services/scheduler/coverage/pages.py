"""The coverage board as a page, and the same live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from services.scheduler.coverage.board import coverage_board
from services.scheduler.coverage.query import BoardChoice, Chosen, query_behind
from services.scheduler.coverage.view import Board, BoardRow, ClientRows
from services.scheduler.edge import Reader
from services.scheduler.handovers.panel import OVERVIEW, read_panel
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.setting_up import read_steps
from shared.auth import Identity
from shared.ui.board import DayAxis
from shared.ui.ui import Toast
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["router", "to_board"]

router = Router(include_in_schema=False)

_CELLS = 2_000
"""Days of rows that are drawn at once: what comes after them is folded, so that the page of a large
agency stays small."""

_CELLS_OF_A_BAND = 7
"""Where bands have their initials once, one weighs as much as so many days that have them each."""

_WATCHED = ["coverage_clock", "handovers", "receipt_parts"]


@router.get("/")
async def show_board(screen: TheScreen, who: Reader, query: Chosen) -> Response:
    return await _page(screen, who, query)


@router.get("/live", response_class=EventSourceResponse)
async def follow_board(
    request: Request, screen: TheScreen, who: Reader, query: Chosen
) -> AsyncIterator[ServerSentEvent]:
    """The board whenever the team has changed, and what is beside it."""
    drawn: tuple[tuple[int, datetime], Part] | None = None

    async def render() -> list[Part]:
        nonlocal drawn
        # Every change to the team takes an epoch; between two of them only the minutes pass.
        state = (await screen.desk.clock.epoch(), _minute(screen.now))
        if drawn is None or drawn[0] != state:
            board = await _board(screen, who, query)
            drawn = state, Part("board", screen.part("board_rows.html", query=query, **board))
        panel = await _panel(screen, who, query)
        return [drawn[1], Part("panel", screen.part("handover_panel.html", query=query, **panel))]

    async for event in live(request, _WATCHED, render):
        yield event


async def to_board(
    screen: Screen, who: Identity, toast: str, *, undo: str | None = None, **changes: Any
) -> Response:
    """After a command: the board it was given from, with other choices; `toast` says what was
    done, `undo` is where a POST takes it back."""
    query = query_behind(screen.request, screen.ui).model_copy(update=changes)
    if not screen.by_htmx:
        return screen.onward("/" + query.link())
    return await _page(
        screen,
        who,
        query,
        toast=Toast(toast, undo=undo),
        headers={"HX-Push-Url": screen.ui.url("/") + query.link()},
    )


async def _page(
    screen: Screen,
    who: Identity,
    query: BoardChoice,
    toast: Toast | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    board = await _board(screen, who, query)
    return screen.page(
        "board_page.html",
        toast=toast,
        headers=headers,
        query=query,
        choices=await _choices(screen, who),
        steps=None if board["rows"] or query.filtered else await read_steps(screen.desk, who),
        **board,
        **await _panel(screen, who, query),
    )


async def _board(screen: Screen, who: Identity, query: BoardChoice) -> dict[str, Any]:
    zone = ZoneInfo(who.tz)
    days = query.days(zone, screen.now)
    board = await coverage_board(screen.desk, who.scope, query.selection(), days, screen.now)
    return {
        "board": board,
        # Of one minute all drawings are the same, unless something has changed.
        "axis": replace(
            board.axis,
            now=_minute(board.now),
            holidays=screen.holidays(board.first, board.days),
        ),
        "days": days,
        "clients": list(_drawn(board, query)),
        "rows": sum(len(client.rows) for client in board.clients),
    }


@dataclass(frozen=True, slots=True)
class Group:
    """A client's rows; not `drawn`: only how many there are, and the way to them."""

    client: ClientRows
    drawn: bool


def _drawn(board: Board, query: BoardChoice) -> Iterable[Group]:
    cells = 0
    for client in board.clients:
        cells += sum(_cells(row, board.axis) for row in client.rows)
        yield Group(client, drawn=cells <= _CELLS or client.id in query.unfolded)


def _cells(row: BoardRow, axis: DayAxis) -> int:
    return _CELLS_OF_A_BAND * (1 + len(row.stretches)) if axis.narrow else axis.count


async def _panel(screen: Screen, who: Identity, query: BoardChoice) -> dict[str, Any]:
    panel = await read_panel(screen.desk, who, query.handover, screen.now)
    return {"panel": panel, "overview": OVERVIEW}


async def _choices(screen: Screen, who: Identity) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in the filters: ids and names."""
    clients = await screen.desk.directory.clients(who.scope)
    members = await screen.desk.members.all(who.scope)
    return {
        "clients": [(one.id, one.name) for one in clients.values() if not one.archived],
        "members": [(one.id, one.name) for one in members if one.active],
    }


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
