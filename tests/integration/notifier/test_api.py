"""Notifications over the JSON API: who sees which, taking note, deciding about unknown ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from shared.auth import Identity, Role, Scope
from tests.integration.notifier.conftest import LENA, MIRA, TOM, As, until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import Others, agency, completed, coverage, received
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
API = "/api/v1/notifications"
BRIEF = f"{API}/h1:tom:brief"

ONLY_C1 = Identity("otto", "Otto Krause", Role.LEAD, Scope(frozenset({"c1"})))
ONLY_C2 = Identity("ines", "Ines Weber", Role.LEAD, Scope(frozenset({"c2"})))


@pytest.fixture
async def told(notifier: FastAPI, others: Others, database: Db) -> Others:
    """A handover about both clients, with a brief for Tom (c1), for Mira (c2), and a summary."""
    await others.say(*agency(), coverage("c2:design", "mira", client_id="c2"))
    await eventually(lambda: database.coverage.count_documents({}) == 1)
    await others.say(completed(received("tom", "c1:copywriting"), received("mira", "c2:design")))
    for one in ("h1:tom:brief", "h1:mira:brief", "h1:lena:summary"):
        await until(database, one, "sent")
    return others


async def unknown(others: Others, mail_server: MailServer, database: Db) -> dict[str, Any]:
    """Tom's brief, with an unknown outcome."""
    mail_server.tell("tom@agency.example", Does.TAKE_AND_HANG_UP)
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    return await until(database, "h1:tom:brief", "unknown")


def emitted(database: Db, topic: str) -> list[dict[str, Any]]:
    rows = database.outbox.find({"topic": topic}).sort("_id", 1)
    return [json.loads(row["body"]) for row in rows]


async def seen(client: Any, **params: str) -> set[str]:
    return {item["id"] for item in (await client.get(API, params=params)).json()["items"]}


async def test_members_see_their_own_and_leads_see_all(told: Others, ask: As) -> None:
    assert await seen(ask(TOM)) == {"h1:tom:brief"}
    assert await seen(ask(MIRA)) == {"h1:mira:brief"}
    everything = {"h1:tom:brief", "h1:mira:brief", "h1:lena:summary"}
    assert await seen(ask(LENA)) == everything
    assert await seen(ask(LENA), own="true") == {"h1:lena:summary"}
    assert await seen(ask(LENA), state="unknown") == set()


async def test_a_lead_of_some_clients_sees_what_speaks_of_those_only(told: Others, ask: As) -> None:
    assert await seen(ask(ONLY_C1)) == {"h1:tom:brief"}
    assert await seen(ask(ONLY_C2)) == {"h1:mira:brief"}
    assert (await ask(ONLY_C1).get(f"{API}/h1:mira:brief")).status_code == 404


async def test_one_notification_says_what_was_received(told: Others, ask: As, database: Db) -> None:
    answer = await ask(TOM).get(BRIEF)
    row = await until(database, "h1:tom:brief", "sent")
    assert answer.headers["ETag"] == f'"{row["version"]}"'
    body = answer.json()
    assert body["brief"]["story"] == "standing_in"
    assert body["brief"]["share"]["items"] == {"task": 3}
    assert body["handover"]["number"] == "H-2026-0147"
    assert (body["state"], body["summary"]) == ("sent", None)
    summary = (await ask(LENA).get(f"{API}/h1:lena:summary")).json()["summary"]
    assert [share["member_id"] for share in summary["shares"]] == ["tom", "mira"]


async def test_another_members_notification_does_not_exist(told: Others, ask: As) -> None:
    for path in (f"{API}/h1:mira:brief", f"{API}/nothing"):
        answer = await ask(TOM).get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await ask(TOM).post(f"{API}/h1:mira:brief/acknowledgement")
    assert answer.status_code == 404


async def test_a_lead_cannot_take_note_for_somebody_else(told: Others, ask: As) -> None:
    assert (await ask(LENA).post(f"{BRIEF}/acknowledgement")).status_code == 404


async def test_nobody_sees_nothing(told: Others, ask: As) -> None:
    for path in (API, BRIEF):
        assert (await ask(None).get(path)).json()["code"] == "not_signed_in"


async def test_the_list_can_be_followed_to_its_end(told: Others, ask: As) -> None:
    found, cursor = [], None
    while True:
        params: dict[str, str] = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await ask(LENA).get(API, params=params)).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 3


async def test_taking_note_is_recorded_and_told_once(told: Others, ask: As, database: Db) -> None:
    first = await ask(TOM).post(f"{BRIEF}/acknowledgement")
    assert first.status_code == 200
    again = await ask(TOM).post(f"{BRIEF}/acknowledgement")
    assert again.json()["acknowledged_at"] == first.json()["acknowledged_at"] is not None
    [event] = emitted(database, "work.acknowledgements")
    assert event["data"]["member_id"] == "tom"
    assert event["subject"] == "h1"


async def test_a_summary_is_not_taken_note_of(told: Others, ask: As) -> None:
    answer = await ask(LENA).post(f"{API}/h1:lena:summary/acknowledgement")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_acknowledge")


async def test_every_state_of_a_delivery_is_told_in_order(told: Others, database: Db) -> None:
    events = [
        event
        for event in emitted(database, "notifications.deliveries")
        if event["subject"] == "h1:tom:brief"
    ]
    assert [event["data"]["state"] for event in events] == ["planned", "sending", "sent"]
    assert [event["sequence"] for event in events] == [1, 2, 3]


async def test_a_person_has_an_unknown_one_sent_again(
    notifier: FastAPI, others: Others, ask: As, mail_server: MailServer, database: Db
) -> None:
    row = await unknown(others, mail_server, database)
    answer = await ask(LENA).post(
        f"{BRIEF}/decision",
        json={"decision": "send_again"},
        headers={"If-Match": f'"{row["version"]}"'},
    )
    assert (answer.status_code, answer.json()["decided_by"]) == (200, "lena")
    await until(database, "h1:tom:brief", "sent")
    ids = {str(mail["Message-ID"]) for mail in mail_server.to("tom@agency.example")}
    assert len(ids) == 2


async def test_a_person_says_that_it_arrived(
    notifier: FastAPI, others: Others, ask: As, mail_server: MailServer, database: Db
) -> None:
    row = await unknown(others, mail_server, database)
    headers = {"If-Match": f'"{row["version"]}"'}
    decision = {"decision": "it_arrived"}
    answer = await ask(LENA).post(f"{BRIEF}/decision", json=decision, headers=headers)
    assert answer.json()["state"] == "sent"
    stale = await ask(LENA).post(f"{BRIEF}/decision", json=decision, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    again = await ask(LENA).post(
        f"{BRIEF}/decision", json=decision, headers={"If-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_decide")
    assert len(mail_server.taken) == 1


async def test_a_decision_needs_a_lead_a_version_and_a_known_word(
    notifier: FastAPI, others: Others, ask: As, mail_server: MailServer, database: Db
) -> None:
    await unknown(others, mail_server, database)
    decision = {"decision": "it_arrived"}
    headers = {"If-Match": '"3"'}
    member = await ask(TOM).post(f"{BRIEF}/decision", json=decision, headers=headers)
    assert (member.status_code, member.json()["code"]) == (403, "forbidden")
    blind = await ask(LENA).post(f"{BRIEF}/decision", json=decision)
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    for body in ({"decision": "perhaps"}, {**decision, "more": 1}, {}):
        wrong = await ask(LENA).post(f"{BRIEF}/decision", json=body, headers=headers)
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
    outside = await ask(ONLY_C2).post(f"{BRIEF}/decision", json=decision, headers=headers)
    assert outside.status_code == 404
    await until(database, "h1:tom:brief", "unknown")
