"""Who may do and see what, over HTTP."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from services.scheduler.members.usecases import NewMember, NotEmpty
from services.scheduler.settings import SchedulerSettings
from services.scheduler.setup import set_up
from shared.auth import Identity, Role, Scope
from shared.events.disciplines import Discipline
from shared.service import Service
from shared.web.access import accesses
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, made
from tests.integration.scheduler.stack import databases

JANA = Identity("jana", "Jana Hoffmann", Role.MEMBER, Scope(None))
SYSTEM = Identity("hr", "HR system", Role.SYSTEM, Scope(None))
OPS = Identity("ops", "Operator", Role.OPS, Scope(None))
CONTACT = Identity("k1", "Jo Client", Role.CONTACT, Scope(frozenset({"roast"})))
ELSEWHERE = Identity("paul", "Paul Krueger", Role.LEAD, Scope(frozenset({"works"})))


async def test_members_report_themselves_and_leads_and_systems_anybody(
    ask: As, agency: Agency
) -> None:
    jana, tom = await agency.member("Jana"), await agency.member("Tom")
    me = Identity(jana.id, jana.name, Role.MEMBER, Scope(None))

    async def status(who: Identity, member_id: str) -> int:
        body = {"member_id": member_id, "kind": "sick"}
        return (await ask(who).post("/api/v1/absences", json=body)).status_code

    assert await status(me, jana.id) == 201
    assert await status(me, tom.id) == 403
    assert await status(SYSTEM, tom.id) == 201
    assert await status(OPS, tom.id) == 403
    listed = await made(await ask(me).get("/api/v1/absences", params={"member": tom.id}))
    other = listed["items"][0]["id"]
    for action in ("end", "cancel"):
        response = await ask(me).post(f"/api/v1/absences/{other}/{action}", json={})
        assert response.status_code == 403


async def test_who_reported_an_absence_is_for_the_member_and_the_entitled(
    ask: As, browse: Browse, agency: Agency
) -> None:
    """Else "by themselves, from now on" says as much as "ill"."""
    jana, tom = await agency.member("Jana", Discipline.DESIGN), await agency.member("Tom")
    me = Identity(jana.id, jana.name, Role.MEMBER, Scope(None))
    colleague = Identity(tom.id, tom.name, Role.MEMBER, Scope(None))
    await agency.client("roast")
    await agency.responsibility("roast", Discipline.DESIGN, jana)
    absence, handover = await agency.away(jana, who=me)
    for who, told in [(me, True), (LENA, True), (colleague, False), (SYSTEM, False)]:
        api = ask(who)
        by = jana.id if told else None
        shown = await made(await api.get(f"/api/v1/absences/{absence.id}"))
        [listed] = (await made(await api.get("/api/v1/absences")))["items"]
        assert (shown["reported_by"], listed["reported_by"]) == (by, by), who
        handed_over = await made(await api.get(f"/api/v1/handovers/{handover}"))
        receipt = await made(await api.get(f"/api/v1/handovers/{handover}/receipt"))
        for one in (handed_over, receipt["handover"]):
            assert (one["started_by"] is not None) is told, who
        summaries = (await made(await api.get("/api/v1/handovers")))["items"]
        assert {one["started_by"] for one in summaries if one["id"] == handover} == {by}, who
        pages = browse(who)
        page = (await pages.get(f"/absences/{absence.id}")).text
        assert ("<dt>Reported</dt><dd>Jana, " in page) is told, who
        receipt_page = (await pages.get(f"/handovers/{handover}")).text
        assert ("Reported by" in receipt_page) is told, who
        panel = (await pages.get("/", params={"handover": str(handover)})).text
        assert ("Reported by" in panel) is told, who
        assert "Begun as planned" not in receipt_page + panel


async def test_why_is_for_the_member_and_the_entitled(
    ask: As, agency: Agency, service: Service
) -> None:
    jana, tom = await agency.member("Jana"), await agency.member("Tom")
    me = Identity(jana.id, jana.name, Role.MEMBER, Scope(None))
    colleague = Identity(tom.id, tom.name, Role.MEMBER, Scope(None))
    body = {"member_id": jana.id, "kind": "sick", "note": "canary 4711", "starts_at": "2026-12-01"}
    key = {"Idempotency-Key": "a-call"}
    created = await ask(me).post("/api/v1/absences", json=body, headers=key)
    assert "canary" not in created.text
    assert "sick" not in created.text
    path = f"/api/v1/absences/{created.json()['absence']['id']}"
    for who, reason in [
        (me, {"kind": "sick", "note": "canary 4711"}),
        (LENA, {"kind": "sick", "note": "canary 4711"}),
        (colleague, None),
        (SYSTEM, None),
        (OPS, None),
    ]:
        assert (await made(await ask(who).get(path)))["reason"] == reason

    # Whoever may change when, but not see why, leaves why as it is.
    change = {"starts_at": "2026-12-02", "ends_at": None}
    changed = await ask(SYSTEM).put(path, json=change, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert (await made(await ask(me).get(path)))["reason"]["note"] == "canary 4711"

    stored = await databases([service])
    assert "canary" not in repr(stored), "nor is it in what is kept to repeat an answer"


async def test_refused_requests_do_not_repeat_what_was_sent(ask: As, agency: Agency) -> None:
    jana = await agency.member("Jana")
    for body in (
        {"member_id": jana.id, "kind": "canary-kind"},
        {"member_id": jana.id, "kind": "sick", "note": "canary" * 1_000},
        {"member_id": "nobody", "kind": "other", "note": "canary"},
        {"member_id": jana.id, "kind": "sick", "canary": "canary"},
    ):
        response = await ask(LENA).post("/api/v1/absences", json=body)
        assert response.status_code == 422
        assert "canary" not in response.text.replace("/canary", "")


async def test_a_lead_of_one_client_sees_and_manages_only_that(ask: As, agency: Agency) -> None:
    await agency.client("roast")
    await agency.client("works")
    jana = await agency.member("Jana", Discipline.DESIGN, clients=("roast",))
    tom = await agency.member("Tom", Discipline.DESIGN, clients=("roast", "works"))
    await agency.responsibility("roast", Discipline.DESIGN, jana, tom)
    await agency.responsibility("works", Discipline.DESIGN, tom)
    absence, handover_id = await agency.away(jana)
    paul = ask(ELSEWHERE)

    members = await made(await paul.get("/api/v1/members"))
    assert [one["name"] for one in members["items"]] == ["Tom"]
    responsibilities = await made(await paul.get("/api/v1/responsibilities"))
    assert [one["id"] for one in responsibilities["items"]] == ["works:design"]
    board = await made(await paul.get("/api/v1/coverage"))
    assert [one["id"] for one in board["clients"]] == ["works"]
    assert board["absences"] == []
    for path in (
        f"/members/{jana.id}",
        f"/members/{jana.id}/qualifications",
        "/responsibilities/roast:design",
        "/responsibilities/roast:design/candidates",
        "/clients/roast/leads",
        f"/absences/{absence.id}",
        f"/handovers/{handover_id}",
        f"/handovers/{handover_id}/receipt",
        f"/handovers/{handover_id}/receipt.csv",
        f"/handovers/{handover_id}/receipt.json",
    ):
        assert (await paul.get(f"/api/v1{path}")).status_code == 404, path
    handovers = (await made(await paul.get("/api/v1/handovers")))["items"]
    assert [one["totals"] for one in handovers] == [None], "of the new responsibility for works"
    assert handovers[0]["id"] != handover_id

    beyond = {"name": "Spy", "email": "spy@agency.example", "clients": None}
    response = await paul.post("/api/v1/members", json=beyond)
    assert response.json()["code"] == "beyond_own_access"
    response = await paul.patch(
        f"/api/v1/members/{tom.id}", json={"name": "T"}, headers={"If-Match": '"1"'}
    )
    assert response.json()["code"] == "beyond_own_access"


async def test_every_route_wants_an_identity_with_the_permission(app: FastAPI, ask: As) -> None:
    nobody, contact, member = ask(None), ask(CONTACT), ask(JANA)
    walked = 0
    for route in accesses(app):
        assert route.public or route.permissions, route.path
        if route.public:
            continue
        path = route.path.replace("{discipline}", "design").replace("{", "").replace("}", "")
        for method in route.methods - {"HEAD"}:
            assert (await nobody.request(method, path)).status_code == 401, path
            assert (await contact.request(method, path)).status_code == 403, path
            if "team.write" in route.permissions:
                assert (await member.request(method, path)).status_code == 403, path
            walked += 1
    assert walked > 25


async def test_the_first_member_signs_in_by_a_link(ask: As, settings: SchedulerSettings) -> None:
    new = NewMember("Lena Vogt", "lena@agency.example", "de", "Europe/Berlin", Role.LEAD, None)
    lena = await set_up(settings, new)
    with pytest.raises(NotEmpty):
        await set_up(settings, new)
    who = Identity(lena.id, lena.name, Role.LEAD, Scope(None))
    link = await made(await ask(who).post(f"/api/v1/members/{lena.id}/sign-in-link"))
    browser = ask(None)
    path = link["url"].removeprefix(f"{settings.public_url}/scheduler")
    assert (await browser.get(path)).status_code == 303
    assert (await browser.get("/api/v1/members")).status_code == 200
    last = await ask(who).patch(
        f"/api/v1/members/{lena.id}", json={"role": "member"}, headers={"If-Match": '"1"'}
    )
    assert last.json()["code"] == "last_lead"
    assert (await ask(SYSTEM).post(f"/api/v1/members/{lena.id}/sign-in-link")).status_code == 403
