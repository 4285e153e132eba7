"""The responsibility matrix over ASGI: shown, edited in place and in bulk, as a table."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import edit_member
from services.scheduler.responsibilities.domain import Responsibility
from shared.auth import Identity, Role, Scope
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, Browse

COPY, COMMUNITY, DESIGN = Discipline.COPYWRITING, Discipline.COMMUNITY, Discipline.DESIGN
BY_HTMX = {
    "HX-Request": "true",
    "HX-Current-URL": "http://understudy.test/scheduler/responsibilities",
}


@pytest.fixture
async def jana(agency: Agency) -> Member:
    await agency.client("roast", "insta")
    await agency.client("works")
    return await agency.member("Jana Hof", COPY, COMMUNITY)


@pytest.fixture
async def tom(agency: Agency) -> Member:
    return await agency.member("Tom Berg", COPY, COMMUNITY)


async def stored(agency: Agency, *ids: str) -> list[Responsibility]:
    return await agency.desk.responsibilities.load(ids)


def cells(page: httpx.Response) -> list[str]:
    """What the cells say."""
    assert page.status_code == 200, page.text
    return re.findall(r'<(?:a|label|span)[^>]* title="([^"]*: [^"]*)"', page.text)


# What it shows


async def test_each_cell_says_who_and_what_is_wrong(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COPY, jana, tom)
    await agency.responsibility("roast", COMMUNITY, jana)
    await agency.away(tom)
    said = cells(await lena.get("/responsibilities?client=roast"))
    assert "Copywriting, Roast: Jana Hof (owner), Tom Berg (deputy, away)" in said
    assert "Community, Roast: Jana Hof (owner); nobody could stand in" in said
    assert "Community, Insta: as for the client, Jana Hof (owner)" in said
    assert "Publishing, Insta: nobody responsible" in said
    assert "Publishing, Roast: nobody of its own" in said


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"roast", "insta", "works"}),
        ("client=works", {"works"}),
        ("member=TOM", {"insta"}),
        ("trouble=alone", {"roast"}),
        ("trouble=lacking&discipline=community", set()),
        ("trouble=gap", set()),
        ("client=&member=&trouble=", {"roast", "insta", "works"}),
    ],
)
async def test_filters_combine(
    lena: httpx.AsyncClient,
    agency: Agency,
    jana: Member,
    tom: Member,
    query: str,
    shown: set[str],
) -> None:
    await agency.responsibility("roast", COMMUNITY, jana)
    await agency.responsibility("roast/insta", COMMUNITY, tom, jana)
    page = await lena.get(f"/responsibilities?{query.replace('TOM', tom.id)}")
    assert set(re.findall(r'id="line-(\w+)"', page.text)) == shown


async def test_it_goes_on_client_by_client(lena: httpx.AsyncClient, agency: Agency) -> None:
    for number in range(90):
        await agency.client(f"c{number:03}")
    seen: list[str] = []
    page = await lena.get("/responsibilities")
    while True:
        seen += re.findall(r'id="line-(\w+)"', page.text)
        following = re.search(r'hx-get="/scheduler([^"]*/rows[^"]*)"', page.text)
        if following is None:
            break
        assert len(page.content) < 300 * 1024
        page = await lena.get(following[1].replace("&amp;", "&"))
    assert seen == [f"c{number:03}" for number in range(90)]


async def test_a_client_of_very_many_pages_is_drawn_in_parts(
    lena: httpx.AsyncClient, agency: Agency
) -> None:
    await agency.client("huge", *(f"p{number:03}" for number in range(150)))
    first = await lena.get("/responsibilities")
    assert "51 more pages" in first.text
    rest = await lena.get("/responsibilities?client=huge&skip=100")
    lines = [re.findall(r'id="line-(\w+)"', page.text) for page in (first, rest)]
    assert lines[0] + lines[1] == ["huge", *(f"p{number:03}" for number in range(150))]


async def test_nobody_sees_another_client_or_edits_without_being_a_lead(
    browse: Browse, agency: Agency, jana: Member
) -> None:
    await agency.responsibility("works", COPY, jana)
    other = browse(Identity("nora", "Nora", Role.LEAD, Scope(frozenset({"roast"}))))
    assert "line-works" not in (await other.get("/responsibilities")).text
    form = {"client_id": "works", "discipline": "copywriting", "owner": jana.id, "version": "1"}
    refused = await other.post("/responsibilities/place", data=form)
    assert (refused.status_code, "There is no such client" in refused.text) == (422, True)
    assert (await other.get("/responsibilities/place?client=works&discipline=design")).is_error

    member = browse(Identity(jana.id, "Jana", Role.MEMBER, Scope(None)))
    shown = await member.get("/responsibilities")
    assert "/responsibilities/place" not in shown.text
    assert "/responsibilities/import" not in shown.text
    for path in ("place", "bulk", "import", "assignments/a/take-back"):
        assert (await member.post(f"/responsibilities/{path}", data=form)).status_code == 403


async def test_nobody_learns_of_clients_and_people_out_of_sight(
    browse: Browse, agency: Agency, jana: Member
) -> None:
    await agency.client("secret", "hidden")
    await agency.responsibility("secret/hidden", COMMUNITY, jana)
    other = browse(Identity("nora", "Nora", Role.LEAD, Scope(frozenset({"roast"}))))
    asked = {"client": "roast", "page": "hidden", "discipline": "community"}
    assert (await other.get("/responsibilities/place", params=asked)).status_code == 404
    form = {
        "how": "owner",
        "person": jana.id,
        "place": ["secret||community|0", "secret|hidden|community|1"],
    }
    refused = await other.post("/responsibilities/bulk", data=form, headers=BY_HTMX)
    assert refused.status_code == 422
    assert "Secret" not in refused.text
    assert "Hidden" not in refused.text


# In place


async def test_in_place_the_clients_rows_come_back_with_an_undo(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COPY, jana)
    form = {
        "client_id": "roast",
        "discipline": "copywriting",
        "owner": tom.id,
        "deputies": [jana.id, ""],
        "version": "1",
    }
    answer = await lena.post("/responsibilities/place", data=form, headers=BY_HTMX)
    assert "Copywriting, Roast: Tom Berg (owner), Jana Hof (deputy)" in cells(answer)
    assert "Copywriting, Roast: Tom Berg is responsible." in answer.text
    [back] = re.findall(r'action="/scheduler(/responsibilities/assignments/[^"]+)"', answer.text)

    stale = await lena.post("/responsibilities/place", data=form, headers=BY_HTMX)
    assert stale.status_code == 412
    assert stale.headers["HX-Retarget"] == "#assign-dialog"
    assert f'value="{tom.id}" selected' in stale.text, "what was typed is still there"

    undone = await lena.post(back, headers=BY_HTMX)
    assert "Taken back." in undone.text
    assert [one.people for one in await stored(agency, "roast:copywriting")] == [(jana.id,)]


async def test_a_page_is_let_follow_its_client(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COMMUNITY, jana)
    await agency.responsibility("roast/insta", COMMUNITY, tom)
    asked = {"client": "roast", "page": "insta", "discipline": "community"}
    dialog = await lena.get("/responsibilities/place", params=asked, headers=BY_HTMX)
    assert "as for the client: Jana Hof" in dialog.text
    form = {"client_id": "roast", "page_id": "insta", "discipline": "community", "version": "1"}
    answer = await lena.post("/responsibilities/place", data=form)
    assert answer.status_code == 303
    [page] = await stored(agency, "insta:community")
    assert (page.people, page.follows) == ((jana.id,), True)


async def test_deputies_without_an_owner_are_not_thrown_away(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COMMUNITY, jana)
    form: dict[str, Any] = {
        "client_id": "roast",
        "page_id": "insta",
        "discipline": "community",
        "deputies": [tom.id],
        "version": "0",
    }
    answer = await lena.post("/responsibilities/place", data=form, headers=BY_HTMX)
    assert answer.status_code == 422
    assert "There are deputies, but no owner." in answer.text


async def test_whoever_has_left_is_still_in_the_form_and_can_be_found_and_replaced(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COPY, tom, jana)
    await agency.do(
        lambda tx: edit_member(tx, agency.desk, LENA, tom.id, 1, agency.now, active=False)
    )
    asked = {"client": "roast", "discipline": "copywriting"}
    dialog = await lena.get("/responsibilities/place", params=asked, headers=BY_HTMX)
    assert f'value="{tom.id}" selected>Tom Berg (has left)' in dialog.text
    page = await lena.get("/responsibilities")
    assert page.text.count(f'<option value="{tom.id}"') == 1, "to filter by"

    table = (await lena.get("/responsibilities/export?client=roast")).text
    shown = await lena.post("/responsibilities/import", files={"file": ("t.csv", table)})
    assert "The table says what is so already." in shown.text

    form = {"how": "replace", "person": tom.id, "other": jana.id, "place": ["roast||copywriting|1"]}
    await lena.post("/responsibilities/bulk", data=form, headers=BY_HTMX)
    assert [one.people for one in await stored(agency, "roast:copywriting")] == [(jana.id,)]


async def test_a_gap_of_a_page_that_follows_is_closed_at_its_client(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COMMUNITY, jana)
    await agency.assign("roast/insta", COMMUNITY, None)
    await agency.away(jana)
    form = {"member_id": tom.id, "version": "1"}
    await lena.post("/responsibilities/insta:community/put-in", data=form)
    page, of_client = await stored(agency, "insta:community", "roast:community")
    assert page.follows
    assert page.deputies == of_client.deputies == (tom.id,)


# In bulk


async def test_one_person_is_replaced_wherever_ticked(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COPY, jana)
    await agency.responsibility("roast/insta", COMMUNITY, jana)
    ticking = await lena.get("/responsibilities?select=true")
    places = re.findall(r'name="place" value="([^"]+)"', ticking.text)
    form = {"how": "replace", "person": jana.id, "other": tom.id, "place": places}
    answer = await lena.post("/responsibilities/bulk", data=form, headers=BY_HTMX)
    assert "Changed for 2 places." in answer.text
    owners = [one.owner for one in await stored(agency, "roast:copywriting", "insta:community")]
    assert owners == [tom.id, tom.id]
    again = await lena.post("/responsibilities/bulk", data=form, headers=BY_HTMX)
    assert again.status_code == 422
    assert "This changes none of the places" in again.text


async def test_what_cannot_be_done_in_bulk_is_named_place_by_place(
    lena: httpx.AsyncClient, agency: Agency, jana: Member
) -> None:
    nora = await agency.member("Nora", COPY)
    await agency.responsibility("roast", COPY, jana)
    await agency.responsibility("roast/insta", COMMUNITY, jana)
    form: dict[str, Any] = {
        "how": "deputy",
        "person": nora.id,
        "place": ["roast||copywriting|1", "roast|insta|community|1"],
    }
    ticking = {"HX-Current-URL": f"{BY_HTMX['HX-Current-URL']}?select=true"}
    answer = await lena.post("/responsibilities/bulk", data=form, headers=BY_HTMX | ticking)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#main"
    assert answer.text.count(" checked") == 2, "what was ticked still is"
    assert "<strong>Community, Insta</strong>: Nora has no valid qualification" in answer.text
    found = await stored(agency, "roast:copywriting", "insta:community")
    assert {one.deputies for one in found} == {()}

    for missing, why in (
        ({"person": ""}, "Choose the person."),
        ({"how": "dance"}, "Choose what is to be done."),
        ({"place": []}, "Tick at least one place."),
        ({"place": ["nonsense"]}, "Some of what was sent cannot be used"),
    ):
        refused = await lena.post("/responsibilities/bulk", data=form | missing, headers=BY_HTMX)
        assert refused.status_code == 422
        assert why in refused.text


# As a table


async def test_what_went_out_comes_in_again(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast", COPY, jana, tom)
    out = await lena.get("/responsibilities/export?client=roast")
    assert out.headers["content-disposition"] == 'attachment; filename="responsibilities.csv"'
    table = out.content.decode("utf-8-sig")
    assert "Roast,,,copywriting,jana.hof@agency.example,tom.berg@agency.example\r\n" in table
    assert "Roast,Insta,mastodon,community,,\r\n" in table

    edited = table.replace("jana.hof@agency.example,tom", "tom.berg@agency.example,jana", 1)
    edited = edited.replace("jana.berg@", "jana.hof@")
    edited = edited.replace("community,,", "community,tom berg,")
    shown = await lena.post("/responsibilities/import", files={"file": ("t.csv", edited)})
    assert "1 new, 1 changed, " in shown.text
    assert [one.owner for one in await stored(agency, "roast:copywriting")] == [jana.id]

    [seen] = re.findall(r'name="seen" value="([^"]+)"', shown.text)
    form = {"file": edited, "seen": seen}
    done = await lena.post("/responsibilities/import", data=form, headers=BY_HTMX)
    assert "Changed for 2 places." in done.text
    owners = [one.owner for one in await stored(agency, "roast:copywriting", "insta:community")]
    assert owners == [tom.id, tom.id]

    late = await lena.post("/responsibilities/import", data=form)
    assert late.status_code == 412, "what was seen is not what would be done"


async def test_one_bad_line_and_nothing_is_imported(
    ask: As, lena: httpx.AsyncClient, agency: Agency, jana: Member
) -> None:
    table = (
        "client;discipline;owner\nroast;copywriting;jana hof\n"
        "roast;design;jana hof\nroast;dancing;jana hof\n"
    )
    shown = await lena.post("/responsibilities/import", files={"file": ("t.csv", table)})
    assert "2 lines cannot be taken" in shown.text
    assert 'name="seen"' not in shown.text, "there is no way on"

    path = "/api/v1/responsibility-sheet"
    answer = await ask(LENA).post(path, content=table)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "sheet_refused"
    assert [each["pointer"] for each in problem["errors"]] == ["/lines/3", "/lines/4"]
    assert await stored(agency, "roast:copywriting") == []

    good = "\n".join(table.splitlines()[:2])
    tried = (await ask(LENA).post(f"{path}?dry_run=true", content=good)).json()
    assert (tried["created"], tried["assignment_id"]) == (1, None)
    assert await stored(agency, "roast:copywriting") == []
    taken = (await ask(LENA).post(path, content=good)).json()
    assert (taken["created"], taken["changed"], taken["unchanged"]) == (1, 0, 0)
    again = (await ask(LENA).post(path, content=good)).json()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 1)
    out = await ask(LENA).get(path, params={"member": jana.id})
    assert out.text.count("\r\n") == 2

    back = await ask(LENA).post(f"/api/v1/assignments/{taken['assignment_id']}/take-back")
    assert (back.status_code, back.json()["code"]) == (422, "assignments_refused")


async def test_what_is_no_table_is_refused(lena: httpx.AsyncClient) -> None:
    for sent, why in (
        (b"\x00\x01\x02", "This is not a table of responsibilities"),
        (b"name,age\nJana,30\n", "The first line must name the columns"),
        (b"", "Choose a file that is not empty."),
    ):
        answer = await lena.post("/responsibilities/import", files={"file": ("t.csv", sent)})
        assert answer.status_code == 422
        assert why in answer.text


async def test_many_at_once_as_json(ask: As, agency: Agency, jana: Member, tom: Member) -> None:
    places: list[dict[str, Any]] = [
        {"client_id": "roast", "discipline": "copywriting", "owner": jana.id},
        {"client_id": "roast", "page_id": "insta", "discipline": "community", "owner": tom.id},
    ]
    lena = ask(LENA)
    body = {"assignments": places}
    made = await lena.post("/api/v1/assignments", json=body, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201
    assert [one["acting"] for one in made.json()["responsibilities"]] == [jana.id, tom.id]
    repeated = await lena.post("/api/v1/assignments", json=body, headers={"Idempotency-Key": "k"})
    assert repeated.json() == made.json()

    body["assignments"] = [places[0] | {"version": 0}, places[1] | {"owner": None}]
    refused = (await lena.post("/api/v1/assignments", json=body)).json()
    assert [each["pointer"] for each in refused["errors"]] == ["/assignments/0", "/assignments/1"]
