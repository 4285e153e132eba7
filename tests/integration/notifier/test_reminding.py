"""From a qualification that ends soon to exactly one mail per person, and what readers see."""

from __future__ import annotations

import json
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from services.notifier.delivery.domain import message_id
from services.notifier.reminders.domain import expiry_of
from shared.auth import Identity, Role, Scope
from shared.events.scheduler import QualificationExpiring, ReminderStage
from tests.integration.notifier.conftest import LENA, MIRA, TOM, As, until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import (
    Others,
    agency,
    completed,
    coverage,
    expiring,
    in_days,
    member,
    received,
)
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
PAGE = {"Accept": "text/html"}
API = "/api/v1/notifications"
ONLY_C1 = Identity("otto", "Otto Krause", Role.LEAD, Scope(frozenset({"c1"})))
ADDRESS = "mira@agency.example"


def reminder(event: QualificationExpiring, reader: str) -> str:
    return f"{expiry_of(event).id}:{reader}:reminder"


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def end() -> datetime:
    return in_days(30)


@pytest.fixture
async def known(notifier: FastAPI, others: Others, database: Db) -> None:
    """The team, a lead who sees one client only among it, and who acts for both clients."""
    await others.say(*agency(), member("otto", "Otto Krause", clients=("c1",)))
    await others.say(
        coverage("c1:copywriting", "mira"), coverage("c2:copywriting", "tom", client_id="c2")
    )
    await eventually(lambda: database.members.count_documents({}) == 5)
    await eventually(lambda: database.coverage.count_documents({}) == 2)
    await eventually(lambda: database.clients.count_documents({}) == 2)


async def test_one_mail_for_each_person_in_their_language(
    known: None, others: Others, mail_server: MailServer, database: Db, end: datetime
) -> None:
    event = expiring(end, leads=("lena", "mira"))
    await others.say(event)
    for reader in ("mira", "lena"):
        await until(database, reminder(event, reader), "sent")
    assert len(mail_server.taken) == 2
    [own], [leads] = mail_server.to(ADDRESS), mail_server.to("lena@agency.example")
    assert own["Message-ID"] == message_id(reminder(event, "mira"), 1, "agency.example")
    assert str(own["Subject"]).startswith("Ihre Qualifikation für Texten endet am ")
    assert "(in 30 Tagen)" in str(own["Subject"])
    assert "  - Texten, Stadtwerke Auental, als Vertretung" in words(own)
    assert "http://understudy.test/scheduler/skills" in words(own)
    assert "The qualification of Mira Öztürk for Copywriting ends on " in str(leads["Subject"])
    assert "  ! Copywriting, Stadtwerke Auental" in words(leads)
    attempt = database.attempts.find_one({"_id": f"{reminder(event, 'mira')}#1"})
    assert attempt is not None
    assert (attempt["message_id"], attempt["outcome"]["kind"]) == (own["Message-ID"], "accepted")


async def test_delivered_twice_it_is_told_once_and_each_stage_and_end_again(
    known: None, others: Others, mail_server: MailServer, database: Db, end: datetime
) -> None:
    first = expiring(end)
    await others.say(first)
    before = [await until(database, reminder(first, one), "sent") for one in ("mira", "lena")]
    await others.repeat()
    await others.say(first)  # as if it had been decided anew: the same end, the same stage
    last = expiring(end, stage=ReminderStage.LAST, leads=())
    renewed = expiring(in_days(395), leads=())
    for event in (last, renewed):
        await others.say(event)
        await until(database, reminder(event, "mira"), "sent")
    assert [database.notifications.find_one({"_id": row["_id"]}) for row in before] == before
    assert len(mail_server.to(ADDRESS)) == 3
    assert len(mail_server.taken) == 4


async def test_an_unknown_outcome_is_shown_and_never_sent_again(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As, end: datetime
) -> None:
    mail_server.tell(ADDRESS, Does.TAKE_AND_HANG_UP)
    event = expiring(end, leads=())
    await others.say(event)
    row = await until(database, reminder(event, "mira"), "unknown")
    page = (await ask(LENA).get("/", headers=PAGE)).text
    assert "Waiting for your decision" in page
    assert "Reminder, Mira Öztürk" in page
    assert "Qualification, Copywriting" in page
    decision = {"decision": "it_arrived", "version": str(row["version"])}
    path = f"/notifications/{row['_id']}/decision"
    assert (await ask(LENA).post(path, data=decision, headers=PAGE)).status_code == 303
    await until(database, row["_id"], "sent")
    assert len(mail_server.taken) == 1


async def test_what_is_known_to_be_out_of_date_is_not_sent(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db, end: datetime
) -> None:
    """Its member is not heard of yet, so it waits; meanwhile another end is heard of."""
    old, new, over = expiring(end), expiring(in_days(60), leads=()), expiring(in_days(-1))
    await others.say(old, new)
    await eventually(lambda: database.notifications.count_documents({}) == 3)
    await others.say(*agency())
    await until(database, reminder(new, "mira"), "sent")
    for reader in ("mira", "lena"):
        row = await until(database, reminder(old, reader), "superseded")
        assert row["reason"] == "out_of_date"
    await others.say(over)
    await until(database, reminder(over, "mira"), "superseded")
    assert len(mail_server.taken) == 1


async def test_nobody_is_told_of_a_member_who_has_left_meanwhile(
    known: None, others: Others, mail_server: MailServer, database: Db, end: datetime
) -> None:
    left = member("mira", "Mira Öztürk", epoch=2).model_copy(update={"active": False})
    await others.say(left)
    await eventually(lambda: database.members.find_one({"_id": "mira", "active": False}))
    event = expiring(end)
    await others.say(event)
    for reader in ("mira", "lena"):
        await until(database, reminder(event, reader), "superseded")
    assert not mail_server.taken


async def test_deliveries_are_told_as_what_they_are(
    known: None, others: Others, database: Db, end: datetime
) -> None:
    event = expiring(end, leads=())
    await others.say(event)
    await until(database, reminder(event, "mira"), "sent")
    rows = database.outbox.find({"topic": "notifications.deliveries"}).sort("_id", 1)
    told = [json.loads(row["body"]) for row in rows]
    assert {one["type"] for one in told} == {"reminder.delivery_changed.v1"}
    assert [one["data"]["state"] for one in told] == ["planned", "sending", "sent"]
    assert told[0]["data"]["about_member"] == "mira"


async def test_a_lead_of_some_clients_is_told_of_those_only(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As, end: datetime
) -> None:
    event = expiring(end, leads=("lena", "otto"))
    await others.say(event)
    for reader in ("mira", "lena", "otto"):
        await until(database, reminder(event, reader), "sent")
    [mail] = mail_server.to("otto@agency.example")
    assert "Rösterei Morgenrot" in words(mail)
    assert "Auental" not in words(mail)
    items = (await ask(ONLY_C1).get(API)).json()["items"]
    assert [one["id"] for one in items] == [reminder(event, "otto")]
    assert items[0]["reminder"]["owned"] == ["c1:copywriting"]
    assert (items[0]["reminder"]["deputised"], items[0]["reminder"]["gaps"]) == ([], [])
    page = (await ask(ONLY_C1).get("/", headers=PAGE)).text
    assert "The qualification of Mira Öztürk for Copywriting ends on" in page
    assert "Auental" not in page


async def test_what_speaks_of_no_client_is_for_the_member_and_whoever_sees_all(
    known: None, others: Others, database: Db, ask: As, end: datetime
) -> None:
    event = expiring(end, owned=(), deputised=(), gaps=(), leads=())
    await others.say(event)
    await until(database, reminder(event, "mira"), "sent")
    for who, sees in ((MIRA, 1), (LENA, 1), (ONLY_C1, 0), (TOM, 0)):
        assert len((await ask(who).get(API)).json()["items"]) == sees, who.name


async def test_the_member_reads_it_on_the_page_and_need_not_confirm_it(
    known: None, others: Others, database: Db, ask: As, end: datetime
) -> None:
    event = expiring(end)
    await others.say(event)
    for reader in ("mira", "lena"):
        await until(database, reminder(event, reader), "sent")
    page = (await ask(MIRA).get("/", headers=PAGE)).text
    assert "Your qualification for Copywriting ends on" in page
    assert "(in 30 days)" in page
    assert "Copywriting, Stadtwerke Auental, as deputy" in page
    assert "A gap threatens, as nobody else can then act for" in page
    assert 'href="/scheduler/skills"' in page
    assert "I have it" not in page
    german = (await ask(MIRA).get("/", headers={**PAGE, "Cookie": "understudy_language=de"})).text
    assert "Ihre Qualifikation für Texten endet am" in german

    path = f"{API}/{reminder(event, 'mira')}"
    answer = await ask(MIRA).post(f"{path}/acknowledgement")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_acknowledge")
    body = (await ask(MIRA).get(path)).json()
    assert (body["kind"], body["handover"], body["brief"], body["summary"]) == (
        "reminder",
        None,
        None,
        None,
    )
    assert body["reminder"]["stage"] == "first"
    rows = (await ask(LENA).get("/deliveries", headers=PAGE)).text
    assert "Reminder, Mira Öztürk" in rows


async def test_what_was_stored_before_there_were_reminders_is_read(
    known: None, others: Others, database: Db, ask: As
) -> None:
    """A row of the release before: its fields, and no others."""
    await others.say(completed(received("tom", "c1:copywriting"), leads=()))
    row = await until(database, "h1:tom:brief", "sent")
    assert set(row) == {
        "_id", "handover", "content", "clients", "notification_id", "handover_id", "member_id",
        "kind", "planned_at", "due_at", "changed_at", "state", "version", "attempts", "tries",
        "reason", "reply", "sent_at", "acknowledged_at", "arrived", "decided_by",
    }  # fmt: skip
    body = (await ask(TOM).get(f"{API}/h1:tom:brief")).json()
    assert (body["handover"]["id"], body["reminder"]) == ("h1", None)
