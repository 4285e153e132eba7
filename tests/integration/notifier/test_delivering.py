"""From a completed handover to exactly one mail per person, whatever the mail server does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from services.notifier.delivery.domain import RetryPolicy, message_id
from tests.integration.notifier.conftest import Start, until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import (
    EPOCH,
    Others,
    agency,
    completed,
    coverage,
    member,
    received,
)
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
TOM = "tom@agency.example"
MIRA = "mira@agency.example"
LENA = "lena@agency.example"


async def known(database: Db, members: int = 4) -> None:
    await eventually(lambda: database.members.count_documents({}) == members)


async def test_one_mail_for_each_person_and_cause(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(*agency(), coverage("c1:copywriting", "tom"), coverage("p1:community", "mira"))
    await others.say(
        completed(
            received("tom", "c1:copywriting"),
            received("mira", "p1:community", tasks=0, conversations=12),
            gaps=("c2:design",),
            uncovered=2,
        )
    )
    for one in ("h1:tom:brief", "h1:mira:brief", "h1:lena:summary"):
        await until(database, one, "sent")
    assert sorted(str(mail["To"]) for mail in mail_server.taken) == sorted(
        [f"Tom Berger <{TOM}>", f"Mira Öztürk <{MIRA}>", f"Lena Vogt <{LENA}>"]
    )
    [mail] = mail_server.to(TOM)
    assert mail["Subject"] == "You are standing in for Jana Hoffmann: 3 items (H-2026-0147)"
    assert mail["Message-ID"] == message_id("h1:tom:brief", 1, "agency.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Copywriting, Rösterei Morgenrot" in text.get_content()
    assert "http://understudy.test/scheduler/handovers/h1" in text.get_content()


async def test_the_exact_mail_is_stored_before_it_is_sent(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell(TOM, Does.TAKE_AND_BE_SILENT)
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    await eventually(lambda: mail_server.to(TOM))
    attempt = database.attempts.find_one({"_id": "h1:tom:brief#1"})
    assert attempt is not None
    assert attempt["outcome"] is None
    assert attempt["message_id"].encode() in attempt["mail"]
    assert str(mail_server.to(TOM)[0]["Message-ID"]) == attempt["message_id"]


async def test_redelivery_changes_nothing(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    before = [await until(database, one, "sent") for one in ("h1:tom:brief", "h1:lena:summary")]
    await others.repeat()
    await others.say(completed(received("mira", "c2:design"), handover_id="h2", leads=()))
    await until(database, "h2:mira:brief", "sent")
    assert [database.notifications.find_one({"_id": row["_id"]}) for row in before] == before
    assert len(mail_server.taken) == 3


async def test_two_replicas_share_the_work_and_send_everything_once(
    start: Start, others: Others, mail_server: MailServer, database: Db
) -> None:
    await start()
    await start()
    await others.say(*agency())
    handovers = 30
    for number in range(handovers):
        await others.say(completed(received("tom", "c1:copywriting"), handover_id=f"h{number}"))
    await eventually(
        lambda: database.notifications.count_documents({"state": "sent"}) == 2 * handovers,
    )
    ids = [str(mail["Message-ID"]) for mail in mail_server.taken]
    assert len(ids) == len(set(ids)) == 2 * handovers


@pytest.mark.parametrize("refusal", [Does.REFUSE_RECIPIENT_FOR_NOW, Does.REFUSE_MAIL_FOR_NOW])
async def test_refused_for_now_is_sent_later(
    refusal: Does, notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell(TOM, refusal, refusal)
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    row = await until(database, "h1:tom:brief", "sent")
    assert row["attempts"] == 3
    [mail] = mail_server.to(TOM)
    assert mail["Message-ID"] == message_id("h1:tom:brief", 3, "agency.example")


@pytest.mark.parametrize("refusal", [Does.REFUSE_RECIPIENT_FOR_GOOD, Does.REFUSE_MAIL_FOR_GOOD])
async def test_refused_for_good_has_failed_at_once(
    refusal: Does, notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell(TOM, refusal)
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    row = await until(database, "h1:tom:brief", "failed")
    assert (row["attempts"], row["reason"]) == (1, "refused")
    assert row["reply"].startswith("55")
    assert not mail_server.to(TOM)


async def test_refused_too_often_has_failed(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell(TOM, *[Does.REFUSE_MAIL_FOR_NOW] * 9)
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    row = await until(database, "h1:tom:brief", "failed")
    assert (row["attempts"], row["reason"]) == (3, "refused_too_often")


@pytest.mark.parametrize(
    ("does", "reason"),
    [(Does.TAKE_AND_HANG_UP, "connection_lost"), (Does.TAKE_AND_BE_SILENT, "no_answer")],
)
async def test_no_answer_after_the_mail_is_an_unknown_outcome_and_never_sent_again(
    does: Does,
    reason: str,
    notifier: FastAPI,
    others: Others,
    mail_server: MailServer,
    database: Db,
) -> None:
    mail_server.tell(TOM, does)
    await others.say(*agency(), completed(received("tom", "c1:copywriting")))
    row = await until(database, "h1:tom:brief", "unknown")
    assert row["reason"] == reason
    await others.say(completed(received("tom", "c1:copywriting"), handover_id="h2"))
    await until(database, "h2:tom:brief", "sent")
    assert len(mail_server.to(TOM)) == 2  # one for each handover
    assert database.notifications.find_one({"_id": "h1:tom:brief"}) == row


@pytest.mark.parametrize("smtp_timeout", [60])
async def test_one_mail_without_an_answer_holds_up_no_other(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell(TOM, Does.TAKE_AND_ANSWER_LATE)
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    await eventually(lambda: mail_server.to(TOM))
    await others.say(completed(received("mira", "c1:design"), handover_id="h2", leads=()))
    await until(database, "h2:mira:brief", "sent")
    await until(database, "h1:tom:brief", "sending")
    mail_server.answer_now.set()
    await until(database, "h1:tom:brief", "sent")


async def test_an_unreachable_server_gets_it_when_it_is_back(
    start: Start, others: Others, mail_server: MailServer, database: Db
) -> None:
    await start(RetryPolicy((timedelta(milliseconds=50),) * 30))
    await mail_server.stop()
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    await eventually(lambda: database.notifications.count_documents({"reason": "unreachable"}))
    await mail_server.start()
    await until(database, "h1:tom:brief", "sent")
    assert len(mail_server.to(TOM)) == 1


async def test_what_a_newer_epoch_gave_away_is_left_out(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(
        *agency(),
        coverage("c1:copywriting", "tom"),
        coverage("c1:design", "mira", epoch=EPOCH + 1),
    )
    await eventually(lambda: database.coverage.count_documents({}) == 2)
    await others.say(completed(received("tom", "c1:copywriting", "c1:design")))
    await until(database, "h1:tom:brief", "sent")
    [mail] = mail_server.to(TOM)
    assert mail["Subject"] == "You are standing in for Jana Hoffmann (H-2026-0147)"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Copywriting" in text.get_content()
    assert "Design" not in text.get_content()


async def test_nothing_left_is_superseded_and_not_sent(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(*agency(), coverage("c1:design", "mira", epoch=EPOCH + 1))
    await eventually(lambda: database.coverage.count_documents({}) == 1)
    await known(database)
    await others.say(completed(received("tom", "c1:design")))
    await until(database, "h1:tom:brief", "superseded")
    await until(database, "h1:lena:summary", "sent")
    assert not mail_server.to(TOM)


async def test_a_deputy_who_has_fallen_ill_meanwhile_gets_no_brief(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(*agency(), member("tom", "Tom Berger", present=False, epoch=EPOCH + 1))
    await eventually(
        lambda: database.members.count_documents({"_id": "tom", "present": False}) == 1
    )
    await others.say(completed(received("tom", "c1:design"), leads=()))
    await until(database, "h1:tom:brief", "superseded")


async def test_a_member_not_heard_of_yet_is_waited_for(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(completed(received("tom", "c1:design"), leads=()))
    await eventually(lambda: database.notifications.count_documents({"version": {"$gt": 1}}) == 1)
    await others.say(*agency())
    await until(database, "h1:tom:brief", "sent")


async def test_an_address_that_is_none_has_failed(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(member("tom", "Tom Berger", email="tom@agency.example\r\nBcc: all@world"))
    await others.say(completed(received("tom", "c1:design"), leads=()))
    row = await until(database, "h1:tom:brief", "failed")
    assert row["reason"] == "no_address"
    assert not mail_server.taken
