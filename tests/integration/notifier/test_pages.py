"""The pages without JavaScript, and who may see them; the live part is in tests/browser."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from services.notifier.delivery.store import UNFINISHED
from shared.auth import Identity, Role, Scope
from shared.web.access import accesses
from tests.integration.notifier.conftest import LENA, MIRA, TOM, As, until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import Others, agency, completed, received
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
PAGE = {"Accept": "text/html"}
CONTACT = Identity("kim", "Kim Client", Role.CONTACT, Scope(frozenset({"c1"})))
PUBLIC = {
    ("/acknowledge/{notification_id}", "GET"),
    ("/acknowledge/{notification_id}", "POST"),
}


@pytest.fixture
async def told(notifier: FastAPI, others: Others, mail_server: MailServer, database: Db) -> None:
    """Tom's brief has an unknown outcome, Mira's is sent."""
    mail_server.tell("tom@agency.example", Does.TAKE_AND_HANG_UP)
    await others.say(*agency())
    await others.say(completed(received("tom", "c1:copywriting"), received("mira", "c1:design")))
    await until(database, "h1:tom:brief", "unknown")
    await until(database, "h1:mira:brief", "sent")
    await until(database, "h1:lena:summary", "sent")


async def test_a_member_sees_the_own_brief_and_no_deliveries(told: None, ask: As) -> None:
    page = (await ask(MIRA).get("/", headers=PAGE)).text
    assert "You are standing in for Jana Hoffmann: 3 items" in page
    assert "Tom Berger" not in page
    assert "All deliveries" not in page
    assert "Waiting for your decision" not in page
    assert (await ask(MIRA).get("/deliveries", headers=PAGE)).status_code == 403


async def test_a_lead_sees_how_every_delivery_is_going(told: None, ask: As) -> None:
    page = (await ask(LENA).get("/", headers=PAGE)).text
    assert "Waiting for your decision" in page
    assert "The connection broke while the mail was being handed over." in page
    for words in ("Brief, Tom Berger", "Brief, Mira Öztürk", "Summary, Lena Vogt", "Has it"):
        assert (words in page) == (words != "Has it")
    assert "Brief, Tom Berger" in (await ask(LENA).get("/deliveries", headers=PAGE)).text


async def test_the_buttons_work_without_javascript(told: None, ask: As, database: Db) -> None:
    path = "/notifications/h1:tom:brief/acknowledgement"
    answer = await ask(TOM).post(path, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/notifier/")
    row = await until(database, "h1:tom:brief", "unknown")
    assert row["acknowledged_at"] is not None

    form = {"decision": "it_arrived", "version": str(row["version"])}
    path = "/notifications/h1:tom:brief/decision"
    assert (await ask(TOM).post(path, data=form, headers=PAGE)).status_code == 403
    stale = await ask(LENA).post(path, data={**form, "version": "1"}, headers=PAGE)
    assert stale.status_code == 412
    assert "Somebody else changed this in the meantime" in stale.text
    assert (await ask(LENA).post(path, data=form, headers=PAGE)).status_code == 303
    await until(database, "h1:tom:brief", "sent")


async def test_with_htmx_only_the_changed_part_comes(told: None, ask: As) -> None:
    answer = await ask(TOM).post(
        "/notifications/h1:tom:brief/acknowledgement", headers={"HX-Request": "true"}
    )
    assert "<html" not in answer.text
    assert "Has it" in answer.text


async def test_every_route_needs_somebody_who_may(notifier: FastAPI, ask: As) -> None:
    shared = {"/healthz", "/readyz", "/metrics", "/asyncapi", "/language", "/theme"}
    for access in accesses(notifier):
        if access.path in shared or access.path.startswith("/api/docs") or "openapi" in access.path:
            continue
        for method in access.methods - {"HEAD"}:
            if access.public:
                assert (access.path, method) in PUBLIC
                continue
            path = access.path.replace("{notification_id}", "h1:tom:brief")
            assert access.permissions, path
            for who, status in ((None, 401), (CONTACT, 403)):
                answer = await ask(who).request(method, path)
                assert answer.status_code == status, (method, path, who)


async def test_the_metrics_tell_what_waits_for_a_person(told: None, ask: As) -> None:
    async def counted() -> bool:
        lines = (await ask(None).get("/metrics")).text.splitlines()
        return {
            "understudy_notifier_unknown_outcomes 1.0",
            'understudy_notifier_deliveries{state="unknown"} 1.0',
            'understudy_notifier_deliveries{state="failed"} 0.0',
            "understudy_notifier_oldest_undelivered_seconds 0.0",
        } <= set(lines)

    await eventually(counted)


async def test_the_metrics_read_nothing_that_is_finished(told: None, database: Db) -> None:
    query = {"state": {"$in": [state.value for state in UNFINISHED]}}
    counting = [{"$match": query}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
    told_by_mongodb = database.command(
        "explain",
        {"aggregate": "notifications", "pipeline": counting, "cursor": {}},
        verbosity="executionStats",
    )
    stats = (told_by_mongodb.get("stages") or [{"$cursor": told_by_mongodb}])[0]["$cursor"]
    assert stats["executionStats"]["totalDocsExamined"] == 0
    assert stats["executionStats"]["totalKeysExamined"] <= 1 + len(UNFINISHED)
