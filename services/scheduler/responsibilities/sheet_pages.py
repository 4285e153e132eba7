"""Responsibilities out as CSV, and in again: first shown what it would do, then done."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.scheduler.edge import Manager, Reader
from services.scheduler.handovers.places import read_places
from services.scheduler.pages import INTO_PAGE, Screen, TheScreen
from services.scheduler.responsibilities.matrix_pages import done, to_matrix
from services.scheduler.responsibilities.overview import read_faces
from services.scheduler.responsibilities.query import ChosenMatrix, MatrixChoice
from services.scheduler.responsibilities.sheet import COLUMNS, decoded
from services.scheduler.responsibilities.sheets import (
    Preview,
    SheetRefused,
    given_out,
    preview,
    take_in,
)
from shared.auth import Identity, Permission
from shared.errors import N_, AppError, FieldError, InvalidRequest, StaleVersion
from shared.ui.ui import Toast
from shared.web import Router, require

__all__ = ["router"]

router = Router(prefix="/responsibilities", include_in_schema=False)

_SHOWN = 200
_MARK = "\ufeff"  # by which spreadsheets know UTF-8


@router.get("/export")
async def export(screen: TheScreen, who: Reader, query: ChosenMatrix) -> Response:
    # Where a comma is in numbers, spreadsheets have a semicolon between cells.
    delimiter = ";" if screen.ui.language(screen.request) == "de" else ","
    text = await given_out(screen.desk, who.scope, query, delimiter)
    name = screen.said(N_("responsibilities"))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(_MARK + text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/import", dependencies=[require(Permission.TEAM_WRITE)])
async def choose_file(screen: TheScreen) -> Response:
    return screen.page("sheet_import.html", columns=COLUMNS)


@router.post("/import")
async def take_file(request: Request, screen: TheScreen, who: Manager) -> Response:
    """Without `seen` only the preview; with it, what was seen is done."""
    async with request.form() as form:
        try:
            text = await _text(form.get("file"))
        except AppError as error:
            return _refused(screen, error)
        seen, open_work = form.get("seen"), bool(form.get("open_work"))
    try:
        if not isinstance(seen, str):
            return await _preview(screen, who, text)
        _, made = await screen.service.outbox.transaction(
            lambda tx: take_in(
                tx, screen.desk, who, text, screen.now, seen=seen, open_work=open_work
            )
        )
    except (SheetRefused, StaleVersion) as error:
        return await _preview(screen, who, text, error)
    except AppError as error:
        return _refused(screen, error)
    said = N_("The table says what is so already.")
    toast = Toast(screen.said(said)) if made is None else await done(screen, made)
    return await to_matrix(screen, who, MatrixChoice(), toast)


def _refused(screen: Screen, error: AppError) -> Response:
    return screen.page("sheet_import.html", error=error, headers=INTO_PAGE, columns=COLUMNS)


async def _text(sent: UploadFile | str | None) -> str:
    """Of a file, or of the preview's form. Raises `InvalidRequest`."""
    if isinstance(sent, UploadFile):
        sent = decoded(await sent.read())
    if not sent:
        raise InvalidRequest(errors=[FieldError("/file", N_("Choose a file that is not empty."))])
    return sent


async def _preview(
    screen: Screen, who: Identity, text: str, error: AppError | None = None
) -> Response:
    found = await screen.service.outbox.transaction(
        lambda tx: preview(tx, screen.desk, who, text, screen.now)
    )
    return screen.page(
        "sheet_preview.html",
        error=error,
        headers=INTO_PAGE if error else None,
        found=found,
        text=text,
        changes=await _changes(screen, found),
        more=max(len(found.changes) - _SHOWN, 0),
        problems=[(line, screen.refused(problem)) for line, problem in found.problems[:_SHOWN]],
    )


async def _changes(screen: Screen, found: Preview) -> list[dict[str, Any]]:
    """Line, place, and the people before and after."""
    shown = found.changes[:_SHOWN]
    places = await read_places(screen.desk.directory, {one.client_id for _, one in shown})
    before = {one.id: found.before.get(one.id) for _, one in shown}
    named = {id for one in before.values() if one for id in one.people}
    named |= {id for _, one in shown for id in (one.owner, *one.deputies) if id}
    faces = await read_faces(screen.desk, named)
    return [
        {
            "line": line,
            "where": places.place(one.id, one.client_id),
            "before": [faces[id] for id in was.people] if (was := before[one.id]) else [],
            "follows": one.owner is None,
            "after": [faces[id] for id in (one.owner, *one.deputies) if id],
        }
        for line, one in shown
    ]
