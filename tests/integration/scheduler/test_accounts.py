"""Accounts on the platforms: checked for who acts and who can be put in, as JSON and as pages."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.scheduler.accounts.usecases import Checking, check_accounts, stop_checking
from services.scheduler.coverage.candidates import candidates
from services.scheduler.coverage.person import WhyNot
from services.scheduler.directory.handlers import directory_handlers
from services.scheduler.members.domain import Member
from services.scheduler.qualifications.pages import read_proposals
from services.scheduler.responsibilities.domain import NoAccount
from shared.auth import SYSTEM_SCOPE, Identity, Role, Scope
from shared.consuming import Received
from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope
from shared.events.planner import PageChanged, Platform
from shared.events.scheduler import CoverageChanged, HandoverCause, HandoverStarted
from shared.ids import new_id
from shared.outbox import Transaction
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, made

COMMUNITY, REPORTING = Discipline.COMMUNITY, Discipline.REPORTING
ACCOUNTS = "/api/v1/pages/insta/accounts"
BY_HTMX = {"HX-Request": "true"}


@pytest.fixture
async def jana(agency: Agency) -> Member:
    await agency.client("roast", "insta", "blue")
    return await agency.member("Jana Hof", COMMUNITY, REPORTING)


@pytest.fixture
async def tom(agency: Agency) -> Member:
    return await agency.member("Tom Berg", COMMUNITY)


async def check(agency: Agency, page_id: str, *members: Member) -> Checking:
    found = await agency.desk.accounts.get(page_id)
    version, ids = found.version if found else 0, [one.id for one in members]
    return await agency.do(
        lambda tx: check_accounts(tx, agency.desk, LENA, page_id, ids, version, agency.now)
    )


# Who acts


async def test_losing_the_account_hands_over_at_once_and_getting_it_back_too(
    agency: Agency, jana: Member, tom: Member
) -> None:
    page = await agency.responsibility("roast/insta", COMMUNITY, jana, tom)
    report = await agency.responsibility("roast", REPORTING, jana)
    unchanged = await check(agency, "insta", jana, tom)
    assert unchanged.handover_id is None, "everybody has one"

    lost = await check(agency, "insta", tom)
    started = (await agency.told(HandoverStarted))[-1]
    assert (started.handover_id, started.cause) == (
        lost.handover_id,
        HandoverCause.COVERAGE_CHANGED,
    )
    assert [(leg.responsibility_id, leg.to) for leg in started.legs] == [(page.id, tom.id)]
    assert (await agency.told(CoverageChanged))[-1].acting == tom.id
    assert await agency.acting(report) == jana.id, "to report, nobody needs one"

    await check(agency, "insta", jana)
    assert await agency.acting(page) == jana.id


async def test_nobody_acts_where_nobody_has_one_until_it_is_checked_no_longer(
    agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.leads("roast", tom)
    page = await agency.responsibility("roast/insta", COMMUNITY, jana)
    nobody = await check(agency, "insta")
    assert nobody.handover_id is not None
    assert await agency.acting(page) is None, "a lead needs one too"
    back = await agency.do(lambda tx: stop_checking(tx, agency.desk, LENA, "insta", 1, agency.now))
    assert back.handover_id is not None
    assert await agency.acting(page) == jana.id


async def test_for_the_client_as_a_whole_all_its_pages_count_that_have_nobody_of_their_own(
    agency: Agency, jana: Member, tom: Member
) -> None:
    whole = await agency.responsibility("roast", COMMUNITY, jana, tom)
    await check(agency, "insta", jana, tom)
    await check(agency, "blue", tom)
    assert await agency.acting(whole) == tom.id
    # The page's own people take it from the client, and give it back.
    made = await agency.assign("roast/blue", COMMUNITY, tom)
    assert made.handover_id is not None
    assert await agency.acting(whole) == jana.id
    with pytest.raises(NoAccount):
        await agency.assign("roast/blue", COMMUNITY, None)
    await check(agency, "blue", jana, tom)
    await agency.assign("roast/blue", COMMUNITY, None)
    await check(agency, "blue", tom)
    assert await agency.acting(whole) == tom.id


@pytest.mark.parametrize("archived", [True, False])
async def test_an_archived_page_does_not_count_and_counts_again(
    agency: Agency, service: Service, jana: Member, tom: Member, *, archived: bool
) -> None:
    whole = await agency.responsibility("roast", COMMUNITY, jana, tom)
    await check(agency, "insta", tom)
    handlers = directory_handlers(agency.desk, service.clock)

    async def hear(*, archived: bool) -> None:
        event = PageChanged(
            page_id="insta",
            client_id="roast",
            name="Insta",
            platform=Platform.MASTODON,
            archived=archived,
        )
        envelope = Envelope.wrap(event, id=new_id(), source="/p", sequence=1, time=agency.now)

        async def take(tx: Transaction) -> None:
            await handlers(tx, [Received(event, envelope, partition=0, order=1)])

        await agency.do(take)

    await hear(archived=False)
    assert not await service.ticker.fire_next(), "it is as it was"
    await hear(archived=True)
    if not archived:
        await hear(archived=False)
    assert await service.ticker.fire_next()
    assert await agency.acting(whole) == (jana.id if archived else tom.id)


async def test_who_lacks_an_account_is_proposed_for_nothing(
    agency: Agency, jana: Member, tom: Member
) -> None:
    mira = await agency.member("Mira")
    page = await agency.responsibility("roast/insta", COMMUNITY, jana)
    assert [one.member.id for one in await fit(agency, page.id)] == [tom.id]
    await check(agency, "insta", jana)
    assert await fit(agency, page.id) == []
    assert await read_proposals(agency.desk, SYSTEM_SCOPE, agency.now) == []
    await check(agency, "insta", jana, mira)
    proposed = await read_proposals(agency.desk, SYSTEM_SCOPE, agency.now)
    assert {(one.member_id, one.secures) for one in proposed} == {(mira.id, (page.id,))}
    snapshot = await agency.desk.snapshots.latest()
    demand = snapshot.team.demand(page)
    assert snapshot.team.people[tom.id].why_not(demand, agency.now) is WhyNot.NO_ACCOUNT


async def fit(agency: Agency, responsibility_id: str) -> list[Any]:
    return await candidates(agency.desk, SYSTEM_SCOPE, responsibility_id, agency.now)


# Who can be made responsible


async def test_without_an_account_nobody_becomes_owner_or_deputy(
    ask: As, lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await check(agency, "insta", jana)
    place = {"client_id": "roast", "page_id": "insta", "discipline": "community"}
    wanted = place | {"owner": jana.id, "deputies": [tom.id]}
    one = await ask(LENA).post("/api/v1/responsibilities", json=wanted)
    assert (one.status_code, one.json()["code"]) == (409, "no_account")
    assert (one.json()["member_id"], one.json()["why"]) == (tom.id, "no_account")
    many = await ask(LENA).post("/api/v1/assignments", json={"assignments": [wanted]})
    assert (many.status_code, many.json()["code"]) == (422, "assignments_refused")
    sheet = (
        "client,page,platform,discipline,owner,deputies\n"
        f"Roast,Insta,mastodon,community,{tom.email},\n"
    )
    headers = {"Content-Type": "text/csv"}
    taken = await ask(LENA).post("/api/v1/responsibility-sheet", content=sheet, headers=headers)
    assert taken.status_code == 422
    assert "without an account" in taken.text

    dialog = await lena.post("/responsibilities/place", data=wanted | {"version": "0"})
    assert dialog.status_code == 409
    assert "The member has no account on the page" in dialog.text
    assert "Tom Berg (no account on the page)" in dialog.text
    ticked = {"how": "owner", "person": tom.id, "place": "roast|insta|community|0"}
    bulk = await lena.post("/responsibilities/bulk", data=ticked)
    assert (bulk.status_code, "without an account" in bulk.text) == (422, True)


async def test_client_and_page_can_be_staffed_in_one_go(
    ask: As, agency: Agency, jana: Member, tom: Member
) -> None:
    """The client's owner needs no account where the page gets its own people."""
    await check(agency, "insta", tom)
    client = {"client_id": "roast", "discipline": "community", "owner": jana.id}
    page = client | {"page_id": "insta", "owner": tom.id}
    refused = await ask(LENA).post("/api/v1/assignments", json={"assignments": [client]})
    assert refused.status_code == 422
    await made(await ask(LENA).post("/api/v1/assignments", json={"assignments": [client, page]}))


# As JSON


async def test_the_list_is_read_checked_changed_and_dropped(
    ask: As, agency: Agency, jana: Member, tom: Member
) -> None:
    lena = ask(LENA)
    before = await lena.get(ACCOUNTS)
    nothing = {"page_id": "insta", "client_id": "roast", "checked": False, "members": []}
    assert (before.json(), before.headers["etag"]) == (nothing | {"version": 0}, '"0"')

    body = {"members": [tom.id, jana.id, tom.id]}
    assert (await lena.put(ACCOUNTS, json=body)).status_code == 428
    first = await lena.put(ACCOUNTS, json=body, headers={"If-Match": '"0"'})
    assert (await made(first))["accounts"] == nothing | {
        "checked": True,
        "members": sorted([jana.id, tom.id]),
        "version": 1,
    }
    assert first.headers["etag"] == '"1"'
    stale = await lena.put(ACCOUNTS, json=body, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert (await lena.get(ACCOUNTS)).json()["version"] == 1

    dropped = await lena.delete(ACCOUNTS, headers={"If-Match": '"1"'})
    assert (await made(dropped))["accounts"] == nothing | {"version": 0}
    again = await lena.delete(ACCOUNTS, headers={"If-Match": '"1"'})
    assert again.status_code == 404


async def test_only_active_members_with_access_are_added_and_who_is_in_stays(
    ask: As, agency: Agency, jana: Member
) -> None:
    await agency.client("works")
    paul = await agency.member("Paul", clients=("works",))
    for member_id, expected in (
        ("nobody", (422, "unknown_member")),
        (paul.id, (409, "no_access")),
    ):
        body, version = {"members": [jana.id, member_id]}, {"If-Match": '"0"'}
        refused = await ask(LENA).put(ACCOUNTS, json=body, headers=version)
        assert (refused.status_code, refused.json()["code"]) == expected
    await check(agency, "insta", jana)
    path, patch = f"/api/v1/members/{jana.id}", {"clients": ["works"]}
    await made(await ask(LENA).patch(path, json=patch, headers={"If-Match": '"1"'}))
    await check(agency, "insta", jana)


async def test_accounts_are_seen_and_kept_only_by_who_has_the_client_and_the_right(
    ask: As, agency: Agency, jana: Member
) -> None:
    member = ask(Identity(jana.id, jana.name, Role.MEMBER, Scope(None)))
    elsewhere = ask(Identity("paul", "Paul", Role.LEAD, Scope(frozenset({"works"}))))
    change: dict[str, Any] = {"json": {"members": []}, "headers": {"If-Match": '"0"'}}
    assert (await member.get(ACCOUNTS)).status_code == 200
    assert (await member.put(ACCOUNTS, **change)).status_code == 403
    assert (await elsewhere.get(ACCOUNTS)).status_code == 404
    assert (await elsewhere.put(ACCOUNTS, **change)).status_code == 404
    assert (await elsewhere.delete(ACCOUNTS, headers={"If-Match": '"1"'})).status_code == 404


# As pages


async def test_the_clients_page_says_where_they_are_checked_and_lets_tick_them_in_place(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await agency.responsibility("roast/insta", COMMUNITY, jana)
    shown = await lena.get("/responsibilities/clients/roast")
    assert shown.text.count("not checked") == 2
    path = "/responsibilities/pages/insta/accounts"
    assert f'hx-get="/scheduler{path}"' in shown.text
    dialog = await lena.get(path, headers=BY_HTMX)
    assert ticks(dialog) == {jana.id: True, tom.id: False}, "who is responsible now"
    assert "<html" not in dialog.text
    assert "<html" in (await lena.get(path)).text

    form = {"version": "0", "members": tom.id}
    answer = await lena.post(path, data=form, headers=BY_HTMX)
    assert answer.status_code == 200
    assert "Insta: only who has an account acts there." in answer.text
    assert "1 account" in answer.text
    assert 'aria-label="Tom Berg, owner"' in answer.text
    stale = await lena.post(path, data=form, headers=BY_HTMX)
    assert (stale.status_code, stale.headers["HX-Retarget"]) == (412, "#account-dialog")
    assert ticks(stale) == {jana.id: False, tom.id: True}, "what was ticked is still there"

    matrix = await lena.get("/responsibilities?client=roast")
    assert "Jana Hof (owner, no account on the page)" in matrix.text
    gap = await lena.get("/responsibilities/insta:community")
    assert "Jana Hof has no account on the page." in gap.text
    board = await lena.get("/?client=roast")
    assert "Gap: nobody qualified who has an account" in board.text

    [undo] = re.findall(r'action="/scheduler([^"]*/accounts/stop[^"]*)"', answer.text)
    assert (await lena.post(undo)).status_code == 303
    assert await agency.desk.accounts.get("insta") is None


def ticks(page: httpx.Response) -> dict[str, bool]:
    found = re.findall(r'name="members" value="([^"]+)" (checked)?>', page.text)
    return {id: bool(checked) for id, checked in found}


async def test_a_change_can_be_undone_and_so_can_stopping(
    lena: httpx.AsyncClient, agency: Agency, jana: Member, tom: Member
) -> None:
    await check(agency, "insta", jana)
    path = "/responsibilities/pages/insta/accounts"

    async def undo(answer: httpx.Response) -> None:
        [back] = re.findall(r'<form method="post" action="/scheduler([^"]*)">', answer.text)
        assert (await lena.post(back.replace("&amp;", "&"))).status_code == 303
        found = await agency.desk.accounts.get("insta")
        assert found is not None
        assert found.members == (jana.id,)

    form = {"version": "1", "members": [tom.id]}
    await undo(await lena.post(path, data=form, headers=BY_HTMX))
    await undo(await lena.post(f"{path}/stop", data={"version": "3"}, headers=BY_HTMX))


async def test_the_members_page_says_where_they_have_an_account(
    lena: httpx.AsyncClient, browse: Browse, agency: Agency, jana: Member, tom: Member
) -> None:
    title = "Accounts on pages"
    assert title not in (await lena.get(f"/members/{jana.id}")).text, "they are checked nowhere"
    await check(agency, "insta", jana)
    shown = await lena.get(f"/members/{jana.id}")
    assert re.search(r'clients/roast#accounts">Insta</a>', shown.text)
    assert "None where accounts are checked" in (await lena.get(f"/members/{tom.id}")).text
    elsewhere = browse(Identity("paul", "Paul", Role.LEAD, Scope(frozenset({"works"}))))
    assert title not in (await elsewhere.get(f"/members/{jana.id}")).text
