"""The pages over ASGI: what a fresh agency sees, and what is refused before it begins."""

from __future__ import annotations

import httpx

from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import Agency


async def test_a_fresh_agency_is_told_what_to_do_first(lena: httpx.AsyncClient) -> None:
    board = await lena.get("/")
    assert board.status_code == 200
    assert "What to do first" in board.text
    for path in (
        "/members",
        "/responsibilities",
        "/handovers",
        "/absences",
        "/absences/new",
        "/skills",
        "/skills/proposals",
    ):
        assert (await lena.get(path)).status_code == 200, path


async def test_a_receipt_that_is_not_there_is_refused_before_its_stream_begins(
    lena: httpx.AsyncClient,
) -> None:
    assert (await lena.get("/handovers/nowhere/live")).status_code == 404


async def test_the_first_who_closed_a_gap_is_named(lena: httpx.AsyncClient, agency: Agency) -> None:
    """Also when the owner is back since."""
    await agency.client("roast")
    jana, felix = [await agency.member(name, Discipline.DESIGN) for name in ("Jana", "Felix")]
    duty = await agency.responsibility("roast", Discipline.DESIGN, jana)
    absence, handover_id = await agency.away(jana)
    put_in = {"member_id": felix.id, "version": "1"}
    answer = await lena.post(f"/responsibilities/{duty.id}/put-in", data=put_in)
    assert answer.status_code == 303
    await lena.post(f"/absences/{absence.id}/end")
    receipt = (await lena.get(f"/handovers/{handover_id}")).text
    assert "Design, Roast: Felix acts" in receipt
