"""From a request for leave to one mail for each lead, and from the decision to the member's."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from shared.auth import Identity, Role, Scope
from shared.events.scheduler import LeaveChanged, LeaveStep
from tests.integration.notifier.conftest import LENA, MIRA, TOM, As, until
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.others import Others, agency, in_days
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
PAGE = {"Accept": "text/html"}
ONLY_C1 = Identity("otto", "Otto Krause", Role.LEAD, Scope(frozenset({"c1"})))


def leave(step: LeaveStep, by: str, version: int, *leads: str, count: int = 1) -> LeaveChanged:
    """Mira's."""
    starts_at = in_days(10)
    return LeaveChanged(
        leave_id="l1",
        member_id="mira",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=5),
        step=step,
        by=by,
        version=version,
        leads=leads,
        count=count,
    )


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
async def known(notifier: FastAPI, others: Others, database: Db) -> None:
    await others.say(*agency())
    await eventually(lambda: database.members.count_documents({}) == 4)


async def test_the_lead_is_asked_and_the_member_told(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    await others.say(leave(LeaveStep.REQUESTED, "mira", 1, "lena", count=6))
    await until(database, "l1:1:lena:leave", "sent")
    [asking] = mail_server.to("lena@agency.example")
    assert str(asking["Subject"]).startswith("Mira Öztürk asks for leave: 6 times between ")
    assert "Look at it and decide: http://understudy.test/scheduler/leave/l1" in words(asking)

    await others.say(leave(LeaveStep.APPROVED, "lena", 2, count=6))
    await until(database, "l1:2:mira:leave", "sent")
    await others.repeat()
    [told] = mail_server.to("mira@agency.example")
    assert str(told["Subject"]).startswith("Ihr Antrag ist genehmigt: 6 Zeiten zwischen ")
    assert "Lena" in words(told)
    assert len(mail_server.taken) == 2

    assert "Your leave is approved" in (await ask(MIRA).get("/", headers=PAGE)).text
    of_lena = (await ask(LENA).get("/", headers=PAGE)).text
    assert "asks for leave" in of_lena
    assert "Something else has been done with the request since" in of_lena
    assert (await ask(TOM).get("/api/v1/notifications")).json()["items"] == []
    # It speaks of no client, so it is nothing for who sees some only.
    assert (await ask(ONLY_C1).get("/api/v1/notifications")).json()["items"] == []
    [shown] = (await ask(MIRA).get("/api/v1/notifications?own=true")).json()["items"]
    assert (shown["kind"], shown["leave"]["step"], shown["leave"]["by"]) == (
        "leave",
        "approved",
        "lena",
    )


async def test_what_was_decided_before_it_was_sent_is_not_sent(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    """The lead is not heard of yet, so it waits; meanwhile the request is withdrawn."""
    await others.say(leave(LeaveStep.REQUESTED, "mira", 1, "lena"))
    await eventually(lambda: database.notifications.count_documents({}) == 1)
    await others.say(leave(LeaveStep.WITHDRAWN, "mira", 2))
    await eventually(lambda: database.leave.find_one({"_id": "l1", "version": 2}))
    await others.say(*agency())
    row = await until(database, "l1:1:lena:leave", "superseded")
    assert row["reason"] == "out_of_date"
    assert mail_server.taken == []
