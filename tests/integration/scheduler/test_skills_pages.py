"""The skills matrix over ASGI: shown, edited in place, and which training would help."""

from __future__ import annotations

import re

import httpx

from shared.auth import Identity, Role, Scope
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock

COPY, DESIGN = Discipline.COPYWRITING, Discipline.DESIGN
BY_HTMX = {"HX-Request": "true", "HX-Current-URL": "http://understudy.test/scheduler/skills"}


def cells(page: httpx.Response) -> list[str]:
    """What the cells say."""
    assert page.status_code == 200, page.text
    return re.findall(r'<(?:a|span)[^>]* title="([^"]*: [^"]*)"', page.text)


async def test_each_cell_says_how_well_and_until_when(
    lena: httpx.AsyncClient, agency: Agency, clock: TestClock
) -> None:
    jana = await agency.member("Jana Hof", COPY)
    await agency.qualify(jana.id, DESIGN, clock.now.date().replace(day=25))
    said = cells(await lena.get("/skills"))
    assert "Jana Hof, Copywriting: Level 2, works alone, without end" in said
    assert "Jana Hof, Design: Level 2, works alone, valid to 25 Nov 2026" in said
    assert "Jana Hof, Research: not qualified" in said
    clock.advance(days=3)
    over = await lena.get("/skills?validity=over")
    assert "Jana Hof, Design: Level 2, works alone, ran out on 25 Nov 2026" in cells(over)
    assert cells(await lena.get("/skills?validity=soon")) == []


async def test_only_those_with_access_to_the_client_chosen(
    lena: httpx.AsyncClient, agency: Agency
) -> None:
    await agency.client("roast")
    await agency.client("works")
    await agency.member("Everywhere")
    await agency.member("Roast Only", clients=("roast",))
    names = re.findall(r">([A-Z]\w+(?: Only)?)</a><", (await lena.get("/skills?client=works")).text)
    assert "Roast Only" not in names
    assert "Roast Only" in (await lena.get("/skills?client=roast")).text


async def test_a_qualification_is_entered_changed_and_removed_in_place(
    lena: httpx.AsyncClient, agency: Agency, ask: As
) -> None:
    jana = await agency.member("Jana Hof")
    form = {
        "member_id": jana.id,
        "discipline": "copywriting",
        "level": "1",
        "valid_until_day": "2027-03-31",
        "evidence": " https://certificates.example/17 ",
        "version": "0",
    }
    added = await lena.post("/skills/cell", data=form, headers=BY_HTMX)
    assert "Jana Hof, Copywriting: Level 1, works with help, valid to 31 Mar 2027" in cells(added)
    assert "Jana Hof is qualified for Copywriting." in added.text
    path = f"/api/v1/members/{jana.id}/qualifications"
    [entered] = (await ask(LENA).get(path)).json()
    assert entered["evidence"] == "https://certificates.example/17"
    assert 'href="https://certificates.example/17"' in (await lena.get(f"/members/{jana.id}")).text

    again = await lena.post("/skills/cell", data=form, headers=BY_HTMX)
    assert again.status_code == 409
    assert again.headers["HX-Retarget"] == "#skill-dialog"

    form |= {"version": "1", "level": "3"}
    raised = await lena.post("/skills/cell", data=form, headers=BY_HTMX)
    assert "Jana Hof, Copywriting: Level 3, teaches others, valid to 31 Mar 2027" in cells(raised)
    [changed] = (await ask(LENA).get(path)).json()
    assert changed["valid_until"] == entered["valid_until"]

    form |= {"version": "2", "level": ""}
    gone = await lena.post("/skills/cell", data=form, headers=BY_HTMX)
    assert "Jana Hof is not qualified for Copywriting any more." in gone.text
    assert (await ask(LENA).get(path)).json() == []


async def test_what_is_no_evidence_for_a_browser_is_no_link(
    lena: httpx.AsyncClient, agency: Agency
) -> None:
    jana = await agency.member("Jana Hof")
    form = {
        "member_id": jana.id,
        "discipline": "copywriting",
        "level": "2",
        "evidence": "javascript:alert(1)",
        "version": "0",
    }
    assert (await lena.post("/skills/cell", data=form)).status_code == 303
    assert 'href="javascript' not in (await lena.get(f"/members/{jana.id}")).text


async def test_only_leads_edit_and_nobody_sees_members_out_of_sight(
    browse: Browse, agency: Agency
) -> None:
    await agency.client("works")
    await agency.client("roast")
    jana = await agency.member("Jana Hof", clients=("works",))
    await agency.member("Both", clients=("works", "roast"))
    member = browse(Identity(jana.id, "Jana", Role.MEMBER, Scope(None)))
    assert "/skills/cell" not in (await member.get("/skills")).text
    form = {"member_id": jana.id, "discipline": "design", "level": "2", "version": "0"}
    assert (await member.post("/skills/cell", data=form)).status_code == 403
    elsewhere = browse(Identity("nora", "Nora", Role.LEAD, Scope(frozenset({"roast"}))))
    shown = (await elsewhere.get("/skills?client=works")).text
    assert "Jana" not in shown
    assert "1 client" in shown, "of the two that Both has access to"
    assert (await elsewhere.post("/skills/cell", data=form)).status_code == 404


async def test_the_training_that_helps_most_comes_first(
    lena: httpx.AsyncClient, agency: Agency
) -> None:
    await agency.client("roast")
    jana = await agency.member("Jana Hof", COPY, DESIGN)
    await agency.member("Tom Berg")
    await agency.responsibility("roast", COPY, jana)
    await agency.responsibility("roast", DESIGN, jana)
    page = await lena.get("/skills/proposals")
    assert page.text.count("Gives a second person to 1 place") == 2
    await agency.member("Mira Koch", COPY)
    page = await lena.get("/skills/proposals")
    assert "Tom Berg: Copywriting" not in page.text, "Mira can simply be put in"
    assert "Tom Berg: Design" in page.text
